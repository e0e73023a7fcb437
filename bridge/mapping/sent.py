"""What a client sent, as it can be kept: nothing where it is empty, refused where no JSON holds it.

The SCIM library has read it by the schema before; here it may still be any JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from bridge.mapping.catalog import AttributePath
from bridge.mapping.errors import ValueRefused
from bridge.mapping.rules import Rule

# What JSON must hold for an attribute of a type (RFC 7643 §2.3); any other type is a text.
JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "boolean": bool, "integer": int, "decimal": (int, float),
}  # fmt: skip

EMPTY: Sequence[Any] = ("", [], {})


def sent(path: AttributePath, wanted: Mapping[str, Any]) -> Any:
    """Return what a client wants at a path, or None for no value (RFC 7643 §2.5)."""
    value = path.get(wanted)
    return value if value or value not in EMPTY else None


def in_shape(wanted: Mapping[str, Any], objects: Iterable[str]) -> Mapping[str, Any]:
    """Return a wanted resource whose ``objects`` are JSON objects. Raises ValueRefused."""
    _check_storable(wanted)
    for name in objects:
        value = wanted.get(name)
        if value is not None and not isinstance(value, Mapping):
            if value not in ("", []):
                raise ValueRefused(name, f"{name} must be an object")
            wanted = {**wanted, name: {}}
    return wanted


def to_field(rule: Rule, value: Any) -> Any:
    """Return GoTo's value for what a client sent. Raises ValueRefused."""
    if rule.values:
        return rule.values.to_field(str(rule.path), value)
    kind = rule.definition["type"]
    if not isinstance(value, JSON_TYPES.get(kind, str)):
        raise ValueRefused(str(rule.path), f"{rule.path} must be a {kind}")
    # GoTo takes blanks around a text off, and the next comparison with it is to find no change.
    return value.strip() if isinstance(value, str) else value


def _check_storable(wanted: Mapping[str, Any]) -> None:
    """Refuse what no JSON text can hold: half a surrogate pair, a number beyond 64 bits."""
    try:
        orjson.dumps(wanted)
    except TypeError:
        for name, value in wanted.items():
            _check_storable_value(name, value)


def _check_storable_value(name: str, value: Any) -> None:
    try:
        orjson.dumps(value)
    except TypeError as error:
        raise ValueRefused(name, f"{name} holds what cannot be kept as JSON: {error}") from None
