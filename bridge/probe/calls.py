"""Calls of a probe: two a second at most, with the reply as GoTo gave it.

Knows tokens, the rate and which calls may be repeated. A reply of 4xx is no error here: it is an
answer to the question that the probe asks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import orjson

from bridge.errors import GoToUnavailable, OutcomeUnknown
from bridge.goto import AccessTokens, Priority, Throttle, asking_for
from bridge.probe.observations import Observations, codes, template

T = TypeVar("T")

RATE = 2.0
"""Requests a second."""
API = "/admin/rest/v1"
ATTEMPTS = 4
ANSWERED_WITHIN = 30.0
LARGEST_REPLY = 64 * 1024 * 1024
REPEATED = frozenset({"GET", "PUT", "DELETE"})
"""A second time these do nothing else than the first time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: ``body`` is parsed JSON, None where it is none; ``headers`` are names."""

    status: int
    body: Any
    headers: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether GoTo says that it was done."""
        return 200 <= self.status < 300

    @property
    def is_missing_path(self) -> bool:
        """Whether GoTo has no such call at all, rather than no such record."""
        if self.status == 405:
            return True
        has_codes = isinstance(self.body, dict) and "errors" in self.body
        return self.status == 404 and not has_codes

    @property
    def fields(self) -> dict[str, Any]:
        """The record, empty where the body is none."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a page."""
        rows = self.fields.get("results") or []
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    @property
    def total(self) -> int:
        """The length of the list that the page is of."""
        total = self.fields.get("total")
        return total if type(total) is int else len(self.rows)

    def __str__(self) -> str:
        code = next(iter(codes(self.body)), "")
        return f"{self.status} {code}".strip()


@dataclass(frozen=True)
class OAuth:
    """GoTo's OAuth server, and who asks it."""

    http: httpx.AsyncClient
    client_id: str
    client_secret: str


class Calls:
    """Calls within one account. ``patience`` is how long a write may take to show, in seconds."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        tokens: AccessTokens,
        throttle: Throttle,
        account_key: str,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        oauth: OAuth | None = None,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._throttle = throttle
        self._root = f"{API}/accounts/{account_key}/"
        self._oauth = oauth
        self.clock = clock
        self.sleep = sleep
        self.seen = Observations()
        self.sent = 0
        self.patience = 6.0

    async def get(self, path: str) -> Reply:
        """Read; ``path`` is that below the account, or of the whole API with a leading ``/``."""
        return await self.send("GET", path)

    async def send(self, method: str, path: str, body: Any = None) -> Reply:
        """Send a call, again where that is harmless. Raises ``GoToUnavailable``.

        ``OutcomeUnknown`` is for a POST whose reply was lost.
        """
        failures = refused = 0
        while True:
            reply = await self._once(method, path, body)
            if reply is not None and reply.status == 401 and not refused:
                refused = 1
                continue
            if reply is not None and reply.status == 429:
                self._throttle.slow_down()
            elif reply is not None and reply.status < 500:
                return reply
            elif method not in REPEATED:
                raise OutcomeUnknown(f"GoTo failed at {_named(method, path, reply)}.")
            failures += 1
            if failures >= ATTEMPTS:
                raise GoToUnavailable(f"GoTo failed at {_named(method, path, reply)}.")
            await self.sleep(float(failures))

    async def until(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """Whether ``look`` comes true while reads may still trail behind a write."""
        deadline = self.clock() + self.patience
        pause = 0.0
        while not await look():
            left = deadline - self.clock()
            if left <= 0:
                return False
            pause = min(2.0, pause + 0.5, left)
            await self.sleep(pause)
        return True

    async def authorize_server(self, method: str, path: str, form: str = "") -> Reply | None:
        """Ask the OAuth server with the client's own id; None where it does not answer."""
        if self._oauth is None:
            return None
        request = self._oauth.http.build_request(
            method,
            path,
            content=form.encode() if form else None,
            headers={"Content-Type": "application/x-www-form-urlencoded"} if form else None,
        )
        if form:
            auth = httpx.BasicAuth(self._oauth.client_id, self._oauth.client_secret)
            request = next(auth.auth_flow(request))
        return await self._exchanged(self._oauth.http, request, path)

    async def access_token(self) -> str:
        """The access token in use."""
        return await self._tokens.token()

    async def _once(self, method: str, path: str, body: Any) -> Reply | None:
        token = self._tokens.at_hand()
        if token is None:
            # A request as others: it counts among the two a second.
            await self._in_turn(self._tokens.token)
            token = await self._tokens.token()
        url = API + path if path.startswith("/") else self._root + path
        headers = {"Authorization": f"Bearer {token}"}
        content = None
        if body is not None:
            content = orjson.dumps(body)
            headers["Content-Type"] = "application/json"
        request = self._http.build_request(method, url, headers=headers, content=content)
        reply = await self._exchanged(self._http, request, path)
        if reply is not None and reply.status == 401:
            await self._in_turn(lambda: self._tokens.renew(token))
        return reply

    async def _exchanged(
        self, http: httpx.AsyncClient, request: httpx.Request, path: str
    ) -> Reply | None:
        self.sent += 1

        async def exchange() -> Reply | None:
            try:
                async with asyncio.timeout(ANSWERED_WITHIN):
                    response = await http.send(request, stream=True)
                    try:
                        return _reply(response, await _bounded(response))
                    finally:
                        await response.aclose()
            except (httpx.HTTPError, httpx.StreamError, OSError):
                return None

        reply = await self._in_turn(exchange)
        if reply is not None:
            self.seen.note(
                request.method, path, status=reply.status, headers=reply.headers, body=reply.body
            )
        return reply

    async def _in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        with asking_for("probe"):
            ticket = await self._throttle.enter(Priority.INTERACTIVE)
        try:
            return await work()
        finally:
            self._throttle.leave(ticket)


async def _bounded(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_REPLY:
            return b""
        parts.append(part)
    return b"".join(parts)


def _reply(response: httpx.Response, content: bytes) -> Reply:
    try:
        body = orjson.loads(content) if content else None
    except orjson.JSONDecodeError:
        body = None
    return Reply(response.status_code, body, tuple(response.headers.keys()))


def _named(method: str, path: str, reply: Reply | None) -> str:
    return f"{method} {template(path)} ({'no answer' if reply is None else reply})"
