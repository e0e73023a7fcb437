"""Lists that clients walk through by startIndex: later pages are of the list of the first.

GoTo has no stable cursor and clients page by numbers, so a user deleted between two pages would
move another one past the client. The order is kept; what a resource says is always the newest.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from bridge.directory.offers import Shown
from bridge.directory.time import Clock

KEPT_FOR = 15 * 60.0
MOST = 64


class Walks:
    """The last list of each client and query, for a quarter of an hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lists: OrderedDict[Hashable, tuple[float, Sequence[Shown]]] = OrderedDict()

    def begin(self, walk: Hashable, entries: Sequence[Shown] | None) -> None:
        """Remember the list that a first page was cut from; None is for a page that is all."""
        self._lists.pop(walk, None)
        if entries is None:
            return
        self._lists[walk] = (self._clock(), entries)
        while len(self._lists) > MOST:
            self._lists.popitem(last=False)

    def go_on(self, walk: Hashable) -> Sequence[Shown] | None:
        """Return the list of this walk, or None where there is none any more."""
        began, entries = self._lists.get(walk, (float("-inf"), ()))
        if self._clock() - began > KEPT_FOR:
            self._lists.pop(walk, None)
            return None
        return entries
