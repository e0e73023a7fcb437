"""A whole list out of GoTo's pages, or none: a short list would read as deletions.

Knows the envelope (``results``, ``total``), and that without a stable cursor an insert or a delete
during the walk skips or repeats rows. Knows no HTTP and no record beyond its ``key``.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from bridge.errors import GoToUnreadable
from bridge.goto.ahead import AHEAD, Ahead

WALKS = 3
"""How often a list is read from the start before it is given up as changing too fast."""
EMPTY_PAGES = 2
"""How often a page that should not be empty is asked for again."""
LONGEST = 10_000_000
"""Rows of the longest list that is believed."""
MOST_PAGES = 20_000
"""Pages of the longest walk: a first page of few rows makes a large total unbelievable."""
MOST_STALE = 16
"""Pages in a row without a row that is new, after which a list goes round in circles."""
SLICE = 100
"""Rows that something is made of before others have their turn."""

T = TypeVar("T")

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
    if total < len(rows) or total > LONGEST:
        raise GoToUnreadable("GoTo's list says a length that cannot be true.")
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
    make: Callable[[dict[str, Any]], T],
) -> list[T]:
    """What ``make`` makes of every row, once, in GoTo's order.

    Each row that was in the list all the time is there. One that came or went meanwhile may be.
    ``page_at`` gives the page that begins at an offset; ``wait`` passes a moment before a page that
    came empty is asked for again. Raises ``GoToUnreadable`` for a list that never comes out whole.
    """
    for _ in range(WALKS):
        try:
            return await _Walk(page_at, key, wait, make).whole()
        except _Changed:
            continue
    raise GoToUnreadable(
        "GoTo's list changed each time while it was read; try again when fewer changes are made."
    )


class _Walk(Generic[T]):
    """One way through a list whose rows move while it is read.

    Each page begins with the last row of the one before. Where it does not, rows that were read
    have left the list and others have moved up, past the offset: the walk goes back for them. It
    is the order of the rows that this stands on, not the time at which pages were read, so pages
    may be asked for before their turn.
    """

    def __init__(
        self,
        page_at: Callable[[int], Awaitable[Page]],
        key: Callable[[Mapping[str, Any]], str],
        wait: Callable[[], Awaitable[object]],
        make: Callable[[dict[str, Any]], T],
    ) -> None:
        self._pages = Ahead(page_at)
        self._key = key
        self._wait = wait
        self._make = make
        self._found: dict[str, T] = {}
        # Of pages that were under way together, any may be the newest.
        self._totals: deque[int] = deque(maxlen=AHEAD + 1)

    async def whole(self) -> list[T]:
        """Every row. Raises _Changed where more moved than could be followed."""
        try:
            return await self._whole()
        finally:
            self._pages.drop()

    async def _whole(self) -> list[T]:
        offset, is_shared = 0, False
        page = await self._pages.at(0)
        if page.total > MOST_PAGES * max(1, len(page.rows)):
            raise GoToUnreadable("GoTo's list says a length that its pages cannot reach.")
        stale = 0
        for _ in range(_most_pages(page)):
            if not page.rows and offset < page.total:
                page = await self._again(offset, page.total)
            if is_shared and not self._goes_on(page):
                offset = _further_back(offset, page)
                is_shared = offset > 0
                page = await self._pages.at(offset)
                continue
            end = offset + len(page.rows)
            # Of pages with a single row, none can be shared.
            is_shared = len(page.rows) > 1
            following = end - 1 if is_shared else end
            if end < page.total:
                last = page.total - is_shared  # a page of the shared row alone is of no use
                self._pages.expect(following, step=following - offset, before=last)
            known = len(self._found)
            await self._take(page)
            if end >= page.total:
                break
            stale = 0 if len(self._found) > known else stale + 1
            if stale > MOST_STALE:
                raise _Changed
            offset = following
            page = await self._pages.at(offset)
        else:
            raise _Changed
        if end > page.total or len(self._found) < min(self._totals):
            raise _Changed
        return list(self._found.values())

    def _goes_on(self, page: Page) -> bool:
        """Whether a page begins with a row that was read: none has moved past its offset."""
        return bool(page.rows) and self._key(page.rows[0]) in self._found

    async def _take(self, page: Page) -> None:
        self._totals.append(page.total)
        for number, row in enumerate(page.rows, 1):
            key = self._key(row)
            if key not in self._found:
                self._found[key] = self._make(row)
            if number % SLICE == 0:
                await asyncio.sleep(0)

    async def _again(self, offset: int, total: int) -> Page:
        """Return a page that came empty once more, when it is not empty any more."""
        for _ in range(EMPTY_PAGES):
            await self._wait()
            page = await self._pages.at(offset)
            if page.rows or page.total != total:
                return page
        raise GoToUnreadable(
            "GoTo's list ended before its own total; try again, and tell GoTo if it stays so."
        )


def _most_pages(first: Page) -> int:
    """Return after how many pages a walk goes round in circles."""
    return 3 * (first.total // max(1, len(first.rows) - 1)) + 8


def _further_back(offset: int, page: Page) -> int:
    """Return where to look for the rows that moved up past an offset."""
    return max(0, min(offset - max(1, len(page.rows)), page.total - 1))
