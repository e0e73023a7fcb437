"""When a request may leave, so that GoTo's rate limit is never passed.

Knows time, places, two priorities and the names of those who ask; knows nothing of HTTP. A place is
taken before a request leaves and is free again one second after it *arrived*: an answer proves the
arrival, and without one it is taken for granted after ``LONGEST_WAY``. Counting from departure
alone would let a request that a cold connection held up arrive in the same second as the next ten.
"""

import asyncio
import heapq
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum

WINDOW = 1.01
"""Seconds a place stays taken; the hundredth covers what two clocks disagree about."""
LONGEST_WAY = 0.25
"""Seconds after which a request is taken to have arrived though no answer came yet."""
CALM = 5.0
"""Seconds at the lower rate before it begins to recover."""
RECOVERY = 0.1
"""The part of the full rate that comes back each second after that."""
SLOWEST = 1 / 16

_asker: ContextVar[str] = ContextVar("asker", default="")


@contextmanager
def asking_for(asker: str) -> Iterator[None]:
    """Say for whom requests wait within the block, and in the tasks started there."""
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


def asker() -> str:
    """Return for whom requests wait now."""
    return _asker.get()


class Priority(Enum):
    """Who passes first: a client that waits, or the bridge's own refresh."""

    INTERACTIVE = 0
    BACKGROUND = 1


class _Queue:
    """Who waits: a line for each asker, of which the foremost asker's first one is next."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[asyncio.Future[int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._lines)

    def join(self, asker: str, turn: asyncio.Future[int]) -> None:
        self._lines.setdefault(asker, deque()).append(turn)

    def take(self, asker: str) -> deque[asyncio.Future[int]]:
        """Take one asker's line out."""
        return self._lines.pop(asker, deque())

    def next(self) -> asyncio.Future[int]:
        asker = next(iter(self._lines))
        line = self._lines.pop(asker)
        turn = line.popleft()
        if line:
            # Behind all others, until it is their turn again.
            self._lines[asker] = line
        return turn


class Throttle:
    """At most ``rate`` requests in any second; 0 means no limit. One per account and process.

    Interactive requests pass before background ones. Within each, those who ask (``asking_for``)
    take turns, one request each, and the requests of one asker keep the order they came in.
    ``raise_priority`` makes one asker's background requests interactive.
    """

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if not (rate >= 0 and math.isfinite(rate)):
            raise ValueError("rate must be 0 (no limit) or a positive number of requests a second")
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._ticket = 0
        self._under_way: dict[int, float] = {}  # ticket → departure, oldest first
        self._returns: list[float] = []  # heap of the times at which places are free again
        self._queues: tuple[_Queue, ...] = tuple(_Queue() for _ in Priority)
        self._raised: set[str] = set()
        self._pump: asyncio.Task[None] | None = None
        self._slowed_at = -math.inf
        self._slowed_to = 1.0

    async def enter(self, priority: Priority = Priority.BACKGROUND) -> int:
        """Wait for a place and take it; the ticket goes to ``leave`` when the answer is there."""
        ticket = self.enter_at_once()
        if ticket is not None:
            return ticket
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asker = _asker.get()
        passes = Priority.INTERACTIVE if asker in self._raised else priority
        self._queues[passes.value].join(asker, turn)
        self._start_pump()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(turn.result())
            raise

    def raise_priority(self, asker: str) -> None:
        """Let an asker's background requests take turns with interactive ones from now on.

        Those that wait already come first in its line.
        """
        if asker in self._raised:
            return
        self._raised.add(asker)
        for turn in self._queues[Priority.BACKGROUND.value].take(asker):
            self._queues[Priority.INTERACTIVE.value].join(asker, turn)

    def restore_priority(self, asker: str) -> None:
        """Undo ``raise_priority`` for later requests."""
        self._raised.discard(asker)

    def enter_at_once(self) -> int | None:
        """A ticket where a place is free and nobody waits for one, else ``None``."""
        if not self._rate:
            return 0
        if any(self._queues) or not self._has_place():
            return None
        return self._take()

    @property
    def is_full(self) -> bool:
        """Whether a request that came now would have to wait."""
        return bool(self._rate) and (any(self._queues) or not self._has_place())

    def leave(self, ticket: int) -> None:
        """The request's answer is there, or it failed: its place is free one window from now."""
        if self._under_way.pop(ticket, None) is not None:
            heapq.heappush(self._returns, self._clock() + self._window())

    def give_back(self, ticket: int) -> None:
        """The request did not leave after all: its place is free at once."""
        if self._under_way.pop(ticket, None) is not None:
            self._grant_places()

    def slow_down(self) -> None:
        """GoTo answered 429: half the rate for a while. Many 429s of one second count once."""
        now = self._clock()
        if now - self._slowed_at < WINDOW:
            return
        self._slowed_to = max(SLOWEST, self._share() / 2)
        self._slowed_at = now

    def _share(self) -> float:
        recovered = max(0.0, self._clock() - self._slowed_at - CALM) * RECOVERY
        return min(1.0, self._slowed_to + recovered)

    def _places(self) -> int:
        return max(1, math.floor(self._rate * self._share()))

    def _window(self) -> float:
        return WINDOW / min(1.0, self._rate * self._share())

    def _has_place(self) -> bool:
        now = self._clock()
        while self._returns and self._returns[0] <= now:
            heapq.heappop(self._returns)
        while self._under_way:
            ticket, departure = next(iter(self._under_way.items()))
            if departure + LONGEST_WAY > now:
                break
            del self._under_way[ticket]
            free_again = departure + LONGEST_WAY + self._window()
            if free_again > now:
                heapq.heappush(self._returns, free_again)
        return len(self._under_way) + len(self._returns) < self._places()

    def _take(self) -> int:
        self._ticket += 1
        self._under_way[self._ticket] = self._clock()
        return self._ticket

    def _next_turn(self) -> asyncio.Future[int] | None:
        for queue in self._queues:
            while queue:
                turn = queue.next()
                if not turn.done():
                    return turn
        return None

    def _start_pump(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        while True:
            self._grant_places()
            if not any(self._queues):
                return
            await self._sleep(self._until_a_place())

    def _grant_places(self) -> None:
        while self._has_place() and (turn := self._next_turn()) is not None:
            turn.set_result(self._take())

    def _until_a_place(self) -> float:
        # What is still under way frees its place one window from now at the earliest, so the
        # first of those that have returned is always the next one.
        if self._returns:
            return max(0.0, self._returns[0] - self._clock())
        return self._window()
