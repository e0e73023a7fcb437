"""Texts joined to one, in which a text is looked for at once instead of in each of them.

Of a hundred thousand texts each lies somewhere else in memory, and to fetch them takes longer than
to look through them. It knows texts by their number, and returns a byte for each: 1 where one fits.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from operator import methodcaller, ne

from scim2_models.path import CompareOperator

from bridge.directory.selections import both, either, flipped

SEPARATOR, HIT, ROW_HIT = b"\0", b"\1", b"\2"
MARKS = bytes.maketrans(ROW_HIT, HIT)
EVERYTHING_ELSE = bytes(number for number in range(256) if number > 1)
# So many are marked one by one.
FEW = 100
AT = b"@"
SEPARATORS_IN = methodcaller("count", SEPARATOR)
SAMPLE = 200


def common_tail(texts: Sequence[str]) -> str:
    """Return the domain that most of some addresses end with, at sign and all, else nothing."""
    sample = texts[:: max(1, len(texts) // SAMPLE)]
    tails = Counter(text[text.rfind("@") :] for text in sample if "@" in text)
    (tail, times), *_ = tails.most_common(1) or [("", 0)]
    return tail if times > len(sample) / 2 else ""


class Joined:
    """Texts of which none holds the two characters that stand for something else here.

    The end that most of them share is kept once: it is half of an address.
    """

    def __init__(self, joined: bytes, cut: bytes, tail: bytes) -> None:
        self.texts = joined
        self.size = len(cut)
        self._cut = cut
        self._tail = tail

    @classmethod
    def of(cls, texts: Sequence[str], tail: str = "") -> "Joined | None":
        """Join texts, or return None where they cannot be told apart then."""
        heads = [text.removesuffix(tail) for text in texts] if tail else texts
        joined = "\0".join(["", *heads, ""]).encode(errors="surrogatepass")
        if joined.count(SEPARATOR) != len(texts) + 1 or HIT in joined:
            return None
        cut = bytes(map(ne, map(len, heads), map(len, texts)))
        return cls(joined, cut, tail.encode(errors="surrogatepass"))

    def where(self, op: CompareOperator, text: bytes) -> bytes:
        """Return which texts hold a text, or end with it; it is not empty."""
        if op == CompareOperator.ew:
            return self._ending(text)
        found = self._marked(text)
        if not self._tail:
            return found
        if text in self._tail:
            return either(found, self._cut)
        # It may begin before the common end, and go on within it.
        length = text.find(AT, 1)
        while length > 0:
            if self._tail.startswith(text[length:]):
                found = either(found, self._before_tail(text[:length]))
            length = text.find(AT, length + 1)
        return found

    def _ending(self, text: bytes) -> bytes:
        found = self._marked(text, SEPARATOR)
        if not self._tail:
            return found
        found = both(found, flipped(self._cut))
        if self._tail.endswith(text):
            return either(found, self._cut)
        if text.endswith(self._tail):
            return either(found, self._before_tail(text[: -len(self._tail)]))
        return found

    def _before_tail(self, text: bytes) -> bytes:
        return both(self._marked(text, SEPARATOR), self._cut)

    def _marked(self, text: bytes, after: bytes = b"") -> bytes:
        """Return in which of what is joined a text is, with a separator ``after`` it or not."""
        parts = self.texts.split(text + after)
        if len(parts) == 1:
            return bytes(self.size)
        if len(parts) > FEW:
            return _many(parts, HIT + after)
        parts.pop()
        marks = bytearray(self.size)
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
