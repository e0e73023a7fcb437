"""What the verbs share: GoTo, the snapshot, the ledger, the locks, and how old a look may be."""

from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from bridge.directory.activation import CLEARED, SUSPENDED, holds, is_suspended, suspends
from bridge.directory.assembly import Assembly
from bridge.directory.brake import Brake
from bridge.directory.entries import E, GroupEntry, UserEntry
from bridge.directory.hidden_users import HiddenUsers
from bridge.directory.journal import Journal
from bridge.directory.ledger import Ledger
from bridge.directory.locks import Locks
from bridge.directory.recent import OF_GROUP, Recent
from bridge.directory.refresh import Refresh
from bridge.directory.role_visibility import RoleVisibility
from bridge.directory.several_groups import GroupsPerUser, still_in
from bridge.directory.snapshot import Growth, Snapshot
from bridge.directory.time import Clock
from bridge.directory.totals import is_total_of, with_total
from bridge.directory.trail import Trail
from bridge.directory.write_verification import WriteVerifier
from bridge.errors import GoToError, RecordNotFound
from bridge.goto import GoToClient, GroupRecord, UserRecord, insisting
from bridge.mapping import Mapping as AttributeMapping
from bridge.store import AuditEntry, Finding, Intent

T = TypeVar("T")

# How often a look is made again that a change of many records overtook.
LOOKS = 4
# Seconds between the looks at what became of a write whose answer was lost: reads may trail behind.
PAUSES = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Core:
    """The parts, and the few steps that every verb takes with them."""

    goto: GoToClient
    mapping: AttributeMapping
    assembly: Assembly
    ledger: Ledger
    journal: Journal
    snapshot: Snapshot
    recent: Recent
    refresh: Refresh
    locks: Locks
    brake: Brake
    trail: Trail
    verifier: WriteVerifier
    role_visibility: RoleVisibility
    groups_per_user: GroupsPerUser
    hidden: HiddenUsers
    note_finding: Callable[[Finding], Awaitable[None]]
    clock: Clock
    sleep: Callable[[float], Awaitable[object]]
    max_age: float
    administrator: str
    members_ignored: Callable[[int], object] = lambda _: None

    def oldest_allowed(self, *, live: bool = False) -> float:
        """Return the moment before which nothing may have been seen to be answered now."""
        return self.clock() if live else self.clock() - self.max_age

    def is_young(self, moment: float) -> bool:
        """Whether the whole snapshot is of a pass that began at ``moment`` or later."""
        return self.snapshot.taken_at is not None and self.snapshot.taken_at >= moment

    def known(self, entries: Mapping[str, E], key: str, *, live: bool) -> E | None:
        """Return one of the snapshot's entries where what is known is young enough, else None."""
        entry = entries.get(key)
        if entry is None:
            return None
        oldest = self.oldest_allowed(live=live)
        return entry if entry.seen_at >= oldest or self.is_young(oldest) else None

    def is_known_gone(self, key: str, oldest: float | None = None) -> bool:
        """Whether a resource that the snapshot lacks was looked for lately enough."""
        moment = self.oldest_allowed() if oldest is None else oldest
        return self.is_young(moment) or self.snapshot.gone_at(key) >= moment

    def braked(
        self, entry: UserEntry, fields: Mapping[str, Any]
    ) -> AbstractAsyncContextManager[None]:
        """Count a write of ``fields`` that leaves an active user without licences and roles."""
        if not suspends(entry.record, fields):
            return nullcontext()
        return self.brake.passing("suspend", entry.key, entry.record)

    @contextmanager
    def settling(self, *keys: str) -> Iterator[None]:
        """Look at what became of a write; where GoTo does not say, nothing known is believed."""
        try:
            with insisting():
                yield
        except RecordNotFound:
            # An answer as good as any.
            raise
        except GoToError as error:
            self.snapshot.distrust(keys)
            error.unsettled = True
            raise

    async def settled(
        self,
        look: Callable[[], Awaitable[T]],
        is_done: Callable[[T, float], bool],
        *keys: str,
        pauses: Sequence[float] = PAUSES,
    ) -> T:
        """Return what a look shows after a write to these resources that is not known to be done.

        Reads may trail behind writes, so that one which does not show it is made again, some
        seconds at most. ``is_done`` is given what was seen, and when the look began.
        """
        for pause in (*pauses, None):
            began = self.clock()
            with self.settling(*keys):
                seen = await look()
            if pause is None or is_done(seen, began):
                break
            await self.sleep(pause)
        return seen

    async def user_holds(self, key: str, fields: Mapping[str, Any]) -> bool:
        """Whether GoTo holds these values: the lost answer to a write is settled by a look."""

        def is_done(record: UserRecord, at: float) -> bool:
            newest = self.recent.newest(record, at)
            return newest is not None and holds(newest, fields)

        now = await self.settled(lambda: self.goto.user(key), is_done, key)
        return holds(now, fields)

    async def user_stayed_in(self, group_key: str, user_key: str) -> bool:
        """Look at where a user is after a removal from a group that was not answered."""

        async def is_in() -> bool:
            user = await self.user_there(user_key)
            if user is None or user.group_key == group_key:
                return user is not None
            # The user's record shows one group, also where the user is in several.
            return user_key in await self.group_keys(group_key)

        return await self.settled(is_in, lambda stays, _: not stays, user_key)

    async def group_keys(self, group_key: str) -> Collection[str]:
        """Return who is in a group by the group's own record; nobody where there is none."""
        try:
            group = await self.goto.group(group_key)
        except RecordNotFound:
            return ()
        if len(group.user_keys) == group.member_count:
            return group.user_keys
        return {*group.user_keys, *[user.key for user in await self.goto.group_users(group_key)]}

    async def user_there(self, key: str) -> UserRecord | None:
        """Return a user's record as GoTo shows it, or None."""
        try:
            return await self.goto.user(key)
        except RecordNotFound:
            return None

    async def looked(self, look: Callable[[], Awaitable[T]]) -> tuple[T, float]:
        """Return what a look showed and when it began; one that was overtaken is made again."""
        for _ in range(LOOKS):
            began, overtakings = self.clock(), self.snapshot.overtakings
            seen = await look()
            if self.snapshot.overtakings == overtakings:
                break
        return seen, began

    async def keep_user(
        self,
        entry: UserEntry,
        *,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> UserEntry:
        """Take in what is now known of a user, in the store first, and of the groups it touches.

        ``audited`` and the end of intents go into the store with it.
        """
        await self.ledger.save("User", [entry.state], audited=audited, ended=ended)
        before = self.snapshot.users.get(entry.key)
        if before is not None or not entry.was_seen or self.recent.of(entry.key, self.clock()):
            self.recent.wrote(entry.key, before.record if before else None, entry.record)
        await self._keep_counts(self.snapshot.put_user(entry))
        return entry

    async def see_user(self, record: UserRecord, *, seen_at: float) -> UserEntry | None:
        """Take in what a look showed that began at ``seen_at``, and return the newest there is.

        None is for a user that was deleted meanwhile.
        """
        known = self.snapshot.users.get(record.key)
        if known is not None and known.seen_at > seen_at:
            return known
        newest = self.recent.newest(record, seen_at)
        if newest is None or self.snapshot.gone_at(record.key) > seen_at or self.is_left(newest):
            return None
        if self.hidden.hides(newest):
            await self._keep_counts(self.snapshot.drop_user(record.key))
            return None
        shown = self.recent.placed(newest, seen_at)
        if self.groups_per_user.is_several and known is not None:
            # The groups' records say more, and come with the next refresh.
            shown = still_in(shown, known)
        entry = self.assembly.user(shown, seen_at=seen_at)
        touched = self.snapshot.put_user(entry)
        await self.ledger.save_seen("User", [entry.state])
        await self._keep_counts(touched)
        return entry

    def is_left(self, record: UserRecord) -> bool:
        """Whether a user was deleted by suspension, and nobody has given it anything since."""
        return self.ledger.has_left(record.key) and is_suspended(record)

    async def part_from_user(
        self,
        key: str,
        parked: Mapping[str, Any],
        *,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> None:
        """Take in that a user was deleted by suspension; ``parked`` tells what it had."""
        self.snapshot.gone(key, at=self.clock())
        before = self.snapshot.users.get(key)
        if before is not None:
            nothing = dict.fromkeys((*CLEARED, "products", *OF_GROUP))
            left = {**before.record, **nothing, "status": SUSPENDED}
            self.recent.wrote(key, before.record, left)
        touched = self.snapshot.drop_user(key)
        await self.ledger.part(key, parked, audited=audited, ended=ended)
        await self._keep_counts(touched)

    async def forget_user(
        self,
        key: str,
        *,
        deleted: bool = False,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> None:
        """Take in that a user is gone; ``deleted`` says that the bridge did it just now."""
        self.snapshot.gone(key, at=self.clock())
        before = self.snapshot.users.get(key)
        if deleted:
            self.recent.wrote(key, before.record if before else {}, None)
        touched = self.snapshot.drop_user(key)
        await self.ledger.bury("User", [key], audited=audited, ended=ended)
        await self._keep_counts(touched)

    async def forget_group(
        self, key: str, *, deleted: bool = False, audited: Sequence[AuditEntry] = ()
    ) -> GroupEntry | None:
        """Take in that a group is gone, and return what was known of it; where its members went is
        another matter. ``deleted`` says that the bridge did it just now."""
        self.snapshot.gone(key, at=self.clock())
        before = self.snapshot.groups.get(key)
        if deleted:
            self.recent.wrote(key, before.record if before else {}, None)
        self.snapshot.drop_group(key)
        await self.ledger.bury("Group", [key], audited=audited)
        if deleted and before is not None:
            # What is below it stays below those above, unless a look says otherwise.
            above = self.snapshot.above(before)
            await self._keep_totals((each, -len(before.members)) for each in above)
        return before

    async def keep_group(
        self,
        entry: GroupEntry,
        *,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> GroupEntry:
        """Take in what is now known of a group.

        ``audited`` and the end of intents go into the store with it.
        """
        await self.ledger.save("Group", [entry.state], audited=audited, ended=ended)
        before = self.snapshot.groups.get(entry.key)
        self.recent.wrote(entry.key, _shape(before) if before else None, _shape(entry))
        self.snapshot.put_group(entry)
        return entry

    async def see_group(
        self, record: GroupRecord, members: Iterable[str], *, seen_at: float
    ) -> GroupEntry | None:
        """Take in what a look showed that began at ``seen_at``, and return the newest there is.

        None is for a group that was deleted meanwhile.
        """
        known = self.snapshot.groups.get(record.key)
        if known is not None and known.seen_at > seen_at:
            return known
        shown = self.recent.newest(record, seen_at)
        if shown is None or self.snapshot.gone_at(record.key) > seen_at:
            return None
        newest = self._newest_members(record.key, members, seen_at)
        if is_total_of(shown, record):
            shown = with_total(shown, len(newest) - record.member_count)
        entry = self.assembly.group(shown, newest, seen_at=seen_at)
        had = len(known.members) if known else 0
        self.snapshot.put_group(entry)
        await self.ledger.save_seen("Group", [entry.state])
        if known is not None:
            await self._keep_totals(self._grown_above(known, had, entry))
        return entry

    def _grown_above(
        self, before: GroupEntry, had: int, now: GroupEntry
    ) -> Iterator[tuple[GroupEntry, int]]:
        """Tell by how much the groups above one grew, by what a look at this one showed."""
        old, new = before.record.key_path[:-1], now.record.key_path[:-1]
        was_moved = old[-1:] != new[-1:]
        for key in dict.fromkeys((*old, *new)):
            grown_by = len(now.members) - had if key in old and key in new else 0
            if was_moved and key not in old:
                grown_by = now.record.total_member_count
            elif was_moved and key not in new:
                grown_by = -before.record.total_member_count
            if grown_by and key in self.snapshot.groups:
                yield self.snapshot.groups[key], grown_by

    def _newest_members(self, group: str, members: Iterable[str], seen_at: float) -> list[str]:
        """Return the members that a look showed, and of users moved since what is known now."""
        snapshot = self.snapshot
        seen = dict.fromkeys(members)
        known = snapshot.groups.get(group)
        newest = []
        for key in seen | known.members if known else seen:
            user = snapshot.users.get(key)
            was_moved, target = self.recent.group_of(key, seen_at)
            if user is not None and user.seen_at > seen_at:
                is_in = group in user.group_keys
            elif was_moved:
                is_in = target == group
            else:
                is_in = key in seen and snapshot.gone_at(key) <= seen_at
                is_in = is_in and not self.recent.is_gone(key, seen_at)
                is_in = is_in and not (self.ledger.has_left(key) or self.hidden.has(key))
            if is_in:
                newest.append(key)
        return newest

    async def _keep_counts(self, touched: Iterable[Growth]) -> None:
        """Bring the groups whose members changed up to that, and those above them."""
        await self._keep_totals(
            (each, grown_by)
            for group, grown_by in touched
            for each in (group, *self.snapshot.above(group))
        )

    async def _keep_totals(self, grown: Iterable[Growth]) -> None:
        changed: dict[str, GroupEntry] = {}
        for each, grown_by in grown:
            before = _shape(each)
            self.assembly.group_changed(each, grown_by=grown_by)
            self.recent.wrote(each.key, before, _shape(each))
            self.snapshot.touch_group(each.key)
            changed[each.key] = each
        if changed:
            await self.ledger.save("Group", [group.state for group in changed.values()])


def _shape(group: GroupEntry) -> dict[str, Any]:
    """Return the fields of a group's record that its own writes change, members apart."""
    names = ("name", "keyPath", "namePath", "totalMemberCount")
    return {name: group.record.get(name) for name in names}
