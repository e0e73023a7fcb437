"""Which pairs of bytes occur in which blocks of texts: where one of a text's is missing, it is not.

A text is looked for in a few of the blocks then, or in none. It knows blocks by their number.
"""

from functools import reduce
from operator import and_


class Pairs:
    """For each pair the blocks that have it, as the bits of a number."""

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}

    def put(self, block: int, texts: bytes) -> None:
        """Take in a block's texts, in place of those that it had."""
        bit, found = 1 << block, _pairs_of(texts)
        for pair, blocks in self._blocks.items():
            if blocks & bit and pair not in found:
                self._blocks[pair] = blocks ^ bit
        for pair in found:
            self._blocks[pair] = self._blocks.get(pair, 0) | bit

    def blocks_with(self, text: bytes) -> int:
        """Return the blocks that may have a text, as bits: those that have all of its pairs."""
        of_each = (self._blocks.get(pair, 0) for pair in _pairs_of(text))
        return reduce(and_, of_each, -1)


def _pairs_of(text: bytes) -> set[int]:
    """Return two bytes that follow one another as one number each."""
    view = memoryview(text)
    from_first, from_second = len(text) // 2 * 2, 1 + (len(text) - 1) // 2 * 2
    return {*view[:from_first].cast("H"), *view[1:from_second].cast("H")}
