"""A list comes whole or not at all, whatever the pages do."""

import asyncio
from typing import Any

import pytest

from bridge.errors import GoToUnreadable
from bridge.goto.paging import Page, read_page, read_whole


def rows(*keys: int) -> list[dict[str, Any]]:
    return [{"key": str(key)} for key in keys]


def read(pages: dict[int, Page] | list[dict[int, Page]]) -> tuple[list[str], list[int]]:
    """The keys read, and the offsets asked for; a list of scripts is one for each walk."""
    walks = pages if isinstance(pages, list) else [pages]
    offsets: list[int] = []

    async def page_at(offset: int) -> Page:
        offsets.append(offset)
        walk = min(offsets.count(0), len(walks)) - 1
        return walks[walk].get(offset, Page([], walks[walk][0].total))

    async def wait() -> None:
        return None

    whole = read_whole(page_at, key=lambda row: str(row["key"]), wait=wait)
    return [row["key"] for row in asyncio.run(whole)], offsets


def test_pages_are_joined_by_the_number_of_their_rows() -> None:
    keys, offsets = read({0: Page(rows(1, 2, 3), 6), 3: Page(rows(4), 6), 4: Page(rows(5, 6), 6)})
    assert keys == ["1", "2", "3", "4", "5", "6"]
    assert offsets == [0, 3, 4]


def test_an_empty_list_takes_one_page() -> None:
    assert read({0: Page([], 0)}) == ([], [0])


def test_an_empty_page_before_the_end_is_asked_for_again_then_given_up() -> None:
    with pytest.raises(GoToUnreadable, match="ended before its own total"):
        read({0: Page(rows(1, 2), 4)})


def test_an_empty_page_that_was_only_late_is_read() -> None:
    asked: list[int] = []

    async def page_at(offset: int) -> Page:
        asked.append(offset)
        return Page(rows(1) if asked.count(0) == 2 else [], 1)

    async def wait() -> None:
        asked.append(-1)

    whole = asyncio.run(read_whole(page_at, key=lambda row: str(row["key"]), wait=wait))
    assert whole == rows(1)
    assert asked == [0, -1, 0]


HOSTILE: dict[str, dict[int, Page]] = {
    "a row came twice, another was skipped": {0: Page(rows(1, 2), 4), 2: Page(rows(2, 4), 4)},
    "every page is the first one": {0: Page(rows(1, 2), 4), 2: Page(rows(1, 2), 4)},
    "the list grew": {0: Page(rows(1, 2), 3), 2: Page(rows(3), 4)},
    "the list shrank": {0: Page(rows(1, 2), 4), 2: Page(rows(3), 3)},
    "the list shrank to what was read": {0: Page(rows(1, 2), 4), 2: Page([], 2)},
    "more rows than the total": {0: Page(rows(1, 2, 3), 2)},
    "rows but a total of nothing": {0: Page(rows(1), 0)},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_list_that_changes_is_read_again_from_the_start(name: str) -> None:
    good = {0: Page(rows(1, 2), 3), 2: Page(rows(3), 3)}
    keys, offsets = read([HOSTILE[name], good])
    assert keys == ["1", "2", "3"]
    assert offsets.count(0) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_list_that_never_stands_still_is_given_up(name: str) -> None:
    with pytest.raises(GoToUnreadable, match="changed each time"):
        read(HOSTILE[name])


def test_a_row_without_a_key_is_not_read() -> None:
    async def page_at(_: int) -> Page:
        return Page([{}], 1)

    async def wait() -> None:
        return None

    def key(row: Any) -> str:
        raise GoToUnreadable("no key")

    with pytest.raises(GoToUnreadable):
        asyncio.run(read_whole(page_at, key=key, wait=wait))


def test_results_may_be_missing_where_there_are_none() -> None:
    assert read_page(b'{"total":0,"fromIndex":0,"toIndex":0}') == Page([], 0)


def test_a_list_without_a_total_is_whole_only_where_that_is_expected() -> None:
    body = b'{"results":[{"key":"1"}]}'
    assert read_page(body, may_lack_total=True) == Page(rows(1), 1)
    assert read_page(b'[{"key":"1"}]', may_lack_total=True) == Page(rows(1), 1)
    with pytest.raises(GoToUnreadable):
        read_page(body)
    with pytest.raises(GoToUnreadable):
        read_page(b"{}", may_lack_total=True)
