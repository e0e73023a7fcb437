"""The circuit breaker: while GoTo is dead, calls fail at once instead of each waiting for it.

Knows failures, pauses and the ways that they are counted by; knows no HTTP. A way is a family of
paths, such as ``users``, so that one slow endpoint does not cut off the others; no connection at
all cuts off every way. Any answer below 500 closes a way, also 429: who says no is alive.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog

from bridge.errors import GoToUnavailable

FAILURES = 5
"""Failures in a row, at least: more than one call makes with all its repeats."""
LASTING = 10.0
"""Seconds that they have to last, so that what a moment brings does not open a circuit."""
APART = 120.0
"""Seconds without any call after which failures no longer belong together."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 30.0
NETWORK = "network"
OAUTH = "oauth"

log = structlog.get_logger(__name__)

_insisting: ContextVar[bool] = ContextVar("insisting", default=False)


@contextmanager
def insisting() -> Iterator[None]:
    """Let calls within the block try even a circuit that is open, once each.

    For the look at what became of a write: its client has waited already, and has to be told.
    """
    token = _insisting.set(True)
    try:
        yield
    finally:
        _insisting.reset(token)


def is_insisting() -> bool:
    """Whether calls try an open circuit now."""
    return _insisting.get()


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    open_until: float | None = None
    pause: float = FIRST_PAUSE
    probing: bool = False

    def is_blocked(self, now: float) -> bool:
        return self.open_until is not None and (now < self.open_until or self.probing)


class Breaker:
    """The circuits of one GoTo; ``clock`` is in seconds that only go forward."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._circuits: defaultdict[str, _Circuit] = defaultdict(_Circuit)

    @property
    def open_for(self) -> int | None:
        """Seconds until some call is let through that now fails at once; None where all pass."""
        now = self._clock()
        left = [c.open_until - now for c in self._circuits.values() if c.open_until is not None]
        return max((math.ceil(seconds) for seconds in left if seconds > 0), default=None)

    def is_blocked(self, way: str) -> bool:
        """Whether a call would fail at once."""
        return any(circuit.is_blocked(self._clock()) for circuit in self._on(way))

    def refuse(self, way: str) -> None:
        """Raise ``GoToUnavailable`` where a call would fail at once, and does not insist."""
        if _insisting.get() or not self.is_blocked(way):
            return
        now = self._clock()
        open_until = max(circuit.open_until or now for circuit in self._on(way))
        raise circuit_open(max(1, math.ceil(open_until - now)))

    @contextmanager
    def passing(self, way: str) -> Iterator["Passage"]:
        """Let a call through and hear how it went; of an open circuit one call finds out.

        Raises as ``refuse`` does.
        """
        self.refuse(way)
        probed = [c for c in self._on(way) if c.open_until is not None and not c.probing]
        for circuit in probed:
            circuit.probing = True
        try:
            yield Passage(self, way, probed)
        finally:
            for circuit in probed:
                circuit.probing = False

    def _on(self, way: str) -> list[_Circuit]:
        # The OAuth server is another host.
        names = (way,) if way == OAUTH else (NETWORK, way)
        return [self._circuits[name] for name in names]

    def _alive(self, way: str) -> None:
        circuit = self._circuits[way]
        if circuit.open_until is not None:
            log.warning("goto_circuit_closed", way=way)
        if circuit.failures:
            self._circuits[way] = _Circuit()

    def _failed(self, way: str, probed: list[_Circuit], times: int) -> None:
        circuit, now = self._circuits[way], self._clock()
        if circuit.open_until is not None:
            if circuit in probed:
                circuit.pause = min(LONGEST_PAUSE, 2 * circuit.pause)
                circuit.open_until = now + circuit.pause
            return
        if not circuit.failures or now - circuit.last_at > APART:
            circuit.failures, circuit.first_at = 0, now
        circuit.failures += times
        circuit.last_at = now
        if circuit.failures >= FAILURES and now - circuit.first_at >= LASTING:
            circuit.open_until = now + circuit.pause
            log.warning("goto_circuit_opened", way=way, failures=circuit.failures)


@dataclass(frozen=True, slots=True)
class Passage:
    """One call on its way; say how it went, once."""

    breaker: Breaker
    way: str
    probed: list[_Circuit]

    def answered(self) -> None:
        """GoTo answered with something below 500."""
        if self.way != OAUTH:
            self.breaker._alive(NETWORK)
        self.breaker._alive(self.way)

    def broken(self, *, times: int = 1) -> None:
        """GoTo was reached, and failed or kept the answer to itself; so many ``times``."""
        if self.way != OAUTH:
            self.breaker._alive(NETWORK)
        self.breaker._failed(self.way, self.probed, times)

    def unreached(self) -> None:
        """No connection came about."""
        self.breaker._failed(NETWORK, self.probed, 1)


def circuit_open(seconds: int) -> GoToUnavailable:
    """What is told while a circuit is open."""
    return GoToUnavailable(
        "GoTo has not answered for a while, and the bridge looks for it only now and then; try "
        f"again in {seconds} seconds.",
        retry_after=seconds,
    )
