"""Serves ASGI applications, each on a socket of its own, in one event loop until a signal comes.

Knows uvicorn, sockets and signals; knows nothing of what is served.
"""

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from bridge.cli.http.limits import Limits
from bridge.cli.http_protocol import http_protocol
from bridge.errors import BridgeError

BACKLOG = 2048
LIMITS = Limits()
STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")
"""The names of the signals that end a service. Windows has no SIGHUP."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """An application and where it listens; ``grace`` is in seconds, for requests under way.

    Paths that begin with ``health`` are answered also while all other connections are in use.
    """

    app: Starlette
    socket: socket.socket
    grace: int = 30
    limits: Limits = LIMITS
    health: str | None = None


def listen(host: str, port: int, *, named: str) -> socket.socket:
    """Listen there, on any free port for 0. A BridgeError begins with what ``named`` the port."""
    try:
        family, _, _, _, address = _addresses(host, port)[0]
        both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            address[:2], family=family, backlog=BACKLOG, dualstack_ipv6=both
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = "is in use, choose another port"
        else:
            reason = f"cannot be listened on ({_cause(error)})"
        raise BridgeError(f"{named}: {host}:{port} {reason}.") from error


def _addresses(host: str, port: int) -> list[Any]:
    # IPv4 first: of a name with both kinds of address, that is the one every client tries.
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return sorted(found, key=lambda entry: entry[0] != socket.AF_INET)


def _cause(error: OSError) -> str:
    # `create_server` adds the address to the text, which is told already.
    return (error.strerror or str(error)).partition(" (while")[0]


def url_of(listening: socket.socket) -> str:
    """The URL of a listening socket, with its real port."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_until_stopped(serving: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run ``serving``; a stopping signal sets its event, and a second one cuts it short."""

    async def watched() -> None:
        with _signals() as stop:
            await serving(stop)

    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(watched())


async def serve(
    sites: Sequence[Site], *, stop: asyncio.Event, announce: Callable[[], object]
) -> None:
    """Start the sites in order, announce them, and end them in reverse order on ``stop``."""
    async with AsyncExitStack() as stack:
        for site in sites:
            await stack.enter_async_context(_running(site, stop))
        if not stop.is_set():
            announce()
        await stop.wait()


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs several of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _running(site: Site, stop: asyncio.Event) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(
            site.app,
            http=http_protocol(site.limits, health=site.health),
            # There is no WebSocket endpoint, and uvicorn would take the offer of one.
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            lifespan="on",
            timeout_graceful_shutdown=site.grace,
        )
    )
    task = asyncio.create_task(_without_exit(server.serve([site.socket])))
    # A server that ends on its own takes the others with it.
    task.add_done_callback(lambda _: stop.set())
    try:
        while not (server.started or task.done()):  # noqa: ASYNC110 - uvicorn has a flag, no event
            await asyncio.sleep(0.01)
        if task.done():
            # The callback above may not have run yet, and a server that ended is not announced.
            stop.set()
        yield
    finally:
        server.should_exit = True
        await task


async def _without_exit(serving: Awaitable[None]) -> None:
    try:
        await serving
    except SystemExit as error:
        # uvicorn's way to say that the lifespan failed, which it has logged.
        raise BridgeError("The service could not start: the log says why.") from error


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(stop.set)

    # Not the loop's own `add_signal_handler`, which Windows lacks.
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    # `nohup` has SIGHUP ignored on purpose.
    listened = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, on_signal) for number in listened}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return None
    return uvloop.new_event_loop
