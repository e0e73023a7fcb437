"""What somebody changes of a user at GoTo itself, where the Admin API has no call for it.

Knows the names and types of ``PATCH /_sim/users/{key}``. It is no part of GoTo's API.
"""

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.rows import ADMIN_ROLES
from bridge.sandbox.tables import Tables

_FLAGS = {
    "nameLocked": "name_locked",
    "emailLocked": "email_locked",
    "identityReadOnly": "identity_read_only",
}
_LISTS = {
    "adminRoles": "admin_roles",
    "roleSets": "role_sets",
    "licenseKeys": "license_keys",
    "groupKeys": "group_keys",
}


class ControlRefused(ValueError):
    """A control call that cannot be used; the text is for a person."""


def fields(body: Mapping[str, Any], tables: Tables) -> dict[str, Any]:
    """The fields of a user's row; raises :class:`ControlRefused`."""
    known = {
        "adminRoles": set(ADMIN_ROLES),
        "roleSets": {role_set.id for role_set in tables.role_sets},
        "licenseKeys": set(tables.licenses),
        "groupKeys": set(tables.groups),
    }
    changes: dict[str, Any] = {}
    for name, value in body.items():
        if name in _FLAGS and isinstance(value, bool):
            changes[_FLAGS[name]] = value
        elif name in _LISTS and _is_list_of(value, known[name]):
            changes[_LISTS[name]] = tuple(dict.fromkeys(value))
        else:
            names = ", ".join((*_FLAGS, *_LISTS))
            raise ControlRefused(
                f"{name} cannot be set so. A user takes {names}: true or false for the first "
                "three, a list of what the account has for the others."
            )
    return changes


def _is_list_of(value: Any, known: set[str]) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, str) and each in known for each in value
    )
