"""The verbs on groups."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from scim2_models import ConflictException, SCIMException, UniquenessException

from bridge.case_mapping import case_mapped
from bridge.directory.core import Core
from bridge.directory.entries import (
    Change,
    GroupEntry,
    Guard,
    MembershipChange,
    MembersPlan,
    UserEntry,
    result_of,
)
from bridge.directory.group_changes import GroupChanges, group_name
from bridge.directory.journal import about_group, about_key
from bridge.directory.member_ids import member_keys
from bridge.directory.member_lookup import MemberLookup
from bridge.directory.membership import Membership, members_change
from bridge.directory.read_back import verify_deleted
from bridge.directory.refusals import (
    goto_refusals,
    lost_so_far,
    mapping_refusals,
    not_found,
    not_made,
)
from bridge.directory.settling import CREATE_GROUP, DELETE_GROUP, Settling
from bridge.directory.sizes import refuse_large_holding, refuse_oversize
from bridge.directory.users import Users
from bridge.directory.write_verification import WriteKind
from bridge.errors import GoToError, OutcomeUnknown, RecordConflict, RecordNotFound
from bridge.goto import LARGEST_CREATE, GroupRecord
from bridge.store import AuditEntry, Intent

# A look at fifty users is quicker than one at a thousand, and disturbs nobody.
FEW_CALLS = 4
NOT_EMPTY = (
    "GoTo does not delete a group that has members, or groups below it: take them out first, or "
    "delete it in GoTo"
)


class Groups:
    """The groups of the account."""

    def __init__(self, core: Core, users: Users, settling: Settling) -> None:
        self._core = core
        self._settling = settling
        self._membership = Membership(core, users, self._read_live)
        self._lookup = MemberLookup(core, users)
        self._changes = GroupChanges(core, self.read, self._forget)
        self._writing = core.mapping.groups.writing

    async def read(self, key: str, *, live: bool = False) -> GroupEntry:
        """Return a group, from the snapshot while that is young enough, else by one call."""
        known = self.known(key, live=live)
        if known is not None:
            return known
        core = self._core
        is_known = key in core.snapshot.groups
        if not is_known and core.is_known_gone(key, core.oldest_allowed(live=live)):
            raise not_found("Group", key)
        return await self._read_live(key)

    def known(self, key: str, *, live: bool = False) -> GroupEntry | None:
        """Return a group where what is known is young enough, else None."""
        return self._core.known(self._core.snapshot.groups, key, live=live)

    async def _read_live(self, key: str) -> GroupEntry:
        core = self._core
        asked_at = core.clock()
        try:
            record = await core.goto.group(key)
        except RecordNotFound:
            known = core.snapshot.groups.get(key)
            if known is not None and core.recent.is_hidden(key, asked_at):
                return known
            await self._forget(key)
            raise not_found("Group", key) from None
        members: Sequence[str] = record.user_keys
        if len(members) != record.member_count:
            members = [user.key for user in await core.goto.group_users(key)]
        entry = await core.see_group(record, members, seen_at=asked_at)
        if entry is None:
            raise not_found("Group", key)
        return entry

    # -- Create, replace, delete -----------------------------------------

    async def create(self, wanted: Mapping[str, Any]) -> GroupEntry:
        """Create a group: one write, and one more for each member."""
        core = self._core
        refuse_oversize(wanted)
        with mapping_refusals():
            target = self._writing.target(wanted)
        refuse_large_holding(target.held)
        name = group_name(target.fields["name"])
        members = member_keys(wanted)
        users = (await self._lookup.found(MembershipChange(members, required=members))).add
        subject = about_group(name)
        payload = {"name": name, "held": target.held, "members": members}
        async with core.locks.hold(f"group name {case_mapped(name)}"):
            entry = await self._settling.created_group(subject, payload)
            earlier = core.journal.of(subject)
            if entry is None:
                await self._changes.refuse_taken(name)
                try:
                    async with core.journal.begun(CREATE_GROUP, subject, payload) as intents:
                        entry = await self._created(name, target.held, () if users else intents)
                        await self._fill(entry, users)
                        await core.journal.end(*(intents if users else ()))
                except UniquenessException:
                    # GoTo has it, and may have it from this client's create before.
                    if not earlier:
                        raise
                    entry = await self._settling.created_group(subject, payload)
                    if entry is None and core.journal.of(subject):
                        raise lost_so_far() from None
                    if entry is None:
                        raise
                    await self._fill(entry, users)
            else:
                await self._fill(entry, users)
            await core.journal.end(*earlier)
        return core.snapshot.groups.get(entry.key, entry)

    async def _created(
        self, name: str, held: Mapping[str, Any], ended: Sequence[Intent]
    ) -> GroupEntry:
        core = self._core
        key = await self._create(name)
        record = GroupRecord({"key": key, "name": name, "keyPath": [key], "namePath": [name]})
        # As GoTo shows it from the next look on.
        record |= {"memberCount": 0, "totalMemberCount": 0}
        entry = core.assembly.group(record, (), seen_at=core.clock(), held=held)
        return await core.keep_group(entry, audited=core.trail.group("create", key), ended=ended)

    async def _fill(self, entry: GroupEntry, users: Sequence[UserEntry]) -> None:
        """Put the users in who were sent with a group's create: with all of them, or no group."""
        try:
            await self._membership.change(entry, add=users, remove=())
        except GoToError as error:
            # The group is there: its client may ask again, and is not told that it exists.
            error.unsettled = True
            raise
        except SCIMException:
            await self.delete(entry.key)
            raise

    async def _create(self, name: str) -> str:
        with goto_refusals(self._writing.attribute_of, "name", name):
            try:
                return await self._core.goto.create_group(name)
            except OutcomeUnknown as lost:
                known = set(self._core.snapshot.groups)

                def made(found: Sequence[GroupRecord]) -> str | None:
                    for each in found:
                        if each.name == name and each.key not in known and not each.member_count:
                            return each.key
                    return None

                groups = await self._core.settled(
                    self._core.goto.groups, lambda found, _: made(found) is not None
                )
                if (key := made(groups)) is None:
                    raise not_made(lost) from None
                return key

    async def replace(
        self,
        key: str,
        change: Change[GroupEntry],
        *,
        patched: bool = False,
        members: MembersPlan | None = None,
    ) -> GroupEntry:
        """Make a group what ``change`` makes of it; without ``members`` in it, they stay.

        ``members`` says what becomes of them instead.
        """
        core = self._core
        async with core.locks.hold(f"group {key}"):
            await self._settling.changes(about_key(key))
            entry = await self.read(key)
            wanted = await result_of(change, entry)
            if wanted is None and members is None:
                return entry
            planned = members(entry) if members else members_change(entry, wanted or {})
            found = await self._lookup.found(planned, group=key, members=entry.members)
            entry = core.snapshot.groups.get(key, entry)
            if wanted is not None:
                entry = await self._changes.rename_and_hold(entry, wanted, patched=patched)
            await self._membership.change(entry, add=found.add, remove=found.remove)
            return core.snapshot.groups.get(key, entry)

    async def delete(self, key: str, *, guard: Guard[GroupEntry] | None = None) -> None:
        """Delete a group: one write. What becomes of its members is GoTo's to say."""
        core = self._core
        async with core.locks.hold(f"group {key}"):
            if await self._settling.is_deleted(about_key(key)):
                return
            earlier = self._settling.deletes(about_key(key))
            if guard is not None:
                guard(await self.read(key))
            elif key not in core.snapshot.groups and core.is_known_gone(key):
                raise not_found("Group", key)
            with goto_refusals(self._writing.attribute_of, "name", ""):
                try:
                    await core.goto.delete_group(key)
                except RecordConflict:
                    raise ConflictException(detail=NOT_EMPTY) from None
                except OutcomeUnknown:
                    if await self._settling.is_there(DELETE_GROUP, key):
                        raise lost_so_far() from None
                except RecordNotFound:
                    if not earlier:
                        await self._forget(key)
                        raise not_found("Group", key) from None
                else:
                    is_there = partial(self._settling.is_there, DELETE_GROUP, key)
                    await verify_deleted(core, WriteKind.GROUP_DELETE, is_there)
            await self._forget(key, deleted=True, audited=core.trail.group("delete", key))
            await core.journal.end(*earlier)

    async def _follow(self, users: Sequence[str], groups: Sequence[str]) -> None:
        """Read back what became of the members of a group that was deleted, and of those below."""
        core = self._core
        calls = -(-len(users) // LARGEST_CREATE) + bool(groups)
        if calls > len(core.snapshot.users) // 1000 + FEW_CALLS:
            # A whole pass is cheaper: the next list makes it.
            core.snapshot.distrust([*users, *groups])
            return
        core.snapshot.overtake()
        try:
            began = core.clock()
            for record in await core.goto.groups() if groups else ():
                if record.key in groups:
                    known = core.snapshot.groups.get(record.key)
                    await core.see_group(record, known.members if known else (), seen_at=began)
            for start in range(0, len(users), LARGEST_CREATE):
                began = core.clock()
                some = users[start : start + LARGEST_CREATE]
                found = await core.goto.users_by_key(some)
                for user in found:
                    await core.see_user(user, seen_at=began)
                if len(found) < len(some):
                    core.snapshot.distrust(some)
        except GoToError:
            core.snapshot.distrust([*users, *groups])

    async def _forget(
        self, key: str, *, deleted: bool = False, audited: Sequence[AuditEntry] = ()
    ) -> None:
        core = self._core
        entry = await core.forget_group(key, deleted=deleted, audited=audited)
        if entry is None and core.is_young(core.oldest_allowed()):
            return
        below = [each.key for each in core.snapshot.groups.values() if key in each.record.key_path]
        users = self._users_below(key, below)
        if (users or below) and deleted and core.is_young(core.oldest_allowed()):
            await self._follow(users, below)
        elif users or below:
            # Where they went is not known: look again.
            core.snapshot.distrust(users)
        elif entry is not None and entry.record.get("totalMemberCount"):
            core.snapshot.distrust()

    def _users_below(self, key: str, below: Sequence[str]) -> list[str]:
        """Return the users in a group and in those below it, also in one that is not known."""
        snapshot, within = self._core.snapshot, {key, *below}
        return [
            user.key
            for user in snapshot.users.values()
            if not within.isdisjoint(user.group_keys)
            or (user.group_key and user.group_key not in snapshot.groups and _is_below(user, key))
        ]

    # -- Membership --------------------------------------------------------

    async def change_members(self, key: str, plan: MembersPlan) -> GroupEntry:
        """Put users in a group and take users out, one write each; repeats change nothing.

        A user that is to be taken out is read first, so that it never leaves another group.
        """
        core = self._core
        entry = await self.read(key)
        found = await self._lookup.found(plan(entry), group=key, members=entry.members)
        entry = core.snapshot.groups.get(key, entry)
        await self._membership.change(entry, add=found.add, remove=found.remove)
        return core.snapshot.groups.get(key, entry)


def _is_below(user: UserEntry, group: str) -> bool:
    return group in (user.record.get("groupKeyPath") or ())
