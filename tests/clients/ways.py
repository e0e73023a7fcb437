"""Ways in which the same requests reach a bridge: what a proxy or a client's library does to them.

Each is a transport under a client; the steps of a trace know nothing of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import httpx

Change = Callable[[httpx.Request], None]


class Changing(httpx.HTTPTransport):
    """Changes each request before it is sent."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._change(request)
        return super().handle_request(request)


class WithoutHost(httpx.BaseTransport):
    """Speaks HTTP/1.0, which has no Host header."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        connection = HTTPConnection(request.url.host, request.url.port, timeout=30)
        connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"  # type: ignore[attr-defined]
        target = request.url.raw_path.decode("ascii")
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name not in ("host", "connection", "transfer-encoding"):
                connection.putheader(name, value)
        connection.endheaders(request.read())
        with connection.getresponse() as answer:
            headers = [(n, v) for n, v in answer.getheaders() if n.lower() != "connection"]
            content = answer.read()
        connection.close()
        return httpx.Response(answer.status, headers=headers, content=content)


def slash_behind(request: httpx.Request) -> None:
    path, mark, query = request.url.raw_path.partition(b"?")
    if not path.endswith(b"/"):
        request.url = request.url.copy_with(raw_path=path + b"/" + mark + query)


def saying(headers: Mapping[str, str]) -> Change:
    """Sends these headers; a Content-Type only where JSON is announced."""

    def change(request: httpx.Request) -> None:
        announced = request.headers.get("Content-Type", "json")
        for name, value in headers.items():
            if name.lower() != "content-type" or "json" in announced:
                request.headers[name] = value

    return change


def without_content_type(request: httpx.Request) -> None:
    if "json" in request.headers.get("Content-Type", ""):
        del request.headers["Content-Type"]


def without_accept(request: httpx.Request) -> None:
    request.headers.pop("Accept", None)
    request.headers.pop("User-Agent", None)


BROWSERS_ACCEPT = "text/html,application/xhtml+xml;q=0.9,image/avif,*/*;q=0.8"
PROXIED = {
    "X-Forwarded-For": "203.0.113.7, 10.0.0.1",
    "X-Forwarded-Prefix": "/elsewhere",
    "X-Request-Id": "0" * 64,
    "X-Original-URL": "/admin",
    "Cookie": "session=1; theme=dark",
    "Expect-CT": "max-age=0",
    "Prefer": "return=minimal",
    "X-HTTP-Method-Override": "DELETE",
}


@dataclass(frozen=True)
class Way:
    """A way to the bridge; ``settings`` are those of the bridge at its end."""

    transport: Callable[[], httpx.BaseTransport] = httpx.HTTPTransport
    settings: tuple[tuple[str, Any], ...] = ()


def changed(change: Change) -> Way:
    return Way(lambda: Changing(change))


WAYS = {
    "as it is": Way(),
    "below /goto": Way(settings=(("base_path", "/goto"),)),
    "below /goto, public URL": Way(
        settings=(("base_path", "/goto"), ("public_url", "https://id.example.com/goto"))
    ),
    "slash behind": changed(slash_behind),
    "application/json; charset": changed(
        saying({"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"})
    ),
    "upper case": changed(
        saying({"CONTENT-TYPE": "APPLICATION/SCIM+JSON; CHARSET=UTF-8", "ACCEPT": "*/*"})
    ),
    "no Content-Type": changed(without_content_type),
    "no Accept": changed(without_accept),
    "a browser's Accept": changed(saying({"Accept": BROWSERS_ACCEPT})),
    "an Accept of something else": changed(saying({"Accept": "application/xml, text/csv;q=0.1"})),
    "a proxy's headers": changed(saying(PROXIED)),
    "no Host": Way(WithoutHost),
}
