"""A whole list out of GoTo's pages, or none: a short list would read as deletions.

Knows the envelope (``results``, ``total``), and that without a stable cursor an insert or a delete
during the walk skips or repeats rows. Knows no HTTP and no record beyond its ``key``.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bridge.errors import GoToUnreadable

WALKS = 3
"""How often a list is read from the start before it is given up as changing too fast."""
EMPTY_PAGES = 2
"""How often a page that should not be empty is asked for again."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page; ``total`` is the length of the whole list."""

    rows: Rows
    total: int


def read_page(body: bytes, *, may_lack_total: bool = False) -> Page:
    """A page of GoTo's. ``results`` may be missing where there is nothing to give.

    With ``may_lack_total`` a list that comes without a total, or bare, is taken as whole.
    """
    envelope = read_json(body)
    if may_lack_total and isinstance(envelope, list):
        envelope = {"results": envelope}
    if not isinstance(envelope, dict):
        raise GoToUnreadable("GoTo's list is not a list.")
    rows = envelope.get("results")
    if rows is None:
        rows = []
    if not isinstance(rows, list) or not all(type(row) is dict for row in rows):
        raise GoToUnreadable("GoTo's list holds something else than records.")
    total = envelope.get("total")
    if total is None and may_lack_total and "results" in envelope:
        total = len(rows)
    if type(total) is not int or total < 0:
        raise GoToUnreadable("GoTo's list does not say how long it is.")
    return Page(rows, total)


def read_json(body: bytes) -> Any:
    """The parsed body, or ``GoToUnreadable``."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    raise GoToUnreadable("GoTo's answer is not JSON.")


class _Changed(Exception):
    """The list changed while it was read."""


async def read_whole(
    page_at: Callable[[int], Awaitable[Page]],
    *,
    key: Callable[[Mapping[str, Any]], str],
    wait: Callable[[], Awaitable[object]],
) -> Rows:
    """Every row once, in GoTo's order.

    ``page_at`` gives the page that begins at an offset; ``wait`` passes a moment before a page that
    came empty is asked for again. Raises ``GoToUnreadable`` for a list that never comes out whole.
    """
    for _ in range(WALKS):
        try:
            return await _walk(page_at, key, wait)
        except _Changed:
            continue
    raise GoToUnreadable(
        "GoTo's list changed each time while it was read; try again when fewer changes are made."
    )


async def _walk(
    page_at: Callable[[int], Awaitable[Page]],
    key: Callable[[Mapping[str, Any]], str],
    wait: Callable[[], Awaitable[object]],
) -> Rows:
    page = await page_at(0)
    total = page.total
    found: dict[str, dict[str, Any]] = {}
    seen = 0
    while True:
        seen += len(page.rows)
        for row in page.rows:
            found.setdefault(key(row), row)
        if seen >= total:
            break
        if not page.rows:
            page = await _page_again(page_at, seen, total, wait)
        else:
            page = await page_at(seen)
        if page.total != total:
            raise _Changed
    if len(found) != total or seen != total:
        raise _Changed
    return list(found.values())


async def _page_again(
    page_at: Callable[[int], Awaitable[Page]],
    offset: int,
    total: int,
    wait: Callable[[], Awaitable[object]],
) -> Page:
    for _ in range(EMPTY_PAGES):
        await wait()
        page = await page_at(offset)
        if page.rows or page.total != total:
            return page
    raise GoToUnreadable(
        "GoTo's list ended before its own total; try again, and tell GoTo if it stays so."
    )
