"""Bytes sent to a served application over a real socket, and the answers that come back."""

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.cli.http.limits import Limits
from bridge.cli.serving import Site, _loop_factory, listen, serve

Address = tuple[str, int]


async def seen(request: Request) -> Response:
    """What arrived: the method, the path, the body and the names of the header fields."""
    body = await request.body()
    fields = [name.decode() for name, _ in request.scope["headers"]]
    told = {"method": request.method, "path": request.url.path, "body": body.decode("latin-1")}
    return JSONResponse({**told, "fields": fields})


async def unread(_: Request) -> Response:
    """An answer that does not wait for the body."""
    return JSONResponse({"detail": "who are you"}, status_code=401)


async def large(_: Request) -> Response:
    return Response(b"x" * 20_000_000)


async def live(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


class Gate:
    """Requests to ``/wait`` are answered when it opens."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.waiting = 0

    async def __call__(self, _: Request) -> Response:
        self.waiting += 1
        await self._opened.wait()
        return JSONResponse({})

    def open(self) -> None:
        self._loop.call_soon_threadsafe(self._opened.set)


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass
class Server:
    """A served application: where it listens, and the gate of its ``/wait``."""

    address: Address
    gate: Gate

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)

    def answers(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """Return all that comes back for these packets until the service closes."""
        with self.connect() as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number, part in enumerate(parts):
                if number and pause:
                    time.sleep(pause)
                client.sendall(part)
            return until_closed(client)


def until_closed(client: socket.socket) -> bytes:
    """Return all that comes back until the service closes."""
    received = b""
    while data := client.recv(1 << 20):
        received += data
    return received


@contextmanager
def serving(limits: Limits | None = None) -> Iterator[Server]:
    """Serve in a thread."""
    ready: queue.Queue[Server] = queue.Queue()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def whole() -> None:
        gate, stop = Gate(), asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        routes = [
            Route("/seen", seen, methods=METHODS),
            Route("/unread", unread, methods=METHODS),
            Route("/large", large),
            Route("/wait", gate.__call__),
            Route("/health/live", live),
        ]
        listening = listen("127.0.0.1", 0, named="test")
        site = Site(
            app=Starlette(routes=routes),
            socket=listening,
            limits=limits or Limits(),
            health="/health/",
            grace=1,
        )
        server = Server(listening.getsockname(), gate)
        await serve([site], stop=stop, announce=lambda: ready.put(server))

    def run() -> None:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(whole())

    thread = threading.Thread(target=run)
    thread.start()
    server = ready.get(timeout=20)
    try:
        yield server
    finally:
        server.gate.open()
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=20)


def statuses(received: bytes) -> list[int]:
    """The status of each answer, interim ones left out."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status, fields = _head(head)
        if status >= 200:
            found.append(status)
        received = rest[int(fields.get("content-length", "0")) :]
    return found


def bodies(received: bytes) -> list[dict[str, object]]:
    """The JSON of each answer."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status, fields = _head(head)
        length = int(fields.get("content-length", "0"))
        if status >= 200:
            found.append(orjson.loads(rest[:length]))
        received = rest[length:]
    return found


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}
