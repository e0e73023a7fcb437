"""A transport that sends the head and the body of an answer by one call of the system."""

import asyncio
from collections.abc import Callable
from typing import Any

HEAD = b"HTTP/1.1 "
INTERIM = b"HTTP/1.1 1"


class Together:
    """A transport that keeps the head of an answer until there is more to send, or nothing.

    ``hang_up`` closes the connection, after the last byte was given to the transport.
    """

    def __init__(
        self, transport: asyncio.Transport, hang_up: Callable[[], object] | None = None
    ) -> None:
        self._transport = transport
        self._hang_up = hang_up or transport.close
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
        self._hang_up()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
