"""One call of the Admin API: token, throttle, what is tried again, and for how long.

Knows which failures a call survives: reads are repeated; a write is repeated only when GoTo has
certainly not done it (429, 401 with an old token, no connection); nothing is tried while the
circuit is open. Knows no path and no record.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import structlog

from bridge.errors import GoToBusy, GoToError, GoToUnavailable, GoToUnreadable, GrantRefused
from bridge.goto.access_tokens import AccessTokens
from bridge.goto.breaker import FAILURES, OAUTH, Breaker, Passage
from bridge.goto.errors import Call, NotSent, from_status, lost, not_sent, too_many_waiting
from bridge.goto.errors import unreadable as unreadable_answer
from bridge.goto.exchange import AnswerLost, NeverSent, backoff, exchange
from bridge.goto.throttle import Priority, Throttle

T = TypeVar("T")

TO_ANSWER = 0.2
"""The part of a call's patience kept for the answer: a request that can only leave later does not
leave at all, so that no write is given up the moment it is sent."""
RATE_PAUSE = 2.0
"""Seconds, jitter taken off, before a request that GoTo's rate limit refused is sent again."""

log = structlog.get_logger()


class Transport:
    """Carries calls to GoTo; ``patience`` is how many seconds one call may take in all.

    ``sent`` counts the requests, those that were tried again too.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        grant: AccessTokens,
        throttle: Throttle,
        breaker: Breaker,
        attempts: int = 4,
        patience: float = 25.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._http = http
        self._base = str(http.base_url).rstrip("/")
        self._headers = http.headers.raw
        self._extensions = {"timeout": http.timeout.as_dict()}
        self._grant = grant
        self._throttle = throttle
        self._breaker = breaker
        self._attempts = attempts
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self.sent = 0

    @property
    def has_to_wait(self) -> bool:
        """Whether a call that came now would have to wait for the rate limit."""
        return self._throttle.is_full

    async def carry(
        self,
        call: Call,
        read: Callable[[bytes], T],
        *,
        priority: Priority,
        at_departure: Callable[[], Call] | None = None,
    ) -> T:
        """What ``read`` makes of the body of GoTo's 2xx; every failure is a ``GoToError``.

        ``read`` raises ``GoToUnreadable`` for a body that is not the promised one. ``at_departure``
        gives the call that is sent, once the rate limit lets it go: what came while it waited can
        go along. Until then ``call`` says what it is about.
        """
        leave_by = self._clock() + self._patience * (1 - TO_ANSWER)
        failures = refusals = 0
        refused: str | None = None
        while True:
            self._breaker.refuse(call.about)
            token = self._grant.at_hand() if refused is None else None
            if token is None:
                token = await self._token(refused, leave_by)
            ticket, leave_by = await self._place(priority, leave_by)
            if at_departure is not None:
                call, at_departure = at_departure(), None
            seconds = leave_by - self._clock() + self._patience * TO_ANSWER
            try:
                status, body = await self._send(call, token, ticket, seconds)
                if status == 401 and refused is None:
                    refused = token
                    continue
                if status != 401 and refused is not None:
                    self._grant.accepted()
                return _answer(call, status, body, read)
            except GoToError as error:
                failure = error
            if isinstance(failure, GoToBusy):
                self._throttle.slow_down()
                refusals += 1
                pause = backoff(refusals, first=RATE_PAUSE)
            else:
                failures += 1
                if failures >= self._attempts or not _survives(call, failure):
                    raise failure
                if self._breaker.is_blocked(call.about):
                    raise failure
                pause = backoff(failures)
            if self._clock() + pause >= leave_by:
                raise failure
            log.info("goto_retry", call=str(call), error=type(failure).__name__)
            await self._sleep(pause)

    async def _token(self, refused: str | None, leave_by: float) -> str:
        with self._breaker.passing(OAUTH) as passage:
            try:
                async with asyncio.timeout(max(0.0, leave_by - self._clock())):
                    token = await (
                        self._grant.token() if refused is None else self._grant.renew(refused)
                    )
            except GrantRefused:
                passage.answered()
                raise
            except (TimeoutError, GoToError) as error:
                passage.broken(times=FAILURES)  # which it was, as the token endpoint repeats
                if isinstance(error, GoToError):
                    raise
            else:
                passage.answered()
                return token
        raise GoToUnavailable("GoTo's OAuth server did not answer in time; try again shortly.")

    async def _place(self, priority: Priority, leave_by: float) -> tuple[int, float]:
        ticket = self._throttle.enter_at_once()
        if ticket is not None:
            return ticket, leave_by
        asked = self._clock()
        if priority is Priority.BACKGROUND:
            # Nobody's patience: the wait for those who pass first is not held against it.
            ticket = await self._throttle.enter(priority)
            return ticket, leave_by + self._clock() - asked
        try:
            async with asyncio.timeout(leave_by - asked):
                return await self._throttle.enter(priority), leave_by
        except TimeoutError:
            pass
        raise too_many_waiting(5)

    async def _send(self, call: Call, token: str, ticket: int, seconds: float) -> tuple[int, bytes]:
        try:
            # The circuit may have opened while a place was waited for.
            self._breaker.refuse(call.about)
        except GoToUnavailable:
            self._throttle.give_back(ticket)
            raise
        try:
            with self._breaker.passing(call.about) as passage:
                return await self._exchanged(call, token, passage, seconds)
        finally:
            self._throttle.leave(ticket)

    async def _exchanged(
        self, call: Call, token: str, passage: Passage, seconds: float
    ) -> tuple[int, bytes]:
        self.sent += 1
        try:
            status, body = await exchange(self._http, self._request(call, token), seconds=seconds)
        except NeverSent:
            passage.unreached()
            failure: GoToError = not_sent()
        except AnswerLost:
            passage.broken()
            failure = lost(call)
        else:
            if status >= 500:
                passage.broken()
            else:
                passage.answered()
            return status, body
        raise failure

    def _request(self, call: Call, token: str) -> httpx.Request:
        # As http.build_request would do it, which parses URL and headers anew for each request.
        headers = [*self._headers, (b"authorization", f"Bearer {token}".encode())]
        if call.body is not None:
            headers.append((b"content-type", b"application/json"))
        return httpx.Request(
            call.method,
            self._base + call.path,
            headers=headers,
            content=call.body,
            extensions=self._extensions,
        )


def _answer(call: Call, status: int, body: bytes, read: Callable[[bytes], T]) -> T:
    if not 200 <= status < 300:
        raise from_status(call, status=status, body=body)
    try:
        return read(body)
    except GoToUnreadable:
        pass
    raise unreadable_answer(call)


def _survives(call: Call, failure: GoToError) -> bool:
    if isinstance(failure, GrantRefused):
        return False
    if call.writes:
        return isinstance(failure, NotSent)
    return isinstance(failure, GoToUnavailable | GoToUnreadable)
