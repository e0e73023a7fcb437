"""A probe against the simulated GoTo in one process, on a clock that waits for nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bridge.goto import AccessTokens, GoToClient, Grant, Throttle
from bridge.probe import RATE, Calls, OAuth, Outcome, Throwaways, Trial, run
from bridge.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    PERSONAL_ACCESS_TOKEN,
    Clock,
    SimulatorSettings,
    simulated_goto,
)
from bridge.store import Sealer, Store

URL = "http://goto.test"


class FastClock:
    """A clock on which a sleep takes no time but its own."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)
        await asyncio.sleep(0)


class Killed(BaseException):
    """The process ended: nothing after it was done."""


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """The way to GoTo, which may kill the process before or after a request."""

    inner: httpx.AsyncBaseTransport
    clock: FastClock
    kill_at: int | None = None
    is_applied: bool = True
    interrupt_at: int | None = None
    requests: list[tuple[float, str, str]] = field(default_factory=list)
    is_dead: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_dead:
            raise Killed
        self.requests.append((self.clock.now, request.method, request.url.path))
        if len(self.requests) == self.interrupt_at:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        if len(self.requests) == self.kill_at:
            self.is_dead = True
            if self.is_applied:
                await self.inner.handle_async_request(request)
            raise Killed
        return await self.inner.handle_async_request(request)


@dataclass
class World:
    """A simulated account and a database, which outlive a probe."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    users: int = 25
    clock: FastClock = field(default_factory=FastClock)

    def __post_init__(self) -> None:
        self.app = simulated_goto(
            users=self.users,
            settings=SimulatorSettings(**self.settings),
            clock=Clock(wall=self.clock, ticks=self.clock),
        )
        self.account = self.app.state.account

    def state(self) -> tuple[Any, ...]:
        """Everything that is stored at GoTo."""
        stored = self.account.stored
        licenses = {key: sorted(stored.holders(key)) for key in stored.licenses}
        return dict(stored.users), dict(stored.groups), licenses

    async def faults(self, rules: list[dict[str, Any]]) -> None:
        """Let calls go wrong from now on."""
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=URL
        ) as control:
            (await control.put("/_sim/faults", json={"rules": rules})).raise_for_status()

    @asynccontextmanager
    async def trial(
        self,
        *,
        kill_at: int | None = None,
        is_applied: bool = True,
        interrupt_at: int | None = None,
        may_write: bool = True,
        license_key: str | None = "first",
    ) -> AsyncIterator[tuple[Trial, Wire]]:
        """A process that may probe."""
        wire = Wire(httpx.ASGITransport(self.app), self.clock)
        url = f"sqlite:///{self.folder / 'bridge.db'}"
        store = await Store.open(url, sealer=Sealer((bytes(32),)))
        async with httpx.AsyncClient(transport=wire, base_url=URL) as http:
            try:
                tokens = AccessTokens(
                    http,
                    auth_url=URL,
                    client_id=CLIENT_ID,
                    client_secret=CLIENT_SECRET,
                    grant=Grant(
                        kind="pat", secret=PERSONAL_ACCESS_TOKEN, obtained_at=datetime.now(UTC)
                    ),
                    store=_keep_nothing,
                    clock=self.clock,
                    sleep=self.clock.sleep,
                )
                throttle = Throttle(RATE, clock=self.clock, sleep=self.clock.sleep)
                goto = GoToClient(
                    http,
                    grant=tokens,
                    throttle=throttle,
                    clock=self.clock,
                    sleep=self.clock.sleep,
                )
                administrator = await goto.connect()
                calls = Calls(
                    http,
                    tokens=tokens,
                    throttle=throttle,
                    account_key=goto.account_key,
                    clock=self.clock,
                    sleep=self.clock.sleep,
                    oauth=OAuth(http, CLIENT_ID, CLIENT_SECRET),
                )
                throwaways = Throwaways(
                    calls,
                    store.probe_objects,
                    account_key=goto.account_key,
                    domain=administrator.email.rpartition("@")[2],
                    now=self._now,
                )
                if license_key == "first":
                    license_key = next(iter(self.account.stored.licenses))
                wire.requests.clear()
                wire.kill_at, wire.is_applied = kill_at, is_applied
                wire.interrupt_at = interrupt_at
                yield (
                    Trial(
                        calls,
                        throwaways,
                        administrator,
                        license_key=license_key,
                        may_write=may_write,
                    ),
                    wire,
                )
            finally:
                await store.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now, UTC)

    async def probed(self, **options: Any) -> tuple[Outcome, Trial, Wire]:
        """Run a whole probe."""
        async with self.trial(**options) as (trial, wire):
            return await run(trial, now=self._now), trial, wire

    async def killed(self, kill_at: int, *, is_applied: bool) -> None:
        """Run a probe that is killed at a request."""
        try:
            await self.probed(kill_at=kill_at, is_applied=is_applied)
        except Killed:
            return
        raise AssertionError("the probe ended before it was killed")

    async def left(self) -> list[str]:
        """The names that a next start tells."""
        async with self.trial() as (trial, _):
            return [each.name for each in await trial.throwaways.left()]

    async def cleaned(self) -> list[str]:
        """Clean, and return the names of what is still there."""
        async with self.trial() as (trial, _):
            return [each.name for each in await trial.throwaways.remove_all()]


async def _keep_nothing(_: Grant) -> None:
    return None


def words(outcome: Outcome) -> dict[str, str]:
    """The outcome of each finding."""
    return {each.name: each.outcome for each in outcome.findings}
