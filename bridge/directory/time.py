"""The clock that ages are measured with: seconds that only go forward."""

from collections.abc import Callable

Clock = Callable[[], float]
