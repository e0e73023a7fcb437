"""Which writes are read back: the first of each kind, each that takes access away, or none.

Knows the kinds of writes and what was found out about each. It asks GoTo nothing: ``read_back``
makes the looks. A kind that did not take stays distrusted, over restarts too, until it works.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, Literal

from bridge.directory.activation import CLEARED, SUSPENDED, suspends
from bridge.goto import UserRecord

Policy = Literal["first", "always", "never"]


class WriteKind(StrEnum):
    """What a write does at GoTo; the value is the name of its finding, after ``write.``."""

    GROUP_ADD = "group_add"
    GROUP_REMOVE = "group_remove"
    SUSPENSION = "suspension"
    LICENSE_GRANT = "license_grant"
    LICENSE_REVOKE = "license_revoke"
    ROLE_GRANT = "role_grant"
    ROLE_REVOKE = "role_revoke"
    EMAIL_CHANGE = "email_change"
    USER_RENAME = "user_rename"
    GROUP_RENAME = "group_rename"
    USER_DELETE = "user_delete"
    GROUP_DELETE = "group_delete"

    @property
    def words(self) -> str:
        """The write in words, as an error and a finding name it."""
        return _WORDS[self]


_WORDS: Mapping[WriteKind, str] = {
    WriteKind.GROUP_ADD: "adding a user to a group",
    WriteKind.GROUP_REMOVE: "removing a user from a group",
    WriteKind.SUSPENSION: "deactivating a user",
    WriteKind.LICENSE_GRANT: "giving a licence",
    WriteKind.LICENSE_REVOKE: "taking a licence",
    WriteKind.ROLE_GRANT: "giving an admin role",
    WriteKind.ROLE_REVOKE: "taking an admin role",
    WriteKind.EMAIL_CHANGE: "changing an e-mail address",
    WriteKind.USER_RENAME: "changing a user's name or locale",
    WriteKind.GROUP_RENAME: "renaming a group",
    WriteKind.USER_DELETE: "deleting a user",
    WriteKind.GROUP_DELETE: "deleting a group",
}

TAKES_ACCESS_AWAY = frozenset(
    {
        WriteKind.GROUP_REMOVE,
        WriteKind.SUSPENSION,
        WriteKind.LICENSE_REVOKE,
        WriteKind.ROLE_REVOKE,
        WriteKind.USER_DELETE,
        WriteKind.GROUP_DELETE,
    }
)

Note = Callable[[WriteKind, bool], Awaitable[object]]


def kinds_of_update(record: UserRecord, fields: Mapping[str, Any]) -> frozenset[WriteKind]:
    """Return what a write of ``fields`` does to a user who is as in ``record``."""
    kinds = set[WriteKind]()
    if suspends(record, fields):
        kinds.add(WriteKind.SUSPENSION)
    else:
        for name, grant, revoke in (
            ("licenseKeys", WriteKind.LICENSE_GRANT, WriteKind.LICENSE_REVOKE),
            ("adminRoles", WriteKind.ROLE_GRANT, WriteKind.ROLE_REVOKE),
        ):
            if name in fields:
                had, has = set(record.get(name) or ()), set(fields[name] or ())
                kinds.update({grant} if has - had else ())
                kinds.update({revoke} if had - has else ())
    if "email" in fields:
        kinds.add(WriteKind.EMAIL_CHANGE)
    if fields.keys() - {"email", *CLEARED}:
        kinds.add(WriteKind.USER_RENAME)
    return frozenset(kinds)


def took(before: UserRecord, fields: Mapping[str, Any], seen: UserRecord) -> bool:
    """Whether a record that was read shows a write of ``fields`` to a user who was as ``before``.

    Of the lists, each value counts that the write gave or took. A text did not take where the one
    before is still there: GoTo may spell a text in its own way.
    """
    for name, value in fields.items():
        if name in CLEARED:
            had, wanted, has = (set(v or ()) for v in (before.get(name), value, seen.get(name)))
            if (wanted - had) - has or (had - wanted) & has:
                return False
        elif seen.get(name) != value and (seen.get(name) or None) == (before.get(name) or None):
            return False
    return not suspends(before, fields) or seen.status in ("", SUSPENDED)


class WriteVerifier:
    """Decides which writes are read back, and keeps the outcome of each kind.

    ``note`` is told of each outcome that is news; ``distrusted`` are the kinds that did not take
    when last read back.
    """

    def __init__(
        self, policy: Policy, note: Note, *, distrusted: Collection[WriteKind] = ()
    ) -> None:
        self._policy = policy
        self._note = note
        self._proven = set[WriteKind]()
        self._distrusted = set(distrusted)
        self._proving: dict[WriteKind, asyncio.Future[None]] = {}

    @property
    def policy(self) -> Policy:
        """The setting: ``first``, ``always`` or ``never``."""
        return self._policy

    def due(self, kinds: Collection[WriteKind]) -> frozenset[WriteKind]:
        """Return those of these kinds that are to be read back."""
        if self._policy == "never":
            return frozenset()
        always = TAKES_ACCESS_AWAY if self._policy == "always" else frozenset()
        return frozenset(kind for kind in kinds if kind in always or kind not in self._proven)

    def is_distrusted(self, kinds: Collection[WriteKind]) -> bool:
        """Whether one of these kinds did not take when it was last read back."""
        return not self._distrusted.isdisjoint(kinds)

    @asynccontextmanager
    async def claimed(self, kinds: Collection[WriteKind]) -> AsyncIterator[frozenset[WriteKind]]:
        """Give those kinds that the caller is to read back after its write.

        Of many writes of a kind that is not proven yet, one is read back, and the others wait for
        what it shows. The caller tells the outcome with ``found``.
        """
        due = self.due(kinds)
        while waiting := [self._proving[kind] for kind in due if kind in self._proving]:
            await asyncio.wait(waiting)
            due = self.due(kinds)
        mine = [kind for kind in due if kind not in self._proven and kind not in self._distrusted]
        for kind in mine:
            self._proving[kind] = asyncio.get_running_loop().create_future()
        try:
            yield due
        finally:
            for kind in mine:
                self._proving.pop(kind).set_result(None)

    async def found(self, kinds: Collection[WriteKind], *, took: bool) -> None:
        """Take in whether GoTo shows a write of these kinds."""
        known, other = self._proven, self._distrusted
        if not took:
            known, other = other, known
        news = [kind for kind in kinds if kind not in known]
        known.update(news)
        other.difference_update(news)
        for kind in news:
            await self._note(kind, took)
