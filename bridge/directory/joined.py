"""Texts joined to one, in which a text is looked for at once instead of in each of them.

It knows some hundred texts by their number, and returns a byte for each: 1 where one fits.
"""

from collections.abc import Sequence

from scim2_models.path import CompareOperator

SEPARATOR = b"\0"
# Above it, to look at each text is quicker than to look for the next that fits.
MOST_HITS = 12


class Joined:
    """Texts of which none holds the character that stands between them."""

    def __init__(self, joined: bytes, size: int) -> None:
        self._joined = joined
        self._size = size

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Joined | None":
        """Join texts, or return None where they cannot be told apart then."""
        joined = "\0".join(["", *texts, ""]).encode(errors="surrogatepass")
        if joined.count(SEPARATOR) != len(texts) + 1:
            return None
        return cls(joined, len(texts))

    def where(self, op: CompareOperator, text: bytes) -> bytes | None:
        """Return which texts are equal to a text, hold it, begin or end with it.

        None is for too many of them: to look at each is quicker.
        """
        before = SEPARATOR if op in (CompareOperator.eq, CompareOperator.sw) else b""
        after = SEPARATOR if op in (CompareOperator.eq, CompareOperator.ew) else b""
        needle = before + text + after
        hit = self._joined.find(needle)
        if hit < 0:
            return bytes(self._size)
        joined = self._joined
        marks = bytearray(self._size)
        row, counted = -1, 0
        for _ in range(MOST_HITS):
            # A needle that begins with a separator begins before its row.
            row += joined.count(SEPARATOR, counted, hit + 1)
            marks[row] = 1
            counted = joined.find(SEPARATOR, hit + 1)
            hit = joined.find(needle, counted)
            if hit < 0:
                return bytes(marks)
        return None
