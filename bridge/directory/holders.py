"""Who has which licence and admin role, kept up with one user at a time.

For mappings that show these as groups (``groups.include``); without, it knows nothing. A group that
stands for a licence or a role has an id that no group of GoTo can have, whose keys are all digits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.directory.entries import UserEntry, key_digest
from bridge.goto import UserRecord

PREFIXES: Mapping[str, str] = {"licenses": "license-", "roles": "role-"}
"""What the ids of such groups begin with, by what the mapping calls them."""


@dataclass(slots=True)
class Members:
    """The users that have one thing, and a number that changes with them."""

    keys: dict[str, None] = field(default_factory=dict)
    digest: int = 0


class Holders:
    """Members by the id of the group that a licence or role is shown as."""

    def __init__(self, shown: Sequence[str] = ()) -> None:
        self.shown = tuple(shown)
        self._members: dict[str, Members] = {}

    def of(self, group: str) -> Members:
        """Return who has what this group stands for."""
        return self._members.setdefault(group, Members())

    def held(self, shown: str) -> list[str]:
        """Return the licences or roles that anybody has."""
        prefix = PREFIXES[shown]
        return [
            group.removeprefix(prefix)
            for group, members in self._members.items()
            if members.keys and group.startswith(prefix)
        ]

    def groups(self, record: UserRecord) -> list[str]:
        """Return the groups that a user is in by what it has."""
        return [
            PREFIXES[shown] + name
            for shown in self.shown
            for name in dict.fromkeys(_names(shown, record))
        ]

    def moved(self, key: str, before: UserEntry | None, after: UserEntry | None) -> None:
        """Take in what a user had before and has now; None is for a user that was, or is, not."""
        if not self.shown:
            return
        had = set(self.groups(before.record)) if before else set()
        has = set(self.groups(after.record)) if after else set()
        for group in had - has:
            members = self._members[group]
            if members.keys.pop(key, self) is None:
                members.digest ^= key_digest(key)
        for group in has - had:
            members = self._members.setdefault(group, Members())
            members.keys[key] = None
            members.digest ^= key_digest(key)

    def replace(self, before: Mapping[str, UserEntry], after: Mapping[str, UserEntry]) -> None:
        """Take in a whole account in place of another; most users are the same entries."""
        if not self.shown:
            return
        for key in before.keys() - after.keys():
            self.moved(key, before[key], None)
        for key, entry in after.items():
            known = before.get(key)
            if known is not entry:
                self.moved(key, known, entry)


def _names(shown: str, record: UserRecord) -> tuple[str, ...]:
    return record.license_keys if shown == "licenses" else record.admin_roles
