"""A simulated GoTo over ASGI for the tests of this room, and clocks that only move when told."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bridge.sandbox import Account, Clock, SimulatorSettings, simulated_goto


@dataclass
class Hands:
    """The hands of both clocks, in seconds."""

    wall: float = 1_760_000_000.0
    ticks: float = 50.0

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.wall, ticks=lambda: self.ticks)


@dataclass
class GoTo:
    """A client of one simulator with all rights, below the account's URL."""

    app: Starlette
    http: httpx.AsyncClient
    hands: Hands
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        account: Account = self.app.state.account
        return account

    async def __call__(self, method: str, path: str, body: Any = None) -> httpx.Response:
        url = f"/admin/rest/v1/accounts/{self.account.key}{path}"
        return await self.http.request(method, url, json=body, headers=self.headers)

    async def get(self, path: str) -> Any:
        response = await self("GET", path)
        assert response.status_code == 200, response.text
        return response.json()

    async def set(self, **changes: Any) -> None:
        response = await self.http.put("/_sim/settings", json=changes)
        assert response.status_code == 200, response.text

    async def faults(self, *rules: Mapping[str, Any]) -> None:
        response = await self.http.put("/_sim/faults", json={"rules": rules})
        assert response.status_code == 200, response.text

    async def journal(self, since: int = 0) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.http.get(f"/_sim/journal?since={since}")).json()
        return entries


Opened = Callable[..., AbstractAsyncContextManager[GoTo]]


@pytest.fixture
def goto() -> Opened:
    """Opens a simulator with these settings and no rate limit, unless one is given."""

    @asynccontextmanager
    async def opened(*, users: int = 25, groups: int = 5, **settings: Any) -> Any:
        hands = Hands()
        app = simulated_goto(
            users=users,
            groups=groups,
            settings=SimulatorSettings(**{"rate_limit": 0, **settings}),
            clock=hands.clock(),
        )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://goto") as http:
            token = (await http.post("/_sim/token")).json()["access_token"]
            yield GoTo(app, http, hands, {"Authorization": f"Bearer {token}"})

    return opened


def codes(response: httpx.Response) -> tuple[int, str]:
    """The status and the first error code of an answer."""
    return response.status_code, response.json()["errors"][0]["code"]
