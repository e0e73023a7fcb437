"""Writes that GoTo accepted and dropped: a refresh, well after the write, shows the values before.

Pure rules; it asks nobody. It remembers the writes since the last refresh that could show them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.directory.recent import LAG, is_same
from bridge.directory.time import Clock

Fields = Mapping[str, Any]

MOST = 10_000
"""Writes that are remembered; the oldest are forgotten first."""
# Fields that the bridge writes. What GoTo derives of them says nothing of its own.
WRITTEN = (
    "email", "firstName", "lastName", "licenseKeys", "adminRoles", "groupKey", "name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DroppedWrite:
    """A write whose effect is missing; ``fields`` are those that show what was there before.

    ``now`` is None for a resource that was deleted, and is there.
    """

    key: str
    fields: tuple[str, ...]
    before: Fields
    now: Fields | None


@dataclass(slots=True)
class _Pending:
    """The writes to one resource: when the last one was, what each replaced, and what they left."""

    at: float
    before: dict[str, list[Any]] = field(default_factory=dict)
    now: dict[str, Any] | None = field(default_factory=dict)
    invited: Any = None


class DroppedWrites:
    """Remembers writes, and tells which of them a refresh does not show."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[str, _Pending] = {}

    def wrote(self, key: str, before: Fields | None, after: Fields | None) -> None:
        """Take in a write; None is for a resource that was not there, or is not any more."""
        if before is None:
            # A create is confirmed by the read after it.
            self._pending.pop(key, None)
            return
        pending = self._pending.pop(key, None) or _Pending(self._clock())
        pending.at = self._clock()
        if after is None:
            pending.now, pending.invited = None, before.get("invitedDate")
            self._keep(key, pending)
            return
        for name in WRITTEN:
            if not is_same(before.get(name), after.get(name)):
                pending.before.setdefault(name, []).append(before.get(name))
                pending.now = {**(pending.now or {}), name: after.get(name)}
        if pending.before:
            self._keep(key, pending)

    def missing_in(self, began: float, shown: Callable[[str], Fields | None]) -> list[DroppedWrite]:
        """Return the writes that a refresh which ``began`` at a moment should show, and does not.

        ``shown`` gives the record of a key, if there is one. What was looked for is forgotten.
        """
        missing = []
        for key, pending in list(self._pending.items()):
            if pending.at > began - LAG:
                continue
            del self._pending[key]
            record = shown(key)
            if record is not None and (dropped := _dropped(key, pending, record)):
                missing.append(dropped)
        return missing

    def _keep(self, key: str, pending: _Pending) -> None:
        self._pending[key] = pending
        if len(self._pending) > MOST:
            del self._pending[next(iter(self._pending))]


def _dropped(key: str, pending: _Pending, record: Fields) -> DroppedWrite | None:
    if pending.now is None:
        # One that was made anew under the same key was invited anew.
        is_it = pending.invited in (None, record.get("invitedDate"))
        return DroppedWrite(key, (), record, None) if is_it else None
    now = pending.now
    names = tuple(
        name
        for name, values in pending.before.items()
        if not is_same(record.get(name), now.get(name))
        and any(is_same(record.get(name), value) for value in values)
    )
    if not names:
        return None
    return DroppedWrite(key, names, record, {name: now.get(name) for name in names})
