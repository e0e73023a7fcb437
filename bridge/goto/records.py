"""What GoTo's JSON for one object says, read without losing any of it.

Knows the field names of the Admin API and which fields are keys. Knows no HTTP, and does not judge:
whether a list is complete or a record may be changed is settled elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.errors import GoToUnreadable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_key(value: object) -> str:
    """A key as the text of its digits, whether it came as a JSON string or number.

    GoTo sends 64-bit keys as strings, and as numbers in places. A number too large for a 64-bit
    integer has already lost digits in the parser, so it is refused: ``GoToUnreadable``.
    """
    if type(value) is str and value:
        return value
    if type(value) is int:
        return str(value)
    raise GoToUnreadable("GoTo's answer holds a key that is neither text nor an integer.")


def _read_keys(value: object) -> list[str]:
    if type(value) is not list:
        raise GoToUnreadable("GoTo's answer holds a list of keys that is not a list.")
    return [item if type(item) is str and item else read_key(item) for item in value]


class _Record(dict[str, Any]):
    """GoTo's JSON for one object: every field kept, keys turned to text."""

    _KEYS: tuple[str, ...] = ("key",)
    _KEY_LISTS: tuple[str, ...] = ()

    def __init__(self, fields: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        super().__init__(fields or (), **more)
        field = self.get
        for name in self._KEYS:
            value = field(name)
            if value is not None and type(value) is not str:
                self[name] = read_key(value)
        for name in self._KEY_LISTS:
            value = field(name)
            if value is not None:
                self[name] = _read_keys(value)

    @property
    def key(self) -> str:
        return self._text("key")

    def _text(self, name: str) -> str:
        value = self.get(name)
        return value if type(value) is str else ""

    def _texts(self, name: str) -> tuple[str, ...]:
        value = self.get(name)
        if not isinstance(value, list):
            return ()
        return tuple(item for item in value if type(item) is str)

    def _number(self, name: str) -> int | None:
        value = self.get(name)
        return value if type(value) is int else None

    def _flag(self, name: str, *, absent: bool = False) -> bool:
        value = self.get(name)
        return value if type(value) is bool else absent


class UserRecord(_Record):
    """One user. Absent fields read as ``""``, ``()``, ``None`` or ``False``."""

    _KEYS = ("key", "groupKey")
    _KEY_LISTS = ("licenseKeys", "groupKeyPath")

    @property
    def email(self) -> str:
        return self._text("email")

    @property
    def first_name(self) -> str:
        return self._text("firstName")

    @property
    def last_name(self) -> str:
        return self._text("lastName")

    @property
    def status(self) -> str:
        """``ACTIVE``, ``INACTIVE``, ``INVITED`` or ``SUSPENDED``; GoTo derives it."""
        return self._text("status")

    @property
    def license_keys(self) -> tuple[str, ...]:
        return self._texts("licenseKeys")

    @property
    def admin_roles(self) -> tuple[str, ...]:
        return self._texts("adminRoles")

    @property
    def role_sets(self) -> tuple[str, ...]:
        """The ids of the custom roles that the user has."""
        value = self.get("roleSets")
        found = (_role_set_id(each) for each in value) if isinstance(value, list) else ()
        return tuple(each for each in found if each)

    @property
    def products(self) -> tuple[str, ...]:
        return self._texts("products")

    @property
    def group_key(self) -> str | None:
        return self._text("groupKey") or None

    @property
    def invited_at(self) -> datetime | None:
        """When GoTo invited the user, in UTC (``invitedDate`` is epoch milliseconds)."""
        milliseconds = self._number("invitedDate")
        if milliseconds is None:
            return None
        try:
            return _EPOCH + timedelta(milliseconds=milliseconds)
        except OverflowError:
            return None

    @property
    def name_locked(self) -> bool:
        return self._flag("nameLocked")

    @property
    def email_locked(self) -> bool:
        return self._flag("emailLocked")

    @property
    def identity_read_only(self) -> bool:
        return self._flag("identityReadOnly")


def _role_set_id(value: object) -> str:
    # GoTo's reference names ids; whether a record holds them bare is not proven.
    if isinstance(value, dict):
        value = value.get("id")
    return value if type(value) is str else str(value) if type(value) is int else ""


class GroupRecord(_Record):
    """One group. ``keyPath`` and ``namePath`` run from the root to the group itself."""

    _KEYS = ("key", "parentKey")
    _KEY_LISTS = ("keyPath", "userKeys")

    @property
    def name(self) -> str:
        return self._text("name")

    @property
    def key_path(self) -> tuple[str, ...]:
        return self._texts("keyPath")

    @property
    def name_path(self) -> tuple[str, ...]:
        return self._texts("namePath")

    @property
    def user_keys(self) -> tuple[str, ...]:
        return self._texts("userKeys")

    @property
    def member_count(self) -> int:
        count = self._number("memberCount")
        return len(self.user_keys) if count is None else count

    @property
    def total_member_count(self) -> int:
        """Members of the group and of those below it."""
        count = self._number("totalMemberCount")
        return self.member_count if count is None else count


class LicenseRecord(_Record):
    """One licence of the account, with its seats."""

    _KEY_LISTS = ("userKeys", "invitedUserKeys")

    @property
    def description(self) -> str:
        return self._text("description")

    @property
    def products(self) -> tuple[str, ...]:
        return self._texts("products")

    @property
    def seats(self) -> int:
        return self._number("seats") or 0

    @property
    def used(self) -> int:
        count = self._number("userCount")
        return len(self._texts("userKeys")) if count is None else count

    def with_used(self, used: int) -> "LicenseRecord":
        """The same licence with so many seats used; its keys, of which there may be a hundred
        thousand, are not read again."""
        record = LicenseRecord()
        record.update(self, userCount=used)
        return record

    @property
    def free(self) -> int:
        """Seats nobody sits on, never below zero."""
        return max(0, self.seats - self.used)

    @property
    def enabled(self) -> bool:
        return self._flag("enabled", absent=True)

    @property
    def externally_managed(self) -> bool:
        return self._flag("externallyManaged")

    @property
    def assignable(self) -> bool:
        """Whether GoTo lets an administrator give it to a user at all, seats aside."""
        return self.enabled and not self.externally_managed


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """The person behind the grant, as ``GET /me`` tells; ``accounts`` are (key, name) pairs."""

    key: str
    email: str
    account_key: str
    account_name: str
    admin_roles: tuple[str, ...]
    accounts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class NewUser:
    """The fields of a user to create; GoTo requires ``email``, ``firstName`` and ``lastName``."""

    fields: Mapping[str, Any]


@dataclass(frozen=True)
class CreatedUser:
    """One entry of a create's reply; no ``key`` means that GoTo did not create it (it exists)."""

    email: str
    key: str | None
