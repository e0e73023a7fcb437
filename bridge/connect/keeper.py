"""Keeps the grant alive while nobody uses the bridge, and takes up one that is connected anew.

Knows how often: GoTo hands out a new refresh token only to who asks in the last days of the old
one, and around day 30 a person has to consent again. Serves nobody and is never waited for.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bridge.connect.age import ends_soon, grant_left
from bridge.errors import BridgeError
from bridge.goto import AccessTokens

DAY = 86_400.0
LAST_DAYS = 2 * DAY
"""With less than this left, every hour: the new refresh token must not be missed."""
HOUR = 3600.0
LOOK_EVERY = 5.0
"""Seconds between two looks at what is stored."""
FIRST_PAUSE = 60.0
"""Seconds until a failed renewal is tried again; each failure doubles them, to an hour."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Rhythm:
    """The time that a keeper lives by; ``chance`` is from 0 to 1, and spreads what it does."""

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    chance: Callable[[], float] = random.random


class Keeper:
    """Looks after the grant behind ``tokens``; run it as a task for as long as the bridge serves.

    ``looked`` is awaited after every look, with the grant in use.
    """

    def __init__(
        self,
        tokens: AccessTokens,
        *,
        looked: Callable[[], Awaitable[object]],
        rhythm: Rhythm | None = None,
    ) -> None:
        self._tokens = tokens
        self._looked = looked
        self._rhythm = rhythm or Rhythm()
        self._failures = 0
        self._blind = False
        self._not_before = float("-inf")
        self._warned_at = float("-inf")
        # Up to a tenth early, so that many bridges do not ask GoTo at the same moment.
        self._early = 1 - self._rhythm.chance() / 10

    async def run(self) -> None:
        """Look, renew and warn for ever. What fails is logged, and tried again."""
        while True:
            try:
                await self._turn()
            except Exception:  # whatever it is, it must not be the end of the grant
                log.exception("goto_grant_not_looked_after")
            await self._rhythm.sleep(LOOK_EVERY)

    async def _turn(self) -> None:
        await self._take_up()
        await self._renew_if_due()
        self._warn_if_due()
        await self._looked()

    async def _take_up(self) -> None:
        try:
            if await self._tokens.take_up():
                self._failures, self._not_before = 0, float("-inf")
            self._blind = False
        except BridgeError as error:
            if not self._blind:
                log.warning("goto_grant_not_looked_up", reason=error.detail)
            self._blind = True

    async def _renew_if_due(self) -> None:
        now = self._rhythm.clock()
        if not self._tokens.grant.secret or now < max(self._due_at(now), self._not_before):
            return
        try:
            await self._tokens.refresh()
        except BridgeError as error:
            self._failures += 1
            pause = min(HOUR, FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10))
            pause *= 1 - self._rhythm.chance() / 2
            self._not_before = self._rhythm.clock() + pause
            log.warning(
                "goto_grant_not_renewed", reason=error.detail, again_in_seconds=round(pause)
            )
        else:
            self._failures = 0
            self._early = 1 - self._rhythm.chance() / 10

    def _due_at(self, now: float) -> float:
        renewed_at = self._tokens.renewed_at
        if renewed_at is None or self._tokens.refusal is not None:
            return now
        often = HOUR if grant_left(self._tokens.grant, now) < LAST_DAYS else DAY
        return renewed_at + often * self._early

    def _warn_if_due(self) -> None:
        grant, now = self._tokens.grant, self._rhythm.clock()
        if not ends_soon(grant, now) or now - self._warned_at < DAY:
            return
        self._warned_at = now
        # Without the principal: that is an address.
        log.warning(
            "goto_grant_ends_soon",
            days_left=round(grant_left(grant, now) / DAY, 1),
            what_to_do="run `goto-scim-bridge connect` unless GoTo renews the grant in time",
        )
