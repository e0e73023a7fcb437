"""Lists that clients walk through by startIndex: later pages are of the list of the first.

GoTo has no stable cursor and clients page by numbers, so a user deleted between two pages would
move another one past the client. The order is kept; what a resource says is always the newest.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

from bridge.directory.listed import Listed
from bridge.directory.time import Clock

KEPT_FOR = 15 * 60.0
MOST = 64


@dataclass(slots=True, eq=False)
class Walk:
    """A list that a client is walking through, and the index that its next page begins at.

    ``outdated`` is one after which the client got a whole list in one page.
    """

    query: Hashable
    listed: Listed
    waits_for: int
    began: float
    outdated: bool = False
    client: str = ""


class Walks:
    """The lists of each client and query, for a quarter of an hour.

    A client may walk the same query several times at once: an import, and a look at the first user
    to test the connection. A page belongs to the walk that waits for its index, else to the latest.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # The latest last, of each query too.
        self._walks: list[Walk] = []
        self._by_query: dict[Hashable, list[Walk]] = {}

    def begin(self, query: Hashable, listed: Listed, *, seen: int, client: str = "") -> None:
        """Remember the list that a first page of ``seen`` resources was cut from."""
        if seen == len(listed):
            for walk in self._by_query.get(query, ()):
                walk.outdated = True
            return
        now = self._clock()
        self._walks = [
            walk
            for walk in self._walks
            if now - walk.began <= KEPT_FOR
            # One that waits for the same index gives way: mostly it ended there.
            and (walk.waits_for != seen + 1 or walk.query != query)
        ]
        self._walks.append(Walk(query, listed, seen + 1, now, client=client))
        while len(self._walks) > MOST:
            self._walks.remove(self._oldest_of_most())
        self._by_query = {}
        for walk in self._walks:
            self._by_query.setdefault(walk.query, []).append(walk)

    def _oldest_of_most(self) -> Walk:
        """Return the oldest walk of the client that has most: no client ends another's."""
        counts = Counter(walk.client for walk in self._walks)
        return max(self._walks, key=lambda walk: (counts[walk.client], -walk.began))

    def go_on(self, query: Hashable, start: int) -> Walk | None:
        """Return the walk that a later page belongs to, or None where there is none any more."""
        oldest = self._clock() - KEPT_FOR
        latest = None
        for walk in reversed(self._by_query.get(query, ())):
            if walk.began < oldest:
                break
            if walk.waits_for == start:
                return walk
            latest = latest or walk
        return None if latest is None or latest.outdated else latest
