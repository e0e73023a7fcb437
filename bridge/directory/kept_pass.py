"""The last whole pass as the store keeps it: a restart within its age goes on from there.

It is stored after each pass and when the bridge ends, only what is different; whatever is changed
after it makes the stored one doubtful in the same transaction, so that a crash never brings back an
account as it was before a write.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

import orjson

from bridge.directory.assembly import Assembly
from bridge.directory.entries import (
    Entry,
    GroupEntry,
    Kind,
    UserEntry,
    members_by_group,
    now_in_milliseconds,
)
from bridge.directory.ledger import Ledger
from bridge.directory.snapshot import Snapshot
from bridge.directory.texts import FORM
from bridge.directory.time import Clock
from bridge.goto import GroupRecord, LicenseRecord
from bridge.store import PassChange, StoredPass, StoredRecord

USER: Kind = "User"
GROUP: Kind = "Group"
LICENSE = "License"


class KeptPass:
    """Brings the stored pass into the snapshot, and the snapshot into the store."""

    def __init__(
        self,
        *,
        mapping: str,
        assembly: Assembly,
        ledger: Ledger,
        snapshot: Snapshot,
        clock: Clock,
    ) -> None:
        # Texts of another mapping, or of a bridge that wrote them in another way, are not used.
        self._made_by = f"{FORM}/{mapping}"
        self._assembly = assembly
        self._ledger = ledger
        self._snapshot = snapshot
        self._clock = clock
        self._stored: dict[str, dict[str, object]] = {USER: {}, GROUP: {}, LICENSE: {}}
        # Nothing was read of what is stored: the next pass takes the place of all of it.
        self._is_unknown = True

    async def load(self, *, max_age: float) -> None:
        """Take the stored pass for the snapshot where it is younger than ``max_age`` seconds."""
        now = now_in_milliseconds()
        since = now - timedelta(seconds=max_age)
        found = await self._ledger.stored_pass(since=since, made_by=self._made_by)
        if found is None:
            return
        age = (now - found.taken_at).total_seconds()
        if not 0 <= age < max_age:
            return
        seen_at = self._clock() - age
        licenses = [LicenseRecord(orjson.loads(each.record)) for each in _of(found, LICENSE)]
        users = self._users(_of(found, USER), seen_at)
        groups = self._groups(_of(found, GROUP), users, seen_at)
        self._snapshot.put_licenses(licenses, at=seen_at)
        self._snapshot.replace(users, groups)
        if not self._is_in_step():
            # Stored by halves, which cannot be: a pass is taken instead.
            self._snapshot.replace({}, {})
            return
        self._snapshot.taken_at = seen_at
        self._stored = {kind: dict(self._now(kind)) for kind in self._stored}
        self._is_unknown = False
        self._ledger.believe_pass()

    def _users(self, stored: Sequence[StoredRecord], seen_at: float) -> dict[str, UserEntry]:
        users = {}
        for each in stored:
            state = self._ledger.state(USER, each.key)
            if state is not None and each.text is not None:
                users[each.key] = UserEntry.restored(each.record, each.text, state, seen_at=seen_at)
        return users

    def _groups(
        self, stored: Sequence[StoredRecord], users: Mapping[str, UserEntry], seen_at: float
    ) -> dict[str, GroupEntry]:
        members = members_by_group(users.values())
        groups = {}
        for each in stored:
            record = GroupRecord(orjson.loads(each.record))
            entry = self._assembly.group(record, members[record.key], seen_at=seen_at)
            if known := self._ledger.state(GROUP, record.key):
                entry.state = known if known.version == entry.state.version else entry.state
            groups[record.key] = entry
        return groups

    async def save(self) -> None:
        """Store what is different since the last time; nothing where a write is under way."""
        await self._ledger.store_pass(self._change)

    def _change(self) -> tuple[PassChange, Callable[[], None]] | None:
        taken_at = self._snapshot.taken_at
        if taken_at is None or not self._is_in_step():
            return None
        age = timedelta(seconds=self._clock() - taken_at)
        now = {kind: dict(self._now(kind)) for kind in self._stored}
        change = PassChange(
            taken_at=now_in_milliseconds() - age,
            made_by=self._made_by,
            changed={kind: self._different(kind, each) for kind, each in now.items()},
            gone={
                kind: [key for key in self._stored[kind] if key not in each]
                for kind, each in now.items()
            },
            is_whole=self._is_unknown,
        )

        def done() -> None:
            self._stored, self._is_unknown = now, False

        return change, done

    def _is_in_step(self) -> bool:
        """Whether the ledger and the snapshot say the same: no write is between the two."""
        users, groups = self._snapshot.users, self._snapshot.groups
        return (
            not self._ledger.missing_in(USER, users)
            and not self._ledger.missing_in(GROUP, groups)
            and all(self._is_known(USER, entry) for entry in users.values())
            and all(self._is_known(GROUP, entry) for entry in groups.values())
        )

    def _is_known(self, kind: Kind, entry: Entry) -> bool:
        state = self._ledger.state(kind, entry.key)
        return state is entry.state or state == entry.state

    def _now(self, kind: str) -> Iterator[tuple[str, object]]:
        """Yield what says whether a record is different from the stored one."""
        if kind == USER:
            yield from self._snapshot.users.items()
        elif kind == GROUP:
            yield from ((key, orjson.dumps(e.record)) for key, e in self._snapshot.groups.items())
        else:
            yield from ((k, orjson.dumps(r)) for k, r in self._snapshot.licenses.items())

    def _different(self, kind: str, now: Mapping[str, object]) -> list[StoredRecord]:
        stored = self._stored[kind]
        if kind == USER:
            return [
                StoredRecord(key, entry.raw, entry.text)
                for key, entry in self._snapshot.users.items()
                if stored.get(key) is not entry
            ]
        return [
            StoredRecord(key, record)
            for key, record in now.items()
            if isinstance(record, bytes) and stored.get(key) != record
        ]


def _of(found: StoredPass, kind: str) -> Sequence[StoredRecord]:
    return found.records.get(kind, ())
