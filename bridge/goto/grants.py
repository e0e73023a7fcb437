"""What lets the bridge into GoTo: the grant, and the access tokens it is exchanged for.

Knows the two kinds of grant, how long their tokens live and that one renewal serves all who wait.
Does not know where a grant is kept: ``store`` is told of a new one before its token is used. No
secret shows in a ``repr``, a text, the log or an exception.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import httpx
import structlog

from bridge.errors import GrantRefused
from bridge.goto.token_endpoint import TokenEndpoint, TokenReply

REFRESH_TOKEN_LIFE = timedelta(days=30)
EARLY = 300.0
"""Seconds before its end at which an access token is renewed; a short-lived one at 90 %."""
PAUSE = 5.0
"""Seconds for which a refused or failed renewal is not tried again."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A refresh token or a personal access token, and whose it is. Times are UTC."""

    kind: Literal["refresh_token", "pat"]
    secret: str = field(repr=False)
    obtained_at: datetime
    expires_at: datetime | None = None
    principal: str = ""
    scope: str = ""

    def form(self) -> dict[str, str]:
        """What the token endpoint is sent (RFC 6749 section 6; ``pat`` is GoTo's own)."""
        if self.kind == "pat":
            return {"grant_type": "personal_access_token", "pat": self.secret}
        return {"grant_type": "refresh_token", "refresh_token": self.secret}

    def after(self, reply: TokenReply, *, now: datetime) -> "Grant":
        """The grant as it stands after ``reply``; a reply without a refresh token keeps the old."""
        grant = replace(
            self, principal=reply.principal or self.principal, scope=reply.scope or self.scope
        )
        if self.kind == "pat" or reply.refresh_token in ("", self.secret):
            return grant
        return replace(
            grant,
            secret=reply.refresh_token,
            obtained_at=now,
            expires_at=now + REFRESH_TOKEN_LIFE,
        )


async def redeem_code(
    endpoint: TokenEndpoint, *, code: str, redirect_uri: str, verifier: str
) -> Grant:
    """The grant that an authorization code stands for (RFC 6749 4.1.3, RFC 7636 4.5).

    Raises ``GrantRefused`` for a code that is spent, expired or of another client.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    reply = await endpoint.ask(form, repeatable=False)
    if not reply.refresh_token:
        raise GrantRefused(
            "GoTo gave no refresh token for this code; check the client's settings at GoTo."
        )
    now = datetime.now(UTC)
    empty = Grant(kind="refresh_token", secret="", obtained_at=now)
    return empty.after(reply, now=now)


@dataclass(frozen=True)
class _AccessToken:
    value: str = field(repr=False)
    renew_at: float
    expires_at: float


class AccessTokens:
    """Access tokens of one grant, renewed before they run out and when GoTo refuses one.

    ``store`` is awaited with every changed grant before the access token that came with it is used.
    ``reload``, where given, is asked for a grant connected meanwhile before a refusal is believed.
    ``clock`` tells the seconds since the epoch.
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
        self._clock = clock
        self._current: _AccessToken | None = None
        self._renewal: asyncio.Task[str] | None = None
        self._failed_at = float("-inf")
        self._refusal: GrantRefused | None = None

    @property
    def grant(self) -> Grant:
        """The grant in use; it changes when GoTo hands out a new refresh token."""
        return self._grant

    async def token(self) -> str:
        """An access token that has not run out. Raises ``GrantRefused`` or ``GoToUnavailable``.

        In the last minutes of a token it is renewed in the background, and nobody waits.
        """
        current, now = self._current, self._clock()
        if current is None or now >= current.expires_at:
            return await self._renewed()
        if now >= current.renew_at and now - self._failed_at >= PAUSE:
            self._start_renewal()
        return current.value

    async def renew(self, refused: str) -> str:
        """Another token than ``refused``; one renewal serves all who ask at the same time."""
        if self._current is not None and self._current.value != refused:
            return self._current.value
        return await self._renewed()

    async def _renewed(self) -> str:
        self._believe_the_last_refusal()
        # Shielded: one client that goes away must not lose a new refresh token for all others.
        return await asyncio.shield(self._start_renewal())

    def _believe_the_last_refusal(self) -> None:
        # Else every request of every client would ask the OAuth server about a spent grant.
        if self._refusal is not None and self._clock() - self._failed_at < PAUSE:
            raise GrantRefused(self._refusal.detail, retry_after=self._refusal.retry_after)

    def _start_renewal(self) -> asyncio.Task[str]:
        if self._renewal is None or self._renewal.get_loop() is not asyncio.get_running_loop():
            self._renewal = asyncio.get_running_loop().create_task(self._renew_once())
            self._renewal.add_done_callback(self._renewal_done)
        return self._renewal

    def _renewal_done(self, task: asyncio.Task[str]) -> None:
        self._renewal = None
        failure = None if task.cancelled() else task.exception()
        if failure is None:
            return
        self._failed_at = self._clock()
        self._refusal = failure if isinstance(failure, GrantRefused) else None
        log.warning("goto_token_renewal_failed", error=type(failure).__name__)

    async def _renew_once(self) -> str:
        await self._keep(self._grant)
        try:
            reply = await self._endpoint.ask(self._grant.form())
        except GrantRefused:
            if not await self._connected_anew():
                raise
            reply = await self._endpoint.ask(self._grant.form())
        asked_at = self._clock()
        await self._keep(self._grant.after(reply, now=datetime.fromtimestamp(asked_at, UTC)))
        life = reply.expires_in
        self._current = _AccessToken(
            reply.access_token,
            renew_at=asked_at + max(0.9 * life, life - EARLY),
            expires_at=asked_at + life,
        )
        self._refusal = None
        log.info("goto_token_renewed", kind=self._grant.kind, lives_seconds=int(life))
        return reply.access_token

    async def _keep(self, grant: Grant) -> None:
        # In memory first: if the store fails, the old refresh token may already be worthless,
        # and the next renewal begins by storing the new one.
        self._grant = grant
        if grant != self._stored:
            await self._store(grant)
            self._stored = grant

    async def _connected_anew(self) -> bool:
        grant = await self._reload() if self._reload else None
        if grant is None or grant.secret == self._grant.secret:
            return False
        self._grant = self._stored = grant
        return True
