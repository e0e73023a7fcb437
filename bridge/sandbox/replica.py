"""The reading side of an account: the tables as they were some milliseconds ago.

A real service answers reads from copies that trail behind. While the lag is 0 there is no copy and
nothing is recorded; with a lag every write waits in line until it is old enough to be seen.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from bridge.sandbox.clock import Clock
from bridge.sandbox.tables import Tables

Verb = Callable[[Tables, Any], None]


class Replica:
    """Follows ``stored`` at a distance of ``lag`` seconds."""

    def __init__(self, stored: Tables, *, clock: Clock) -> None:
        self._stored = stored
        self._clock = clock
        self._lag = 0.0
        self._behind: Tables | None = None
        self._waiting: deque[tuple[float, Verb, Any]] = deque()

    @property
    def lag(self) -> float:
        return self._lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        self._lag = seconds
        if not seconds:
            self._behind = None
            self._waiting.clear()
        elif self._behind is None:
            self._behind = self._stored.copy()

    def follow(self, verb: Verb, row: Any) -> None:
        """Note a write that was just made to the stored tables."""
        if self._behind is not None:
            self._waiting.append((self._clock.ticks(), verb, row))

    def tables(self) -> Tables:
        """What a read sees now."""
        if self._behind is None:
            return self._stored
        seen_until = self._clock.ticks() - self._lag
        while self._waiting and self._waiting[0][0] <= seen_until:
            _, verb, row = self._waiting.popleft()
            verb(self._behind, row)
        return self._behind
