"""Divides the bytes of a connection before the parser gets them, and counts them.

A piece ends where a head ends, where a body of known length ends, or at a limit. The parser alone
decides the meaning of the bytes: a wrong division only moves the moment at which others are fed.
"""

HEAD_END = b"\r\n\r\n"
CHUNKED_PIECE = 4096
"""At most so many bytes of a chunked body are fed at once: its end is seen by the parser only."""

FRAMING_PER_BYTE = 8
"""A chunk of one byte takes five bytes more, and leading zeros are allowed."""


class Framing:
    """The place of a connection within its requests."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tail = b""
        self._rest: int | None = 0
        self._overhead = 0
        self.in_head = True
        self.head = 0

    @property
    def is_over(self) -> bool:
        """Whether a head, or what surrounds the chunks of a body, is larger than the limit."""
        return self.head > self._limit or self._overhead > self._limit

    def next_end(self, data: bytes, start: int) -> int:
        """Return where the piece ends that begins at ``start``."""
        if not self.in_head:
            most = CHUNKED_PIECE if self._rest is None else max(self._rest, 1)
            return min(len(data), start + most)
        most = min(len(data), start + self._limit + 1 - self.head)
        split = (self._tail + data[start : start + 3]).find(HEAD_END) if self._tail else -1
        if split >= 0:
            return min(most, start + split + len(HEAD_END) - len(self._tail))
        end = data.find(HEAD_END, start, most)
        return most if end < 0 else end + len(HEAD_END)

    def count(self, piece: bytes) -> None:
        """Take note of a piece that is about to be fed."""
        if self.in_head:
            self.head += len(piece)
            self._tail = (self._tail + piece[-3:])[-3:]
        elif self._rest is None:
            self._overhead += len(piece)
        else:
            self._rest -= len(piece)

    def head_ended(self, *, content_length: int, chunked: bool) -> None:
        """The parser has seen the end of a head."""
        self.in_head = False
        self._rest = None if chunked else content_length
        self._overhead = 0

    def body_seen(self, size: int) -> None:
        """The parser has seen so many bytes of content."""
        if self._rest is None:
            self._overhead -= size * (1 + FRAMING_PER_BYTE)

    def message_ended(self) -> None:
        """The parser has seen the end of a request."""
        self.in_head = True
        self.head = self._overhead = 0
        self._tail = b""
