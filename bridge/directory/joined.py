"""Texts joined to one, in which a text is looked for at once instead of in each of them.

Of a hundred thousand texts each lies somewhere else in memory, and to fetch them takes longer than
to look through them. It knows texts by their number, and returns a byte for each: 1 where one fits.
"""

from collections.abc import Sequence
from itertools import accumulate
from operator import methodcaller

from scim2_models.path import CompareOperator

SEPARATOR, HIT, ROW_HIT = b"\0", b"\1", b"\2"
MARKS = bytes.maketrans(ROW_HIT, HIT)
EVERYTHING_ELSE = bytes(number for number in range(256) if number > 1)
# So many are marked one by one.
FEW = 100
SEPARATORS_IN = methodcaller("count", SEPARATOR)


class Joined:
    """Texts of which none holds the two characters that stand for something else here."""

    def __init__(self, joined: bytes, size: int) -> None:
        self._joined = joined
        self._size = size

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Joined | None":
        """Join texts, or return None where they cannot be told apart then."""
        joined = "\0".join(["", *texts, ""]).encode(errors="surrogatepass")
        if joined.count(SEPARATOR) != len(texts) + 1 or HIT in joined:
            return None
        return cls(joined, len(texts))

    def where(self, op: CompareOperator, text: bytes) -> bytes:
        """Return which texts hold a text, or end with it; it is not empty."""
        after = SEPARATOR if op == CompareOperator.ew else b""
        parts = self._joined.split(text + after)
        if len(parts) == 1:
            return bytes(self._size)
        if len(parts) > FEW:
            return _many(parts, HIT + after)
        parts.pop()
        marks = bytearray(self._size)
        # The row in which each part ends. A separator that was looked for is in none of them.
        for number, separators in enumerate(accumulate(map(SEPARATORS_IN, parts))):
            marks[separators - 1 + (number if after else 0)] = 1
        return bytes(marks)


def _many(parts: Sequence[bytes], mark: bytes) -> bytes:
    """Leave nothing of the texts but a byte for each, without looking at any of them."""
    left = mark.join(parts).translate(None, EVERYTHING_ELSE)
    while HIT * 2 in left:
        left = left.replace(HIT * 2, HIT)
    return left[:-1].replace(SEPARATOR + HIT, ROW_HIT).translate(MARKS)
