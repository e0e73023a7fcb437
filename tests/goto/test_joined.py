"""Reads that wait for the rate limit go up together, and each caller gets its own user or 404."""

import asyncio
from typing import Any

import pytest

from bridge.errors import RecordNotFound
from bridge.goto import GoToClient, Throttle, asking_for
from tests.goto.test_against_simulator import journal, tell
from tests.goto.virtual_time import VirtualClock

GONE = "999999999999"


def read_at_once(
    count: int, *, askers: int = 1, gone: bool = False, **settings: Any
) -> tuple[list[Any], list[str]]:
    """What comes of reads of so many users that all have to wait, and the calls that they cost."""
    clock = VirtualClock()
    throttle = Throttle(1, clock=clock, sleep=clock.sleep)

    async def story(client: GoToClient, http: Any) -> tuple[list[Any], list[str]]:
        clock.now += 10
        keys = [user.key for user in await client.users()][:count] + [GONE] * gone
        clock.now += 10
        assert throttle.enter_at_once()
        await http.delete("/_sim/journal")
        reads = []
        for number, key in enumerate(keys):
            with asking_for(f"client {number % askers}"):
                reads.append(asyncio.create_task(client.user(key)))
        for _ in range(10):
            await clock.settle()
        assert not await journal(http), "the only place is taken"
        while not all(read.done() for read in reads):
            await asyncio.wait(reads, timeout=0.005)
            if clock.is_awaited:
                clock.wake_next()
        found = await asyncio.gather(*reads, return_exceptions=True)
        for key, user in zip(keys, found, strict=True):
            assert isinstance(user, RecordNotFound) if key == GONE else user.key == key
        return found, await journal(http)

    answer: tuple[list[Any], list[str]] = tell(story, throttle=throttle, users=120, **settings)
    return answer


@pytest.mark.parametrize(("count", "calls"), [(1, 1), (2, 1), (50, 1), (51, 2), (120, 3)])
def test_fifty_that_wait_are_one_call(count: int, calls: int) -> None:
    assert len(read_at_once(count)[1]) == calls


def test_one_that_is_not_among_the_found_is_asked_for_alone() -> None:
    assert len(read_at_once(10, gone=True)[1]) == 2


def test_a_user_that_is_gone_is_asked_for_once_where_nobody_else_waits() -> None:
    assert len(read_at_once(0, gone=True)[1]) == 1


def test_a_client_does_not_wait_in_another_ones_line() -> None:
    assert len(read_at_once(20, askers=4)[1]) == 4


def test_a_goto_without_such_a_filter_is_asked_for_each() -> None:
    assert len(read_at_once(5, filter_dialects="eq")[1]) == 6
