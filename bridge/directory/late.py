"""Creates that were done after their client had been sent away, for when it asks the same again.

It knows what was asked and what came of it, for an hour; it asks nobody.
"""

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from bridge.directory.entries import Kind
from bridge.directory.time import Clock

KEPT_FOR = 3600.0
MOST = 1000


class Late:
    """The keys of what was made, by what was asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def made(self, kind: Kind, wanted: Mapping[str, Any], key: str) -> None:
        """Take in what came of a create whose client was not told."""
        self._made[_asked(kind, wanted)] = (self._clock(), key)
        while len(self._made) > MOST:
            self._made.popitem(last=False)

    def found(self, kind: Kind, wanted: Mapping[str, Any]) -> str | None:
        """Return what the same create made before; None where nothing is known."""
        moment, key = self._made.get(_asked(kind, wanted), (float("-inf"), None))
        return key if self._clock() - moment < KEPT_FOR else None

    def told(self, kind: Kind, wanted: Mapping[str, Any]) -> None:
        """Say that the client was told: asked once more, it is a create of what exists."""
        if self._made:
            self._made.pop(_asked(kind, wanted), None)


def _asked(kind: Kind, wanted: Mapping[str, Any]) -> bytes:
    text = orjson.dumps([kind, wanted], option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).digest()
