"""Values of another type than the schema's whose meaning is plain: numbers, and lists of one."""

from math import isfinite
from typing import Any

from bridge.scim.dialects.queries import NUMBER
from bridge.scim.dialects.values import BOOLEANS, text

FLAGS = {**BOOLEANS, "1": True, "0": False, "yes": True, "no": False}


def alone(value: Any) -> Any:
    """Return the value of a list of one, None for an empty list; anything else as it is."""
    if not isinstance(value, list) or len(value) > 1:
        return value
    return value[0] if value else None


def several(value: Any) -> Any:
    """Return one value as a list of one."""
    return value if isinstance(value, list) else [value]


def with_value(value: Any) -> Any:
    """Return a bare text or number as the object whose ``value`` it is."""
    is_bare = isinstance(value, str | int | float) and not isinstance(value, bool)
    return {"value": value} if is_bare else value


def simple(value: Any, kind: str) -> Any:
    """Return a simple value as one of a SCIM type, where it says one; otherwise as it is."""
    if kind == "string":
        return _as_text(value)
    if kind == "boolean":
        return _as_flag(value)
    if kind in ("integer", "decimal"):
        return _as_number(value, kind)
    if kind == "binary" and isinstance(value, str):
        return _without_armor(value)
    return text(value)


def _as_text(value: Any) -> Any:
    """Return a number as its text. One so large that its digits are lost is no text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and isfinite(value) and "e" not in repr(value):
        return repr(value)
    return text(value)


def _as_flag(value: Any) -> Any:
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return FLAGS.get(value.strip().casefold(), text(value)) if isinstance(value, str) else value


def _as_number(value: Any, kind: str) -> Any:
    if not isinstance(value, str) or not NUMBER.fullmatch(value.strip()):
        return text(value)
    number = float(value)
    return int(number) if kind == "integer" and number.is_integer() else number


def _without_armor(value: str) -> Any:
    """Return a certificate in PEM as its base64 alone; line breaks and blanks are left out."""
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 2 and lines[0].startswith("-----BEGIN ") and "-----END " in value:
        lines = [line for line in lines if not line.startswith("-----")]
    return "".join("".join(lines).split()) or None
