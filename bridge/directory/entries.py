"""One user or group as the directory holds it: record, state, and the resource made of both.

A user's entry never changes, a new one takes its place. A group's members change in place, since a
group can have a hundred thousand of them.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from time import time_ns
from typing import Any, Literal, TypeVar

import orjson

from bridge.case_mapping import case_mapped
from bridge.directory.order import in_order
from bridge.directory.texts import resource_of, text_of, with_members
from bridge.goto import GroupRecord, UserRecord
from bridge.mapping.catalog import CORE
from bridge.store import ResourceState

Kind = Literal["User", "Group"]

# What of a resource is the server's to say (RFC 7643 §3.1, §4.1.2), not a client's to want.
SERVERS_OWN = ("schemas", "id", "meta", "groups")


@lru_cache(maxsize=256)
def _record_of(raw: bytes) -> UserRecord:
    """Read a record; one verb asks for the same one several times."""
    return UserRecord(orjson.loads(raw))


OTHER_GROUPS = "otherGroups"
"""The bridge's own field of a user's record: groups beside the one that GoTo's record shows."""


@dataclass(frozen=True, slots=True)
class UserEntry:
    """A user, kept small: a hundred thousand of them are in memory.

    ``text`` is the resource as clients get it (``texts``), ``raw`` the record as JSON; ``names``
    are the e-mail and the userName as lookups compare them. ``seen_at`` is when GoTo last said so,
    in seconds of the directory's clock.
    """

    key: str
    group_key: str | None
    names: tuple[str, str]
    state: ResourceState
    raw: bytes
    text: bytes
    seen_at: float
    other_groups: tuple[str, ...] = ()

    @property
    def group_keys(self) -> tuple[str, ...]:
        """The groups that the user is in; the one that GoTo's record shows comes first."""
        return (self.group_key, *self.other_groups) if self.group_key else self.other_groups

    @classmethod
    def of(
        cls,
        record: UserRecord,
        state: ResourceState,
        resource: Mapping[str, Any],
        *,
        raw: bytes,
        seen_at: float,
    ) -> "UserEntry":
        """Return the entry of a record, its state, and the framed resource made of both.

        ``raw`` is what is kept of the record.
        """
        email = _folded(record.email)
        user_name = _folded(str(resource.get("userName") or ""))
        return cls(
            key=state.key,
            group_key=record.group_key,
            names=(email, email if user_name == email else user_name),
            state=state,
            raw=raw,
            text=text_of(resource),
            seen_at=seen_at,
            other_groups=_other_groups(record),
        )

    @property
    def was_seen(self) -> bool:
        """Whether GoTo was seen to have it so, or is known to; not where that is still open."""
        return self.seen_at > float("-inf")

    @classmethod
    def restored(
        cls, raw: bytes, text: bytes, state: ResourceState, *, seen_at: float
    ) -> "UserEntry":
        """Return an entry that was stored with its text."""
        record = UserRecord(orjson.loads(raw))
        email = _folded(record.email)
        user_name = _folded(str(state.held.get("userName") or "")) or email
        return cls(
            key=state.key,
            group_key=record.group_key,
            names=(email, email if user_name == email else user_name),
            state=state,
            raw=raw,
            text=text,
            seen_at=seen_at,
            other_groups=_other_groups(record),
        )

    @property
    def record(self) -> UserRecord:
        """GoTo's fields, read out of ``raw``; nobody changes them, several share them."""
        return _record_of(self.raw)

    @property
    def resource(self) -> Mapping[str, Any]:
        """Whole SCIM JSON but for locations, read out of ``text``; nobody changes it."""
        return resource_of(self.text, self.state.held)

    @property
    def version(self) -> str:
        """The ETag: the same while the content is the same (RFC 7644 §3.14)."""
        return self.state.version


@dataclass(slots=True)
class GroupEntry:
    """A group. ``base`` is its resource without members and meta."""

    key: str
    record: GroupRecord
    state: ResourceState
    base: Mapping[str, Any]
    seen_at: float
    members: dict[str, None] = field(default_factory=dict)
    digest: int = 0
    _text: tuple[ResourceState, bytes] | None = None

    def __post_init__(self) -> None:
        self.digest = self.digest or digest_of(self.members)

    @property
    def version(self) -> str:
        """The ETag: the same while name, held attributes and members are the same."""
        return self.state.version

    def add(self, key: str) -> int:
        """Take a user in; returns by how many the group grew, 0 where it was in already."""
        if key in self.members:
            return 0
        self.members[key] = None
        self.digest ^= key_digest(key)
        return 1

    def remove(self, key: str) -> int:
        """Take a user out; returns by how many the group grew, 0 where it was not in."""
        if self.members.pop(key, self) is not None:
            return 0
        self.digest ^= key_digest(key)
        return -1

    @property
    def resource(self) -> Mapping[str, Any]:
        """Whole SCIM JSON but for locations; references are relative to the SCIM root."""
        resource = dict(self.base)
        # An empty group says so: a client that sees no `members` takes them for left out.
        resource["members"] = [
            {"value": key, "$ref": f"Users/{key}", "type": "User"} for key in in_order(self.members)
        ]
        resource["meta"] = meta("Group", self.state)
        return resource

    @property
    def text(self) -> bytes:
        """The resource as clients get it, made once for each state: members are part of it."""
        if self._text is None or self._text[0] is not self.state:
            self._text = (self.state, self._written())
        return self._text[1]

    def _written(self) -> bytes:
        keys = "".join(self.members)
        if not (keys.isascii() and keys.isdigit()):
            return text_of(self.resource)
        alone = text_of({**self.base, "meta": meta("Group", self.state)})
        return with_members(alone, in_order(self.members))


def members_by_group(users: Iterable[UserEntry]) -> Mapping[str, list[str]]:
    """Return the keys of the users in each group, nobody for any other."""
    members: dict[str, list[str]] = defaultdict(list)
    for user in users:
        for group in user.group_keys:
            members[group].append(user.key)
    return members


def _other_groups(record: UserRecord) -> tuple[str, ...]:
    others = record.get(OTHER_GROUPS)
    return tuple(each["key"] for each in others) if others else ()


Entry = UserEntry | GroupEntry
E = TypeVar("E", bound=UserEntry | GroupEntry)

# What a client wants of a resource as it is: the whole of it as SCIM JSON, or None for no change.
Wanted = Mapping[str, Any] | None
Change = Callable[[E], Wanted | Awaitable[Wanted]]
# Looks at a resource as it is, and raises where nothing may be done to it.
Guard = Callable[[E], None]


async def result_of(change: Change[E], entry: E) -> Wanted:
    """Return what a change makes of a resource. One that takes long is awaited, others go on."""
    wanted = change(entry)
    return await wanted if isinstance(wanted, Awaitable) else wanted


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """Keys of users that are to be put in a group, and that are to be taken out of it.

    ``named`` were to be put in and are not any more; they are still to be users. Those in
    ``required`` are to be users whatever the mapping says of unknown members.
    """

    add: Sequence[str] = ()
    remove: Sequence[str] = ()
    named: Sequence[str] = ()
    required: Collection[str] = ()


MembersPlan = Callable[[GroupEntry], MembershipChange]


def raw_of(record: Mapping[str, Any]) -> bytes:
    """Return a user's record as JSON: the same for the same fields, whatever their order."""
    # A copy: what orjson returns keeps the memory that it was written in, several kilobytes.
    return bytes(memoryview(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)))


def _folded(text: str) -> str:
    """Return a text as lookups compare it; one that is so already is kept once in memory."""
    folded = case_mapped(text)
    return text if folded == text else folded


NO_DIGESTS: Mapping[str, int] = {}


def digest_of(members: Iterable[str], known: Mapping[str, int] = NO_DIGESTS) -> int:
    """A number for a set of members that can be kept up with one member at a time.

    ``known`` are numbers of single members that were made before.
    """
    digest = 0
    for key in members:
        digest ^= known.get(key) or key_digest(key)
    return digest


def key_digest(key: str) -> int:
    """A number for one key."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest())


def content_version(content: Mapping[str, Any], members: int = 0) -> str:
    """Return the weak ETag of a resource's content, meta left out."""
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    digest = blake2b(text, digest_size=8, key=members.to_bytes(8))
    return f'W/"{digest.hexdigest()}"'


def clients_own(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource without what is the server's to say: what a client can want of it."""
    return {name: value for name, value in resource.items() if name not in SERVERS_OWN}


def framed(kind: Kind, key: str, content: dict[str, Any]) -> dict[str, Any]:
    """Put ``schemas`` and ``id`` before a resource's own attributes."""
    extensions = [name for name in content if name.startswith("urn:")]
    return {"schemas": [CORE[kind], *extensions], "id": key, **content}


def meta(kind: Kind, state: ResourceState) -> dict[str, Any]:
    """Return ``meta`` without a location, which only the SCIM face knows."""
    return {
        "resourceType": kind,
        "created": iso(state.first_seen),
        "lastModified": _iso_of_late(state.last_modified),
        "version": state.version,
    }


def iso(moment: datetime) -> str:
    """Return a SCIM dateTime, in UTC to the millisecond (RFC 7643 §2.3.5)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# A pass sees many resources within a millisecond.
_iso_of_late = lru_cache(maxsize=16)(iso)


def now_in_milliseconds() -> datetime:
    """Return the time of the wall clock, as precise as it is shown."""
    return _moment(time_ns() // 1_000_000)


@lru_cache(maxsize=16)
def _moment(milliseconds: int) -> datetime:
    """Return a moment; the same object for the many users that a pass sees within it."""
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
