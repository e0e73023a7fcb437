"""The two lists that can be written: a user's licences and its admin roles.

Which of their values there are is GoTo's to know. What a client says beside a value (display, type,
primary) is held, and shown again exactly; this knows how, and not what a licence is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from bridge.mapping.errors import ValueRefused

Item = dict[str, Any]

# The attribute, and the one field that it can be written to.
WRITABLE_LISTS: Mapping[str, str] = {"entitlements": "licenseKeys", "roles": "adminRoles"}


def said(
    name: str, wanted: Mapping[str, Any], before: Mapping[str, Any] | None, *, patched: bool
) -> list[Item] | None:
    """Return the values that a client wants of a list, or None where it says nothing of it.

    A PUT or POST leaves what it does not send, and an empty list clears (RFC 7644 §3.5.1); a PATCH
    (``patched``) says nothing of what it leaves as it was. Raises ValueRefused.
    """
    if not patched and wanted.get(name) is None:
        return None
    items = _items(name, wanted.get(name))
    if patched and before is not None and _in_any_order(items) == _in_any_order(before.get(name)):
        return None
    return items


def _items(name: str, value: Any) -> list[Item]:
    if value is None or value == "":
        return []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ValueRefused(name, f"{name} must be a list of objects with a value each")
    return [dict(item) for item in value]


def _in_any_order(items: Iterable[Mapping[str, Any]] | None) -> list[bytes]:
    return sorted(orjson.dumps(item, option=orjson.OPT_SORT_KEYS) for item in items or ())


def echoed(shown: Sequence[Item], held: Any) -> list[Item]:
    """Return a list with what a client said beside its values, as far as it still has them."""
    beside = {item["value"]: item for item in held or ()}
    return [beside.get(item["value"], item) for item in shown]
