"""A GoTo that says what the test wrote down, in order, and notes what it was asked."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bridge.goto import AccessTokens, GoToClient, Grant, Throttle

ACCOUNT = "9182736455463728190"
HTML = b"<html><body>Bad gateway</body></html>"

Answer = tuple[int, Any] | Exception
"""Status and body (bytes, or JSON); or what the network raises instead."""


def pat() -> Grant:
    return Grant(kind="pat", secret="pat-secret", obtained_at=datetime.now(UTC))


@dataclass
class Asked:
    method: str
    target: str  # path below the account, with the raw query
    body: Any
    token: str


@dataclass
class ScriptedGoTo:
    """``answers`` of the Admin API and ``token_answers`` of the OAuth server; the last repeats."""

    answers: list[Answer] = field(default_factory=list)
    token_answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    token_headers: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        methods = ["GET", "POST", "PUT", "DELETE"]
        return Starlette(
            routes=[
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/admin/rest/v1/{rest:path}", self._api, methods=methods),
            ]
        )

    async def _token(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.forms.append(dict(httpx.QueryParams(body)))
        self.token_headers.append(request.headers["authorization"])
        await asyncio.sleep(0)
        if not self.token_answers:
            return _response(
                (200, {"access_token": f"access-{len(self.forms)}", "expires_in": 3600})
            )
        return _response(_next(self.token_answers))

    async def _api(self, request: Request) -> Response:
        body = await request.body()
        target = request.scope["raw_path"].decode().removeprefix("/admin/rest/v1/")
        target = target.removeprefix(f"accounts/{ACCOUNT}/")
        if query := request.scope["query_string"].decode():
            target += f"?{query}"
        token = request.headers["authorization"].removeprefix("Bearer ")
        parsed = orjson.loads(body) if body else None
        self.asked.append(Asked(request.method, target, parsed, token))
        return _response(_next(self.answers))

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app()), base_url="http://goto.test"
        )


def _next(answers: list[Answer]) -> Answer:
    return answers.pop(0) if len(answers) > 1 else answers[0]


def _response(answer: Answer) -> Response:
    if isinstance(answer, Exception):
        raise answer
    status, body = answer
    return Response(body if isinstance(body, bytes) else orjson.dumps(body), status)


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


def ask(
    goto: ScriptedGoTo,
    question: Callable[[GoToClient], Awaitable[Any]],
    *,
    account_key: str | None = ACCOUNT,
    throttle: Throttle | None = None,
    **settings: Any,
) -> Any:
    """What a client of ``goto`` makes of ``question``, without any waiting."""

    async def run() -> Any:
        async with goto.http() as http:
            tokens = AccessTokens(
                http,
                auth_url="http://goto.test",
                client_id="client",
                client_secret="client-secret",
                grant=pat(),
                store=_store_nowhere,
                sleep=no_sleep,
            )
            client = GoToClient(
                http,
                grant=tokens,
                throttle=throttle or Throttle(0),
                account_key=account_key,
                **{"sleep": no_sleep, **settings},
            )
            return await question(client)

    return asyncio.run(run())


async def _store_nowhere(_: Grant) -> None:
    return None
