"""Clocks that only go forward, whatever happens to the system's clock."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bridge.directory.entries import now_in_milliseconds

Clock = Callable[[], float]
"""Seconds of a monotonic clock, with which ages are measured."""


class SteadyClock:
    """Moments that advance with the monotonic clock from the wall clock's time at the start.

    A step of the system's clock, in either direction, does not reach the moments.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], datetime] = now_in_milliseconds,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._start = wall()
        self._started = monotonic()

    def __call__(self) -> datetime:
        """Return the current moment, in UTC."""
        return self._start + timedelta(seconds=self._monotonic() - self._started)
