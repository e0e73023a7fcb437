"""Which user a client names as a member of a group.

Pure rules: whether GoTo has the user is for others to find out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scim2_models import InvalidValueException

MEMBERS = "members"
USERS_ONLY = "members: GoTo's groups hold users only; a group cannot be a member"
NOT_NAMED = (
    "members: each member needs the id of a User of this service as its `value`, or the User's "
    "URL as its `$ref`"
)
# GoTo's keys have nineteen digits.
LONGEST_KEY = 32
# How many unknown ids an error names, and how much of each.
NAMED_IN_FULL = 10
LONGEST_SHOWN = 64


def is_user_key(text: str) -> bool:
    """Whether GoTo could have a user with this key: its keys are digits."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_KEY


def member_key(item: Any) -> str:
    """Return the id that a member is named by, without blanks around it.

    A member is an object with a ``value`` or a ``$ref``, or a bare id. Raises
    InvalidValueException for a group, and for a member that names nobody.
    """
    parts: Mapping[str, Any] = {"value": item}
    if isinstance(item, Mapping):
        parts = {str(name).casefold(): part for name, part in item.items()}
        _refuse_group(parts)
        value = parts.get("value")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    value, reference = parts.get("value"), parts.get("$ref")
    if value is not None and not isinstance(value, str):
        raise InvalidValueException(attribute=MEMBERS, detail=NOT_NAMED)
    if value and value.strip():
        return value.strip()
    if isinstance(reference, str) and (key := _referenced(reference, "users")):
        return key
    raise InvalidValueException(attribute=MEMBERS, detail=NOT_NAMED)


def member_keys(wanted: Mapping[str, Any]) -> list[str]:
    """Return the ids of the members of a group that a client wants."""
    return list(dict.fromkeys(member_key(member) for member in wanted.get(MEMBERS) or ()))


def unknown_members(keys: Sequence[str]) -> InvalidValueException:
    """Return the error that says which ids are nobody's, the first ten by name."""
    shown = ", ".join(repr(key[:LONGEST_SHOWN]) for key in keys[:NAMED_IN_FULL])
    if len(keys) > NAMED_IN_FULL:
        shown = f"{shown} and {len(keys) - NAMED_IN_FULL} more ({len(keys)} in all)"
    ids = "ids" if len(keys) > 1 else "id"
    detail = (
        f"members: there is no User with the {ids} {shown}, so nothing was changed; send the `id` "
        "of a User of this service, which is a number from GoTo"
    )
    return InvalidValueException(attribute=MEMBERS, value=keys[0][:LONGEST_SHOWN], detail=detail)


def _refuse_group(parts: Mapping[str, Any]) -> None:
    kind, reference = parts.get("type"), parts.get("$ref")
    is_group = isinstance(kind, str) and kind.strip().casefold() == "group"
    if is_group or (isinstance(reference, str) and _referenced(reference, "groups")):
        raise InvalidValueException(attribute=MEMBERS, detail=USERS_ONLY)


def _referenced(reference: str, collection: str) -> str:
    """Return the id at the end of a URL of this collection, nothing for another URL."""
    path, _, key = reference.strip().rstrip("/").rpartition("/")
    is_of_it = path.rpartition("/")[2].casefold() == collection
    return key.strip() if is_of_it else ""
