"""The operations of a PATCH as clients send them, put into the RFC's form."""

from collections.abc import Mapping
from typing import Any

from bridge.mapping.catalog import CORE
from bridge.scim.dialects.coercion import alone
from bridge.scim.dialects.values import (
    BOOLEAN_NAMES,
    HELD_LISTS,
    LISTS,
    MANAGER,
    as_list,
    boolean,
    clean,
    clean_item,
    held_list,
    manager,
    members,
    qualified,
    text,
    valued,
)

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def patch(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a PatchOp in canonical form; ``Operations`` may come out empty.

    Missing ``schemas``, attributes named without their schema, text booleans, and empty values,
    which say that an attribute is to have none.
    """
    operations = []
    for name, value in body.items():
        if name.casefold() == "operations":
            operations += [each for item in as_list(value) for each in _operation(item, kind)]
    return {"schemas": [PATCH_OP], "Operations": operations}


def has_operations(body: Mapping[str, Any]) -> bool:
    """Whether a PatchOp as it was sent has any operation."""
    return any(name.casefold() == "operations" and value for name, value in body.items())


def _operation(item: Any, kind: str) -> list[Any]:
    if not isinstance(item, Mapping):
        return [item]
    operation = {str(name).casefold(): value for name, value in item.items()}
    path = operation.get("path")
    if isinstance(path, str) and not path.strip():
        path = None
        operation.pop("path")
    if isinstance(path, str):
        path = operation["path"] = qualified(path.strip(), kind)
    if "value" not in operation:
        return [operation]
    value = operation["value"]
    if path is None:
        value = operation["value"] = alone(value)
    removing = str(operation.get("op", "")).casefold() == "remove"
    if path is None and isinstance(value, Mapping) and not removing:
        return _pathless(operation, value, kind)
    if removing and _name(path) != "members":
        # An empty object in it is a mistake, and is not cleaned away: it tells nothing.
        if text(value) is None:
            operation.pop("value")
        return [operation]
    value = operation["value"] = _patch_value(path, value)
    if removing:
        if value is None:
            operation.pop("value")
        return [operation]
    if _leaves(path, value):
        return []
    if value is None and path is None:
        # It names nothing at all: to answer 200 would say that something was done.
        return [operation]
    if value is None or value == {}:
        if str(operation.get("op", "")).casefold() == "add":
            return []
        return [{"op": "remove", "path": path}] if path else []
    return [operation]


def _pathless(operation: dict[str, Any], value: Mapping[str, Any], kind: str) -> list[Any]:
    """An operation without a path: what clients echo is left out, empty values are removals.

    A key that selects (``phoneNumbers[type eq "work"].value``) becomes an operation of its own.
    """
    adding = str(operation.get("op", "")).casefold() == "add"
    kept: dict[str, Any] = {}
    apart: list[Any] = []
    for name, inner in value.items():
        if name.casefold() in ("id", "schemas", "meta"):
            continue
        path = qualified(name, kind)
        cleaned = _patch_value(path, inner)
        if _leaves(path, cleaned):
            continue
        if cleaned is None or cleaned == {}:
            apart += [] if adding else [{"op": "remove", "path": path}]
        elif "[" in path or _is_part_of_values(path):
            apart.append({**operation, "path": path, "value": cleaned})
        else:
            kept[path] = cleaned
    return apart + ([{**operation, "value": kept}] if kept else [])


def _is_part_of_values(path: str) -> bool:
    """Whether a key is a part of all values of a list, which may have none yet."""
    head, _, part = _name(path).partition(".")
    return bool(part) and head in LISTS


def _name(path: str | None) -> str:
    name = (path or "").casefold()
    if name.startswith(f"{CORE['User']}:".casefold()):
        name = name[len(CORE["User"]) + 1 :]
    return name


def _leaves(path: str | None, value: Any) -> bool:
    """Whether `emails` are to be replaced by nothing: no user can be without, so they stay."""
    return _name(path) == "emails" and value in (None, {}, [])


def _patch_value(path: str | None, value: Any) -> Any:
    name = _name(path)
    if name.removeprefix(f"{CORE['Group']}:".casefold()) == "members":
        return members(value)
    if name == MANAGER.casefold():
        return manager(value)
    if name.rpartition(".")[2] in BOOLEAN_NAMES:
        return boolean(value)
    if isinstance(value, Mapping):
        return clean(value)
    if isinstance(value, list):
        items = [clean_item(valued(name, item)) for item in value]
        # An empty object among members, licences or roles is a mistake, and not nobody or none.
        return held_list(items) if name in HELD_LISTS else items
    if name in LISTS and isinstance(value, str) and value.strip():
        return [{"value": value}]
    return text(value)
