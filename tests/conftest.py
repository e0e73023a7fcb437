"""The bridge over a simulated GoTo, without sockets: what most tests stand on."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import structlog
from hypothesis import HealthCheck, settings
from starlette.applications import Starlette

from bridge.directory import Directory
from bridge.directory.write_verification import Policy
from bridge.goto import AccessTokens, GoToClient, Grant, Throttle
from bridge.mapping import DestructiveLimit, Mapping, load_mapping, shipped
from bridge.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    PERSONAL_ACCESS_TOKEN,
    SimulatorSettings,
    simulated_goto,
)
from bridge.store import Sealer, Store
from tests.clients.tally import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]  # for pytest, which looks for its hooks here

# A test that looks at the log captures it; otherwise it says nothing.
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())

# A machine that is busy with something else is no reason to fail.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

SIMULATED = "http://goto.test"
UNLIMITED = SimulatorSettings(rate_limit=0)


def braked(mapping: Mapping, *, allowed: DestructiveLimit) -> Mapping:
    """A mapping with so many suspensions and deletions of users allowed in an hour."""
    return replace(mapping, rules=replace(mapping.rules, destructive_per_hour=allowed))


# Tests take away more users than clients may.
SANDBOX_MAPPING = braked(load_mapping(shipped("sandbox")), allowed=1_000_000)


@dataclass
class Bridge:
    """A directory and what is below it."""

    directory: Directory
    goto: GoToClient
    store: Store
    app: Starlette
    control: httpx.AsyncClient

    async def journal(self) -> list[dict[str, Any]]:
        """The calls that reached the simulated GoTo, OAuth left out."""
        calls = (await self.control.get("/_sim/journal")).json()
        return [call for call in calls if "/oauth/" not in call["path"]]

    async def forget_journal(self) -> None:
        await self.control.delete("/_sim/journal")

    async def state(self) -> dict[str, Any]:
        """The simulated account as it is stored."""
        state: dict[str, Any] = (await self.control.get("/_sim/state")).json()
        return state


def simulated(**options: Any) -> Starlette:
    """A simulated GoTo without a rate limit."""
    return simulated_goto(**{"settings": UNLIMITED, **options})


class RightsOfTheSimulator:
    """An access token that opens the simulated account whoever is in it."""

    def __init__(self, control: httpx.AsyncClient) -> None:
        self._control = control

    def at_hand(self) -> None:
        return None

    async def token(self) -> str:
        return str((await self._control.post("/_sim/token")).json()["access_token"])

    def accepted(self) -> None:
        return None

    async def renew(self, _refused: str) -> str:
        return await self.token()


def client_of(http: httpx.AsyncClient, **options: Any) -> GoToClient:
    """A GoTo client with the simulator's personal access token."""
    grant = Grant(kind="pat", secret=PERSONAL_ACCESS_TOKEN, obtained_at=datetime.now(UTC))

    async def keep(_: Grant) -> None:
        return None

    tokens = AccessTokens(
        http,
        auth_url=SIMULATED,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        grant=grant,
        store=keep,
        clock=options.get("clock", time.time),
    )
    # Most tests count calls.
    known = {"throttle": Throttle(0), "trusts_projection": True}
    return GoToClient(http, grant=tokens, **{**known, **options})


@asynccontextmanager
async def bridge_over(
    app: Starlette,
    folder: Path,
    *,
    mapping: Mapping = SANDBOX_MAPPING,
    max_age: float = 60.0,
    verify_writes: Policy = "never",
    empty: bool = False,
    clock: Callable[[], float] = time.monotonic,
    client: Any = None,
) -> AsyncIterator[Bridge]:
    """Open a directory over a simulated GoTo; its store is a database in ``folder``.

    Nothing is read back unless ``verify_writes`` says so: most tests count calls.
    ``empty`` takes every user out of the account first, the administrator too. ``clock`` is the
    directory's, ``client`` holds options of the GoTo client; its ``sleep`` is the directory's too.
    """
    transport = httpx.ASGITransport(app=app)
    store = await Store.open(f"sqlite:///{folder / 'bridge.db'}", sealer=Sealer([b"k" * 32]))
    async with (
        httpx.AsyncClient(transport=transport, base_url=SIMULATED) as http,
        httpx.AsyncClient(transport=transport, base_url=SIMULATED) as control,
    ):
        goto = client_of(http, **(client or {}))
        administrator = (await goto.connect()).key
        if empty:
            rights: Any = RightsOfTheSimulator(control)
            goto = GoToClient(
                http, grant=rights, throttle=Throttle(0), account_key=goto.account_key
            )
            for user in await goto.users():
                await goto.delete_user(user.key)
            administrator = ""

        async def connected() -> str:
            return administrator

        sleep = (client or {}).get("sleep", asyncio.sleep)
        directory = Directory(
            goto,
            store,
            mapping,
            connect=connected,
            max_age=max_age,
            verify_writes=verify_writes,
            clock=clock,
            sleep=sleep,
        )
        try:
            yield Bridge(directory, goto, store, app, control)
        finally:
            await directory.close()
            await store.close()
