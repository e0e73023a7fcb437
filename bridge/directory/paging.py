"""Pages of an ordered list: by index, or by a cursor that stays right while the list changes.

Pure rules (RFC 7644 §3.4.2.4, RFC 9865). A cursor's position is the sort value and id of a
neighbor, so that what is created or deleted meanwhile neither skips nor repeats another resource.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from scim2_models import InvalidCursorException

from bridge.directory.offers import Shown

if TYPE_CHECKING:  # it needs the order that is defined here
    from bridge.directory.listed import Listed

# Missing values last, then the value, then the id: unique, and the same for everybody.
SortKey = tuple[bool, Any, int, str]


class Page(NamedTuple):
    """One page of resources; ``next`` and ``previous`` are JSON positions, or None.

    It holds ``texts``, the resources as they are sent, where they were asked for, else ``entries``.
    """

    total: int
    entries: Sequence[Shown] = ()
    next: Any = None
    previous: Any = None
    texts: Sequence[bytes] = ()

    @property
    def size(self) -> int:
        """How many resources it holds."""
        return len(self.texts or self.entries)


def sort_key(value: Any, key: str) -> SortKey:
    """Return what a resource is ordered by; GoTo's keys are ordered as numbers are."""
    return value is None, "" if value is None else value, len(key), key


def page_by_index(listed: "Listed", *, start: int, count: int | None, texts: bool = False) -> Page:
    """Return the resources from a 1-based index on, as entries or as ``texts``."""
    first = max(start, 1) - 1
    last = None if count is None else first + count
    if texts:
        return Page(len(listed), texts=listed.texts(first, last))
    return Page(len(listed), listed.entries(first, last))


def page_by_cursor(listed: "Listed", *, position: Any, count: int | None, descending: bool) -> Page:
    """Return the entries after, or before, a position; the list is in the order of the walk."""
    total = len(listed)
    if count == 0:
        return Page(total)
    first, last = _bounds(listed, position, count, descending)
    return Page(
        total,
        listed.entries(first, last),
        next=_position("next", listed.sort_key(last - 1)) if first < last < total else None,
        previous=_position("previous", listed.sort_key(first)) if 0 < first < last else None,
    )


def _bounds(
    listed: "Listed", position: Any, count: int | None, descending: bool
) -> tuple[int, int]:
    total = len(listed)
    size = total if count is None else count
    if position is None:
        return 0, min(size, total)
    direction, anchor = _read_position(position)
    # Only a few of the keys are looked at.
    ascending = range(total - 1, -1, -1) if descending else range(total)
    try:
        below = bisect_left(ascending, anchor, key=listed.sort_key)
        upto = bisect_right(ascending, anchor, key=listed.sort_key)
    except TypeError:
        raise InvalidCursorException from None
    before = total - upto if descending else below
    through = total - below if descending else upto
    if direction == "next":
        return through, min(through + size, total)
    return max(before - size, 0), before


def _position(direction: str, key: SortKey) -> dict[str, Any]:
    missing, value, _, identifier = key
    if isinstance(value, datetime):
        value = {"at": value.isoformat()}
    return {"d": direction, "v": None if missing else value, "i": identifier}


def _read_position(position: Any) -> tuple[str, SortKey]:
    try:
        direction, value, identifier = position["d"], position["v"], position["i"]
        if isinstance(value, dict):
            value = datetime.fromisoformat(value["at"])
    except (KeyError, TypeError, ValueError):
        raise InvalidCursorException from None
    if direction not in ("next", "previous") or not isinstance(identifier, str):
        raise InvalidCursorException
    return direction, sort_key(value, identifier)
