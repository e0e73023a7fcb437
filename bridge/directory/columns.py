"""Columns: what one attribute holds, of all resources of a type, in the order of their ids.

A column has a value for each position, or several, one in each of its planes. It is made of values
as comparisons use them; what a resource is, and which attributes there are, it does not know.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

from scim2_models.path import CompareOperator

from bridge.directory.filters import Opaque, Test, present
from bridge.directory.rows import NO_ITEM, NO_LIST, NO_VALUE, Missing
from bridge.directory.selections import both, either
from bridge.directory.wide import Plane, plane_of

# Several values are kept apart up to here, and as a whole above it.
MOST_PLANES = 8


def read(raw: Any, comparable: Callable[[Any], Any]) -> Any:
    """Return what a column keeps of an attribute's JSON: a value, several as a tuple, or None."""
    if isinstance(raw, list):
        return tuple([_kept(comparable(item)) for item in raw])
    return _kept(comparable(raw))


def _kept(value: Any) -> Any:
    return Opaque(value) if isinstance(value, dict | list) else value


class Column:
    """One attribute of all resources of a type. A selection has a byte for each position."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.size = len(values)
        most = max((len(value) for value in values if type(value) is tuple), default=1)
        self.is_apart = most <= MOST_PLANES
        count = max(most, 1) if self.is_apart else 1
        self.planes: list[Plane] = [
            plane_of([self._part(value, number) for value in values]) for number in range(count)
        ]

    def put(self, position: int, value: Any, *, inserted: bool = False) -> None:
        """Set the value at a position, or insert it there."""
        self.size += inserted
        self._make_room(value, inserted=inserted)
        for number, plane in enumerate(self.planes):
            part = self._part(value, number)
            if not plane.put(position, part, inserted=inserted):
                values = plane.values()
                if inserted:
                    values.insert(position, part)
                else:
                    values[position] = part
                self.planes[number] = plane_of(values)

    def drop(self, position: int) -> None:
        """Take a position out."""
        self.size -= 1
        for plane in self.planes:
            plane.drop(position)

    def _make_room(self, value: Any, *, inserted: bool) -> None:
        if not self.is_apart or type(value) is not tuple:
            return
        if len(value) > MOST_PLANES:
            whole = [self._whole(each) for each in self.values()]
            self.is_apart = False
            self.planes = [plane_of(whole)]
        while self.is_apart and len(self.planes) < len(value):
            rows = range(self.size - inserted)
            first = self.planes[0]
            self.planes.append(
                plane_of([NO_LIST if first.at(row) is NO_LIST else NO_ITEM for row in rows])
            )

    def _part(self, value: Any, number: int) -> Any:
        """Return what stands for a value in a plane."""
        if not self.is_apart:
            return self._whole(value)
        if value is None:
            return NO_LIST
        if type(value) is not tuple:
            return value if number == 0 else NO_ITEM
        if number >= len(value):
            return NO_ITEM
        return NO_VALUE if value[number] is None else value[number]

    @staticmethod
    def _whole(value: Any) -> Any:
        return NO_LIST if value is None else value

    def values(self) -> list[Any]:
        """Return each position's value; of a tuple of one, that one."""
        if len(self.planes) == 1:
            return [_restored(value) for value in self.planes[0].values()]
        rows = zip(*(plane.values() for plane in self.planes), strict=True)
        return [None if parts[0] is NO_LIST else _several(parts) for parts in rows]

    def sort_values(self) -> list[Any]:
        """Return what each position is sorted by, None where there is nothing: the first value."""
        return self.planes[0].values(_sorted_by)

    # -- Selections -----------------------------------------------------------

    def where(self, test: Test) -> bytes:
        """Return where a comparison holds: of one value at least, or of each for ``ne``."""
        every = test.op == CompareOperator.ne
        if not self.is_apart:
            return self.planes[0].where(_of_whole(test, every=every), no_item=every)
        join = both if every else either
        return reduce(join, (plane.where(test, no_item=every) for plane in self.planes))

    def where_present(self) -> bytes:
        """Return where there is a value that is not empty."""
        test = present if self.is_apart else _of_whole(present, every=False)
        return reduce(either, (plane.where(test, no_item=False) for plane in self.planes))

    def where_item(self, number: int) -> bytes:
        """Return where there is an item of this number, from 0 on."""
        if number >= len(self.planes):
            return bytes(self.size)
        return self.planes[number].where(_is_any, no_item=False)

    def where_of_item(self, number: int, test: Callable[[Any], bool]) -> bytes:
        """Return where the item of this number satisfies a test; where there is none, anything."""
        if number >= len(self.planes):
            return bytes(self.size)
        return self.planes[number].where(test, no_item=False)


def _is_any(value: Any) -> bool:
    return value is not None


def _of_whole(test: Callable[[Any], bool], *, every: bool) -> Callable[[Any], bool]:
    def tested(value: Any) -> bool:
        if type(value) is not tuple:
            return test(value)
        return (all if every else any)(test(item) for item in value)

    return tested


def _sorted_by(value: Any) -> Any:
    if type(value) is tuple:
        value = value[0] if value else None
    return None if isinstance(value, Opaque | Missing) else value


def _restored(value: Any) -> Any:
    if value is NO_ITEM:
        return ()
    if value is NO_VALUE:
        return (None,)
    return None if value is NO_LIST else value


def _several(parts: Iterable[Any]) -> tuple[Any, ...]:
    return tuple([None if part is NO_VALUE else part for part in parts if part is not NO_ITEM])
