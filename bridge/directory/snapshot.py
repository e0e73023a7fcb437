"""The bridge's copy of an account: entries by key, and the indexes that lookups use.

In memory only. It knows what was seen and when, not how to ask GoTo.
"""

import gc
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from bridge.case_mapping import case_mapped
from bridge.directory import belongings
from bridge.directory.departed import Departed
from bridge.directory.entries import GroupEntry, Kind, UserEntry
from bridge.directory.holders import Holders
from bridge.directory.table import Table
from bridge.directory.texts import text_of
from bridge.goto import LicenseRecord
from bridge.mapping.lists import Item

# A group, and by how many members it grew, which may be none: a look at the group came before.
Growth = tuple[GroupEntry, int]

# So many users more than before, in parts of one, are put out of the garbage collector's sight.
GROWTH = 0.25
FEW = 1000


class Snapshot:
    """Users, groups and licences; ``taken_at`` is when the last whole pass began, or None."""

    def __init__(self, departed: Departed, holders: Holders) -> None:
        self.holders = holders
        self.taken_at: float | None = None
        self.users: dict[str, UserEntry] = {}
        self.groups: dict[str, GroupEntry] = {}
        self.licenses: dict[str, LicenseRecord] = {}
        self.licenses_at: float | None = None
        self.license_names: Mapping[str, Item] = {}
        self.overtakings = 0
        self.departed = departed
        self.tables: Mapping[Kind, Table] = {"User": Table(self.users), "Group": Table(self.groups)}
        self._gone: dict[str, float] = {}
        self._unwatched = FEW
        self._by_user_name: dict[str, str] = {}
        self._by_email: dict[str, str] = {}
        self._by_group_name: dict[str, str] = {}

    def replace(self, users: dict[str, UserEntry], groups: dict[str, GroupEntry]) -> None:
        """Take in a whole account; the groups bring their members along."""
        before = self.users
        for key in before.keys() - users.keys():
            self.departed.add(before[key])
        for key in self.groups.keys() - groups.keys():
            self.departed.add(self.groups[key])
        self.holders.replace(before, users)
        self.users = users
        self.groups = groups
        self.tables["User"].replace(users)
        self.tables["Group"].replace(groups)
        if len(before) != len(users) or any(before.get(k) is not e for k, e in users.items()):
            self._by_email = {entry.names[0]: key for key, entry in users.items()}
            self._by_user_name = {entry.names[1]: key for key, entry in users.items()}
        self._by_group_name = {case_mapped(entry.record.name): key for key, entry in groups.items()}
        if len(users) > self._unwatched * (1 + GROWTH):
            # They stay, and are in no cycle: to look through 100,000 stops the service for 0.3 s.
            # Seldom, since what is garbage in a cycle at this moment stays too.
            gc.freeze()
            self._unwatched = len(users)

    def distrust(self, keys: Iterable[str] = ()) -> None:
        """Say that the account, these resources above all, changed in a way that is not known."""
        self.taken_at = None
        self.overtake()
        for key in keys:
            if key in self.users:
                self.users[key] = replace(self.users[key], seen_at=float("-inf"))
            elif key in self.groups:
                self.groups[key].seen_at = float("-inf")

    def overtake(self) -> None:
        """Say that many records change at once: a pass under way has seen some as they were."""
        self.overtakings += 1

    def gone(self, key: str, *, at: float) -> None:
        """Say that a resource was deleted, or seen to be missing."""
        self._gone[key] = at

    def gone_at(self, key: str) -> float:
        """Return when a resource was last known to be missing, long ago for never."""
        return self._gone.get(key, float("-inf"))

    def gone_after(self, moment: float) -> list[str]:
        """Return what was last known to be missing after a moment."""
        return [key for key, at in self._gone.items() if at > moment]

    def forget_gone(self, *, before: float) -> None:
        """Forget what was missing before a moment: a pass that began then says the same."""
        self._gone = {key: at for key, at in self._gone.items() if at > before}

    def put_user(self, entry: UserEntry) -> list[Growth]:
        """Take in a user's entry; returns the groups whose members changed by it."""
        self._gone.pop(entry.key, None)
        before = self.users.get(entry.key)
        if before is not None:
            self._unindex_user(before)
        self.holders.moved(entry.key, before, entry)
        self.users[entry.key] = entry
        self.tables["User"].touch(entry.key)
        email, user_name = entry.names
        self._by_email[email] = entry.key
        self._by_user_name[user_name] = entry.key
        return self._move(entry.key, before.group_keys if before else (), entry.group_keys)

    def drop_user(self, key: str) -> list[Growth]:
        """Forget a user; returns the group it was in."""
        entry = self.users.pop(key, None)
        if entry is None:
            return []
        self.departed.add(entry)
        self.tables["User"].touch(key)
        self._unindex_user(entry)
        self.holders.moved(key, entry, None)
        return self._move(key, entry.group_keys, ())

    def put_group(self, entry: GroupEntry) -> None:
        """Take in a group's entry."""
        self._gone.pop(entry.key, None)
        if before := self.groups.get(entry.key):
            self._unindex_group(before)
        self.groups[entry.key] = entry
        self.touch_group(entry.key)
        self._by_group_name[case_mapped(entry.record.name)] = entry.key

    def drop_group(self, key: str) -> None:
        """Forget a group."""
        if entry := self.groups.pop(key, None):
            self.departed.add(entry)
            self.touch_group(key)
            self._unindex_group(entry)

    def touch_group(self, key: str) -> None:
        """Say that a group's members, or what is shown of them, changed in place."""
        self.tables["Group"].touch(key)

    def put_licenses(self, licenses: Iterable[LicenseRecord], *, at: float) -> None:
        """Take in all licences; users show the names that these have now."""
        self.licenses = {record.key: record for record in licenses}
        self.licenses_at = at
        before, self.license_names = self.license_names, belongings.names_of(self.licenses)
        if before == self.license_names:
            return
        for key, entry in self.users.items():
            resource = entry.resource
            named = belongings.with_names(resource, entry.state.held, self.license_names)
            if named != resource:
                self.users[key] = replace(entry, text=text_of(named))
                self.tables["User"].touch(key)

    def user_named(self, user_name: str) -> UserEntry | None:
        """Return the user with this userName, whatever its case (RFC 7643 §4.1.1)."""
        key = self._by_user_name.get(case_mapped(user_name))
        return self.users.get(key) if key else None

    def user_mailed(self, email: str) -> UserEntry | None:
        """Return the user whose e-mail at GoTo this is, whatever its case."""
        key = self._by_email.get(case_mapped(email))
        return self.users.get(key) if key else None

    def group_named(self, name: str) -> GroupEntry | None:
        """Return the group with this name, whatever its case."""
        key = self._by_group_name.get(case_mapped(name))
        return self.groups.get(key) if key else None

    def above(self, group: GroupEntry) -> list[GroupEntry]:
        """Return the groups above a group, as far as they are known."""
        return [self.groups[key] for key in group.record.key_path[:-1] if key in self.groups]

    def _unindex_group(self, entry: GroupEntry) -> None:
        if self._by_group_name.get(case_mapped(entry.record.name)) == entry.key:
            del self._by_group_name[case_mapped(entry.record.name)]

    def _unindex_user(self, entry: UserEntry) -> None:
        email, user_name = entry.names
        if self._by_email.get(email) == entry.key:
            del self._by_email[email]
        if self._by_user_name.get(user_name) == entry.key:
            del self._by_user_name[user_name]

    def _move(self, key: str, before: Collection[str], after: Collection[str]) -> list[Growth]:
        if before == after:
            return []
        known = self.groups
        left = [known[each] for each in before if each not in after and each in known]
        joined = [known[each] for each in after if each not in before and each in known]
        touched = [(group, group.remove(key)) for group in left]
        touched += [(group, group.add(key)) for group in joined]
        for group, _ in touched:
            self.touch_group(group.key)
        return touched
