"""States of resources: what is written is read back, whole batches or nothing, tombstones."""

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from sqlalchemy import select

from bridge.store import ResourceState, Sealer, Store, StoreUnavailable, burying, saving
from bridge.store.database import open_database
from bridge.store.schema import resource_state, to_micros
from tests.store.conftest import KEY, NOW, OpenStore

ADA = ResourceState(
    key="6581286685341855244",
    first_seen=NOW,
    last_modified=NOW + timedelta(microseconds=1),
    version="v1",
    held={"externalId": "e-1", "nickName": None, "urn:x:User": {"costCenter": "4130", "n": 1}},
    parked={"licenseKeys": ["1355534416108530190"], "adminRoles": []},
)
BARE = ResourceState(key="2", first_seen=NOW, last_modified=NOW, version="")


def test_states_are_read_back_as_they_were_saved(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.write([saving("acc", "User", [ADA, BARE])])
        async with open_store() as store:
            assert await store.states("acc", "User") == {ADA.key: ADA, BARE.key: BARE}

    asyncio.run(scenario())


def test_moments_of_other_time_zones_are_read_back_in_utc(open_store: OpenStore) -> None:
    async def scenario() -> None:
        there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
        async with open_store() as store:
            await store.write([saving("acc", "User", [replace(BARE, last_modified=there)])])
            (state,) = (await store.states("acc", "User")).values()
            assert state.last_modified.isoformat() == NOW.isoformat()

    asyncio.run(scenario())


def test_a_moment_without_time_zone_is_refused(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            with pytest.raises(TypeError):
                await store.write(
                    [saving("acc", "User", [replace(BARE, first_seen=NOW.replace(tzinfo=None))])]
                )

    asyncio.run(scenario())


def test_accounts_and_kinds_do_not_mix(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.write([saving("acc", "User", [BARE])])
            await store.write([saving("acc", "Group", [replace(BARE, version="g")])])
            await store.write([saving("other", "User", [replace(BARE, version="o")])])
            await store.write([burying("other", "User", ["2"], at=NOW)])
            assert await store.states("acc", "User") == {"2": BARE}
            assert (await store.states("acc", "Group"))["2"].version == "g"
            assert await store.states("other", "User") == {}
            assert await store.states("nobody", "User") == {}

    asyncio.run(scenario())


def test_saving_again_replaces_everything(open_store: OpenStore) -> None:
    async def scenario() -> None:
        later = replace(ADA, version="v2", held={}, parked=None)
        async with open_store() as store:
            await store.write([saving("acc", "User", [ADA])])
            await store.write([saving("acc", "User", [later])])
            assert await store.states("acc", "User") == {ADA.key: later}

    asyncio.run(scenario())


def test_nothing_parked_is_not_the_same_as_an_empty_parking(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.write([saving("acc", "User", [replace(BARE, parked={})])])
            assert (await store.states("acc", "User"))["2"].parked == {}

    asyncio.run(scenario())


def test_a_buried_key_starts_clean_when_it_comes_back(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.write([saving("acc", "User", [ADA, BARE])])
            await store.write([burying("acc", "User", [ADA.key, "never-seen"], at=NOW)])
            await store.write([burying("acc", "User", [], at=NOW)])
            assert await store.states("acc", "User") == {"2": BARE}
            reborn = replace(ADA, held={}, parked=None)
            await store.write([saving("acc", "User", [reborn])])
            assert (await store.states("acc", "User"))[ADA.key] == reborn

    asyncio.run(scenario())


def test_of_a_buried_resource_nothing_personal_stays(url: str) -> None:
    async def scenario() -> None:
        store = await Store.open(url, sealer=Sealer([KEY]))
        await store.write([saving("acc", "User", [ADA])])
        await store.write([burying("acc", "User", [ADA.key], at=NOW)])
        await store.close()
        database = await open_database(url)
        async with database.read() as connection:
            (row,) = await connection.execute(select(resource_state))
        await database.close()
        assert (row.held, row.parked, row.buried_at) == (None, None, to_micros(NOW))

    asyncio.run(scenario())


def test_thousands_of_states_are_saved_and_buried_together(open_store: OpenStore) -> None:
    async def scenario() -> None:
        many = [replace(ADA, key=str(n)) for n in range(5000)]
        async with open_store() as store:
            await store.write([saving("acc", "User", many)])
            await store.write([saving("acc", "User", many)])
            assert await store.states("acc", "User") == {state.key: state for state in many}
            await store.write([burying("acc", "User", [state.key for state in many[1:]], at=NOW)])
            assert list(await store.states("acc", "User")) == ["0"]

    asyncio.run(scenario())


def test_a_batch_with_one_bad_row_changes_nothing(open_store: OpenStore) -> None:
    async def scenario() -> None:
        nameless = replace(BARE, key="3", version=None)
        async with open_store() as store:
            with pytest.raises(StoreUnavailable):
                await store.write([saving("acc", "User", [BARE, nameless])])
            assert await store.states("acc", "User") == {}

    asyncio.run(scenario())


def test_many_writers_and_readers_at_once_all_come_through(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as one, open_store() as other:
            writes = [
                store.write([saving("acc", "User", [replace(BARE, key=f"{mark}{n}")])])
                for n in range(20)
                for mark, store in (("a", one), ("b", other))
            ]
            reads = [store.states("acc", "User") for store in (one, other) for _ in range(10)]
            await asyncio.gather(*writes, *reads)
            assert len(await one.states("acc", "User")) == 40

    asyncio.run(scenario())


def test_a_cancelled_write_is_whole_or_nothing_and_blocks_no_other(open_store: OpenStore) -> None:
    async def scenario() -> None:
        many = [replace(BARE, key=str(n)) for n in range(3000)]
        async with open_store() as store, open_store() as other:
            for attempt in range(12):
                account = str(attempt)
                write = asyncio.create_task(store.write([saving(account, "User", many)]))
                await asyncio.sleep(attempt / 200)
                write.cancel()
                await asyncio.gather(write, return_exceptions=True)
                assert len(await store.states(account, "User")) in (0, 3000)
                await other.write([saving(account, "Group", [BARE])])

    asyncio.run(scenario())
