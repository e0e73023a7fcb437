"""Entries out of records: the mapping, what is held, and GoTo's group of a user put together."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bridge.directory import belongings
from bridge.directory.entries import (
    NO_DIGESTS,
    OTHER_GROUPS,
    GroupEntry,
    UserEntry,
    content_version,
    digest_of,
    framed,
    meta,
    raw_of,
)
from bridge.directory.holders import Members
from bridge.directory.ledger import UNCHANGED, Ledger
from bridge.directory.snapshot import Snapshot
from bridge.goto import GroupRecord, UserRecord
from bridge.mapping import Mapping as AttributeMapping

# What the directory itself needs of a record, whatever the mapping shows.
USER_FIELDS = frozenset(
    {
        "key", "email", "status", "licenseKeys", "adminRoles", "products", "groupKey",
        "groupName", "groupKeyPath", "groupNamePath", "invitedDate", "nameLocked", "emailLocked",
        "identityReadOnly", "roleSets",
    }
)  # fmt: skip


# Fields that are sets, whatever the order in which GoTo lists them.
UNORDERED = ("licenseKeys", "adminRoles")


class Assembly:
    """Builds entries; it stores nothing and asks GoTo nothing."""

    def __init__(self, mapping: AttributeMapping, ledger: Ledger, snapshot: Snapshot) -> None:
        self._mapping = mapping
        self._ledger = ledger
        self._snapshot = snapshot
        self.user_fields = sorted(USER_FIELDS | mapping.users.fields)
        self._known_fields = frozenset((*self.user_fields, OTHER_GROUPS))

    def user(
        self,
        record: UserRecord,
        *,
        seen_at: float,
        held: Mapping[str, Any] = UNCHANGED,
        parked: Mapping[str, Any] | None = UNCHANGED,
        just_made: bool = False,
    ) -> UserEntry:
        """Return the entry of a user, with the state that is to be saved.

        A user that the bridge ``just_made`` was created now, whatever GoTo's clock says.
        """
        key = record.key
        known = self._snapshot.users.get(key)
        record = in_order(record, known.record if known else None)
        beside = self._ledger.held("User", key) if held is UNCHANGED else held
        content = framed("User", key, self._mapping.users.reading.resource(record, beside))
        if record.role_sets and "adminRoles" in self._mapping.users.fields:
            custom = [belongings.shown_role_set(each) for each in record.role_sets]
            content["roles"] = [*(content.get("roles") or ()), *custom]
        group = record.group_key
        groups = [_membership(group, record.get("groupName"))] if group else []
        groups += [_membership(each["key"], each["name"]) for each in record.get(OTHER_GROUPS, ())]
        groups += [_membership(each, None) for each in self._snapshot.holders.groups(record)]
        if groups:
            content["groups"] = groups
        state = self._ledger.observed(
            "User",
            key,
            content_version(content),
            created=None if just_made else _in_milliseconds(record.invited_at),
            held=held,
            parked=parked,
        )
        content["meta"] = meta("User", state)
        named = belongings.with_names(content, beside, self._snapshot.license_names)
        return UserEntry.of(record, state, named, raw=self._raw(record), seen_at=seen_at)

    def shows(self, entry: UserEntry, record: UserRecord) -> bool:
        """Whether an entry was made of such a record."""
        return entry.raw == self._raw(record)

    def _raw(self, record: UserRecord) -> bytes:
        """Return those fields that are of use, as JSON."""
        record = in_order(record)
        if record.keys() <= self._known_fields:
            return raw_of(record)
        return raw_of({name: record[name] for name in self._known_fields if name in record})

    def group(
        self,
        record: GroupRecord,
        members: Iterable[str],
        *,
        seen_at: float,
        held: Mapping[str, Any] = UNCHANGED,
        digests: Mapping[str, int] = NO_DIGESTS,
    ) -> GroupEntry:
        """Return the entry of a group, with the state that is to be saved.

        ``digests`` are those of members, as far as they were made before.
        """
        ordered = dict.fromkeys(members)
        record = GroupRecord({**record, "memberCount": len(ordered)})
        record.pop("userKeys", None)
        key = record.key
        beside = self._ledger.held("Group", key) if held is UNCHANGED else held
        base = framed("Group", key, self._mapping.groups.reading.resource(record, beside))
        digest = digest_of(ordered, digests)
        state = self._ledger.observed("Group", key, content_version(base, digest), held=held)
        return GroupEntry(key, record, state, base, seen_at, ordered, digest)

    def shown_group(
        self, key: str, name: str, members: Members, *, held: Mapping[str, Any] | None = None
    ) -> GroupEntry:
        """Return the entry of a group that stands for a licence or role, in the snapshot's hands.

        Its members are those of ``members``, also when these change. None held is as it was.
        """
        count = len(members.keys)
        record = GroupRecord({"key": key, "name": name, "keyPath": [key], "namePath": [name]})
        record |= {"memberCount": count, "totalMemberCount": count}
        beside = self._ledger.held("Group", key) if held is None else held
        base = framed("Group", key, self._mapping.groups.reading.resource(record, beside))
        version = content_version(base, members.digest)
        state = self._ledger.observed("Group", key, version, held=beside)
        return GroupEntry(key, record, state, base, 0.0, members.keys, members.digest)

    def group_changed(self, entry: GroupEntry, *, grown_by: int = 0) -> None:
        """Bring a group's entry up to its members, and its total up by ``grown_by``."""
        total = entry.record.get("totalMemberCount")
        record = GroupRecord({**entry.record, "memberCount": len(entry.members)})
        if isinstance(total, int):
            record["totalMemberCount"] = max(total + grown_by, 0)
        held = self._ledger.held("Group", entry.key)
        content = self._mapping.groups.reading.resource(record, held)
        entry.record = record
        entry.base = framed("Group", entry.key, content)
        entry.state = self._ledger.observed(
            "Group", entry.key, content_version(entry.base, entry.digest)
        )


def in_order(record: UserRecord, known: UserRecord | None = None) -> UserRecord:
    """Return a record whose lists are in the order that is known: GoTo's order of them says
    nothing, and may be another one with each read. Products, which GoTo derives, are sorted."""
    changed: dict[str, list[Any]] = {}
    if products := record.get("products"):
        changed["products"] = sorted(products, key=str)
    for name in UNORDERED if known else ():
        values, before = record.get(name), known.get(name) if known else None
        if values and before and sorted(values) == sorted(before):
            changed[name] = before
    if all(record.get(name) == values for name, values in changed.items()):
        return record
    return UserRecord({**record, **changed})


def _membership(key: str, name: Any) -> dict[str, Any]:
    membership = {"value": key, "$ref": f"Groups/{key}", "type": "direct"}
    return {**membership, "display": name} if name else membership


def _in_milliseconds(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    rest = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - rest) if rest else moment
