"""The body of an answer, decompressed and never larger than a limit.

Knows the content codings that the bridge asks for (RFC 9110 section 8.4.1). A small compressed
body can stand for gigabytes, and a chunked one need not end, so both sizes are counted on the way.
"""

import asyncio
import zlib
from collections.abc import Iterator

import httpx

PAGE = 64 * 1024 * 1024
"""Bytes, decompressed, of an answer of the Admin API; a full page of users has some 2 MiB."""
TOKENS = 1024 * 1024
"""Bytes of an answer of the OAuth server."""
ACCEPT_ENCODING = "gzip, deflate"

_SLICE = 1024 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class NotReadable(Exception):
    """The body is larger than the limit, or cannot be decompressed."""


async def read_body(response: httpx.Response, *, limit: int) -> bytes:
    """The decompressed body. Raises ``NotReadable`` as soon as it is larger than ``limit``."""
    inflate = _inflater(response.headers.get("content-encoding", ""))
    parts: list[bytes] = []
    received = size = 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        for part in inflate.parts(chunk):
            size += len(part)
            if size > limit:
                raise NotReadable
            parts.append(part)
            if len(part) == _SLICE:
                # Others have their turn while a large body is decompressed.
                await asyncio.sleep(0)
        if received > limit:
            raise NotReadable
    if not inflate.is_whole:
        raise NotReadable
    return b"".join(parts)


class _Plain:
    """A body that is not compressed."""

    is_whole = True

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk


class _Inflater:
    """A compressed body, given out in slices, so that no chunk becomes large at once."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._has_begun = False

    @property
    def is_whole(self) -> bool:
        """Whether the last member has ended; an empty body has none."""
        return self._stream.eof or not self._has_begun

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._stream.eof:
                # A gzip body may be several members, one after the other.
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
            self._has_begun = True
            try:
                part = self._stream.decompress(chunk, _SLICE)
            except zlib.error:
                raise NotReadable from None
            if part:
                yield part
            chunk = self._stream.unconsumed_tail or self._stream.unused_data


def _inflater(coding: str) -> _Plain | _Inflater:
    match coding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate":
            return _Inflater()
        case _:
            raise NotReadable
