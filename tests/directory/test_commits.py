"""Changes are stored together where they come together, and each is whole, in order and on disk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.directory.commits import ENOUGH, Commits
from bridge.directory.ledger import Ledger
from bridge.store import ResourceState, Sealer, Store, StoreUnavailable, Write, saving

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATE = ResourceState(key="1", first_seen=NOW, last_modified=NOW, version="v1")


def numbered(number: int) -> ResourceState:
    return replace(STATE, key=str(number))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Store, Ledger]]:
    store = await Store.open(f"sqlite:///{folder / 'bridge.db'}", sealer=Sealer([b"k" * 32]))
    try:
        yield store, Ledger(store, "acc")
    finally:
        await store.close()


class Slow:
    """A store whose writes end when they are let; it notes which ones came together."""

    def __init__(self) -> None:
        self.together: list[list[str]] = []
        self.let = asyncio.Semaphore(0)
        self.away = False

    async def write(self, writes: Sequence[Write]) -> None:
        self.together.append([row["key"] for write in writes for row in write.states])
        await self.let.acquire()
        if self.away:
            raise StoreUnavailable("away")


def save(number: int) -> Callable[[], Write]:
    return lambda: saving("acc", "User", [numbered(number)])


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_what_comes_while_something_is_stored_goes_together_next() -> None:
    async def scenario() -> None:
        slow, done = Slow(), list[int]()
        commits = Commits(slow.write, afterwards=lambda: None)

        async def commit(number: int) -> None:
            await commits.commit(save(number))
            done.append(number)

        tasks = [asyncio.create_task(commit(0))]
        await settle()
        tasks += [asyncio.create_task(commit(number)) for number in range(1, 41)]
        await settle()
        assert slow.together == [["0"]]
        slow.let.release()
        await settle()
        assert done == [0], "nobody is answered before its own is on disk"
        slow.let.release()
        await asyncio.gather(*tasks)
        assert slow.together == [["0"], [str(number) for number in range(1, 41)]]
        assert done == list(range(41))

    asyncio.run(scenario())


def test_a_burst_goes_together_from_its_first_on() -> None:
    async def scenario() -> None:
        slow = Slow()
        commits = Commits(slow.write, afterwards=lambda: None)

        async def late(number: int) -> None:
            for _ in range(number):  # one after the other, as requests are read out of sockets
                await asyncio.sleep(0)
            await commits.commit(save(number))

        tasks = [asyncio.create_task(late(number)) for number in range(8)]
        for _ in range(30):
            await asyncio.sleep(0)
        assert slow.together == [[str(number) for number in range(8)]]
        slow.let.release()
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_but_it_does_not_wait_for_ever_where_more_and_more_come() -> None:
    async def scenario() -> None:
        slow = Slow()
        commits = Commits(slow.write, afterwards=lambda: None)
        tasks = []
        while not slow.together:
            tasks.append(asyncio.create_task(commits.commit(save(len(tasks)))))
            await asyncio.sleep(0)
            assert len(tasks) < 3 * ENOUGH
        for _ in range(9):
            slow.let.release()
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_a_store_that_is_away_is_told_to_all_who_were_to_be_stored_and_to_nobody_else() -> None:
    async def scenario() -> None:
        slow = Slow()
        commits = Commits(slow.write, afterwards=lambda: None)
        slow.away = True
        lost = [asyncio.create_task(commits.commit(save(number))) for number in range(3)]
        await settle()
        later = asyncio.create_task(commits.commit(save(3)))
        await settle()
        slow.let.release()
        outcomes = await asyncio.gather(*lost, return_exceptions=True)
        assert [type(each) for each in outcomes] == [StoreUnavailable] * 3
        slow.away = False
        slow.let.release()
        await later

    asyncio.run(scenario())


def test_what_cannot_be_written_keeps_no_other_from_being_stored() -> None:
    def unwritable() -> Write:
        raise TypeError("no JSON")

    async def scenario() -> None:
        slow = Slow()
        commits = Commits(slow.write, afterwards=lambda: None)
        ways = (save(0), unwritable, save(1))
        tasks = [asyncio.create_task(commits.commit(way)) for way in ways]
        slow.let.release()
        slow.let.release()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in outcomes] == [type(None), TypeError, type(None)]

    asyncio.run(scenario())


def test_who_hangs_up_is_stored_and_remembered_all_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as (store, ledger):
            saving_ = asyncio.create_task(ledger.save("User", [STATE]))
            await asyncio.sleep(0)
            saving_.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving_
            await ledger.close()
            assert ledger.state("User", "1") == STATE
            assert await store.states("acc", "User") == {"1": STATE}

    asyncio.run(scenario())


Step = Callable[[Ledger], Awaitable[None]]
OTHER = replace(STATE, version="v2", held={"title": "Boss"})
SAVE: Step = lambda ledger: ledger.save("User", [STATE])  # noqa: E731 - a table reads better
CHANGE: Step = lambda ledger: ledger.save("User", [OTHER])  # noqa: E731 - as above
SEE: Step = lambda ledger: ledger.save_seen("User", [replace(OTHER, held={})])  # noqa: E731 - as above
BURY: Step = lambda ledger: ledger.bury("User", ["1"])  # noqa: E731 - as above
PART: Step = lambda ledger: ledger.part("1", {"email": "a@b.c"})  # noqa: E731 - as above


@pytest.mark.parametrize(
    ("steps", "left", "has_left"),
    [
        ((SAVE, CHANGE), OTHER, False),
        ((CHANGE, SEE), OTHER, False),
        ((SAVE, BURY), None, False),
        ((CHANGE, BURY, SAVE), STATE, False),
        ((SAVE, BURY, BURY), None, False),
        ((SAVE, PART), None, True),
        ((PART,), None, True),
        ((SAVE, PART, CHANGE), OTHER, False),
    ],
)
def test_what_is_done_to_one_resource_at_once_leaves_what_the_last_one_says(
    tmp_path: Path, steps: tuple[Step, ...], left: ResourceState | None, has_left: bool
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as (store, ledger):
            await asyncio.gather(ledger.save("Group", [STATE]), *(step(ledger) for step in steps))
            assert ledger.state("User", "1") == left
            assert ledger.has_left("1") == has_left
            assert (await store.states("acc", "User")).get("1") == left
            assert bool(await store.parted("acc", "User")) == has_left

    asyncio.run(scenario())
