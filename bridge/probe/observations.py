"""The shape of GoTo's replies: statuses, error codes, names of headers and fields, never a value.

Knows which names are safe to show. A report is handed to others, so a name that could carry the
value of a person is left out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_CODE = re.compile(r"[A-Za-z]{1,24}([._-][A-Za-z]{1,24}){0,5}")
_ROWS = 50


@dataclass
class Observation:
    """All replies to one method of one path."""

    statuses: set[int] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    headers: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


class Observations:
    """Replies by method and path; keys in a path are ``{key}``."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Observation] = {}

    def note(
        self, method: str, path: str, *, status: int, headers: Iterable[str], body: Any
    ) -> None:
        """Take note of a reply."""
        seen = self._seen.setdefault((method, template(path)), Observation())
        seen.statuses.add(status)
        seen.headers.update(name.lower() for name in headers if _NAME.fullmatch(name))
        if status >= 400:
            seen.codes.update(codes(body))
        else:
            seen.fields.update(_fields(body))

    def as_json(self) -> list[dict[str, Any]]:
        """Return one entry for each method of a path."""
        return [
            {
                "method": method,
                "path": path,
                "statuses": sorted(seen.statuses),
                "codes": sorted(seen.codes),
                "headers": sorted(seen.headers),
                "fields": sorted(seen.fields),
            }
            for (method, path), seen in sorted(self._seen.items())
        ]


def template(path: str) -> str:
    """Return a path without its keys and without the values of its query."""
    bare, _, query = path.partition("?")
    segments = ["{key}" if part.isdigit() else part for part in bare.split("/")]
    names = sorted({pair.partition("=")[0] for pair in query.split("&") if pair})
    return "/".join(segments) + ("?" + "&".join(names) if names else "")


def codes(body: Any) -> list[str]:
    """Return the error codes of a reply that are plain words with dots between them."""
    if not isinstance(body, dict):
        return []
    errors = _list(body.get("errors"))
    listed = [each.get("code") for each in errors if isinstance(each, dict)]
    single = [body.get("errorCode"), body.get("error"), body.get("code")]
    return [code for code in (*listed, *single) if isinstance(code, str) and _CODE.fullmatch(code)]


def _fields(body: Any) -> set[str]:
    rows = _list(body) or [body]
    if isinstance(body, dict):
        rows = [body, *_list(body.get("results"))]
    names = (name for row in rows[:_ROWS] if isinstance(row, dict) for name in row)
    return {name for name in names if isinstance(name, str) and _NAME.fullmatch(name)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
