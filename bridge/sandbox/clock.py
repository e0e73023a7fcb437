"""The simulator's two clocks: the wall clock that testers may move, and ticks that nobody moves.

Knows nothing of accounts or HTTP. Expiry and status follow :meth:`Clock.now`; the rate limit and
the read-after-write lag follow :meth:`Clock.ticks`, so that moving the clock does not disturb them.
"""

import time
from collections.abc import Callable


class Clock:
    """Real time plus an offset in seconds (``now_offset_s``)."""

    def __init__(
        self,
        *,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        offset: float = 0,
    ) -> None:
        self._wall = wall
        self.ticks = ticks
        self.offset = offset

    def now(self) -> float:
        """Seconds since the epoch, as the simulated account sees them."""
        return self._wall() + self.offset

    def now_ms(self) -> int:
        """Milliseconds since the epoch, the unit of GoTo's dates."""
        return int(self.now() * 1000)

    def real(self) -> float:
        """Seconds since the epoch without the offset, for the journal."""
        return self._wall()
