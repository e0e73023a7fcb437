"""Membership: who is put in which group, each by a write of its own.

A GoTo user is in one group at most, and is moved; where an account adds instead, nobody is moved.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from scim2_models import ConflictException, InvalidValueException, NotFoundException

from bridge.directory.core import Core
from bridge.directory.entries import GroupEntry, MembershipChange, UserEntry
from bridge.directory.member_ids import member_keys
from bridge.directory.read_back import verify_added, verify_removed
from bridge.directory.refusals import LOST
from bridge.directory.several_groups import added_to, placed, taken_out
from bridge.directory.users import Users
from bridge.errors import GoToUnavailable, OutcomeUnknown, RecordConflict, RecordNotFound
from bridge.goto import Priority, UserRecord


class Membership:
    """Puts users in groups and takes them out."""

    def __init__(
        self, core: Core, users: Users, look_for_group: Callable[[str], Awaitable[GroupEntry]]
    ) -> None:
        self._core = core
        self._users = users
        self._look_for_group = look_for_group

    async def change(
        self, group: GroupEntry, *, add: Iterable[UserEntry], remove: Iterable[str]
    ) -> None:
        """Make all moves, each to its end; raises the first error after that."""
        witness = _Witness(self._core, group.key)
        moves = [self._put_in(group, user.key) for user in add]
        moves += [self._take_out(group, key, witness) for key in dict.fromkeys(remove)]
        await all_settled(moves)

    async def _put_in(self, group: GroupEntry, user_key: str) -> None:
        core = self._core
        async with core.locks.hold(f"user {user_key}"):
            user = await self._users.read(user_key)
            origin = user.record.group_key
            if group.key in user.group_keys:
                return
            if (
                origin
                and not core.groups_per_user.is_several
                and core.mapping.group_conflict == "reject"
            ):
                raise _in_another_group(user)
            try:
                await core.goto.put_in_group(group.key, user_key)
            except OutcomeUnknown:
                if not await self._came_to_be_in(group.key, user_key):
                    raise GoToUnavailable(LOST) from None
            except RecordNotFound:
                await self._whichever_is_gone(group.key, user_key)
            except RecordConflict:
                if origin is None:
                    raise
                raise _in_another_group(user) from None
            else:
                await verify_added(core, group.key, user_key, origin=origin)
            newest = core.snapshot.groups.get(group.key, group)
            if origin and core.groups_per_user.is_several:
                # Nothing is moved: the user stays in the groups that it was in.
                record, origin = added_to(user.record, newest.record), None
            else:
                record = placed(user.record, newest.record)
            await core.keep_user(
                core.assembly.user(record, seen_at=core.clock()),
                audited=core.trail.moved(user_key, origin, group.key),
            )
            if group.key not in core.snapshot.groups:
                # Deleted meanwhile: which write came first is GoTo's to say.
                core.snapshot.distrust([user_key])

    async def _came_to_be_in(self, group_key: str, user_key: str) -> bool:
        """Look at where a user is after a move that was not answered."""
        core = self._core

        def is_in(user: UserRecord | None, at: float) -> bool:
            newest = core.recent.newest(user, at) if user else None
            return newest is not None and newest.group_key == group_key

        user = await core.settled(lambda: core.user_there(user_key), is_in, user_key)
        return user is not None and user.group_key == group_key

    async def _whichever_is_gone(self, group_key: str, user_key: str) -> None:
        await self._look_for_group(group_key)
        try:
            await self._users.read(user_key, live=True)
        except NotFoundException:
            detail = f"members: there is no User with the id {user_key!r} any more"
            raise InvalidValueException(attribute="members", detail=detail) from None
        raise GoToUnavailable("GoTo does not find a group or user that it has: try again")

    async def _take_out(self, group: GroupEntry, user_key: str, witness: "_Witness") -> None:
        core = self._core
        async with core.locks.hold(f"user {user_key}"):
            try:
                user = await self._users.read(user_key, live=True)
            except NotFoundException:
                group.remove(user_key)
                return
            is_shown = user.record.group_key == group.key
            if not is_shown and not await witness.shows(user_key):
                if user_key in group.members:
                    core.snapshot.distrust()
                return
            try:
                await core.goto.take_out_of_group(
                    group.key,
                    user_key,
                    just_read=is_shown,
                    is_alone=self._alone_in(group.key, user_key),
                )
            except OutcomeUnknown:
                if await core.user_stayed_in(group.key, user_key):
                    raise GoToUnavailable(LOST) from None
            except RecordNotFound:
                await core.forget_user(user_key)
                return
            else:
                await verify_removed(core, group.key, user_key)
            if not is_shown and group.key not in user.group_keys:
                # In several groups, of which the user's record shows another one.
                group.remove(user_key)
                core.snapshot.distrust([group.key])
                return
            known = {key: each.record for key, each in core.snapshot.groups.items()}
            record = taken_out(user.record, group.key, known)
            await core.keep_user(
                core.assembly.user(record, seen_at=core.clock()),
                audited=core.trail.moved(user_key, group.key, None),
            )

    def _alone_in(self, group_key: str, user_key: str) -> Callable[[], Awaitable[bool]] | None:
        """Return what finds out whether a user is in no other group; None where nobody is."""
        core = self._core
        if not core.groups_per_user.is_several:
            return None

        async def is_alone() -> bool:
            groups = await core.goto.groups(priority=Priority.INTERACTIVE)
            return not any(user_key in each.user_keys for each in groups if each.key != group_key)

        return is_alone


def _in_another_group(user: UserEntry) -> ConflictException:
    name = user.record.get("groupName")
    return ConflictException(
        detail=f"User {user.key} is in the group {name!r}, and GoTo knows one group a user: remove "
        "it there first"
    )


class _Witness:
    """Who is in a group by the group's own record, looked at once for all moves of a change."""

    def __init__(self, core: Core, group_key: str) -> None:
        self._core = core
        self._group_key = group_key
        self._look: asyncio.Task[tuple[Collection[str], float]] | None = None

    async def shows(self, user_key: str) -> bool:
        """Whether the group's record shows a user whose own record shows another group."""
        if self._look is None:
            self._look = asyncio.create_task(self._looked(), name="read a group's members")
        members, began = await asyncio.shield(self._look)
        was_moved, target = self._core.recent.group_of(user_key, began)
        return target == self._group_key if was_moved else user_key in members

    async def _looked(self) -> tuple[Collection[str], float]:
        began = self._core.clock()
        return await self._core.group_keys(self._group_key), began


def members_change(group: GroupEntry, wanted: Mapping[str, Any]) -> MembershipChange:
    """Return what makes a group's members those that a client wants; nothing where it says none."""
    if "members" not in wanted:
        return MembershipChange()
    keys = dict.fromkeys(member_keys(wanted))
    coming = [key for key in keys if key not in group.members]
    leaving = [key for key in group.members if key not in keys]
    return MembershipChange(coming, remove=leaving, required=coming)


async def all_settled(moves: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run all moves, each to its end, then raise the first error: none is cut off half done."""
    outcomes = await asyncio.gather(*moves, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
