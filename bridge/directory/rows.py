"""One value for each of many resources, and which of them satisfy a test, at the speed of C.

It knows values as comparisons use them, in the order of positions; neither resources nor filters.
A selection is made of a byte for each position: 1 where it is selected, else 0.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from scim2_models.path import CompareOperator

from bridge.directory.filters import ORDERINGS, Test


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

MOST_CODES = 256
BLOCK = 512
# Above it, to look at each row of a block is quicker than to look for the next that fits.
MOST_HITS = 16
SEPARATOR = "\0"
TEXT_OPERATORS = (
    CompareOperator.eq,
    CompareOperator.co,
    CompareOperator.sw,
    CompareOperator.ew,
)


def selection(chosen: Iterable[Any]) -> bytes:
    """Return the selection that is made of truth values."""
    return bytes([bool(each) for each in chosen])


def flipped(chosen: bytes) -> bytes:
    """Return what is not selected."""
    return chosen.translate(_FLIP)


def both(left: bytes, right: bytes) -> bytes:
    """Return what is in two selections."""
    return (_number(left) & _number(right)).to_bytes(len(left), "little")


def either(left: bytes, right: bytes) -> bytes:
    """Return what is in one selection or the other."""
    return (_number(left) | _number(right)).to_bytes(len(left), "little")


def count(chosen: bytes) -> int:
    """Return how many are selected."""
    return _number(chosen).bit_count()


def _number(chosen: bytes) -> int:
    return int.from_bytes(chosen, "little")


_FLIP = bytes([1, 0]) + bytes(254)


class Coded:
    """Rows of few distinct values: a test is made once for each of them."""

    def __init__(self) -> None:
        self._codes = bytearray()
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
        rows._codes = bytearray(codes)
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
        if inserted:
            self._codes.insert(position, code)
        else:
            self._codes[position] = code
        return True

    def drop(self, position: int) -> None:
        """Take a row out."""
        del self._codes[position]

    def values(self) -> list[Any]:
        """Return the value of each row."""
        return [self._values[code] for code in self._codes]

    def at(self, position: int) -> Any:
        """Return the value of a row."""
        return self._values[self._codes[position]]

    def where(self, test: Callable[[Any], bool], *, no_item: bool) -> bytes:
        """Return the rows that satisfy a test; ``no_item`` is said of those without an item."""
        table = [_verdict(test, value, no_item) for value in self._values]
        return bytes(self._codes.translate(selection(table).ljust(MOST_CODES, b"\0")))


class Wide:
    """Rows of many distinct values, looked through by blocks."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._rows: list[Any] = []
        self._odd = bytearray()
        self._type: type | None = None
        kinds = {_kind(value) for value in values if type(value) is not Missing}
        self._type = kinds.pop() if len(kinds) == 1 else None
        real = next((value for value in values if type(value) is not Missing), None)
        self._blank = "" if self._type is str else real
        for value in values:
            self._append(value)
        self._is_odd = any(self._odd)
        self._texts: list[str | None] = []
        self._ranges: list[tuple[Any, Any] | None] = []
        self._forget(0)

    def _append(self, value: Any) -> None:
        is_missing = type(value) is Missing
        self._rows.append(self._blank if is_missing else value)
        self._odd.append(value.number if is_missing else 0)

    def put(self, position: int, value: Any, *, inserted: bool) -> bool:
        """Set or insert a value; there is always room."""
        is_missing = type(value) is Missing
        row = self._blank if is_missing else value
        odd = value.number if is_missing else 0
        self._is_odd = self._is_odd or is_missing
        if not is_missing and _kind(value) is not self._type:
            self._type = None
        if inserted:
            self._rows.insert(position, row)
            self._odd.insert(position, odd)
            self._forget(position // BLOCK)
        else:
            self._rows[position] = row
            self._odd[position] = odd
            self._texts[position // BLOCK] = None
            self._ranges[position // BLOCK] = None
        return True

    def drop(self, position: int) -> None:
        """Take a row out."""
        del self._rows[position], self._odd[position]
        self._forget(position // BLOCK)

    def _forget(self, first: int) -> None:
        """Forget what is known of the blocks from one on."""
        blocks = -(-len(self._rows) // BLOCK)
        del self._texts[first:], self._ranges[first:]
        self._texts += [None] * (blocks - len(self._texts))
        self._ranges += [None] * (blocks - len(self._ranges))

    def values(self) -> list[Any]:
        """Return the value of each row."""
        if not self._is_odd:
            return list(self._rows)
        return [
            MISSING[odd - 1] if odd else row for row, odd in zip(self._rows, self._odd, strict=True)
        ]

    def at(self, position: int) -> Any:
        """Return the value of a row."""
        odd = self._odd[position]
        return MISSING[odd - 1] if odd else self._rows[position]

    def where(self, test: Callable[[Any], bool], *, no_item: bool) -> bytes:
        """Return the rows that satisfy a test; ``no_item`` is said of those without an item."""
        chosen = self._tested(test)
        if not self._is_odd:
            return chosen
        verdicts = [_verdict(test, missing, no_item) for missing in MISSING]
        odd = bytes(self._odd)
        of_missing = odd.translate(selection([False, *verdicts]).ljust(256, b"\0"))
        real = odd.translate(b"\1" + bytes(255))
        return either(both(chosen, real), of_missing)

    def _tested(self, test: Callable[[Any], bool]) -> bytes:
        """Return which rows satisfy a test, whatever stands where a value is missing."""
        if not isinstance(test, Test) or self._type is None:
            return bytes(map(test, self._rows))
        if self._type is not _kind(test.right):
            if test.right is None or _kind(test.right):
                # No two of different types are the same, or in an order.
                return bytes([test(self._blank)]) * len(self._rows)
            return bytes(map(test, self._rows))
        if test.op == CompareOperator.ne:
            return flipped(self._tested(Test(CompareOperator.eq, test.right)))
        if self._type is str and test.op in TEXT_OPERATORS:
            return self._holding(test)
        if test.op in ORDERINGS:
            return self._ordered(test)
        return bytes(map(test, self._rows))

    def _ordered(self, test: Test) -> bytes:
        """Compare block by block: of most blocks the least and the greatest value say enough."""
        parts = []
        for block, known in enumerate(self._ranges):
            rows = self._rows[block * BLOCK : (block + 1) * BLOCK]
            least, greatest = known or (min(rows), max(rows))
            self._ranges[block] = least, greatest
            ends = test(least), test(greatest)
            is_within = test.op == CompareOperator.eq and least < test.right < greatest
            if ends[0] == ends[1] and not is_within:
                parts.append(bytes(ends[:1]) * len(rows))
            else:
                parts.append(bytes(test.each(rows)))
        return b"".join(parts)

    def _holding(self, test: Test) -> bytes:
        """Look for a text in the joined texts of each block."""
        needle = _needle(test.op, test.right)
        if SEPARATOR in test.right or not test.right:
            return bytes(map(test, self._rows))
        return b"".join([self._found(block, needle, test) for block in range(len(self._texts))])

    def _found(self, block: int, needle: str, test: Test) -> bytes:
        text = self._texts[block]
        first = block * BLOCK
        if text is None:
            rows = self._rows[first : first + BLOCK]
            text = self._texts[block] = SEPARATOR.join(["", *rows, ""])
        size = min(BLOCK, len(self._rows) - first)
        hit = text.find(needle)
        if hit < 0:
            return bytes(size)
        if text.count(SEPARATOR) != size + 1 or text.count(needle) > MOST_HITS:
            return bytes(test.each(self._rows[first : first + size]))
        return _marked(text, needle, hit, size)


Plane = Coded | Wide


def plane_of(values: Sequence[Any]) -> Plane:
    """Return rows of whichever kind suits the values."""
    return Coded.of(values) or Wide(values)


def _marked(text: str, needle: str, hit: int, size: int) -> bytes:
    marks = bytearray(size)
    row, counted = -1, 0
    while hit >= 0:
        # A needle that begins with a separator begins before its row.
        inside = hit + 1
        row += text.count(SEPARATOR, counted, inside)
        marks[row] = 1
        counted = text.find(SEPARATOR, inside)
        hit = text.find(needle, counted)
    return bytes(marks)


def _needle(op: CompareOperator, text: str) -> str:
    before = SEPARATOR if op in (CompareOperator.eq, CompareOperator.sw) else ""
    after = SEPARATOR if op in (CompareOperator.eq, CompareOperator.ew) else ""
    return before + text + after


def _kind(value: Any) -> type | None:
    """Return the type of a value that is in an order with all others of this type."""
    if type(value) is datetime:
        return datetime if value.tzinfo is not None else None
    return type(value) if type(value) in (str, int) else None


def _verdict(test: Callable[[Any], bool], value: Any, no_item: bool) -> bool:
    if value is NO_ITEM:
        return no_item
    return test(None if type(value) is Missing else value)
