"""Finds the users that a change of a group's members names, before any of them is moved.

A user whom a snapshot that is young enough does not know is nobody, and costs no call. The others
are looked up fifty at a time, or all of them by a refresh where that takes fewer calls.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import structlog
from scim2_models import NotFoundException

from bridge.directory.actor import actor
from bridge.directory.core import Core
from bridge.directory.entries import MembershipChange, UserEntry
from bridge.directory.member_ids import LONGEST_SHOWN, is_user_key, unknown_members
from bridge.directory.users import Users
from bridge.goto import LARGEST_LOOKUP

log = structlog.get_logger(__name__)

# Users who are looked up however short a refresh would be, and rows of one call of a refresh.
SINGLY = 50
ROWS_A_CALL = 1000
# Unknown members of one change that are told of one by one.
TOLD_SINGLY = 100


@dataclass(frozen=True, slots=True)
class FoundMembers:
    """The users to put in a group, and the keys of those to take out who may be in it."""

    add: Sequence[UserEntry]
    remove: Sequence[str]


class MemberLookup:
    """Looks for the users of membership changes."""

    def __init__(self, core: Core, users: Users) -> None:
        self._core = core
        self._users = users

    async def found(
        self, change: MembershipChange, *, group: str = "", members: Collection[str] = ()
    ) -> FoundMembers:
        """Return whom a change of a group means that has these members.

        Raises InvalidValueException where a user who must exist does not, and before any write.
        """
        moment = self._core.oldest_allowed()
        named = list(dict.fromkeys((*change.add, *change.named)))
        leaving = [key for key in dict.fromkeys(change.remove) if is_user_key(key)]
        strangers = [key for key in leaving if not self._may_be_in(members, key)]
        looked_up = await self._look_up([*named, *strangers], moment)
        users = {
            key: user
            for key in named
            if (user := looked_up.get(key) or self._known(key, moment)) is not None
        }
        unknown = [key for key in named if key not in users]
        must_exist = set(change.required)
        if self._core.mapping.unknown_members == "refuse":
            must_exist.update(unknown)
        if refused := [key for key in unknown if key in must_exist]:
            raise unknown_members(refused)
        if unknown:
            await self._tell(group, unknown)
        return FoundMembers(
            add=[users[key] for key in dict.fromkeys(change.add) if key in users],
            remove=[key for key in leaving if key in looked_up or self._may_be_in(members, key)],
        )

    def _may_be_in(self, members: Collection[str], key: str) -> bool:
        return key in members or key in self._core.snapshot.users

    def _known(self, key: str, moment: float) -> UserEntry | None:
        entry = self._core.snapshot.users.get(key)
        if entry is None or not is_user_key(key):
            return None
        return entry if entry.seen_at >= moment or self._core.is_young(moment) else None

    def _is_unsure(self, key: str, moment: float) -> bool:
        if not is_user_key(key) or self._known(key, moment) is not None:
            return False
        is_cached = key in self._core.snapshot.users
        return is_cached or not self._core.is_known_gone(key, moment)

    async def _look_up(self, keys: Iterable[str], moment: float) -> dict[str, UserEntry]:
        """Return those who are not known well enough and exist; after a refresh all are known."""
        core = self._core
        unsure = [key for key in dict.fromkeys(keys) if self._is_unsure(key, moment)]
        if len(unsure) > SINGLY + len(core.snapshot.users) // ROWS_A_CALL:
            await core.refresh.not_older_than(moment)
            return {}
        found: dict[str, UserEntry] = {}
        for start in range(0, len(unsure) if len(unsure) > 1 else 0, LARGEST_LOOKUP):
            found |= await self._looked_up(unsure[start : start + LARGEST_LOOKUP])
        missing = [key for key in unsure if key not in found]
        if len(missing) > self._refresh_calls():
            await core.refresh.not_older_than(moment)
            return found
        # GoTo's filter is not trusted to say that a user is missing.
        for key in missing:
            try:
                found[key] = await self._users.read(key)
            except NotFoundException:
                continue
        return found

    async def _looked_up(self, keys: Sequence[str]) -> dict[str, UserEntry]:
        core = self._core
        records, began = await core.looked(lambda: core.goto.users_shown(keys))
        seen = [await core.see_user(record, seen_at=began) for record in records]
        return {entry.key: entry for entry in seen if entry is not None}

    def _refresh_calls(self) -> int:
        """How many calls a refresh takes: of licences, users and groups."""
        snapshot = self._core.snapshot
        return 3 + len(snapshot.users) // ROWS_A_CALL + len(snapshot.groups) // ROWS_A_CALL

    async def _tell(self, group: str, keys: Sequence[str]) -> None:
        """Say in log, audit trail and metrics that members were ignored."""
        core = self._core
        shown = [key[:LONGEST_SHOWN] for key in keys[:TOLD_SINGLY]]
        for key in shown:
            log.warning("unknown_member_ignored", group=group, member=key, client=actor())
        more = len(keys) - len(shown)
        if more:
            log.warning("unknown_members_ignored", group=group, more=more, client=actor())
        core.members_ignored(len(keys))
        await core.ledger.save("Group", [], audited=core.trail.ignored(group, shown, more))
