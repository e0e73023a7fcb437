"""What a search found, as pages are cut from it: looked at one by one, or found by a table.

Index by index it tells what it is sorted by; whole entries it makes only for a page.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from bridge.directory.offers import Shown
from bridge.directory.order import Listing
from bridge.directory.paging import SortKey, sort_key
from bridge.directory.table import Table


class Listed(Protocol):
    """Resources in the order of a list."""

    def __len__(self) -> int:
        """How many there are."""

    def sort_key(self, index: int) -> SortKey:
        """Return what the resource at an index is ordered by."""

    def entries(self, first: int, last: int | None) -> Sequence[Shown]:
        """Return the resources from one index on, up to another, as they are now."""

    def texts(self, first: int, last: int | None) -> Sequence[bytes]:
        """Return the same as they are sent."""
        return [entry.text for entry in self.entries(first, last)]


class LookedAt(Listed):
    """A few entries, each with what it is sorted by; ``newest`` is what is known of one by now."""

    def __init__(
        self, keyed: Sequence[tuple[SortKey, Shown]], newest: Callable[[Shown], Shown]
    ) -> None:
        self._keyed = keyed
        self._newest = newest

    def __len__(self) -> int:
        return len(self._keyed)

    def sort_key(self, index: int) -> SortKey:
        """Return what the resource at an index is ordered by."""
        return self._keyed[index][0]

    def entries(self, first: int, last: int | None) -> list[Shown]:
        """Return the resources from one index on, up to another."""
        return [self._newest(entry) for _, entry in islice(self._keyed, first, last)]


class Found(Listed):
    """What a table found.

    ``known`` returns the entries of keys, also of those that left since, as far as there are any;
    ``table`` has the texts of those that are there.
    """

    def __init__(
        self, listing: Listing, known: Callable[[Sequence[str]], Sequence[Shown]], table: Table
    ) -> None:
        self._listing = listing
        self._known = known
        self._table = table

    def __len__(self) -> int:
        return len(self._listing)

    def sort_key(self, index: int) -> SortKey:
        """Return what the resource at an index is ordered by."""
        (key,) = self._listing.keys(index, index + 1)
        return sort_key(self._listing.value(index), key)

    def entries(self, first: int, last: int | None) -> Sequence[Shown]:
        """Return the resources from one index on, up to another."""
        return self._known(self._listing.keys(first, last))

    def texts(self, first: int, last: int | None) -> Sequence[bytes]:
        """Return the same as they are sent."""
        at_hand = self._table.texts(self._listing, first, last)
        return super().texts(first, last) if at_hand is None else at_hand


def merged(listings: Sequence[Found], *, descending: bool) -> "Merged":
    """Return what several tables found, in one order."""
    keyed = [(each.sort_key(index), each, index) for each in listings for index in range(len(each))]
    keyed.sort(key=lambda row: row[0], reverse=descending)
    return Merged(keyed)


class Merged(Listed):
    """What several tables found."""

    def __init__(self, keyed: Sequence[tuple[SortKey, Found, int]]) -> None:
        self._keyed = keyed

    def __len__(self) -> int:
        return len(self._keyed)

    def sort_key(self, index: int) -> SortKey:
        """Return what the resource at an index is ordered by."""
        return self._keyed[index][0]

    def entries(self, first: int, last: int | None) -> list[Shown]:
        """Return the resources from one index on, up to another."""
        rows = islice(self._keyed, first, last)
        return [entry for _, found, index in rows for entry in found.entries(index, index + 1)]
