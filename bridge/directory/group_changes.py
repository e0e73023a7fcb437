"""Brings a group's name, and what the bridge holds of it, up to what is wanted."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Protocol

from scim2_models import NotFoundException

from bridge.case_mapping import case_mapped
from bridge.directory.core import Core
from bridge.directory.entries import GroupEntry
from bridge.directory.journal import about_key
from bridge.directory.read_back import verify_renamed
from bridge.directory.refusals import LOST, goto_refusals, mapping_refusals, not_found, taken
from bridge.directory.settling import RENAME_GROUP
from bridge.directory.several_groups import placed, renamed_in
from bridge.directory.sizes import refuse_large_holding, refuse_oversize
from bridge.errors import GoToUnavailable, OutcomeUnknown, RecordNotFound
from bridge.goto import GroupRecord
from bridge.mapping import Before, Target
from bridge.store import Intent


class Read(Protocol):
    """Reads a group."""

    async def __call__(self, key: str, *, live: bool = False) -> GroupEntry: ...


class GroupChanges:
    """The changes of groups, members apart.

    ``read`` reads a group, ``forget`` takes in that one is gone.
    """

    def __init__(self, core: Core, read: Read, forget: Callable[[str], Awaitable[None]]) -> None:
        self._core = core
        self._read = read
        self._forget = forget
        self._writing = core.mapping.groups.writing

    async def rename_and_hold(
        self, entry: GroupEntry, wanted: Mapping[str, Any], *, patched: bool
    ) -> GroupEntry:
        """Give a group the name that is wanted, and keep what is wanted beside it."""
        core = self._core
        refuse_oversize(wanted, lambda: entry.resource)
        before = Before(entry.resource, entry.record, entry.state.held)
        with mapping_refusals():
            target = self._writing.target(wanted, before, patched=patched)
        refuse_large_holding(target.held, before.held)
        name = group_name(target.fields.get("name", entry.record.name))
        is_renamed = name != entry.record.name
        if not is_renamed:
            return entry if target.held == entry.state.held else await self._keep(entry, target)
        await self.refuse_taken(name, key=entry.key)
        async with self._begun(entry, name, target.held) as ended:
            await self._rename(entry, name)
            core.snapshot.overtake()
            renamed = await self._keep(entry, target, name=name, ended=ended)
        await self._rename_below(renamed)
        return renamed

    async def _keep(
        self,
        entry: GroupEntry,
        target: Target,
        *,
        name: str | None = None,
        ended: Sequence[Intent] = (),
    ) -> GroupEntry:
        core = self._core
        # Members may have come and gone meanwhile.
        entry = core.snapshot.groups.get(entry.key, entry)
        record, action = entry.record, "change"
        if name is not None:
            path = [*record.get("namePath", [name])[:-1], name]
            record, action = GroupRecord({**record, "name": name, "namePath": path}), "rename"
        kept = core.assembly.group(record, entry.members, seen_at=core.clock(), held=target.held)
        return await core.keep_group(kept, audited=core.trail.group(action, entry.key), ended=ended)

    def _begun(
        self, entry: GroupEntry, name: str, held: Mapping[str, Any]
    ) -> AbstractAsyncContextManager[Sequence[Intent]]:
        """Journal a change that is more than GoTo's to remember: a name and what is held beside."""
        if held == entry.state.held:
            return nullcontext(())
        payload = {"key": entry.key, "name": name, "held": held}
        return self._core.journal.begun(RENAME_GROUP, about_key(entry.key), payload)

    async def _rename(self, entry: GroupEntry, name: str) -> None:
        with goto_refusals(self._writing.attribute_of, "name", name):
            try:
                await self._core.goto.rename_group(entry.key, name)
            except OutcomeUnknown:
                core = self._core

                def is_done(record: GroupRecord, at: float) -> bool:
                    newest = core.recent.newest(record, at)
                    return newest is not None and newest.name == name

                now = await core.settled(lambda: core.goto.group(entry.key), is_done, entry.key)
                if now.name != name:
                    raise GoToUnavailable(LOST) from None
            except RecordNotFound:
                await self._forget(entry.key)
                raise not_found("Group", entry.key) from None
            else:
                await verify_renamed(self._core, entry.record)

    async def _rename_below(self, renamed: GroupEntry) -> None:
        """Bring the paths that show the old name up to the new one, as GoTo does by itself."""
        core = self._core
        for group in list(core.snapshot.groups.values()):
            depth = _depth(group.record.key_path, renamed.key)
            if depth is None:
                continue
            names = list(group.record.name_path)
            names[depth] = renamed.record.name
            if group.key != renamed.key:
                record = GroupRecord({**group.record, "namePath": names})
                below = core.assembly.group(record, group.members, seen_at=group.seen_at)
                await core.keep_group(below)
            for key in list(group.members):
                if user := core.snapshot.users.get(key):
                    now = core.snapshot.groups[group.key].record
                    is_shown = user.group_key == group.key
                    record_ = (placed if is_shown else renamed_in)(user.record, now)
                    await core.keep_user(core.assembly.user(record_, seen_at=user.seen_at))

    async def refuse_taken(self, name: str, *, key: str = "") -> None:
        """Refuse a name that another group has; it may have lost it at GoTo since."""
        other = self._core.snapshot.group_named(name)
        if other is None or other.key == key:
            return
        try:
            now = await self._read(other.key, live=True)
        except NotFoundException:
            return
        if case_mapped(now.record.name) == case_mapped(name):
            raise taken("displayName", name)


def group_name(sent: Any) -> str:
    """Return a name without the blanks around it, which GoTo would take off by itself."""
    return str(sent).strip()


def _depth(path: Sequence[str], key: str) -> int | None:
    return path.index(key) if key in path else None
