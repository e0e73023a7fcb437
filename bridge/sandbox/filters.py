"""The two filter dialects of the Admin API, compiled to a test on a record's field values.

``email eq "a@b.c"`` and ``(email="(?i)a.*")|(firstName="Ann")``, the latter with Java regular
expressions. Knows nothing of users or groups: it is given the names of the fields that may be asked
for, and tells beside the test which exact e-mails or keys can match at all, for a look-up by index.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.rows import Refusal
from bridge.sandbox.settings import SimulatorSettings

LONGEST_FILTER = 8_000
Read = Callable[[str], Any]
"""Gives the value of the field with this name."""

_EQ = re.compile(r'\s*(\w+)\s+eq\s+"((?:[^"\\]|\\.)*)"\s*', re.IGNORECASE)
_TOKEN = re.compile(r'\s*(?:(?P<mark>[()&|])|(?P<name>\w+)\s*=\s*"(?P<value>(?:[^"\\]|\\.)*)")\s*')
_PLAIN = re.compile(r"(?:\(\?i\))?((?:[^\\.^$|?*+()\[\]{}]|\\[^\w\s])*)", re.DOTALL)
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """``matches`` decides; one of the (field, value) pairs of ``exact``, if any, has to hold."""

    matches: Callable[[Read], bool]
    exact: tuple[tuple[str, str], ...] | None = None


def compiled(text: str, *, fields: Collection[str], settings: SimulatorSettings) -> Filter:
    """Compile ``text``; raises a 400 :class:`Refusal` when it is not understood."""
    if len(text) > LONGEST_FILTER:
        raise _refused(text)
    equality = _EQ.fullmatch(text)
    if equality is not None:
        return _equality(equality, fields=fields, settings=settings)
    if settings.filter_dialects == "eq":
        raise _refused(text)
    return _Parser(text, fields=fields, settings=settings).whole()


def _equality(
    found: re.Match[str], *, fields: Collection[str], settings: SimulatorSettings
) -> Filter:
    name, value = found[1], re.sub(r"\\(.)", r"\1", found[2])
    allowed = fields if settings.eq_fields == "any" else ("email",)
    if settings.filter_dialects == "regex" or name not in allowed or name not in fields:
        raise _refused(found.string)
    if settings.eq_ignores_case:
        folded = value.lower()
        return Filter(lambda read: _text(read(name)).lower() == folded, ((name, value),))
    return Filter(lambda read: _text(read(name)) == value, ((name, value),))


class _Parser:
    """Recursive descent over ``term = name="regex" | ( any )``; ``&`` binds closer than ``|``."""

    def __init__(self, text: str, *, fields: Collection[str], settings: SimulatorSettings) -> None:
        self._text = text
        self._fields = fields
        self._part = settings.regex_match == "part"
        self._at = 0

    def whole(self) -> Filter:
        found = self._any()
        if self._at != len(self._text):
            raise _refused(self._text)
        return found

    def _any(self) -> Filter:
        parts = [self._all()]
        while self._mark("|"):
            parts.append(self._all())
        if len(parts) == 1:
            return parts[0]
        pairs = [part.exact for part in parts]
        exact = None if None in pairs else tuple(pair for some in pairs for pair in some or ())
        return Filter(lambda read: any(part.matches(read) for part in parts), exact)

    def _all(self) -> Filter:
        parts = [self._term()]
        while self._mark("&"):
            parts.append(self._term())
        if len(parts) == 1:
            return parts[0]
        exact = next((part.exact for part in parts if part.exact is not None), None)
        return Filter(lambda read: all(part.matches(read) for part in parts), exact)

    def _term(self) -> Filter:
        if self._mark("("):
            inside = self._any()
            if not self._mark(")"):
                raise _refused(self._text)
            return inside
        token = _TOKEN.match(self._text, self._at)
        if token is None or token["name"] not in self._fields:
            raise _refused(self._text)
        self._at = token.end()
        return self._pattern(token["name"], token["value"].replace('\\"', '"'))

    def _pattern(self, name: str, java: str) -> Filter:
        source = _QUOTED.sub(lambda quoted: re.escape(quoted[1]), java)
        try:
            pattern = re.compile(source)
        except (re.error, OverflowError, RecursionError):
            raise _refused(self._text) from None
        test = pattern.search if self._part else pattern.fullmatch
        plain = None if self._part else _PLAIN.fullmatch(source)
        exact = None if plain is None else ((name, re.sub(r"\\(.)", r"\1", plain[1])),)
        return Filter(lambda read: test(_text(read(name))) is not None, exact)

    def _mark(self, mark: str) -> bool:
        token = _TOKEN.match(self._text, self._at)
        if token is None or token["mark"] != mark:
            return False
        self._at = token.end()
        return True


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _refused(text: str) -> Refusal:
    return Refusal(400, "filter.invalid", text[:200])
