"""A list comes whole or not at all, whatever the pages do."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import GoToUnreadable
from bridge.goto.ahead import AHEAD
from bridge.goto.paging import Page, read_page, read_whole


def rows(*keys: int) -> list[dict[str, Any]]:
    return [{"key": str(key)} for key in keys]


class Listing:
    """GoTo's list as it changes: before its n-th page is given, the n-th change is made."""

    def __init__(self, keys: list[int], *, size: int, changes: dict[int, Any] | None = None):
        self.keys = keys
        self.size = size
        self.changes = changes or {}
        self.offsets: list[int] = []
        self.waits = 0

    async def page_at(self, offset: int) -> Page:
        if change := self.changes.get(len(self.offsets)):
            change(self.keys)
        self.offsets.append(offset)
        return Page(rows(*self.keys[offset : offset + self.size]), len(self.keys))

    async def wait(self) -> None:
        self.waits += 1

    def read(self) -> list[int]:
        """The keys that a walk finds."""
        return [int(key) for key in asyncio.run(walked(self))]


async def walked(listing: Any) -> list[str]:
    return await read_whole(
        listing.page_at,
        key=lambda row: str(row["key"]),
        wait=listing.wait,
        make=lambda row: str(row["key"]),
    )


class Scripted(Listing):
    """Pages as a hostile GoTo gives them, whatever is asked for."""

    def __init__(self, *pages: Page, then: Page | None = None) -> None:
        super().__init__([], size=1)
        self.pages = list(pages)
        self.then = then or pages[-1]

    async def page_at(self, offset: int) -> Page:
        self.offsets.append(offset)
        return self.pages.pop(0) if self.pages else self.then


def test_each_page_begins_with_the_last_row_of_the_one_before() -> None:
    listing = Listing([1, 2, 3, 4, 5, 6], size=3)
    assert listing.read() == [1, 2, 3, 4, 5, 6]
    assert listing.offsets == [0, 2, 4]


def test_pages_of_a_single_row_are_read_one_after_the_other() -> None:
    listing = Listing([1, 2, 3], size=1)
    assert listing.read() == [1, 2, 3]
    assert listing.offsets == [0, 1, 2]


def test_a_large_list_takes_hardly_more_pages_than_it_has() -> None:
    listing = Listing(list(range(100_000)), size=1000)
    assert len(listing.read()) == 100_000
    assert len(listing.offsets) == 101


def test_a_list_that_ends_with_a_page_takes_no_further_one() -> None:
    listing = Listing(list(range(9)), size=5)
    assert len(listing.read()) == 9
    assert listing.offsets == [0, 4]


class Slow(Listing):
    """Each page is read after so many turns of others: not in the order in which it was asked."""

    def __init__(self, keys: list[int], *, size: int, delays: list[int], **more: Any) -> None:
        super().__init__(keys, size=size, **more)
        self.delays = delays
        self.asked = self.under_way = self.most = 0

    async def page_at(self, offset: int) -> Page:
        delay = self.delays[self.asked % len(self.delays)]
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            for _ in range(delay):
                await asyncio.sleep(0)
            return await super().page_at(offset)
        finally:
            self.under_way -= 1


def test_some_pages_are_asked_for_before_their_turn_and_each_once() -> None:
    listing = Slow(list(range(100)), size=6, delays=[3])
    assert listing.read() == list(range(100))
    assert listing.most == AHEAD
    assert sorted(listing.offsets) == list(range(0, 100, 5))[:20]


def test_nothing_is_under_way_when_a_list_was_read_or_given_up() -> None:
    listing = Slow(list(range(100)), size=6, delays=[3, 3, 3, 99])

    def make(row: dict[str, Any]) -> str:
        if row["key"] == "12":
            raise GoToUnreadable("no user")
        return ""

    async def read() -> None:
        key = lambda row: str(row["key"])  # noqa: E731 - as short as it is used
        with pytest.raises(GoToUnreadable):
            await read_whole(listing.page_at, key=key, wait=listing.wait, make=make)
        await asyncio.sleep(0)
        assert listing.under_way == 0

    asyncio.run(read())


def test_pages_of_another_size_than_the_first_are_read_all_the_same() -> None:
    class Uneven(Slow):
        async def page_at(self, offset: int) -> Page:
            self.size = 5 if offset < 8 else 3
            return await super().page_at(offset)

    listing = Uneven(list(range(30)), size=5, delays=[3, 3, 40])
    assert listing.read() == list(range(30))
    assert listing.most == AHEAD


def test_a_row_that_is_deleted_after_the_last_page_was_read_is_not_missed() -> None:
    # The last page is read first, and its total counts a row that page 2 does not show any more.
    listing = Slow(list(range(9)), size=4, delays=[0, 9, 0], changes={2: lambda k: k.remove(4)})
    assert listing.read() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert listing.offsets == [0, 6, 3]


def test_an_empty_list_takes_one_page() -> None:
    listing = Listing([], size=3)
    assert (listing.read(), listing.offsets) == ([], [0])


def test_an_empty_page_before_the_end_is_asked_for_again_then_given_up() -> None:
    listing = Scripted(Page(rows(1, 2), 4), then=Page([], 4))
    with pytest.raises(GoToUnreadable, match="ended before its own total"):
        listing.read()
    assert listing.waits == 2


def test_an_empty_page_that_was_only_late_is_read() -> None:
    listing = Scripted(Page([], 1), Page(rows(1), 1))
    assert (listing.read(), listing.waits) == ([1], 1)


def test_a_row_that_moves_up_past_the_offset_is_gone_back_for() -> None:
    listing = Listing([1, 2, 3, 4, 5, 6, 7], size=3, changes={1: lambda keys: keys.remove(1)})
    assert set(listing.read()) == {1, 2, 3, 4, 5, 6, 7}


def test_a_row_that_is_created_and_one_that_is_deleted_do_not_hide_a_third() -> None:
    def change(keys: list[int]) -> None:
        keys.remove(2)
        keys.append(8)

    listing = Listing([1, 2, 3, 4, 5, 6, 7], size=3, changes={1: change})
    assert {1, 3, 4, 5, 6, 7} <= set(listing.read())


def test_a_list_that_shrinks_below_the_offset_is_still_whole() -> None:
    def shrink(keys: list[int]) -> None:
        keys[:] = [8, 9]

    listing = Listing([1, 2, 3, 4, 5, 6, 7, 8, 9], size=4, changes={1: shrink})
    assert {8, 9} <= set(listing.read())


Move = st.tuples(st.integers(0, 12), st.sampled_from(["insert", "delete"]), st.integers(0, 40))


@settings(max_examples=300, deadline=None)
@given(
    count=st.integers(0, 40),
    size=st.integers(2, 9),
    moves=st.lists(Move, max_size=12),
    delays=st.lists(st.integers(0, 8), min_size=1, max_size=12),
)
def test_what_is_there_all_the_time_is_found_once(
    count: int, size: int, moves: list[tuple[int, str, int]], delays: list[int]
) -> None:
    keys = list(range(count))
    lasting, ever = set(keys), set(keys)

    def change(at: int) -> Any:
        def changed(keys: list[int]) -> None:
            for call, verb, place in moves:
                if call != at:
                    continue
                if verb == "insert":
                    ever.add(max(ever, default=0) + 1)
                    keys.insert(min(place, len(keys)), max(ever))
                elif keys:
                    lasting.discard(keys.pop(place % len(keys)))

        return changed

    changes = {at: change(at) for at in range(1, 13)}
    listing = Slow(keys, size=size, delays=delays, changes=changes)
    found = listing.read()
    assert len(found) == len(set(found))
    assert lasting <= set(found) <= ever


HOSTILE: dict[str, list[Page]] = {
    "every page is the first one": [Page(rows(1, 2), 4)],
    "more rows than the total": [Page(rows(1, 2, 3), 2)],
    "rows but a total of nothing": [Page(rows(1), 0)],
    "a total that no page reaches": [Page(rows(1, 2), 9), Page(rows(2, 3), 9)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_list_that_cannot_be_is_given_up(name: str) -> None:
    with pytest.raises(GoToUnreadable, match="changed each time"):
        Scripted(*HOSTILE[name]).read()


def test_a_row_without_a_key_is_not_read() -> None:
    listing = Listing([1], size=2)

    def key(row: Any) -> str:
        raise GoToUnreadable("no key")

    with pytest.raises(GoToUnreadable):
        asyncio.run(read_whole(listing.page_at, key=key, wait=listing.wait, make=str))


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
