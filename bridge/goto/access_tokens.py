"""The access tokens that a grant is exchanged for, renewed before anybody waits for one.

Knows how long they live, that one renewal serves all who wait, and that a changed grant is stored
before the token that came with it is used. Does not know where a grant is kept. No secret shows in
a ``repr``, a text, the log or an exception.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import httpx
import structlog

from bridge.errors import GrantRefused
from bridge.goto.errors import token_refused
from bridge.goto.grants import Grant
from bridge.goto.token_endpoint import TokenEndpoint, TokenReply

EARLY = 300.0
"""Seconds before its end at which an access token is renewed; a short-lived one at 90 %."""
REFUSALS_APART = 30.0
"""Seconds in which a refused access token is renewed once: one that GoTo refuses for its scope is
refused again, and a renewal for each request would help nobody."""
PAUSE = 5.0
"""Seconds for which a refused or failed renewal is not tried again."""
NO_GRANT = (
    "The bridge has no grant for GoTo: run `goto-scim-bridge connect`, or set BRIDGE_GOTO_PAT or "
    "BRIDGE_GOTO_REFRESH_TOKEN."
)
Outcome = Literal["renewed", "refused", "failed"]
"""How a renewal ended: with a token, with GoTo's no, or without an answer that says either."""

log = structlog.get_logger()


@dataclass(frozen=True)
class _AccessToken:
    value: str = field(repr=False)
    renew_at: float
    expires_at: float


class AccessTokens:
    """Access tokens of one grant, renewed before they run out and when GoTo refuses one.

    ``store`` is awaited with every changed grant before the access token that came with it is used.
    ``reload``, where given, gives the grant that is stored: another one, connected meanwhile, is
    taken up. ``ended`` is told how each renewal ended. ``clock`` tells the seconds since the epoch.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        auth_url: str,
        client_id: str,
        client_secret: str,
        grant: Grant,
        store: Callable[[Grant], Awaitable[None]],
        reload: Callable[[], Awaitable[Grant | None]] | None = None,
        ended: Callable[[Outcome], object] = lambda _: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._endpoint = TokenEndpoint(
            http, auth_url=auth_url, client_id=client_id, client_secret=client_secret, sleep=sleep
        )
        self._grant = grant
        self._stored = grant
        self._store = store
        self._reload = reload
        self._ended = ended
        self._clock = clock
        self._current: _AccessToken | None = None
        self._renewal: asyncio.Task[str] | None = None
        self._changing = asyncio.Lock()
        self._failed_at = float("-inf")
        self._refusal: GrantRefused | None = None
        self._renewed_at: float | None = None
        self._refused_at = float("-inf")

    @property
    def grant(self) -> Grant:
        """The grant in use; it changes when GoTo hands out a new refresh token."""
        return self._grant

    @property
    def refusal(self) -> GrantRefused | None:
        """Why GoTo said no to the last renewal; None once one went well or a grant is new."""
        return self._refusal

    @property
    def renewed_at(self) -> float | None:
        """When the grant in use was last exchanged for an access token, in ``clock``'s seconds."""
        return self._renewed_at

    async def token(self) -> str:
        """An access token that has not run out. Raises ``GrantRefused`` or ``GoToUnavailable``.

        In the last minutes of a token it is renewed in the background, and nobody waits.
        """
        return self.at_hand() or await self._renewed()

    def at_hand(self) -> str | None:
        """The access token where there is one that has not run out, as ``token`` gives it."""
        current, now = self._current, self._clock()
        if current is None or now >= current.expires_at:
            return None
        if now >= current.renew_at and now - self._failed_at >= PAUSE:
            self._start_renewal()
        return current.value

    async def renew(self, refused: str) -> str:
        """Another token than ``refused``; one renewal serves all who ask at the same time.

        Raises ``GrantRefused`` where the last renewal of this kind is less than 30 s ago and GoTo
        has accepted no token since.
        """
        if self._current is not None and self._current.value != refused:
            return self._current.value
        now = self._clock()
        if self._renewal is None:
            if 0 <= now - self._refused_at < REFUSALS_APART and not await self.take_up():
                raise token_refused("a call")
            self._refused_at = now
            log.warning("goto_token_not_accepted", scope=self._grant.scope, needs="identity:")
        return await self._renewed()

    def accepted(self) -> None:
        """Say that GoTo took the token which replaced a refused one."""
        self._refused_at = float("-inf")

    async def refresh(self) -> None:
        """Exchange the grant for an access token now, though the present one may live on.

        This keeps a refresh token alive that nobody uses. Raises as ``token`` does.
        """
        await asyncio.shield(self._start_renewal())

    async def take_up(self) -> bool:
        """Take up a grant that was connected meanwhile; whether there was one."""
        async with self._changing:
            return await self._take_up()

    async def _take_up(self) -> bool:
        stored = await self._reload() if self._reload else None
        if stored is None or stored in (self._grant, self._stored):
            return False
        self._grant = self._stored = stored
        self._current = self._refusal = self._renewed_at = None
        self._refused_at = float("-inf")
        log.info("goto_grant_taken_up", kind=stored.kind)
        return True

    async def _renewed(self) -> str:
        # Else every request of every client would ask the OAuth server about a spent grant.
        if self._refusal and self._clock() - self._failed_at < PAUSE:
            await self.take_up()
            if refusal := self._refusal:
                raise GrantRefused(refusal.detail, retry_after=refusal.retry_after)
        # Shielded: one client that goes away must not lose a new refresh token for all others.
        return await asyncio.shield(self._start_renewal())

    def _start_renewal(self) -> asyncio.Task[str]:
        if self._renewal is None or self._renewal.get_loop() is not asyncio.get_running_loop():
            self._renewal = asyncio.get_running_loop().create_task(self._renew_once())
            self._renewal.add_done_callback(self._renewal_done)
        return self._renewal

    def _renewal_done(self, task: asyncio.Task[str]) -> None:
        self._renewal = None
        if task.cancelled():
            return
        failure = task.exception()
        if failure is None:
            self._ended("renewed")
            return
        self._failed_at = self._clock()
        # GoTo's no stands until it says something else: that it is down since takes nothing back.
        outcome: Outcome = "failed"
        if isinstance(failure, GrantRefused):
            outcome, self._refusal = "refused", failure
        if self._grant.secret:
            self._ended(outcome)
        log.warning("goto_token_renewal_failed", error=type(failure).__name__)

    async def _renew_once(self) -> str:
        reply = await self._exchanged()
        asked_at, life = self._clock(), reply.expires_in
        self._current = _AccessToken(
            reply.access_token,
            renew_at=asked_at + max(0.9 * life, life - EARLY),
            expires_at=asked_at + life,
        )
        self._refusal = None
        self._renewed_at = asked_at
        log.info("goto_token_renewed", kind=self._grant.kind, lives_seconds=int(life))
        return reply.access_token

    async def _exchanged(self) -> TokenReply:
        await self._keep()
        while True:
            asked = self._grant
            try:
                reply = await self._ask(asked)
            except GrantRefused:
                await self.take_up()
                if self._grant is asked:
                    raise
                continue
            if self._grant is not asked:
                continue  # another grant was taken up meanwhile: this answer is not about it
            # In memory first: if the store fails, the old refresh token may already be worthless,
            # and the next renewal begins by storing the new one.
            now = datetime.fromtimestamp(self._clock(), UTC)
            kept = self._grant = asked.after(reply, now=now)
            await self._keep()
            if self._grant is kept:
                return reply

    async def _ask(self, grant: Grant) -> TokenReply:
        if not grant.secret:
            raise GrantRefused(NO_GRANT)
        return await self._endpoint.ask(grant.form())

    async def _keep(self) -> None:
        """Store a changed grant, unless another one was connected meanwhile, which wins."""
        if self._grant == self._stored:
            return
        async with self._changing:
            if not await self._take_up():
                await self._store(self._grant)
                self._stored = self._grant
