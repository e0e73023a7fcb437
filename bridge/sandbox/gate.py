"""What every simulated call passes on its way in: journal, rate limit, latency, faults.

A plain ASGI layer around the API and the OAuth server. It reads the body once and leaves it in the
scope for the endpoint behind. The control side does not pass here.
"""

import asyncio
from typing import Any

import httpx
import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.sandbox.answers import error, no_path
from bridge.sandbox.faults import Rule
from bridge.sandbox.journal import Entry
from bridge.sandbox.rows import Refusal
from bridge.sandbox.simulation import Simulation

BODY = "simulator.body"
"""Where the gate leaves the body of a request in the ASGI scope."""


class Gate:
    """Stands before ``app``."""

    def __init__(self, app: ASGIApp, *, simulation: Simulation) -> None:
        self._app = app
        self._simulation = simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        simulation = self._simulation
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        at = simulation.clock.real()
        limited = path.startswith("/admin/") and not simulation.throttle.admits()
        body = scope[BODY] = await _body(receive)
        entry = simulation.journal.open(at=at, method=method, path=path, query=query, body=body)
        noted = _noting(send, entry)
        if limited:
            # GoTo sends no Retry-After.
            await error(Refusal(429, "rate.limit.exceeded"))(scope, receive, noted)
            return
        if simulation.settings.latency_ms:
            await asyncio.sleep(simulation.settings.latency_ms / 1000)
        rule = simulation.faults.take(method=method, path=path, query=query)
        if rule is None:
            await self._served(scope, receive, noted)
        else:
            await self._faulty(rule, scope, receive, noted)

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except HTTPException as strange:
            # No route: answered here, so that the journal and the faults see it as any other.
            if strange.status_code == 404:
                await no_path()(scope, receive, send)
                return
            await error(Refusal(strange.status_code, "method.not.allowed"))(scope, receive, send)

    async def _faulty(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        answer: list[Message] = []
        if rule.after:
            await self._served(scope, receive, _keeping(answer))
        await asyncio.sleep(rule.delay_ms / 1000)
        if rule.drop:
            await _cut(receive)
        elif rule.status is not None:
            await _fault(rule)(scope, receive, send)
        elif rule.after:
            for message in answer:
                await send(message)
        else:
            await self._served(scope, receive, send)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _noting(send: Send, entry: Entry) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
        await send(message)

    return noting


def _keeping(messages: list[Message]) -> Send:
    async def keeping(message: Message) -> None:
        messages.append(message)

    return keeping


def _fault(rule: Rule) -> Response:
    status = rule.status or 500
    if rule.body is None and rule.content_type is None and status >= 400:
        answer = error(Refusal(status, "simulated.fault"))
        answer.headers.update(rule.headers)
        return answer
    content, media_type = (b"", None) if status in (204, 304) else _content(rule.body)
    return Response(
        content, status, headers=rule.headers, media_type=rule.content_type or media_type
    )


def _content(body: Any) -> tuple[bytes, str | None]:
    if isinstance(body, str):
        return body.encode(), "text/html" if body.lstrip().startswith("<") else "text/plain"
    return (b"" if body is None else orjson.dumps(body)), "application/json"


async def _cut(receive: Receive) -> None:
    """Cut the connection without an answer.

    ASGI has no word for that: over a socket the server's own transport is closed; where there is
    none (httpx's ASGI transport) the caller gets httpx's error for a cut connection.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise httpx.RemoteProtocolError("The simulator cut the connection without an answer.")
    transport.close()
    # Uvicorn would report an error if the endpoint returned before the connection is gone.
    while (await receive())["type"] != "http.disconnect":
        pass
