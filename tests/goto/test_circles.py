"""A list that cannot come to an end is given up after a bounded number of calls."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bridge.errors import GoToUnreadable
from bridge.goto.paging import MOST_PAGES, Page, read_whole

Pages = Callable[[int], Page]


def rows(*keys: int) -> list[dict[str, Any]]:
    return [{"key": str(key)} for key in keys]


def the_same_page(_: int) -> Page:
    return Page(rows(*range(25)), 400_000)


def two_pages_in_turn(offset: int) -> Page:
    return Page(rows(*range(25)) if offset % 48 else rows(*range(24, 49)), 400_000)


def a_total_that_runs_away(offset: int) -> Page:
    return Page(rows(*range(offset, offset + 25)), offset + 100)


def one_row_of_many(offset: int) -> Page:
    return Page(rows(offset), 9_000_000)


def no_row_at_all(_: int) -> Page:
    return Page([], 1000)


@pytest.mark.parametrize(
    "pages",
    [
        the_same_page,
        two_pages_in_turn,
        a_total_that_runs_away,
        one_row_of_many,
        no_row_at_all,
    ],
)
def test_a_list_without_an_end_is_given_up(pages: Pages) -> None:
    asked = 0

    async def page_at(offset: int) -> Page:
        nonlocal asked
        asked += 1
        return pages(offset)

    async def wait() -> None:
        return None

    async def run() -> None:
        with pytest.raises(GoToUnreadable):
            await read_whole(page_at, key=lambda row: str(row["key"]), wait=wait, make=lambda r: r)

    asyncio.run(run())
    assert asked < 300


def test_a_list_as_long_as_its_pages_can_be_is_read() -> None:
    total = 3 * MOST_PAGES // 1000

    async def page_at(offset: int) -> Page:
        return Page(rows(*range(offset, min(offset + 7, total))), total)

    async def wait() -> None:
        return None

    async def run() -> int:
        read = read_whole(page_at, key=lambda row: str(row["key"]), wait=wait, make=lambda r: r)
        return len(await read)

    assert asyncio.run(run()) == total
