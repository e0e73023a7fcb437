"""The literals of comparisons: which go with which attribute and operator (RFC 7644 §3.4.2.2)."""

from base64 import b64decode
from datetime import datetime
from inspect import isclass
from typing import Any

from scim2_models import InvalidFilterException
from scim2_models.path import AttributeBinding, AttrPath, CompareOperator, Comparison

from bridge.scim.filters import moments

EQUALITIES = frozenset({CompareOperator.eq, CompareOperator.ne})
SUBSTRINGS = frozenset({CompareOperator.co, CompareOperator.sw, CompareOperator.ew})
BOOLEANS = {"true": True, "false": False}
NULL = "{path} {op} null means nothing: with null only eq and ne can be asked, or use pr"
ONLY = "{path} is {kind}, which takes {operators}: not {op}"
WRONG = "{path} is {kind}: send {example}, not {value}"


def literal(path: AttrPath, binding: AttributeBinding, node: Comparison, *, lenient: bool) -> Any:
    """Return what an attribute is to be compared with. Raises invalidFilter.

    A value that is right as it was sent is returned itself.
    """
    op, value, kind = node.op, node.value, binding.target_type
    if value is None:
        if op not in EQUALITIES:
            raise InvalidFilterException(detail=NULL.format(path=path, op=op.value))
        return None
    if not isclass(kind):
        return value
    if issubclass(kind, bool):
        _refuse_operator(path, op, "a boolean", EQUALITIES)
        return _boolean(path, value, lenient=lenient)
    if issubclass(kind, datetime):
        _refuse_operator(path, op, "a dateTime", frozenset(CompareOperator) - SUBSTRINGS)
        return _moment(path, value)
    if issubclass(kind, bytes):
        _refuse_operator(path, op, "binary", EQUALITIES)
        return _binary(path, value)
    if issubclass(kind, int | float):
        _refuse_operator(path, op, "a number", frozenset(CompareOperator) - SUBSTRINGS)
        return _number(path, value, lenient=lenient)
    if not isinstance(value, str):
        raise _wrong(path, "a text", '"…" in double quotes', value)
    return value


def _refuse_operator(
    path: AttrPath, op: CompareOperator, kind: str, allowed: frozenset[CompareOperator]
) -> None:
    if op not in allowed:
        operators = ", ".join([*(each.value for each in CompareOperator if each in allowed), "pr"])
        detail = ONLY.format(path=path, kind=kind, operators=operators, op=op.value)
        raise InvalidFilterException(detail=detail)


def _boolean(path: AttrPath, value: Any, *, lenient: bool) -> bool:
    if isinstance(value, bool):
        return value
    known = BOOLEANS.get(value.strip().casefold()) if lenient and isinstance(value, str) else None
    if known is None:
        raise _wrong(path, "a boolean", "true or false without quotes", value)
    return known


def _moment(path: AttrPath, value: Any) -> str:
    moment = moments.utc(value) if isinstance(value, str) else None
    if moment is None:
        raise _wrong(path, "a dateTime", 'for instance "2026-01-31T09:30:00Z"', value)
    return moments.written(moment)


def _number(path: AttrPath, value: Any, *, lenient: bool) -> Any:
    if lenient and isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(path, "a number", "a number without quotes", value)
    if isinstance(value, float) and not value.is_integer():
        raise _wrong(path, "a whole number", "one without a fraction", value)
    return int(value) if isinstance(value, float) else value


def _binary(path: AttrPath, value: Any) -> str:
    try:
        b64decode(value, validate=True)
    except (ValueError, TypeError):
        raise _wrong(path, "binary", "its base64 form", value) from None
    return str(value)


def _wrong(path: AttrPath, kind: str, example: str, value: Any) -> InvalidFilterException:
    shown = f'"{value[:80]}"' if isinstance(value, str) else str(value).lower()[:80]
    return InvalidFilterException(
        detail=WRONG.format(path=path, kind=kind, example=example, value=shown)
    )
