"""What a caller asks for, read from a JSON body and checked for shape alone.

Knows GoTo's field names and types. Whether a wish can be granted (seats, unique addresses) is
for the account to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.rows import ADMIN_ROLES, Refusal, User

MERGED_FIELDS: Mapping[str, str] = {
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "locale": "locale",
    "timeZone": "time_zone",
}
_REQUIRED = ("email", "firstName", "lastName")


@dataclass(frozen=True, slots=True)
class NewUsers:
    """One create call: the users' own fields (by row name) and what they share."""

    users: tuple[Mapping[str, str], ...]
    license_keys: tuple[str, ...]
    admin_roles: tuple[str, ...]
    group_key: str | None
    invite: bool


def new_users(body: Mapping[str, Any]) -> NewUsers:
    """Read the body of ``POST …/users``; raises a 400 :class:`Refusal`."""
    entries = body.get("users")
    if not isinstance(entries, list) or not entries:
        raise Refusal(400, "request.invalid", "users")
    return NewUsers(
        users=tuple(_new_user(entry) for entry in entries),
        license_keys=key_list(body, "licenseKeys") or (),
        admin_roles=roles(body) or (),
        group_key=group_key(body),
        invite=body.get("suppressEmail") is not True,
    )


def _new_user(entry: Any) -> Mapping[str, str]:
    if not isinstance(entry, dict):
        raise Refusal(400, "request.invalid", "users")
    for name in _REQUIRED:
        if name not in entry:
            raise Refusal(400, f"user.{name.lower()}.required")
    return texts(entry)


def texts(body: Mapping[str, Any]) -> dict[str, str]:
    """The fields of identity and place in ``body``, by row name."""
    found = {}
    for name, row_name in MERGED_FIELDS.items():
        if name in body:
            found[row_name] = _text(name, body[name])
    return found


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Refusal(400, "request.invalid", name)
    text: str = value.strip()
    if name in _REQUIRED and not text:
        raise Refusal(400, f"user.{name.lower()}.required")
    if name == "email" and not _address(text):
        raise Refusal(400, "user.email.invalid", text)
    return text


def _address(value: str) -> bool:
    local, at, domain = value.rpartition("@")
    return bool(local and at and domain) and not any(c.isspace() or c in ',;<>"' for c in value)


def key_list(body: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """A list of keys as strings, without repetitions; None when it is not in the body."""
    if name not in body:
        return None
    values = body[name]
    if not isinstance(values, list) or not all(_is_key(value) for value in values):
        raise Refusal(400, "request.invalid", name)
    return tuple(dict.fromkeys(str(value) for value in values))


def roles(body: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The admin roles in ``body``; None when they are not in it."""
    if "adminRoles" not in body:
        return None
    values = body["adminRoles"]
    if not isinstance(values, list):
        raise Refusal(400, "request.invalid", "adminRoles")
    for value in values:
        if value not in ADMIN_ROLES:
            raise Refusal(400, "role.not.found", str(value)[:100])
    return tuple(dict.fromkeys(values))


def group_key(body: Mapping[str, Any]) -> str | None:
    """The group key in ``body``; None when it is not in it."""
    value = body.get("groupKey")
    if value is None:
        return None
    if not _is_key(value):
        raise Refusal(400, "request.invalid", "groupKey")
    return str(value)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


def group_name(body: Mapping[str, Any]) -> str:
    """The name in the body of a group's create or rename."""
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Refusal(400, "group.name.required")
    return name.strip()


def settings(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Changes of a user's product settings; None when they are not in the body."""
    if "settings" not in body:
        return None
    value = body["settings"]
    if not isinstance(value, dict):
        raise Refusal(400, "request.invalid", "settings")
    return value


def unlocked(user: User, changes: Mapping[str, Any], *, status: int) -> None:
    """Refuse a change of what GoTo has locked for this user."""
    changed = {name for name, value in changes.items() if getattr(user, name) != value}
    if user.identity_read_only and changed & {"email", "first_name", "last_name", "locale"}:
        raise Refusal(status, "user.identity.readonly", user.key)
    if user.name_locked and changed & {"first_name", "last_name"}:
        raise Refusal(status, "user.name.locked", user.key)
    if user.email_locked and "email" in changed:
        raise Refusal(status, "user.email.locked", user.key)
