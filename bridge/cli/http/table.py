"""The open connections of a server: how many there may be, and which of them are out of time.

Knows no HTTP: a connection says when it waits for a request, and looks at its own clock when asked.
"""

import asyncio
from enum import Enum
from typing import Protocol

from bridge.cli.http.limits import Limits

SWEEP_SECONDS = 1.0


class Connection(Protocol):
    """What the table asks of a connection."""

    def look_at_clock(self, now: float) -> None:
        """End what has taken too long."""

    def drop(self) -> None:
        """Close at once."""


class Place(Enum):
    """A new connection's place."""

    full = "full"
    reserved = "reserved"
    none = "none"


class ConnectionTable:
    """Bounds the connections, and looks at all of them about once a second."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: set[Connection] = set()
        # In the order in which they began to wait.
        self._waiting: dict[Connection, None] = {}
        self._sweep: asyncio.TimerHandle | None = None
        times = (limits.head_seconds, limits.idle_seconds, limits.body_seconds,
                 limits.unread_seconds, limits.linger_seconds)  # fmt: skip
        self._pause = min(SWEEP_SECONDS, min(times) / 4)

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, connection: Connection) -> Place:
        """Take a connection in. Where all places are taken, the one that waited longest goes."""
        if len(self._open) >= self._limits.connections:
            oldest = next(iter(self._waiting), None)
            if oldest is not None:
                self.closed(oldest)
                oldest.drop()
            elif len(self._open) >= self._limits.connections + self._limits.reserved:
                return Place.none
        self._open.add(connection)
        self.waits(connection)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._pause, self._look)
        reserved = len(self._open) > self._limits.connections
        return Place.reserved if reserved else Place.full

    def waits(self, connection: Connection) -> None:
        """Note that a connection has no request to answer, from now on."""
        if connection in self._open:
            self._waiting.pop(connection, None)
            self._waiting[connection] = None

    def works(self, connection: Connection) -> None:
        """Note that a connection has a request to answer."""
        self._waiting.pop(connection, None)

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def _look(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._open):
            connection.look_at_clock(now)
        if self._open:
            self._sweep = loop.call_later(self._pause, self._look)
