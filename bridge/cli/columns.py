"""What ``export`` shows of a resource: a row of named cells, always the same columns.

A column whose attribute the mapping leaves out stays, and is empty.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

What = Literal["users", "groups"]
Cell = str | int | bool | list[str] | None
Row = dict[str, Cell]

GOTO_USER = "urn:scim:schemas:extension:goto:1:User"
GOTO_GROUP = "urn:scim:schemas:extension:goto:1:Group"
SEVERAL = "; "

Resource = Mapping[str, Any]
Read = Callable[[Resource], Any]


def row(what: What, resource: Resource) -> Row:
    """Return the cells of a resource, by column."""
    return {name: read(resource) for name, read in COLUMNS[what].items()}


def flat(cell: Cell) -> str | int:
    """Return a cell as a table has it: one text or number."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return SEVERAL.join(cell) if isinstance(cell, list) else cell


def _at(*path: str) -> Read:
    def read(resource: Resource) -> Any:
        found: Any = resource
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    return read


def _of_group(name: str) -> Read:
    def read(resource: Resource) -> Any:
        return next((group.get(name) for group in resource.get("groups", ())), None)

    return read


def _names(attribute: str, name: str) -> Read:
    def read(resource: Resource) -> list[str]:
        items: Iterable[Mapping[str, Any]] = resource.get(attribute) or ()
        return [str(item.get(name) or item.get("value", "")) for item in items]

    return read


COLUMNS: Mapping[What, Mapping[str, Read]] = {
    "users": {
        "id": _at("id"),
        "userName": _at("userName"),
        "email": lambda user: next((each["value"] for each in user.get("emails", ())), None),
        "givenName": _at("name", "givenName"),
        "familyName": _at("name", "familyName"),
        "displayName": _at("displayName"),
        "externalId": _at("externalId"),
        "active": _at("active"),
        "status": _at(GOTO_USER, "status"),
        "group": _of_group("display"),
        "groupId": _of_group("value"),
        "groupPath": _at(GOTO_USER, "groupPath"),
        "licenses": _names("entitlements", "display"),
        "licenseIds": _names("entitlements", "value"),
        "roles": _names("roles", "value"),
        "invited": _at(GOTO_USER, "invitedDate"),
        "created": _at("meta", "created"),
        "lastModified": _at("meta", "lastModified"),
    },
    "groups": {
        "id": _at("id"),
        "displayName": _at("displayName"),
        "externalId": _at("externalId"),
        "path": _at(GOTO_GROUP, "path"),
        "parentId": _at(GOTO_GROUP, "parent"),
        "members": lambda group: len(group.get("members", ())),
        "membersWithGroupsBelow": _at(GOTO_GROUP, "totalMemberCount"),
        "created": _at("meta", "created"),
        "lastModified": _at("meta", "lastModified"),
    },
}
