"""The last whole pass: stored whole, brought up to the next one, doubted once something changed."""

import asyncio
from datetime import timedelta

import pytest

from bridge.store import PassChange, ResourceState, StoredRecord, burying, saving
from tests.store.conftest import NOW, OpenStore

ADA = StoredRecord("2", b'{"key":"2"}', b'{"id":"2","location":"\xff/Users/2"}')
BEA = StoredRecord("3", b'{"key":"3"}', b"{}")
TEAM = StoredRecord("9", b'{"key":"9"}')
FIRST = PassChange(NOW, "v1", {"User": [ADA, BEA], "Group": [TEAM]})


def test_a_pass_is_read_back_as_it_was_stored(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            assert await store.stored_pass("acc") is None
            await store.store_pass("acc", FIRST)
        async with open_store() as store:
            found = await store.stored_pass("acc")
            assert found is not None
            assert (found.taken_at, found.made_by) == (NOW, "v1")
            assert {
                kind: sorted(each, key=lambda r: r.key) for kind, each in found.records.items()
            } == {
                "User": [ADA, BEA],
                "Group": [TEAM],
            }
            assert await store.stored_pass("other") is None

    asyncio.run(scenario())


def test_the_next_pass_brings_only_what_is_different(open_store: OpenStore) -> None:
    async def scenario() -> None:
        newer = StoredRecord("2", b'{"key":"2","a":1}', b"new")
        later = NOW + timedelta(seconds=60)
        async with open_store() as store:
            await store.store_pass("acc", FIRST)
            change = PassChange(later, "v2", {"User": [newer]}, {"User": ["3"], "Group": []})
            await store.store_pass("acc", change)
            found = await store.stored_pass("acc")
            assert found is not None
            assert (found.taken_at, found.made_by) == (later, "v2")
            assert found.records == {"User": [newer], "Group": [TEAM]}

    asyncio.run(scenario())


@pytest.mark.parametrize("how", ["save", "bury", "alone"])
def test_a_pass_that_something_was_changed_after_is_not_believed(
    open_store: OpenStore, how: str
) -> None:
    async def scenario() -> None:
        state = ResourceState(key="2", first_seen=NOW, last_modified=NOW, version="v")
        async with open_store() as store:
            await store.store_pass("acc", FIRST)
            await store.write([saving("acc", "User", [state])])
            assert await store.stored_pass("acc") is not None
            if how == "save":
                await store.write([saving("acc", "User", [state])], doubting="acc")
            elif how == "bury":
                await store.write([burying("acc", "User", ["2"], at=NOW)], doubting="acc")
            else:
                await store.doubt_pass("acc")
            assert await store.stored_pass("acc") is None
            await store.store_pass("acc", PassChange(NOW, "v1"))
            found = await store.stored_pass("acc")
            assert found is not None
            assert len(found.records["User"]) == 2

    asyncio.run(scenario())
