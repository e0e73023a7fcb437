"""Requests as the bytes that reach the application, without an HTTP library to tidy them up."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette

from bridge.operations import Metrics, Watched
from bridge.scim import Authenticator, scim_application
from tests.conftest import SANDBOX_MAPPING, Bridge, bridge_over
from tests.scim.face import TOKEN, nobody

MOUNT = "/scim/v2"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MEDIA_TYPE = "application/scim+json"
AUTHORIZED = (b"authorization", f"Bearer {TOKEN}".encode())
Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Wire:
    """Speaks ASGI to the SCIM service as a server does that passes on everything it can read."""

    def __init__(self, app: Any, host: bytes = b"bridge.test", **scope: Any) -> None:
        self._app = app
        self._host = host
        self._scope = {"root_path": MOUNT, **scope}

    def at(self, *, host: bytes, **scope: Any) -> "Wire":
        """The same service as another host's clients reach it; ``scope`` is the server's say."""
        return Wire(self._app, host, **scope)

    async def send(
        self,
        method: str,
        target: str | bytes,
        *,
        headers: Headers = (),
        body: bytes = b"",
        authorized: bool = True,
        address: str = "192.0.2.1",
    ) -> Answer:
        """Send a request to a target below the SCIM base, from a network address."""
        raw = target.encode() if isinstance(target, str) else target
        root_path = self._scope["root_path"]
        path, _, query = raw.partition(b"?")
        sent = [(b"host", self._host), *headers]
        if authorized:
            sent.append(AUTHORIZED)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": root_path + unquote(path.decode("latin-1")),
            "raw_path": root_path.encode() + path,
            "query_string": query,
            "headers": sent,
            "server": ("bridge.test", 80),
            "client": (address, 1234),
            **self._scope,
        }
        return await self._exchanged(scope, body)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: dict[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        """Send JSON, with query parameters and headers (``if_match`` is If-Match)."""
        target = path if params is None else f"{path}?{urlencode(params)}"
        lines = [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()]
        content = b"" if body is None else json.dumps(body).encode()
        return await self.send(method, target, headers=lines, body=content)

    async def _exchanged(self, scope: dict[str, Any], body: bytes) -> Answer:
        start: dict[str, Any] = {}
        content = b""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def take(message: dict[str, Any]) -> None:
            nonlocal content
            if message["type"] == "http.response.start":
                start.update(message)
            content += message.get("body", b"")

        await self._app(scope, receive, take)
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in start["headers"]}
        return Answer(start["status"], headers, content)


@asynccontextmanager
async def wired(
    app: Starlette,
    folder: Path,
    *,
    profile: Any = "lenient",
    public_url: str | None = None,
    **options: Any,
) -> AsyncIterator[tuple[Wire, Bridge]]:
    """The SCIM service over a simulated GoTo, as the bridge mounts it."""
    async with bridge_over(app, folder, **options) as bridge:
        scim = scim_application(
            bridge.directory,
            options.get("mapping", SANDBOX_MAPPING),
            Authenticator(nobody, static_token=TOKEN, static_profile=profile),
            secret=b"s" * 32,
            public_url=public_url,
        )
        yield Wire(Watched(scim, Metrics())), bridge
