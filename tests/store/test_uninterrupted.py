"""A verb that runs to its end: cancellations wait, results and errors pass."""

import asyncio

import pytest

from bridge.store.uninterrupted import uninterrupted


def test_a_cancelled_caller_is_cancelled_after_the_end() -> None:
    async def scenario() -> None:
        ends: list[str] = []
        going = asyncio.Event()

        @uninterrupted
        async def verb() -> None:
            await going.wait()
            ends.append("verb")

        caller = asyncio.create_task(verb())
        for _ in range(3):
            await asyncio.sleep(0)
            caller.cancel()
        await asyncio.sleep(0)
        assert not caller.done()
        going.set()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert ends == ["verb"]

    asyncio.run(scenario())


def test_results_and_errors_pass() -> None:
    @uninterrupted
    async def divide(one: int, *, by: int) -> float:
        return one / by

    assert asyncio.run(divide(1, by=2)) == 0.5
    with pytest.raises(ZeroDivisionError):
        asyncio.run(divide(1, by=0))


def test_a_timeout_is_still_a_timeout() -> None:
    async def scenario() -> None:
        @uninterrupted
        async def slow() -> None:
            await asyncio.sleep(0.01)

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await slow()

    asyncio.run(scenario())


def test_a_verb_whose_own_task_is_cancelled_ends_as_cancelled() -> None:
    async def scenario() -> None:
        @uninterrupted
        async def verb() -> None:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await verb()

    asyncio.run(scenario())
