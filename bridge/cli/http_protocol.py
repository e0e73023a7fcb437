"""uvicorn's HTTP/1.1, with each answer's head and body sent by one call of the system.

uvicorn writes them one after the other, and each write is a call of its own: half of what a small
answer costs. Knows uvicorn's protocol class and nothing of what is served.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = b"HTTP/1.1 "
INTERIM = b"HTTP/1.1 1"


class Together:
    """A transport that keeps the head of an answer until there is more to send, or nothing."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send what was kept and this, or keep this where it is a head."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif data.startswith(HEAD) and not data.startswith(INTERIM):
            self._head = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send what was kept: an answer without a body ends with its head."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Send what was kept, and hang up."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class HttpProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._together = Together(transport)
        self.transport = cast(asyncio.Transport, self._together)

    def on_response_complete(self) -> None:
        """Go on with the next request of the connection."""
        self._together.flush()
        super().on_response_complete()
