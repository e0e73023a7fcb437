"""Texts joined to one, in which a text is looked for at once instead of in each of them.

Of a hundred thousand texts each lies somewhere else in memory, and to fetch them takes longer than
to look through them. It knows texts by their number, and returns a byte for each: 1 where one fits.
"""

from collections.abc import Sequence

from scim2_models.path import CompareOperator

SEPARATOR, HIT, ROW_HIT = b"\0", b"\1", b"\2"
MARKS = bytes.maketrans(ROW_HIT, HIT)
EVERYTHING_ELSE = bytes(number for number in range(256) if number > 1)
# So many are marked one by one.
FEW = 100
# So many equal ones are looked for. Above it, to compare each text is quicker.
MOST_EQUAL = 12


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

    def where(self, op: CompareOperator, text: bytes) -> bytes | None:
        """Return which texts are equal to a text, hold it, begin or end with it.

        The text is not empty, unless they are to be equal. None is for too many equal ones.
        """
        if op == CompareOperator.eq:
            return self._equal(SEPARATOR + text + SEPARATOR)
        before = SEPARATOR if op == CompareOperator.sw else b""
        after = SEPARATOR if op == CompareOperator.ew else b""
        parts = self._joined.split(before + text + after)
        if len(parts) == 1:
            return bytes(self._size)
        if len(parts) > FEW:
            return _many(parts, before + HIT + after)
        return self._few(parts, first=0 if before else -1, within=len(before + after))

    def _few(self, parts: Sequence[bytes], *, first: int, within: int) -> bytes:
        """Mark the row in which each part ends; ``within`` separators are between two parts."""
        marks = bytearray(self._size)
        row = first
        for part in parts[:-1]:
            row += part.count(SEPARATOR)
            marks[row] = 1
            row += within
        return bytes(marks)

    def _equal(self, needle: bytes) -> bytes | None:
        joined = self._joined
        marks = bytearray(self._size)
        row, counted = -1, 0
        hit = joined.find(needle)
        for _ in range(MOST_EQUAL):
            if hit < 0:
                return bytes(marks)
            row += joined.count(SEPARATOR, counted, hit + 1)
            marks[row] = 1
            counted = hit + 1
            hit = joined.find(needle, counted)
        return bytes(marks) if hit < 0 else None


def _many(parts: Sequence[bytes], mark: bytes) -> bytes:
    """Leave nothing of the texts but a byte for each, without looking at any of them."""
    left = mark.join(parts).translate(None, EVERYTHING_ELSE)
    while HIT * 2 in left:
        left = left.replace(HIT * 2, HIT)
    return left[:-1].replace(SEPARATOR + HIT, ROW_HIT).translate(MARKS)
