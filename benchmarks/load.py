"""A client that costs little: keep-alive connections that ask one thing after the other.

Raw asyncio, because every HTTP client of Python costs more than the services that are measured.
Knows as much HTTP/1.1 as these services answer: Content-Length or chunks, no redirects.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import orjson
import uvloop

T = TypeVar("T")

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
LAST_CHUNK = b"0\r\n\r\n"
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service listens, and the token it asks for."""

    url: str
    token: str
    root: str = "/scim/v2"

    def request(self, method: str, path: str, body: Any = None) -> bytes:
        """The bytes of one request below ``root``; ``body`` is sent as JSON."""
        content = b"" if body is None else orjson.dumps(body)
        head = (
            f"{method} {self.root}{path} HTTP/1.1\r\nHost: {urlsplit(self.url).netloc}\r\n"
            f"Authorization: Bearer {self.token}\r\nAccept: application/scim+json\r\n"
        )
        if body is not None:
            head += f"Content-Type: application/scim+json\r\nContent-Length: {len(content)}\r\n"
        return head.encode() + b"\r\n" + content


@dataclass(slots=True)
class Load:
    """What was asked and how it went; ``seconds`` of the clock on the wall."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def asked(self) -> int:
        return self.statuses.total()

    def failed(self) -> int:
        """How many answers were no success."""
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)


class Line(asyncio.Protocol):
    """One connection. A request is sent when the answer to the one before it is there."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._begin()

    def _begin(self) -> None:
        self._head = b""
        self._parts: list[bytes] = []
        self._left = -1
        self._chunked = False
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is of no class of asyncio

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError(f"the service hung up ({exc})"))

    def data_received(self, data: bytes) -> None:
        if not self._status:
            head, end, data = (self._head + data).partition(HEAD_END)
            if not end:
                self._head = head
                return
            self._status = int(head[9:12])
            length = LENGTH.search(head)
            self._chunked = length is None and CHUNKED.search(head) is not None
            self._left = int(length[1]) if length else 0
        self._parts.append(data)
        if self._chunked:
            tail = data if len(data) > len(LAST_CHUNK) else b"".join(self._parts[-3:])
            done = tail.endswith(LAST_CHUNK)
        else:
            self._left -= len(data)
            done = self._left <= 0
        if done and self._waiting is not None:
            status, body = self._status, b"".join(self._parts)
            body = unchunked(body) if self._chunked else body
            self._begin()
            self._waiting.set_result((status, body))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body of its answer."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def unchunked(body: bytes) -> bytes:
    """The content of a chunked body (RFC 9112 section 7.1)."""
    content, rest = [], body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        if not length:
            break
        content.append(rest[:length])
        rest = rest[length + 2 :]
    return b"".join(content)


async def line_to(place: Place) -> Line:
    """Connect."""
    parts = urlsplit(place.url)
    assert parts.hostname is not None
    assert parts.port is not None
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(Line, parts.hostname, parts.port)
    return line


async def press(
    place: Place, requests: Sequence[bytes], *, seconds: float, connections: int
) -> Load:
    """Send the requests over and over for so long, on so many connections at once."""
    endless = cycle(requests)
    until = time.perf_counter() + seconds
    return await _pressed(place, endless, connections, until)


async def send_all(place: Place, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send each request once."""
    return await _pressed(place, iter(requests), connections, float("inf"))


async def _pressed(place: Place, requests: Iterator[bytes], connections: int, until: float) -> Load:
    load = Load()
    lines = [await line_to(place) for _ in range(connections)]

    async def keep_asking(line: Line) -> None:
        for request in requests:
            status, _ = await line.ask(request)
            load.statuses[status] += 1
            if time.perf_counter() >= until:
                return

    began = time.perf_counter()
    try:
        await asyncio.gather(*(keep_asking(line) for line in lines))
    finally:
        for line in lines:
            line.close()
    load.seconds = time.perf_counter() - began
    return load


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on the fastest loop there is."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
