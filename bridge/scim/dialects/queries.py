"""Queries, filters and URLs as clients send them, put into the RFC's form."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from scim2_models import InvalidFilterException, InvalidValueException, ScimFilter

QUERY_NAMES = {
    name.casefold(): name
    for name in (
        "attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count",
        "cursor",
    )
}  # fmt: skip
LISTS = ("attributes", "excludedAttributes")
UNQUOTED = re.compile(
    r"(?P<head>\b(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)(?P<value>[^\s\"()\[\]]+)", re.IGNORECASE
)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
LITERAL = re.compile(r"true|false|null|" + NUMBER.pattern, re.IGNORECASE)
# A text of JSON, which holds whatever it likes.
TEXT = re.compile(r'("(?:[^"\\]|\\.)*")', re.DOTALL)
TWICE = "{name} is there twice, with different values: send it once"


BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
NOT_ENCODED = "The query is not percent-encoded UTF-8; write % as %25, and é as %C3%A9"


def query(raw: str) -> dict[str, str]:
    """Return a query string's parameters, whatever the case of their names.

    Lists of attributes that come in several parts are one list. Raises invalidFilter or
    invalidValue where a parameter is there twice and says two things.
    """
    parameters: dict[str, str] = {}
    for name, value in decoded(raw):
        known = QUERY_NAMES.get(name.casefold(), name)
        if known in LISTS and parameters.get(known):
            value = f"{parameters[known]},{value}"
        else:
            _refuse_second(known, parameters, value)
        parameters[known] = value
    return parameters


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
    """Return what a search understands, whatever the case of its names; null is nothing sent.

    Raises what ``query`` raises.
    """
    understood: dict[str, Any] = {}
    for name, value in parameters.items():
        known = QUERY_NAMES.get(name.casefold())
        if known is not None and value is not None:
            _refuse_second(known, understood, value)
            understood[known] = value
    return understood


def _refuse_second(name: str, parameters: Mapping[str, Any], value: Any) -> None:
    if name in QUERY_NAMES.values() and parameters.get(name, value) != value:
        detail = TWICE.format(name=name)
        refusal = InvalidFilterException if name == "filter" else InvalidValueException
        raise refusal(detail=detail)


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
    """Return a filter in the RFC's grammar, where its values merely lack their quotes.

    One that is right already stays as it is, and so does one that is not understood.
    """
    if _is_filter(text):
        return text
    quoted = _outside_texts(text, _quoted)
    return quoted if _is_filter(quoted) else text


def with_quoted_numbers(text: str) -> str:
    """Return a filter whose numbers are texts: an id or an employee number is no number in SCIM."""
    return _outside_texts(text, _number_quoted)


def _outside_texts(text: str, change: Callable[[re.Match[str]], str]) -> str:
    """Change the values without quotes; what stands in quotes is nobody's to change."""
    parts = TEXT.split(text)
    parts[::2] = [UNQUOTED.sub(change, part) for part in parts[::2]]
    return "".join(parts)


def _number_quoted(match: re.Match[str]) -> str:
    value = match["value"]
    return f'{match["head"]}"{value}"' if NUMBER.fullmatch(value) else match[0]


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
