"""Texts joined to one, in which a text is looked for at once instead of in each of them.

It knows some hundred texts by their number, and returns a byte for each: 1 where one fits.
"""

from collections.abc import Sequence

from scim2_models.path import CompareOperator

SEPARATOR, HIT, ROW_HIT = b"\0", b"\1", b"\2"
MARKS = bytes.maketrans(ROW_HIT, HIT)
EVERYTHING_ELSE = bytes(number for number in range(256) if number > 1)
# So many are looked for one by one.
FEW = 4


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

        None is for an equality with too many of them: to compare each is quicker.
        """
        before = SEPARATOR if op in (CompareOperator.eq, CompareOperator.sw) else b""
        after = SEPARATOR if op in (CompareOperator.eq, CompareOperator.ew) else b""
        needle = before + text + after
        hit = self._joined.find(needle)
        if hit < 0:
            return bytes(self._size)
        marks = self._few(needle, hit)
        if marks is None and op != CompareOperator.eq:
            marks = self._many(needle, before + HIT + after)
        return marks

    def _few(self, needle: bytes, hit: int) -> bytes | None:
        joined = self._joined
        marks = bytearray(self._size)
        row, counted = -1, 0
        for _ in range(FEW):
            # A needle that begins with a separator begins before its row.
            row += joined.count(SEPARATOR, counted, hit + 1)
            marks[row] = 1
            counted = joined.find(SEPARATOR, hit + 1)
            hit = joined.find(needle, counted)
            if hit < 0:
                return bytes(marks)
        return None

    def _many(self, needle: bytes, mark: bytes) -> bytes:
        """Leave nothing of the texts but a byte for each, without looking at any of them."""
        left = self._joined.replace(needle, mark).translate(None, EVERYTHING_ELSE)
        while HIT * 2 in left:
            left = left.replace(HIT * 2, HIT)
        return left[:-1].replace(SEPARATOR + HIT, ROW_HIT).translate(MARKS)
