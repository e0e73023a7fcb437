"""The loopback listener that GoTo redirects the administrator's browser to (RFC 8252 7.3).

Knows as much HTTP as one redirect needs. Takes one answer that bears the consent's ``state``, keeps
the browser waiting until it was told what became of it, and closes. Anything else that knocks is
answered and forgotten, so that nobody on this machine can end or take over a consent.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import urlsplit

from bridge.connect import pages
from bridge.connect.consent import Code, Consent, ConsentRefused, ForeignAnswer, read_redirect
from bridge.errors import BridgeError

LOOPBACK = "127.0.0.1"
PATH = "/callback"
USUAL_PORT = 8765
"""The port that a redirect address registered at GoTo can name."""
PATIENCE = 600.0
"""Seconds until nobody is expected to answer any more; a code of GoTo lives no longer."""
_LONGEST_REQUEST = 16 * 1024
_TO_SEND_A_REQUEST = 10.0
_TO_TAKE_A_PAGE = 2.0
_HEADERS = (
    "Content-Type: text/html; charset=utf-8\r\n"
    "Cache-Control: no-store\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Connection: close\r\n"
)
_USED = "An answer to this connection has arrived already: the terminal says what became of it."


class RedirectListener:
    """Listens at ``redirect_uri``; opened with ``listen_for_redirect``."""

    def __init__(self, *, path: str) -> None:
        self._path = path
        self._consent: Consent | None = None
        self._answer: asyncio.Future[Code] = asyncio.get_running_loop().create_future()
        self._verdict: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._silent: set[asyncio.StreamWriter] = set()
        self._served: set[asyncio.Task[None]] = set()
        self.redirect_uri = ""

    async def code(self, consent: Consent, *, patience: float = PATIENCE) -> Code:
        """Wait for the answer, ``patience`` seconds at most; raises ``ConsentRefused``."""
        self._consent = consent
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(self._answer)
        except TimeoutError:
            pass
        raise ConsentRefused(
            "Nobody answered in time: run `goto-scim-bridge connect` again, and open the address "
            "that it prints."
        )

    def worked(self) -> None:
        """Let the browser show that the grant is there."""
        self._tell(pages.worked())

    def failed(self, detail: str) -> None:
        """Let the browser show what went wrong; nothing where it was told already."""
        self._tell(pages.failed(detail))

    def _tell(self, page: str) -> None:
        if not self._verdict.done():
            self._verdict.set_result(page)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._served.add(task)
        self._silent.add(writer)
        try:
            target = await _target(reader)
            self._silent.discard(writer)
            await _send(writer, *await self._answered(target))
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass  # whoever hangs up, or does not speak HTTP, gets no answer
        finally:
            self._silent.discard(writer)
            self._served.discard(task)
            writer.close()

    async def _answered(self, target: str) -> tuple[HTTPStatus, str]:
        parts = urlsplit(target)
        if parts.path != self._path or self._consent is None:
            return HTTPStatus.NOT_FOUND, pages.nothing_here()
        if self._answer.done():
            return HTTPStatus.CONFLICT, pages.failed(_USED)
        try:
            code = read_redirect(parts.query, self._consent)
        except ForeignAnswer as foreign:
            return HTTPStatus.BAD_REQUEST, pages.failed(foreign.detail)
        except ConsentRefused as refusal:
            self._answer.set_exception(refusal)
            return HTTPStatus.OK, pages.failed(refusal.detail)
        self._answer.set_result(code)
        return HTTPStatus.OK, await asyncio.shield(self._verdict)

    async def close(self) -> None:
        """Let the browser that waits see its page, and end."""
        self.failed("The connection was given up: the terminal says why.")
        if self._answer.done():
            self._answer.exception()  # looked at, so that asyncio reports none as lost
        self._answer.cancel()
        # Browsers open connections ahead, and may never send anything over them.
        for writer in self._silent:
            writer.transport.abort()
        if self._served:
            await asyncio.wait(self._served, timeout=_TO_TAKE_A_PAGE)


@contextlib.asynccontextmanager
async def listen_for_redirect(
    *, port: int | None = None, path: str = PATH, redirect_uri: str | None = None
) -> AsyncIterator[RedirectListener]:
    """Listen on the loopback: at ``port``, else at the usual one, or a free one if that is taken.

    ``redirect_uri`` is what the browser is sent to, where it is not the listener's own address.
    Raises ``BridgeError`` where the port cannot be listened on.
    """
    listener = RedirectListener(path=path)
    server = await _open(listener, port)
    taken = server.sockets[0].getsockname()[1]
    listener.redirect_uri = redirect_uri or f"http://{LOOPBACK}:{taken}{path}"
    try:
        yield listener
    except BridgeError as error:
        listener.failed(error.detail)
        raise
    finally:
        server.close()
        await listener.close()


async def _open(listener: RedirectListener, port: int | None) -> asyncio.Server:
    async def on(number: int) -> asyncio.Server:
        return await asyncio.start_server(listener.serve, LOOPBACK, number, limit=_LONGEST_REQUEST)

    try:
        return await on(USUAL_PORT if port is None else port)
    except OSError as error:
        if port is not None:
            raise BridgeError(
                f"--port: {LOOPBACK}:{port} cannot be listened on ({error.strerror}); choose "
                "another port, or use --paste."
            ) from error
    return await on(0)


async def _target(reader: asyncio.StreamReader) -> str:
    """The target of a GET. Raises ``ValueError`` for anything that is not one."""
    async with asyncio.timeout(_TO_SEND_A_REQUEST):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise ValueError("the request is too long") from error
    method, target, version = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
    if method != "GET" or not version.startswith("HTTP/1"):
        raise ValueError("this is not a redirect")
    return target


async def _send(writer: asyncio.StreamWriter, status: HTTPStatus, page: str) -> None:
    body = page.encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n{_HEADERS}"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
