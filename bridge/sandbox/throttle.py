"""GoTo's rate limit: so many requests in any second, counted when they arrive. No I/O."""

from collections import deque
from collections.abc import Callable


class Throttle:
    """A sliding window of one second; refused requests are not counted."""

    def __init__(self, limit: int, *, ticks: Callable[[], float]) -> None:
        self.limit = limit
        self._ticks = ticks
        self._times: deque[float] = deque()

    def admits(self) -> bool:
        """Count one request that arrives now, or refuse it; a limit of 0 admits everything."""
        if not self.limit:
            return True
        now = self._ticks()
        while self._times and self._times[0] <= now - 1:
            self._times.popleft()
        if len(self._times) >= self.limit:
            return False
        self._times.append(now)
        return True
