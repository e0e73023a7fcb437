"""Attributes with several values: the same one is kept once (RFC 7643 §2.4)."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from bridge.case_mapping import case_mapped


def once(items: Iterable[Any], *, case_exact: bool = False) -> list[Any]:
    """Return items of which no two have the same ``type`` and ``value``, in the order of the first.

    A later item adds its other sub-attributes to the first one. Items without a ``value``, such as
    `addresses`, are the same if all of their sub-attributes are.
    """
    found: dict[Any, Any] = {}
    for item in items:
        identity = _identity(item, case_exact=case_exact)
        first = found.setdefault(identity, item)
        if first is not item and isinstance(identity, tuple):
            found[identity] = _joined(first, item)
    return list(found.values())


def _identity(item: Any, *, case_exact: bool) -> tuple[str, str] | bytes | int:
    value = item.get("value") if isinstance(item, Mapping) else None
    if not isinstance(value, str):
        try:
            return orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        except TypeError:
            # No JSON that can be kept: it is refused elsewhere.
            return id(item)
    return str(item.get("type") or "").casefold(), value if case_exact else case_mapped(value)


def _joined(first: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    joined = {**first, **later, "value": first["value"]}
    return {**joined, "primary": True} if first.get("primary") is True else joined
