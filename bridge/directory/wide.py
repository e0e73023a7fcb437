"""One value for each of many resources, where most values are distinct: looked through by blocks.

It knows values as comparisons use them, in the order of positions; neither resources nor filters.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Literal

from scim2_models.path import CompareOperator

from bridge.directory.buckets import Buckets
from bridge.directory.filters import ORDERINGS, Test, present
from bridge.directory.joined import Joined, common_tail
from bridge.directory.pairs import Pairs
from bridge.directory.rows import MISSING, Coded, Missing, verdict
from bridge.directory.selections import both, either, flipped, selection

BLOCK = 512
# So many times its size a block grows to before all are cut anew.
GROWN = 4


class Wide:
    """Rows of many distinct values."""

    def __init__(self, values: Sequence[Any]) -> None:
        real = [value for value in values if type(value) is not Missing]
        kinds = {_kind(value) for value in real}
        # The type of all values, if they are in an order and comparisons with it are known.
        self._type = kinds.pop() if len(kinds) == 1 else None
        self._tail = common_tail(real) if self._type is str else ""
        self._blank = "" if self._type is str else real[0] if real else None
        self._rows: list[Any] = []
        self._odd = bytearray()
        for value in values:
            row, odd = self._taken(value)
            self._rows.append(row)
            self._odd.append(odd)
        if self._type is not None:
            # Equal values are one object.
            known: dict[Any, Any] = {}
            self._rows = [known.setdefault(row, row) for row in self._rows]
        self._is_odd = any(self._odd)
        self._buckets: Buckets | None = None
        self._cut()

    def _cut(self) -> None:
        """Cut the rows into blocks, anew."""
        whole, rest = divmod(len(self._rows), BLOCK)
        self._sizes = [BLOCK] * whole + [rest]
        # Of each block; False where it was not looked at since it changed.
        self._joined: list[Joined | Literal[False] | None] = [False] * len(self._sizes)
        self._pairs = Pairs()

    def _changed(self, position: int, *, grown_by: int = 0) -> None:
        """Say that a row changed, came or went: no block but its own does."""
        block = bisect_right(list(accumulate(self._sizes)), position)
        block = min(block, len(self._sizes) - 1)
        self._sizes[block] += grown_by
        self._joined[block] = False
        if self._sizes[block] > GROWN * BLOCK:
            self._cut()

    def _taken(self, value: Any) -> tuple[Any, int]:
        if type(value) is Missing:
            return self._blank, value.number
        # Moments of one zone are compared many times faster.
        return (value.astimezone(UTC) if self._type is datetime else value), 0

    def put(self, position: int, value: Any, *, inserted: bool) -> bool:
        """Set or insert a value; there is always room."""
        if type(value) is not Missing and _kind(value) is not self._type:
            self._type = self._buckets = None
        row, odd = self._taken(value)
        self._is_odd = self._is_odd or odd > 0
        if inserted:
            self._rows.insert(position, row)
            self._odd.insert(position, odd)
        else:
            self._rows[position] = row
            self._odd[position] = odd
        self._changed(position, grown_by=1 if inserted else 0)
        if self._buckets is not None:
            self._buckets.put(position, row, inserted=inserted)
        return True

    def drop(self, position: int) -> None:
        """Take a row out."""
        del self._rows[position], self._odd[position]
        self._changed(position, grown_by=-1)
        if self._buckets is not None:
            self._buckets.drop(position)

    def values(self, shown: Callable[[Any], Any] | None = None) -> list[Any]:
        """Return the value of each row, or what a function makes of it, of missing ones at least.

        It is not asked what it makes of texts, numbers and moments.
        """
        missing = [each if shown is None else shown(each) for each in MISSING]
        rows: list[Any] = self._rows
        if shown is not None and self._type is None:
            rows = [shown(row) for row in rows]
        if not self._is_odd:
            return list(rows)
        return [missing[odd - 1] if odd else row for row, odd in zip(rows, self._odd, strict=True)]

    def at(self, position: int) -> Any:
        """Return the value of a row."""
        odd = self._odd[position]
        return MISSING[odd - 1] if odd else self._rows[position]

    def where(self, test: Callable[[Any], bool], *, no_item: bool) -> bytes:
        """Return the rows that satisfy a test; ``no_item`` is said of those without an item."""
        chosen = self._tested(test)
        if not self._is_odd:
            return chosen
        verdicts = [verdict(test, missing, no_item) for missing in MISSING]
        odd = bytes(self._odd)
        of_missing = odd.translate(selection([False, *verdicts]).ljust(256, b"\0"))
        real = odd.translate(b"\1" + bytes(255))
        return either(both(chosen, real), of_missing)

    def _tested(self, test: Callable[[Any], bool]) -> bytes:
        """Return which rows satisfy a test, whatever stands where a value is missing."""
        if self._type is None:
            return bytes(map(test, self._rows))
        if test is present:
            return bytes(map(bool if self._type is str else test, self._rows))
        if not isinstance(test, Test):
            return bytes(map(test, self._rows))
        if self._type is datetime and _kind(test.right) is datetime:
            test = Test(test.op, test.right.astimezone(UTC))
        if self._type is not _kind(test.right):
            if test.right is None or _kind(test.right):
                # No two of different types are the same, or in an order.
                return bytes([test(self._blank)]) * len(self._rows)
            return bytes(map(test, self._rows))
        if test.op == CompareOperator.ne:
            return flipped(self._tested(Test(CompareOperator.eq, test.right)))
        if test.op not in ORDERINGS:
            if self._type is not str:
                return bytes(map(test, self._rows))
            if not test.right:
                return b"\1" * len(self._rows)
            if test.op != CompareOperator.sw:
                return self._holding(test)
        if self._buckets is None:
            self._buckets = Buckets(self._rows)
        return self._buckets.where(test, self._rows)

    def _holding(self, test: Test) -> bytes:
        """Look for a text in the joined texts of each block."""
        if "\0" in test.right:
            return bytes(map(test, self._rows))
        text = test.right.encode(errors="surrogatepass")
        ends = list(accumulate(self._sizes))
        rows = [slice(end - size, end) for end, size in zip(ends, self._sizes, strict=True)]
        for block, joined in enumerate(self._joined):
            if joined is False:
                self._join(block, self._rows[rows[block]])
        blocks = -1
        # What reaches into the common end is not all within a block.
        if "@" not in test.right and test.right not in self._tail:
            blocks = self._pairs.blocks_with(text)
        parts: list[bytes] = []
        for block, joined in enumerate(self._joined):
            if not joined:
                parts.append(bytes(test.each(self._rows[rows[block]])))
            elif blocks >> block & 1:
                parts.append(joined.where(test.op, text))
            else:
                parts.append(bytes(joined.size))
        return b"".join(parts)

    def _join(self, block: int, texts: Sequence[str]) -> None:
        joined = self._joined[block] = Joined.of(texts, self._tail)
        if joined is not None:
            self._pairs.put(block, joined.texts)


Plane = Coded | Wide


def plane_of(values: Sequence[Any]) -> Plane:
    """Return rows of whichever kind suits the values."""
    return Coded.of(values) or Wide(values)


def _kind(value: Any) -> type | None:
    """Return the type of a value that is in an order with all others of this type."""
    if type(value) is datetime:
        return datetime if value.tzinfo is not None else None
    return type(value) if type(value) in (str, int) else None
