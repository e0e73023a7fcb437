"""Queries, filters and URLs as clients send them, put into the RFC's form."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from scim2_models import InvalidFilterException, InvalidValueException, ScimFilter

from bridge.scim.dialects.values import MANAGER, SHORT_NAMES

QUERY_NAMES = {
    name.casefold(): name
    for name in (
        "attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count",
        "cursor",
    )
}  # fmt: skip
UNQUOTED = re.compile(
    r"(?P<head>\b(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)(?P<value>[^\s\"()\[\]]+)", re.IGNORECASE
)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
LITERAL = re.compile(r"true|false|null|" + NUMBER.pattern)
ENTERPRISE_COMPARED = re.compile(
    r"(?<![\w.:$-])(" + "|".join(SHORT_NAMES) + r")(?=(?:\.\w+)?\s)", re.IGNORECASE
)


BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
NOT_ENCODED = "The query is not percent-encoded UTF-8; write % as %25, and é as %C3%A9"


def query(raw: str) -> dict[str, str]:
    """Return a query string's parameters, whatever the case of their names."""
    pairs = decoded(raw)
    return {QUERY_NAMES.get(name.casefold(), name): value for name, value in pairs}


def decoded(raw: str) -> list[tuple[str, str]]:
    """Return the pairs of a query string. Raises InvalidFilterException or InvalidValueException
    for one that is no percent-encoded UTF-8: what it asks for would be guessed."""
    try:
        if BROKEN_ESCAPE.search(raw):
            raise ValueError(raw)
        text = raw if raw.isascii() else raw.encode("latin-1").decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        refuse = InvalidFilterException if "filter" in raw.casefold() else InvalidValueException
        raise refuse(detail=NOT_ENCODED) from None


def search(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search understands, whatever the case of its names; null is nothing sent."""
    return {
        known: value
        for name, value in parameters.items()
        if (known := QUERY_NAMES.get(name.casefold())) is not None and value is not None
    }


def without_blanks(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a client's template left empty.

    An empty cursor begins a walk, and an empty filter is a mistake: it must not find everything.
    """
    return {
        name: _folded_order(value) if name == "sortOrder" else value
        for name, value in parameters.items()
        if value != "" or name in ("filter", "cursor")
    }


def _folded_order(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def mended_filter(text: str) -> str:
    """Return a filter in the RFC's grammar; one that is right already stays as it is.

    Values without quotes, and enterprise attributes without their schema.
    """
    mended = ENTERPRISE_COMPARED.sub(lambda match: _compared(match[1]), text)
    if _is_filter(mended):
        return mended
    quoted = UNQUOTED.sub(_quoted, mended)
    return quoted if _is_filter(quoted) else text


def with_quoted_numbers(text: str) -> str:
    """Return a filter whose numbers are texts: an id or an employee number is no number in SCIM."""
    return UNQUOTED.sub(_number_quoted, text)


def _number_quoted(match: re.Match[str]) -> str:
    value = match["value"]
    return f'{match["head"]}"{value}"' if NUMBER.fullmatch(value) else match[0]


def _compared(name: str) -> str:
    path = SHORT_NAMES[name.casefold()]
    return f"{path}.value" if path == MANAGER else path


def _quoted(match: re.Match[str]) -> str:
    value = match["value"]
    return match[0] if LITERAL.fullmatch(value) else f"{match['head']}{ScimFilter.quote(value)}"


def _is_filter(text: str) -> bool:
    try:
        ScimFilter(text)
    except InvalidFilterException:
        return False
    return True


def flag_before_path(path: str, raw_query: str) -> tuple[str, str]:
    """Take a flag out of a tenant URL that the resource's path was carelessly joined to.

    ``/scim/v2?aadOptscim062020/Users/1?count=2`` is a request for ``/Users/1?count=2``.
    """
    flag, slash, rest = raw_query.partition("/")
    if path.strip("/") or not slash or "=" in flag or "&" in flag:
        return path, raw_query
    joined, _, remainder = rest.partition("?")
    return f"/{joined}", remainder
