"""One value for each of many resources, where few values are distinct, or none is there.

It knows values as comparisons use them, in the order of positions; neither resources nor filters.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

from bridge.directory.selections import both, either, selection


class Missing:
    """Stands where there is no value."""

    def __init__(self, name: str, number: int) -> None:
        self._name = name
        self.number = number

    def __repr__(self) -> str:
        return self._name


# No value; no item of so high a number; and no list of items at all.
NO_VALUE: Final = Missing("NO_VALUE", 1)
NO_ITEM: Final = Missing("NO_ITEM", 2)
NO_LIST: Final = Missing("NO_LIST", 3)
MISSING: Final = (NO_VALUE, NO_ITEM, NO_LIST)

MOST_CODES = 2048
# How many codes the low byte tells apart.
LOW = 256


class Coded:
    """Rows of few distinct values: a test is made once for each of them.

    A code has a low byte and, where there are more values than one byte can tell, a high one.
    """

    def __init__(self) -> None:
        self._low = bytearray()
        self._high = bytearray()
        self._values: list[Any] = []
        self._code_of: dict[Any, int] = {}

    @classmethod
    def of(cls, values: Sequence[Any]) -> "Coded | None":
        """Return such rows, or None where there are too many values."""
        rows = cls()
        codes = []
        for value in values:
            code = rows._code(value)
            if code is None:
                return None
            codes.append(code)
        rows._low = bytearray([code % LOW for code in codes])
        rows._high = bytearray([code // LOW for code in codes])
        return rows

    def _code(self, value: Any) -> int | None:
        # As numbers, True and 1 would be the same.
        frozen = value if type(value) is str else (type(value), value)
        code = self._code_of.get(frozen)
        if code is None:
            code = len(self._values)
            if code == MOST_CODES:
                return None
            self._code_of[frozen] = code
            self._values.append(value)
        return code

    def put(self, position: int, value: Any, *, inserted: bool) -> bool:
        """Set or insert a value; returns whether there was room for it."""
        code = self._code(value)
        if code is None:
            return False
        high, low = divmod(code, LOW)
        if inserted:
            self._low.insert(position, low)
            self._high.insert(position, high)
        else:
            self._low[position] = low
            self._high[position] = high
        return True

    def drop(self, position: int) -> None:
        """Take a row out."""
        del self._low[position], self._high[position]

    def values(self, shown: Callable[[Any], Any] | None = None) -> list[Any]:
        """Return the value of each row, or what a function makes of it."""
        values = self._values if shown is None else [shown(value) for value in self._values]
        if len(values) <= LOW:
            return [values[code] for code in self._low]
        codes = zip(self._low, self._high, strict=True)
        return [values[low + LOW * high] for low, high in codes]

    def at(self, position: int) -> Any:
        """Return the value of a row."""
        return self._values[self._low[position] + LOW * self._high[position]]

    def where(self, test: Callable[[Any], bool], *, no_item: bool) -> bytes:
        """Return the rows that satisfy a test; ``no_item`` is said of those without an item."""
        verdicts = selection(verdict(test, value, no_item) for value in self._values)
        if len(verdicts) <= LOW:
            return _looked_up(self._low, verdicts)
        parts = [
            both(_looked_up(self._low, some), _looked_up(self._high, bytes(high) + b"\1"))
            for high in range(-(-len(verdicts) // LOW))
            if any(some := verdicts[high * LOW : (high + 1) * LOW])
        ]
        return reduce(either, parts, bytes(len(self._low)))


def _looked_up(codes: bytearray, table: bytes) -> bytes:
    """Return what a table says of each code, 0 of those that it does not reach to."""
    return bytes(codes.translate(table.ljust(256, b"\0")))


def verdict(test: Callable[[Any], bool], value: Any, no_item: bool) -> bool:
    """Return what a test says of a value, or of its being missing."""
    if value is NO_ITEM:
        return no_item
    return test(None if type(value) is Missing else value)
