"""What a PATCH names: the attributes it speaks of, and licences by the codes of their products.

A product code in a filter or in what is to be removed becomes the key of the licence by which the
user has that product, since `entitlements` shows keys.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from scim2_models import PatchOp

from bridge.mapping.catalog import CORE

ATTRIBUTE = re.compile(
    rf"(?:{re.escape(CORE['User'])}:)?(?P<name>\w+)(?P<filter>\[.*\])?(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)
VALUE_NAMED = re.compile(r"(?P<head>\bvalue\s+eq\s+)\"(?P<name>[^\"\\]*)\"", re.IGNORECASE)
SPOKEN_OF = {name.casefold(): name for name in ("active", "emails", "entitlements", "roles")}

LicenseOf = Callable[[str], str | None]


def named(patch: "PatchOp[Any]") -> frozenset[str]:
    """Return which of `active`, `entitlements` and `roles` the operations speak of.

    `emails` are among them where one of them gets a value: to take some away names no address.
    """
    found = set()
    for operation in patch.operations or []:
        for path, value in _values(str(operation.path or ""), operation.value):
            name = _attribute(path)
            if name != "emails" or (operation.op.value != "remove" and _says(value)):
                found.add(name)
    return frozenset(found - {""})


def _values(path: str, value: Any) -> list[tuple[str, Any]]:
    """Return what an operation puts at which path; the core schema's URN is no path of its own."""
    if path and path.casefold() != CORE["User"].casefold():
        return [(path, value)]
    return list(value.items()) if isinstance(value, Mapping) else []


def _says(value: Any) -> bool:
    """Whether there is anything in a value but what is empty."""
    if isinstance(value, Mapping):
        return any(_says(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_says(inner) for inner in value)
    return value not in (None, "")


def _attribute(path: str) -> str:
    match = ATTRIBUTE.fullmatch(path)
    return SPOKEN_OF.get(match["name"].casefold(), "") if match else ""


def by_keys(patch: "PatchOp[Any]", license_of: LicenseOf) -> "PatchOp[Any]":
    """Return the operations with product codes replaced, where ``license_of`` knows a key."""
    operations = [_by_keys(operation, license_of) for operation in patch.operations or []]
    return patch.model_copy(update={"operations": operations})


def _by_keys(operation: Any, license_of: LicenseOf) -> Any:
    path = str(operation.path or "")
    name = _attribute(path)
    if name not in ("entitlements", "roles"):
        return operation
    changed: dict[str, Any] = {}
    if name == "entitlements" and "[" in path:
        text = VALUE_NAMED.sub(lambda match: _compared(match, license_of), path)
        changed["path"] = type(operation.path)(text)
    if operation.op.value == "remove" and operation.value is not None:
        values = operation.value if isinstance(operation.value, list) else [operation.value]
        known = license_of if name == "entitlements" else _nothing
        changed["value"] = [_removed(each, known) for each in values]
    return operation.model_copy(update=changed) if changed else operation


def _compared(match: "re.Match[str]", license_of: LicenseOf) -> str:
    return f'{match["head"]}"{license_of(match["name"]) or match["name"]}"'


def _nothing(_: str) -> str | None:
    return None


def _removed(item: Any, license_of: LicenseOf) -> Any:
    """What is removed is told by its value alone, whatever is said beside it."""
    value = item.get("value") if isinstance(item, Mapping) else None
    return {"value": license_of(value) or value} if isinstance(value, str) else item
