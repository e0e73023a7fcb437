"""What the verbs share: GoTo, the snapshot, the ledger, the locks, and how old a look may be."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.directory.assembly import Assembly
from bridge.directory.entries import GroupEntry, UserEntry
from bridge.directory.ledger import Ledger
from bridge.directory.locks import Locks
from bridge.directory.refresh import Refresh
from bridge.directory.snapshot import Snapshot
from bridge.directory.time import Clock
from bridge.goto import GoToClient
from bridge.mapping import Mapping


@dataclass(frozen=True)
class Core:
    """The parts, and the few steps that every verb takes with them."""

    goto: GoToClient
    mapping: Mapping
    assembly: Assembly
    ledger: Ledger
    snapshot: Snapshot
    refresh: Refresh
    locks: Locks
    clock: Clock
    max_age: float
    administrator: str

    def oldest_allowed(self, *, live: bool = False) -> float:
        """Return the moment before which nothing may have been seen to be answered now."""
        return self.clock() if live else self.clock() - self.max_age

    def is_young(self, moment: float) -> bool:
        """Whether the whole snapshot is of a pass that began at ``moment`` or later."""
        return self.snapshot.taken_at is not None and self.snapshot.taken_at >= moment

    def is_known_gone(self, key: str, oldest: float | None = None) -> bool:
        """Whether a resource that the snapshot lacks was looked for lately enough."""
        moment = self.oldest_allowed() if oldest is None else oldest
        return self.is_young(moment) or self.snapshot.gone_at(key) >= moment

    async def keep_user(self, entry: UserEntry) -> UserEntry:
        """Take in what is now known of a user, in the store first, and of the groups it touches."""
        await self.ledger.save("User", [entry.state])
        before = self.snapshot.users.get(entry.key)
        origin = before.record.group_key if before else None
        touched = self.snapshot.put_user(entry)
        await self._keep_counts(touched, origin)
        return entry

    async def forget_user(self, key: str) -> None:
        """Take in that a user is gone."""
        self.snapshot.gone(key, at=self.clock())
        before = self.snapshot.users.get(key)
        touched = self.snapshot.drop_user(key)
        await self.ledger.bury("User", [key])
        await self._keep_counts(touched, before.record.group_key if before else None)

    async def keep_group(self, entry: GroupEntry) -> GroupEntry:
        """Take in what is now known of a group."""
        await self.ledger.save("Group", [entry.state])
        self.snapshot.put_group(entry)
        return entry

    async def _keep_counts(self, touched: Iterable[GroupEntry], origin: str | None) -> None:
        changed: dict[str, GroupEntry] = {}
        for group in touched:
            grown_by = -1 if group.key == origin else 1
            for each in (group, *self.snapshot.above(group)):
                self.assembly.group_changed(each, grown_by=grown_by)
                changed[each.key] = each
        await self.ledger.save("Group", [group.state for group in changed.values()])
