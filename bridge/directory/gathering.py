"""When a wave of creates leaves: once nobody is on the way to it any more, milliseconds at most.

Knows who is on the way and when the last one came; nothing of what is created.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from bridge.directory.actor import actor

TOGETHER = 0.004
"""Seconds that a wave waits at most, too short for a person to notice."""
QUIET = 0.002
"""Seconds since the last one came: requests that were sent at once come in closer together."""
STEP = 0.001
"""Seconds between two looks whether those on the way are there."""
LATELY = 0.05
"""Seconds for which it counts how many creates the wave before had."""


@dataclass(slots=True)
class _Client:
    """A client's creates: those under way at all, those not in their wave yet, and the last."""

    creates: int = 0
    on_the_way: int = 0
    last_came: float = 0.0


@dataclass(eq=False, slots=True)
class Arrival:
    """One create on its way to a wave; ``there`` says that it is, or never will be."""

    _client: _Client
    _is_there: bool = False

    def there(self) -> None:
        """End the way; a second time is no harm."""
        if not self._is_there:
            self._is_there = True
            self._client.on_the_way -= 1


class Gathering:
    """Counts the creates of each client that have begun and are not in their wave yet.

    Each writes its intent to the disk on its way, which takes about as long as the pauses within a
    burst of requests: a wave that counted only from then on would wait twice.
    """

    def __init__(self) -> None:
        self._clients: dict[str, _Client] = {}
        self._last: dict[str, tuple[int, float]] = {}

    @contextmanager
    def coming(self) -> Iterator[Arrival]:
        """Count a create of this client, on its way until it is there."""
        name = actor()
        client = self._clients.setdefault(name, _Client())
        client.creates += 1
        client.on_the_way += 1
        client.last_came = monotonic()
        arrival = Arrival(client)
        try:
            yield arrival
        finally:
            arrival.there()
            client.creates -= 1
            if not client.creates:
                del self._clients[name]

    async def complete(self, name: str, size: Callable[[], int], most: int) -> None:
        """Wait until nobody else of a client comes, or there are so many as go together."""
        until = monotonic() + TOGETHER
        while size() < most and not self._is_back(name, size()):
            pause = self._pause(name, until)
            if pause <= 0:
                return
            await asyncio.sleep(pause)

    def answered(self, name: str, size: int) -> None:
        """Say that a wave of so many was answered."""
        self._last[name] = (size, monotonic())

    def _pause(self, name: str, until: float) -> float:
        client, now = self._clients.get(name), monotonic()
        if client is None:
            return 0.0
        quiet = client.last_came + QUIET - now
        return min(max(quiet, STEP) if client.on_the_way else quiet, until - now)

    def _is_back(self, name: str, size: int) -> bool:
        """Whether as many are there as were in the wave before, and nobody is on the way.

        A client with so many at once waits for all of them before it sends more.
        """
        last, answered = self._last.get(name, (0, 0.0))
        client = self._clients.get(name)
        on_the_way = client.on_the_way if client else 0
        return not on_the_way and 1 < last <= size and monotonic() - answered < LATELY
