"""Users who are in several groups, at a GoTo that adds a membership where another one moves it.

A user's record shows one group. The others are known by the groups' own records, and stand in the
bridge's copy of the user's record under a name of its own.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog

from bridge.directory.entries import OTHER_GROUPS, UserEntry, now_in_milliseconds
from bridge.directory.recent import OF_GROUP
from bridge.goto import GroupRecord, UserRecord
from bridge.store import Finding

log = structlog.get_logger(__name__)

ADD = "add"
WHOLE_LIST = 1000
"""Groups that come in one page: in a longer list, a user who is moved meanwhile is seen twice."""
EFFECT = (
    "A user can be in several groups: memberships are read from the groups, and nobody is moved"
)


class GroupsPerUser:
    """Whether users of the account can be in several groups; ``note`` stores what is found."""

    def __init__(self, outcome: str, note: Callable[[Finding], Awaitable[None]]) -> None:
        self.is_several = outcome == ADD
        self.is_known = outcome in (ADD, "move", "refuse")
        self._note = note

    async def found(self, *, several: bool, source: str) -> None:
        """Take in what a read, or the first move, showed."""
        if several and not self.is_several:
            log.warning("users_in_several_groups", seen_by=source)
            found_by: Any = source
            at = now_in_milliseconds()
            await self._note(Finding("groups_per_user", ADD, EFFECT, found_by, at))
        self.is_several = self.is_several or several
        self.is_known = True


def other_groups(
    groups: Sequence[GroupRecord], users: Mapping[str, UserEntry]
) -> Mapping[str, list[GroupRecord]]:
    """Return, by user, the groups that list a user whose own record shows another one.

    A user whom its own group does not list was moved while the lists were read: it is left out.
    """
    others: dict[str, list[GroupRecord]] = defaultdict(list)
    for group in groups:
        for key in group.user_keys:
            user = users.get(key)
            if user is not None and user.group_key not in (group.key, None):
                others[key].append(group)
    if not others:
        return others
    listed = {group.key: set(group.user_keys) for group in groups}
    return {
        key: found
        for key, found in others.items()
        if key in listed.get(users[key].group_key or "", ())
    }


def with_others(record: UserRecord, others: Iterable[Mapping[str, Any]]) -> UserRecord:
    """Return a user's record with the groups that it does not show itself, by key and name."""
    found = {each["key"]: each for each in others if each["key"] != record.group_key}
    told = [{"key": key, "name": each.get("name")} for key, each in sorted(found.items())]
    without = {name: value for name, value in record.items() if name != OTHER_GROUPS}
    return UserRecord({**without, OTHER_GROUPS: told} if told else without)


def added_to(record: UserRecord, group: GroupRecord) -> UserRecord:
    """Return the record of a user in a group as it is in one more."""
    return with_others(record, [*record.get(OTHER_GROUPS, ()), group])


def renamed_in(record: UserRecord, group: GroupRecord) -> UserRecord:
    """Return the record of a user of which another group has a new name."""
    return with_others(
        record,
        [group if each["key"] == group.key else each for each in record.get(OTHER_GROUPS, ())],
    )


def taken_out(record: UserRecord, group_key: str, groups: Mapping[str, GroupRecord]) -> UserRecord:
    """Return a user's record without a group; of several, another one is then the one it shows."""
    others = [each for each in record.get(OTHER_GROUPS, ()) if each["key"] != group_key]
    if record.group_key != group_key:
        return with_others(record, others)
    left = UserRecord({k: v for k, v in record.items() if k not in (*OF_GROUP, OTHER_GROUPS)})
    if not others:
        return left
    first = groups.get(others[0]["key"]) or GroupRecord(others[0])
    return with_others(placed(left, first), others)


def still_in(record: UserRecord, known: UserEntry) -> UserRecord:
    """Return a record that was read, with the groups in which the user is known to be."""
    if record.group_key is None:
        return record
    before = known.record
    shown = {"key": before.group_key, "name": before.get("groupName")}
    return with_others(record, [*([shown] if before.group_key else ()), *_others(before)])


def _others(record: UserRecord) -> Collection[Mapping[str, Any]]:
    others: Collection[Mapping[str, Any]] = record.get(OTHER_GROUPS, ())
    return others


def placed(user: UserRecord, group: GroupRecord) -> UserRecord:
    """Return a user's record as it is in a group."""
    return UserRecord(
        {
            **user,
            "groupKey": group.key,
            "groupName": group.name,
            "groupKeyPath": list(group.key_path),
            "groupNamePath": list(group.name_path),
        }
    )
