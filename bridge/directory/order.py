"""The order of a type's resources: by id, and by what they are sorted by (RFC 7644 §3.4.2.3).

A listing is what was found, in its order. It stays as it is while resources come and go.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, islice
from typing import Any

from bridge.directory.selections import count

# What is found further down than that is looked up once for all pages behind it.
FAR = 2000


def id_order(key: str) -> tuple[int, str]:
    """Return what ids are ordered by: GoTo's keys are ordered as numbers are."""
    return len(key), key


def in_order(keys: Iterable[str]) -> list[str]:
    """Return ids in their order."""
    # Twice, since to sort by two parts of one key takes four times as long.
    return sorted(sorted(keys), key=len)


class Order:
    """The ids of all resources, in order."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = in_order(keys)
        self._is_lent = False

    def __len__(self) -> int:
        return len(self._keys)

    def is_of(self, keys: Sequence[str]) -> bool:
        """Whether ids that were lent are still those that there are."""
        return keys is self._keys

    def lend(self) -> Sequence[str]:
        """Return the ids as they are now, never to change."""
        self._is_lent = True
        return self._keys

    def find(self, key: str) -> tuple[int, bool]:
        """Return where an id stands, or would stand, and whether it is there."""
        position = bisect_left(self._keys, id_order(key), key=id_order)
        return position, position < len(self._keys) and self._keys[position] == key

    def insert(self, position: int, key: str) -> None:
        """Put an id where it belongs."""
        self._own()
        self._keys.insert(position, key)

    def drop(self, position: int) -> None:
        """Take an id out."""
        self._own()
        del self._keys[position]

    def _own(self) -> None:
        if self._is_lent:
            self._keys = self._keys.copy()
            self._is_lent = False


class Listing:
    """Ids in the order of a list: all there are, or those at chosen positions."""

    def __init__(
        self,
        keys: Sequence[str],
        *,
        chosen: bytes | None = None,
        positions: Sequence[int] | None = None,
        values: Sequence[Any] | None = None,
    ) -> None:
        """``chosen`` selects some of the ids, ``positions`` those that are meant, in their order;
        ``values`` are what the resources are sorted by, for each of the ids."""
        self._all = keys
        self._chosen = chosen
        self._positions = positions
        self._values = values
        self._found: Sequence[str] | None = keys if chosen is positions is None else None
        if positions is not None:
            self._total = len(positions)
        else:
            self._total = len(keys) if chosen is None else count(chosen)

    def __len__(self) -> int:
        return self._total

    @property
    def whole(self) -> Sequence[str] | None:
        """All ids there are, where the list is of all of them in their own order, else None."""
        return self._all if self._chosen is self._positions is None else None

    def keys(self, first: int = 0, last: int | None = None) -> Sequence[str]:
        """Return the ids from one index on, up to another."""
        if self._found is not None:
            return self._found[first:last]
        if self._positions is not None:
            return [self._all[position] for position in self._positions[first:last]]
        chosen = self._chosen
        assert chosen is not None
        one_by_one = _dense if self._total * 16 > len(chosen) else _sparse
        if last is not None and last < FAR:
            return list(islice(one_by_one(self._all, chosen), first, last))
        self._found = list(one_by_one(self._all, chosen))
        return self._found[first:last]

    def value(self, index: int) -> Any:
        """Return what the resource at an index is sorted by, or None."""
        if self._values is None or self._positions is None:
            return None
        return self._values[self._positions[index]]


def sorted_positions(
    values: Sequence[Any], chosen: bytes | None, *, descending: bool
) -> Sequence[int]:
    """Return positions in the order of their values, then of their own; missing values last.

    Descending is the reverse of it all.
    """
    positions = range(len(values)) if chosen is None else compress(range(len(values)), chosen)
    real: list[int] = []
    missing: list[int] = []
    for position in positions:
        (missing if values[position] is None else real).append(position)
    real.sort(key=values.__getitem__)
    real += missing
    return array("I", reversed(real) if descending else real)


def _dense(keys: Sequence[str], chosen: bytes) -> Iterator[str]:
    return compress(keys, chosen)


def _sparse(keys: Sequence[str], chosen: bytes) -> Iterator[str]:
    position = chosen.find(1)
    while position >= 0:
        yield keys[position]
        position = chosen.find(1, position + 1)
