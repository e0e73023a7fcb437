"""Tells of writes that GoTo accepted and dropped: audit trail, log, metric, and no more trust."""

from collections.abc import Callable, Mapping

import structlog

from bridge.directory.dropped_writes import DroppedWrite, DroppedWrites
from bridge.directory.entries import GroupEntry, Kind, UserEntry
from bridge.directory.ledger import Ledger
from bridge.directory.write_verification import WriteKind, WriteVerifier, kinds_of_update
from bridge.goto import GroupRecord, UserRecord

log = structlog.get_logger(__name__)

ACTION = "write-dropped"


class DropReport:
    """Looks through a refresh for writes that it does not show; ``found`` is called for each."""

    def __init__(
        self,
        dropped: DroppedWrites,
        *,
        ledger: Ledger,
        verifier: WriteVerifier,
        found: Callable[[], object],
    ) -> None:
        self._dropped = dropped
        self._ledger = ledger
        self._verifier = verifier
        self._found = found

    async def tell(
        self, began: float, users: Mapping[str, UserEntry], groups: Mapping[str, GroupEntry]
    ) -> None:
        """Tell of each write that a refresh which ``began`` at a moment should show, but lacks."""

        def shown(key: str) -> UserRecord | GroupRecord | None:
            entry = users.get(key) or groups.get(key)
            return entry.record if entry else None

        for write in self._dropped.missing_in(began, shown):
            kind: Kind = "User" if write.key in users else "Group"
            kinds = user_kinds(write) if kind == "User" else group_kinds(write)
            fields = list(write.fields) or ["deleted"]
            log.warning("write_dropped", kind=kind, key=write.key, fields=fields)
            self._found()
            line = self._ledger.note(ACTION, kind, write.key, {"fields": fields})
            await self._ledger.save(kind, [], audited=[line])
            await self._verifier.found(kinds, took=False)


def user_kinds(write: DroppedWrite) -> frozenset[WriteKind]:
    """Return the kinds of a write to a user."""
    if write.now is None:
        return frozenset({WriteKind.USER_DELETE})
    fields = {name: value for name, value in write.now.items() if name != "groupKey"}
    kinds = set(kinds_of_update(UserRecord(write.before), fields))
    if "groupKey" in write.now:
        kinds.add(WriteKind.GROUP_ADD if write.now["groupKey"] else WriteKind.GROUP_REMOVE)
    return frozenset(kinds)


def group_kinds(write: DroppedWrite) -> frozenset[WriteKind]:
    """Return the kind of a write to a group."""
    return frozenset({WriteKind.GROUP_DELETE if write.now is None else WriteKind.GROUP_RENAME})
