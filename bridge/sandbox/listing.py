"""One page of a list: filter, sort, paging and projection, as a query string asks for them.

Knows the envelope and the look-ups by index that keep a filter on e-mail
or key from reading a whole account. Knows no rule of the account.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic

from bridge.sandbox.filters import compiled
from bridge.sandbox.records import Fields, Row, View, projected, record
from bridge.sandbox.rows import Refusal
from bridge.sandbox.settings import SimulatorSettings

Lookups = Mapping[str, Callable[[str], Row | None]]


@dataclass(frozen=True, slots=True)
class Source(Generic[Row]):
    """A list that can be asked for: its rows, their number, fields, and look-ups by exact value."""

    rows: Iterable[Row]
    total: int
    fields: Fields[Row]
    by_value: Lookups[Row]


def page(source: Source[Row], view: View, query: Mapping[str, str]) -> dict[str, Any]:
    """The envelope that GoTo answers: ``results``, ``fromIndex``, ``toIndex``, ``total``."""
    offset, size = _window(query, view.settings)
    rows, total = _matching(source, view, query)
    rows = _ordered(rows, source.fields, view, query)
    fields = wanted(source.fields, query, view.settings)
    results = [record(row, view, fields) for row in islice(rows, offset, offset + size)]
    envelope: dict[str, Any] = {"results": results}
    if total == 0 and view.settings.empty_results == "absent":
        envelope = {}
    to_index = offset + len(results)
    if results and view.settings.to_index == "inclusive":
        to_index -= 1
    return envelope | {"fromIndex": offset, "toIndex": to_index, "total": total}


def wanted(
    fields: Fields[Row], query: Mapping[str, str], settings: SimulatorSettings
) -> Fields[Row]:
    """The fields that ``attributes=`` or ``attributeNames=`` ask for; all when neither is there."""
    if settings.projection == "refused":
        for spelling in ("attributes", "attributeNames"):
            if spelling in query:
                raise Refusal(400, "request.invalid", spelling)
    asked = [query[spelling] for spelling in settings.projection_spellings if query.get(spelling)]
    if not asked:
        return fields
    names = set(",".join(asked).split(","))
    if settings.projection == "partial":
        names &= set(settings.projection_answers.split(","))
    return projected(fields, names)


def _window(query: Mapping[str, str], settings: SimulatorSettings) -> tuple[int, int]:
    offset = _number(query, "offset", default=0, least=0)
    size = _number(query, "pageSize", default=settings.default_page_size, least=1)
    if size > settings.max_page_size and settings.oversized_page == "refuse":
        raise Refusal(400, "page.size.invalid", str(size))
    return offset, min(size, settings.max_page_size)


def _number(query: Mapping[str, str], name: str, *, default: int, least: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise Refusal(400, "request.invalid", f"{name}={text[:40]}")
    return int(text)


def _matching(
    source: Source[Row], view: View, query: Mapping[str, str]
) -> tuple[Iterable[Row], int]:
    text = query.get("filter")
    if not text or view.settings.filter == "ignored":
        return source.rows, source.total
    test = compiled(text, fields=source.fields.keys(), settings=view.settings)
    candidates = _candidates(source, test.exact)
    found = [
        row
        for row in candidates
        if test.matches(lambda name, row=row: source.fields[name](row, view))  # type: ignore[misc]
    ]
    return found, len(found)


def _candidates(source: Source[Row], exact: Sequence[tuple[str, str]] | None) -> Iterable[Row]:
    if exact is None or any(name not in source.by_value for name, _ in exact):
        return source.rows
    found = (source.by_value[name](value) for name, value in exact)
    return {id(row): row for row in found if row is not None}.values()


def _ordered(
    rows: Iterable[Row], fields: Fields[Row], view: View, query: Mapping[str, str]
) -> Iterable[Row]:
    for direction in ("ascending", "descending"):
        read = fields.get(query.get(direction, ""))
        if read is not None:
            return sorted(
                rows,
                key=lambda row: str(read(row, view) or "").lower(),
                reverse=direction == "descending",
            )
    if view.settings.list_order == "unstable":
        shuffled = list(rows)
        random.shuffle(shuffled)
        return shuffled
    return rows
