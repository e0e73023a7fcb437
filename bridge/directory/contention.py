"""Contention: a user whom clients move back and forth between the same groups.

GoTo knows one group a user. Two clients that each want the user in a group of their own would move
it for ever, and each of them would find its change undone. Knows only moves, and those of an hour.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from bridge.directory.actor import actor
from bridge.directory.time import Clock

WINDOW = 3600.0
"""Seconds in which moves belong together, and between two reports of one user."""
RETURNS = 3
"""Moves back into a group that the user had left, before it is told."""
MOVES_KEPT = 32
USERS_KEPT = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Move:
    at: float
    origin: str | None
    group: str | None
    client: str


@dataclass(slots=True)
class _History:
    moves: deque[_Move] = field(default_factory=lambda: deque(maxlen=MOVES_KEPT))
    told_at: float = float("-inf")


class Contention:
    """Watches moves; ``found`` is called for each user that is reported."""

    def __init__(
        self, *, found: Callable[[], object] = lambda: None, clock: Clock = time.monotonic
    ) -> None:
        self._found = found
        self._clock = clock
        self._histories: OrderedDict[str, _History] = OrderedDict()

    def moved(self, user: str, origin: str | None, group: str | None) -> dict[str, Any] | None:
        """Take note of a move; return what is to be reported of it, None for nothing.

        A user is reported once an hour at most.
        """
        now = self._clock()
        history = self._histories.setdefault(user, _History())
        self._histories.move_to_end(user)
        if len(self._histories) > USERS_KEPT:
            self._histories.popitem(last=False)
        history.moves.append(_Move(now, origin, group, actor()))
        while history.moves[0].at <= now - WINDOW:
            history.moves.popleft()
        returned_to = _returned_to(history.moves)
        if len(returned_to) < RETURNS or now - history.told_at < WINDOW:
            return None
        history.told_at = now
        self._found()
        groups = sorted(set(returned_to))
        clients = sorted({move.client for move in history.moves})
        log.warning("membership_contention", user=user, groups=groups, clients=clients)
        return {"groups": groups, "clients": clients, "moves": len(history.moves)}


def _returned_to(moves: deque[_Move]) -> list[str]:
    """The groups that a user came back to, one for each time."""
    left: set[str] = set()
    returns = []
    for move in moves:
        if move.group is not None and move.group in left:
            returns.append(move.group)
        if move.origin is not None:
            left.add(move.origin)
    return returns
