"""One value for each of many resources, where most values are distinct: looked through by blocks.

It knows values as comparisons use them, in the order of positions; neither resources nor filters.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from scim2_models.path import CompareOperator

from bridge.directory.buckets import Buckets
from bridge.directory.filters import ORDERINGS, Test, present
from bridge.directory.joined import Joined, common_tail
from bridge.directory.rows import MISSING, Coded, Missing, verdict
from bridge.directory.selections import both, either, flipped, selection

BLOCK = 512
WITHIN_TEXTS = (CompareOperator.co, CompareOperator.ew)


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
        # Of each block; False where it was not looked at yet.
        self._joined: list[Joined | Literal[False] | None] = []
        self._buckets: Buckets | None = None
        self._forget(0)

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
            self._forget(position // BLOCK)
        else:
            self._rows[position] = row
            self._odd[position] = odd
            self._joined[position // BLOCK] = False
        if self._buckets is not None:
            self._buckets.put(position, row, inserted=inserted)
        return True

    def drop(self, position: int) -> None:
        """Take a row out."""
        del self._rows[position], self._odd[position]
        self._forget(position // BLOCK)
        if self._buckets is not None:
            self._buckets.drop(position)

    def _forget(self, first: int) -> None:
        """Forget what is known of the blocks from one on."""
        blocks = -(-len(self._rows) // BLOCK)
        del self._joined[first:]
        self._joined += [False] * (blocks - len(self._joined))

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
        if self._type is str and test.op not in ORDERINGS and not test.right:
            return b"\1" * len(self._rows)
        if self._type is str and test.op in WITHIN_TEXTS:
            return self._holding(test)
        if test.op in ORDERINGS or (self._type is str and test.op == CompareOperator.sw):
            if self._buckets is None:
                self._buckets = Buckets(self._rows)
            return self._buckets.where(test, self._rows)
        return bytes(map(test, self._rows))

    def _block(self, block: int) -> list[Any]:
        return self._rows[block * BLOCK : (block + 1) * BLOCK]

    def _holding(self, test: Test) -> bytes:
        """Look for a text in the joined texts of each block."""
        if "\0" in test.right:
            return bytes(map(test, self._rows))
        text = test.right.encode(errors="surrogatepass")
        parts: list[bytes] = []
        for block, joined in enumerate(self._joined):
            if joined is False:
                joined = self._joined[block] = Joined.of(self._block(block), self._tail)
            if joined is None:
                parts.append(bytes(test.each(self._block(block))))
            else:
                parts.append(joined.where(test.op, text))
        return b"".join(parts)


Plane = Coded | Wide


def plane_of(values: Sequence[Any]) -> Plane:
    """Return rows of whichever kind suits the values."""
    return Coded.of(values) or Wide(values)


def _kind(value: Any) -> type | None:
    """Return the type of a value that is in an order with all others of this type."""
    if type(value) is datetime:
        return datetime if value.tzinfo is not None else None
    return type(value) if type(value) in (str, int) else None
