"""Lists that clients walk through by startIndex: later pages are of the list of the first.

GoTo has no stable cursor and clients page by numbers, so a user deleted between two pages would
move another one past the client. The order is kept; what a resource says is always the newest.
"""

from collections import OrderedDict
from collections.abc import Hashable

from bridge.directory.listed import Listed
from bridge.directory.time import Clock

KEPT_FOR = 15 * 60.0
MOST = 64


class Walks:
    """The last list of each client and query, for a quarter of an hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lists: OrderedDict[Hashable, tuple[float, Listed]] = OrderedDict()

    def begin(self, walk: Hashable, listed: Listed | None) -> None:
        """Remember the list that a first page was cut from; None is for a page that is all."""
        self._lists.pop(walk, None)
        if listed is None:
            return
        self._lists[walk] = (self._clock(), listed)
        while len(self._lists) > MOST:
            self._lists.popitem(last=False)

    def go_on(self, walk: Hashable) -> Listed | None:
        """Return the list of this walk, or None where there is none any more."""
        if walk not in self._lists:
            return None
        began, listed = self._lists[walk]
        if self._clock() - began > KEPT_FOR:
            del self._lists[walk]
            return None
        return listed
