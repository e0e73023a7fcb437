"""Leases: one holder at a time, for some seconds, whoever asks at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable

from bridge.store import Lease, Store
from tests.store.conftest import OpenStore

NAME = "service"
LONG, SHORT = 60.0, 0.2


def leasing(open_store: OpenStore, test: Callable[[Store], Awaitable[None]]) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await test(store)

    asyncio.run(scenario())


def test_a_lease_has_one_holder_until_it_is_released(open_store: OpenStore) -> None:
    async def test(store: Store) -> None:
        leases = store.leases
        assert await leases.current(NAME) is None
        held = await leases.acquire(NAME, "a", life=LONG)
        assert (held.holder, held.epoch, held.renewals) == ("a", 1, 0)
        other = await leases.acquire(NAME, "b", life=LONG)
        assert (other.holder, other.epoch) == ("a", 1)
        assert 0 < other.seconds_left <= LONG
        await leases.release(NAME, held)
        taken = await leases.acquire(NAME, "b", life=LONG)
        assert (taken.holder, taken.epoch) == ("b", 2)

    leasing(open_store, test)


def test_a_lease_that_ran_out_is_free_and_its_holder_learns_of_it(open_store: OpenStore) -> None:
    async def test(store: Store) -> None:
        leases = store.leases
        held = await leases.acquire(NAME, "a", life=SHORT)
        assert await leases.renew(NAME, held, life=SHORT)
        await asyncio.sleep(SHORT * 1.5)
        taken = await leases.acquire(NAME, "b", life=LONG)
        assert (taken.holder, taken.epoch) == ("b", 2)
        assert not await leases.renew(NAME, held, life=LONG)
        await leases.release(NAME, held)
        current = await leases.current(NAME)
        assert current is not None
        assert (current.holder, current.seconds_left > 0) == ("b", True), "not a's to give back"

    leasing(open_store, test)


def test_renewals_are_counted(open_store: OpenStore) -> None:
    async def test(store: Store) -> None:
        held = await store.leases.acquire(NAME, "a", life=LONG)
        for _ in range(3):
            assert await store.leases.renew(NAME, held, life=LONG)
        current = await store.leases.current(NAME)
        assert current is not None
        assert (current.epoch, current.renewals) == (1, 3)

    leasing(open_store, test)


def test_of_many_at_once_one_gets_a_free_lease(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as first, open_store() as second:
            stores = [first, second] * 4
            told = await asyncio.gather(
                *(store.leases.acquire(NAME, f"p{n}", life=LONG) for n, store in enumerate(stores))
            )
            assert len({(lease.holder, lease.epoch) for lease in told}) == 1

    asyncio.run(scenario())


def test_of_many_that_know_a_holder_to_be_dead_one_takes_its_lease(open_store: OpenStore) -> None:
    async def test(store: Store) -> None:
        dead = await store.leases.acquire(NAME, "dead", life=LONG)
        told: list[Lease] = await asyncio.gather(
            *(store.leases.acquire(NAME, f"p{n}", life=LONG, instead_of=dead) for n in range(4))
        )
        assert {lease.epoch for lease in told} == {2}
        assert len({lease.holder for lease in told}) == 1

    leasing(open_store, test)
