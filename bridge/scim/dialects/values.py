"""Values as clients send them: booleans as text, blanks, bare texts, one object for a list of one.

Knows attributes by their names alone; neither resources nor operations.
"""

import re
from collections.abc import Mapping
from typing import Any

from bridge.mapping.catalog import ENTERPRISE_USER
from bridge.mapping.several import once

HEAD = re.compile(r"\w+(?=$|[.\[\s])")
BOOLEANS = {"true": True, "false": False}
BOOLEAN_NAMES = {"active", "primary"}
LISTS = {
    "emails", "phonenumbers", "ims", "photos", "addresses", "entitlements", "roles",
    "x509certificates", "members", "groups",
}  # fmt: skip
HELD_LISTS = {"emails", "phonenumbers", "ims", "photos", "addresses", "x509certificates"}
OF_VALUES = {"entitlements", "roles"}
MANAGER = f"{ENTERPRISE_USER}:manager"
# Enterprise attributes that clients name without their schema.
SHORT_NAMES = {
    name.casefold(): f"{ENTERPRISE_USER}:{name}"
    for name in (
        "employeeNumber", "costCenter", "organization", "division", "department", "manager",
    )
}  # fmt: skip


def clean(value: Mapping[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, inner in value.items():
        folded = name.casefold()
        if folded in BOOLEAN_NAMES:
            inner = boolean(inner)
        elif folded == "manager":
            inner = manager(inner)
        elif folded == "members":
            inner = members(inner)
        elif folded in LISTS and isinstance(inner, Mapping):
            inner = [clean(inner)]
        elif isinstance(inner, Mapping):
            inner = clean(inner) or None
        elif folded in OF_VALUES and isinstance(inner, str) and inner.strip():
            inner = [{"value": inner}]
        elif isinstance(inner, list):
            inner = [valued(folded, item) for item in inner]
            inner = [each for item in inner if (each := clean_item(item)) is not None]
            inner = held_list(inner) if folded in HELD_LISTS else inner
        else:
            inner = text(inner)
        if inner is not None:
            cleaned[name] = inner
    return cleaned


def held_list(items: list[Any]) -> list[Any]:
    """Items that the bridge holds: no empty ones, and none twice."""
    return once((item for item in items if item is not None), case_exact=True)


def members(value: Any) -> Any:
    """Return a list of members, whatever was sent; no member is left out, empty ones neither."""
    items = value if isinstance(value, list) else None if value is None else [value]
    if items is None:
        return None
    return [{"value": item} if isinstance(item, str) else item for item in items]


def clean_item(item: Any) -> Any:
    if isinstance(item, Mapping):
        return clean(item) or None
    return text(item)


def valued(name: str, item: Any) -> Any:
    """A bare text for a licence or a role is its value."""
    is_bare = name in OF_VALUES and isinstance(item, str) and item.strip()
    return {"value": item} if is_bare else item


def text(value: Any) -> Any:
    """An empty text means absent."""
    return None if isinstance(value, str) and not value.strip() else value


def boolean(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return BOOLEANS.get(value.strip().casefold(), text(value))
    return value


def manager(value: Any) -> Any:
    if isinstance(value, list) and len(value) < 2:
        value = value[0] if value else None
    if isinstance(value, str):
        return {"value": value} if value.strip() else None
    if isinstance(value, Mapping):
        return clean(value) or None
    return value


def qualified(path: str, kind: str) -> str:
    """Put its schema before an enterprise attribute that is named without."""
    head = HEAD.match(path)
    if kind == "User" and head and head[0].casefold() in SHORT_NAMES:
        return SHORT_NAMES[head[0].casefold()] + path[head.end() :]
    return path


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
