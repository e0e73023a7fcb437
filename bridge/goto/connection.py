"""The way to GoTo over the network: connections, their limits and their timeouts.

Knows httpx and aiohttp, and what separates the two; knows nothing of GoTo. aiohttp sends an
idempotent request a second time when a kept connection breaks, and httpx-aiohttp reports a
connection cut in the middle as one that was never made. Either would count wrong here (the rate
limit; whether a write may have been done), so one middleware takes both out.
"""

from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bridge.errors import GrantRefused
from bridge.goto.bounded import ACCEPT_ENCODING
from bridge.settings import is_plain_http_elsewhere

CONNECTIONS = 32
KEEP_ALIVE = 30.0
TIMEOUT = httpx.Timeout(20.0, connect=5.0)

PLAIN_HTTP = (
    "The bridge does not send GoTo's grant to {host} over plain HTTP: write https:// in "
    "BRIDGE_GOTO_API_URL and BRIDGE_GOTO_AUTH_URL."
)

_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


def open_http(api_url: str, *, timeout: httpx.Timeout = TIMEOUT) -> httpx.AsyncClient:
    """A client for ``api_url``; close it with ``aclose()``. The environment's proxy is used."""
    return BareClient(
        base_url=api_url.rstrip("/"),
        headers={
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
            "User-Agent": "goto-scim-bridge",
        },
        timeout=timeout,
        transport=AiohttpTransport(client=lambda: _open_session(_proxy_for(api_url))),
    )


class BareClient(httpx.AsyncClient):
    """Sends requests without httpx's cookies, redirects, sign-in and hooks: GoTo needs none."""

    def __init__(self, *, transport: httpx.AsyncBaseTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self._bare = transport
        self._is_exposed = is_plain_http_elsewhere(str(self.base_url))

    async def send(
        self, request: httpx.Request, *, stream: bool = False, **_: Any
    ) -> httpx.Response:
        """Send a request; unless it is to be a ``stream``, read the answer.

        Raises ``GrantRefused`` where the grant would cross a network in plain HTTP.
        """
        if self._is_exposed:
            raise GrantRefused(PLAIN_HTTP.format(host=self.base_url.host))
        response = await self._bare.handle_async_request(request)
        response.request = request
        if not stream:
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response


def _open_session(proxy: str | None) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS,
        keepalive_timeout=KEEP_ALIVE,
        ssl=httpx.create_ssl_context(),  # httpx's certificates, not the interpreter's
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_send_once,),
        proxy=proxy,
    )


def _proxy_for(url: str) -> str | None:
    # Asked once: aiohttp's own trust_env looks in the environment and in .netrc for each request.
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


async def _send_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await send(request)
    except _NEVER_CONNECTED:
        raise
    except aiohttp.SocketTimeoutError:
        failure: httpx.TransportError = httpx.ReadTimeout("the answer did not come in time")
    except (aiohttp.ClientConnectionError, OSError):
        failure = httpx.ReadError("the connection was cut")
    except aiohttp.ClientResponseError:
        failure = httpx.RemoteProtocolError("the answer is not HTTP")
    raise failure
