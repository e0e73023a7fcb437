"""Pages of an ordered list: by index, or by a cursor that stays right while the list changes.

Pure rules (RFC 7644 §3.4.2.4, RFC 9865). A cursor's position is the sort value and id of a
neighbor, so that what is created or deleted meanwhile neither skips nor repeats another resource.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scim2_models import InvalidCursorException

from bridge.directory.offers import Shown

# Missing values last, then the value, then the id: unique, and the same for everybody.
SortKey = tuple[bool, Any, int, str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of resources; ``next`` and ``previous`` are JSON positions, or None."""

    total: int
    entries: Sequence[Shown] = field(default_factory=tuple)
    next: Any = None
    previous: Any = None


def sort_key(value: Any, key: str) -> SortKey:
    """Return what a resource is ordered by; GoTo's keys are ordered as numbers are."""
    return value is None, "" if value is None else value, len(key), key


def page_by_index(entries: Sequence[Shown], *, start: int, count: int | None) -> Page:
    """Return the entries from a 1-based index on."""
    first = max(start, 1) - 1
    last = None if count is None else first + count
    return Page(len(entries), entries[first:last])


def page_by_cursor(
    keys: Sequence[SortKey],
    entries: Sequence[Shown],
    *,
    position: Any,
    count: int | None,
    descending: bool,
) -> Page:
    """Return the entries after, or before, a position; both lists are in the order of the walk."""
    total = len(entries)
    if count == 0:
        return Page(total)
    first, last = _bounds(keys, position, count, descending)
    return Page(
        total,
        entries[first:last],
        next=_position("next", keys[last - 1]) if first < last < total else None,
        previous=_position("previous", keys[first]) if 0 < first < last else None,
    )


def _bounds(
    keys: Sequence[SortKey], position: Any, count: int | None, descending: bool
) -> tuple[int, int]:
    size = len(keys) if count is None else count
    if position is None:
        return 0, min(size, len(keys))
    direction, anchor = _read_position(position)
    ascending = keys[::-1] if descending else keys
    try:
        below, upto = bisect_left(ascending, anchor), bisect_right(ascending, anchor)
    except TypeError:
        raise InvalidCursorException from None
    before = len(keys) - upto if descending else below
    through = len(keys) - below if descending else upto
    if direction == "next":
        return through, min(through + size, len(keys))
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
