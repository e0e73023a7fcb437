"""Licences and admin roles as groups, for clients that can only govern groups.

Nothing of them is in GoTo's groups: the members are the users that have the licence or role, and a
change of members is a change of these users, with all the rules of that. What they are called and
who made them cannot be changed here; what clients hold beside them (``externalId``) is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scim2_models import ForbiddenException, MutabilityException, NotFoundException

from bridge.case_mapping import case_mapped
from bridge.directory import belongings
from bridge.directory.core import Core
from bridge.directory.entries import (
    Change,
    GroupEntry,
    Guard,
    MembershipChange,
    MembersPlan,
    UserEntry,
    clients_own,
    result_of,
)
from bridge.directory.holders import PREFIXES
from bridge.directory.licenses import license_names
from bridge.directory.member_lookup import FoundMembers, MemberLookup
from bridge.directory.membership import all_settled, members_change
from bridge.directory.refusals import mapping_refusals, not_found
from bridge.directory.roles import KNOWN, role_name
from bridge.directory.sizes import refuse_large_holding, refuse_oversize
from bridge.directory.table import Table
from bridge.directory.users import Users
from bridge.mapping import Before
from bridge.mapping.lists import WRITABLE_LISTS

ATTRIBUTES: Mapping[str, str] = {"licenses": "entitlements", "roles": "roles"}
CALLED: Mapping[str, str] = {"licenses": "licence", "roles": "admin role"}


class ShownAsGroups:
    """The verbs on groups that stand for licences and roles, as many as the mapping includes."""

    def __init__(self, core: Core, users: Users) -> None:
        self._core = core
        self._users = users
        self._lookup = MemberLookup(core, users)
        self._writing = core.mapping.groups.writing
        self._entries: dict[str, GroupEntry] = {}
        self.table = Table(self._entries)

    def claims(self, key: str) -> bool:
        """Whether an id is one that such a group has, or could have."""
        return _shown_by(key, self._core.mapping.shown_as_groups) is not None

    async def settle(self) -> bool:
        """Bring ``table`` up to the snapshot as it is; returns whether there are any groups."""
        if not self._core.mapping.shown_as_groups:
            return False
        names = self._names()
        found = [self._entry(key, name) for key, name in names.items()]
        await self._keep(found)
        gone = [key for key in self._entries if key not in names]
        for key in gone:
            del self._entries[key]
            self.table.touch(key)
        if gone:
            await self._core.ledger.bury("Group", gone)
        return bool(names)

    async def read(self, key: str, *, live: bool = False) -> GroupEntry:
        """Return one of them; who has it takes a whole snapshot where that is too old."""
        core = self._core
        await core.refresh.not_older_than(core.oldest_allowed(live=live))
        return await self.newest(key)

    async def newest(self, key: str) -> GroupEntry:
        """Return one of them by the snapshot as it is."""
        name = self._names().get(key)
        if name is None:
            raise not_found("Group", key)
        entry = self._entry(key, name)
        await self._keep([entry])
        return entry

    def known(self, key: str) -> GroupEntry | None:
        """Return one of them as it was last read, or None."""
        return self._entries.get(key)

    async def replace(
        self,
        key: str,
        change: Change[GroupEntry],
        *,
        patched: bool = False,
        members: MembersPlan | None = None,
    ) -> GroupEntry:
        """Change what is held beside such a group, and its members where ``members`` is sent."""
        core = self._core
        async with core.locks.hold(f"group {key}"):
            entry = await self.read(key)
            wanted = await result_of(change, entry)
            planned = members(entry) if members else members_change(entry, wanted or {})
            found = await self._found(entry, planned)
            if wanted is not None:
                refuse_oversize(wanted, lambda: entry.resource)
                await self._hold(entry, wanted, patched=patched)
            await self._change(key, found)
            return await self.newest(key)

    async def _hold(self, entry: GroupEntry, wanted: Mapping[str, Any], *, patched: bool) -> None:
        """Keep what is wanted beside such a group."""
        core, key = self._core, entry.key
        before = Before(entry.resource, entry.record, entry.state.held)
        with mapping_refusals():
            target = self._writing.target(wanted, before, patched=patched)
        refuse_large_holding(target.held, before.held)
        if target.fields:
            raise self._fixed(key, entry)
        if target.held != entry.state.held:
            kept = self._entry(key, entry.record.name, held=target.held)
            changed = core.trail.group("change", key)
            await core.ledger.save("Group", [kept.state], audited=changed)

    async def change_members(self, key: str, plan: MembersPlan) -> GroupEntry:
        """Give users what the group stands for and take it away: a read and a write for each."""
        entry = await self.read(key)
        await self._change(key, await self._found(entry, plan(entry)))
        return await self.newest(key)

    async def delete(self, key: str, *, guard: Guard[GroupEntry] | None = None) -> None:
        """Refuse: there is nothing here that could be deleted."""
        entry = await self.read(key)
        if guard is not None:
            guard(entry)
        shown = self._shown(key)
        raise ForbiddenException(
            detail=f"The group {entry.record.name!r} stands for {_a(shown)} of the GoTo account "
            "and cannot be deleted here: remove its members, or take it out of the mapping's "
            "groups.include"
        )

    # -- What they are ---------------------------------------------------------------

    def _shown(self, key: str) -> str:
        shown = _shown_by(key, self._core.mapping.shown_as_groups)
        if shown is None:
            raise not_found("Group", key)
        return shown

    def _names(self) -> dict[str, str]:
        """Return the displayName of each, by id: one that no group of GoTo has."""
        core = self._core
        found: dict[str, str] = {}
        taken: set[str] = set()
        for shown in core.mapping.shown_as_groups:
            for name, text in self._plain_names(shown).items():
                unique = text
                if core.snapshot.group_named(text) or case_mapped(text) in taken:
                    unique = f"{text} ({CALLED[shown]})"
                if core.snapshot.group_named(unique) or case_mapped(unique) in taken:
                    unique = f"{text} ({CALLED[shown]} {name})"
                taken.add(case_mapped(unique))
                found[PREFIXES[shown] + name] = unique
        return found

    def _plain_names(self, shown: str) -> dict[str, str]:
        snapshot, grantable = self._core.snapshot, self._core.mapping.grantable_roles
        held = snapshot.holders.held(shown)
        if shown == "licenses":
            unknown = {key: f"Licence {key}" for key in held if key not in snapshot.licenses}
            return license_names(snapshot.licenses.values()) | unknown
        return {role: role_name(role) for role in (*KNOWN, *grantable, *sorted(held))}

    def _entry(self, key: str, name: str, *, held: Mapping[str, Any] | None = None) -> GroupEntry:
        members = self._core.snapshot.holders.of(key)
        known = self._entries.get(key)
        if (
            held is None
            and known is not None
            and known.members is members.keys
            and (known.digest, known.record.name) == (members.digest, name)
            and self._core.ledger.state("Group", key) == known.state
        ):
            return known
        entry = self._core.assembly.shown_group(key, name, members, held=held)
        self._entries[key] = entry
        self.table.touch(key)
        return entry

    async def _keep(self, entries: Sequence[GroupEntry]) -> None:
        ledger = self._core.ledger
        new = [each.state for each in entries if ledger.state("Group", each.key) != each.state]
        if new:
            await ledger.save_seen("Group", new)

    def _fixed(self, key: str, entry: GroupEntry) -> MutabilityException:
        return MutabilityException(
            attribute="displayName",
            detail=f"The group {entry.record.name!r} stands for {_a(self._shown(key))} of the GoTo "
            "account, and only its members can be changed here: change its name in GoTo",
        )

    # -- Members -----------------------------------------------------------------------

    async def _found(self, entry: GroupEntry, change: MembershipChange) -> FoundMembers:
        """Return whom a change means; of a group that can only be read, nobody can be changed."""
        if change.add or change.remove:
            attribute = ATTRIBUTES[self._shown(entry.key)]
            field = WRITABLE_LISTS[attribute]
            if self._core.mapping.users.writing.attribute_of(field) != attribute:
                raise MutabilityException(
                    attribute="members",
                    detail=f"The mapping lets nobody write {attribute}, so that the members of "
                    "this group can only be read: change them in GoTo",
                )
        return await self._lookup.found(change, group=entry.key, members=entry.members)

    async def _change(self, key: str, found: FoundMembers) -> None:
        if not found.add and not found.remove:
            return
        attribute = ATTRIBUTES[self._shown(key)]
        name = key.removeprefix(PREFIXES[self._shown(key)])
        moves = [self._give(user.key, attribute, name) for user in found.add]
        moves += [self._take(user, attribute, name) for user in found.remove]
        await all_settled(moves)

    async def _give(self, user: str, attribute: str, name: str) -> None:
        licenses = self._core.snapshot.licenses

        def with_it(entry: UserEntry) -> Mapping[str, Any] | None:
            items = _items(entry, attribute)
            if any(item.get("value") == name for item in items):
                return None
            is_license = attribute == "entitlements"
            item = belongings.shown_license(name, licenses) if is_license else {"value": name}
            return {**clients_own(entry.resource), attribute: [*items, item]}

        await self._users.replace(user, with_it, patched=True, named=(attribute,))

    async def _take(self, user: str, attribute: str, name: str) -> None:
        def without_it(entry: UserEntry) -> Mapping[str, Any] | None:
            items = _items(entry, attribute)
            left = [item for item in items if item.get("value") != name]
            if len(left) == len(items):
                return None
            return {**clients_own(entry.resource), attribute: left}

        try:
            await self._users.replace(user, without_it, patched=True, named=(attribute,))
        except NotFoundException:
            # Who is gone has nothing any more.
            return


def _shown_by(key: str, included: Iterable[str]) -> str | None:
    return next((shown for shown in included if key.startswith(PREFIXES[shown])), None)


def _a(shown: str) -> str:
    return f"{'an' if shown == 'roles' else 'a'} {CALLED[shown]}"


def _items(entry: UserEntry, attribute: str) -> list[Mapping[str, Any]]:
    return list(entry.resource.get(attribute) or ())
