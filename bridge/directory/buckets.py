"""Which of some 250 ranges each of many values lies in: one byte tells what is less or greater.

It knows values that are in an order with one another, by their positions; nothing of what they are.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from scim2_models.path import CompareOperator

from bridge.directory.filters import Test

MOST_CUTS = 250
SAMPLE = 5000
# Of values beside the compared one. Above it, to look at every row is quicker.
MOST_BESIDE = 8000
LESS = (CompareOperator.lt, CompareOperator.le)
GREATER = (CompareOperator.gt, CompareOperator.ge)


class Buckets:
    """The range of each value; ranges are cut where they are when the rows are first looked at."""

    def __init__(self, rows: Sequence[Any]) -> None:
        sample = sorted(rows[:: max(1, len(rows) // SAMPLE)])
        self._cuts = sorted(set(sample[:: max(1, -(-len(sample) // MOST_CUTS))]))
        self._codes = bytearray(map(self._code, rows))

    def _code(self, value: Any) -> int:
        return bisect_right(self._cuts, value)

    def put(self, position: int, value: Any, *, inserted: bool) -> None:
        """Set or insert a value."""
        if inserted:
            self._codes.insert(position, self._code(value))
        else:
            self._codes[position] = self._code(value)

    def drop(self, position: int) -> None:
        """Take a row out."""
        del self._codes[position]

    def where(self, test: Test, rows: Sequence[Any]) -> bytes:
        """Return which of the rows that these are of satisfy a comparison.

        It is equality, an order, or, of texts, a beginning that is not empty.
        """
        codes, (first, last) = self._codes, self._ends(test)
        ends = {first, last}
        if sum(map(codes.count, ends)) > MOST_BESIDE:
            return bytes(test.each(rows))
        less, greater = test.op in LESS, test.op in GREATER
        table = bytearray([less]) * first + b"\1" * (last + 1 - first)
        table += bytes([greater]) * (256 - len(table))
        for end in ends:
            table[end] = 0
        marks = codes.translate(table)
        for end in ends:
            position = codes.find(end)
            while position >= 0:
                marks[position] = test(rows[position])
                position = codes.find(end, position + 1)
        return bytes(marks)

    def _ends(self, test: Test) -> tuple[int, int]:
        """Return the first and the last range of which only some values may satisfy a test.

        Of what lies between the two all do: texts of one beginning stand next to one another.
        """
        first = last = self._code(test.right)
        if test.op == CompareOperator.sw:
            while last < len(self._cuts) and self._cuts[last].startswith(test.right):
                last += 1
        return first, last
