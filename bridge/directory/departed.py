"""Entries that left the snapshot: a walk whose list is older may still show them."""

from bridge.directory.entries import Entry
from bridge.directory.time import Clock


class Departed:
    """Keeps what left for ``kept_for`` seconds at least, and not much longer than twice that."""

    def __init__(self, clock: Clock, *, kept_for: float) -> None:
        self._clock = clock
        self._kept_for = kept_for
        self._since = clock()
        self._older: dict[str, Entry] = {}
        self._newer: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Take in what has just left."""
        now = self._clock()
        if now - self._since > self._kept_for:
            is_long_ago = now - self._since > 2 * self._kept_for
            self._older, self._newer = {} if is_long_ago else self._newer, {}
            self._since = now
        self._newer[entry.key] = entry

    def get(self, key: str) -> Entry | None:
        """Return what left by a key, or None."""
        return self._newer.get(key) or self._older.get(key)
