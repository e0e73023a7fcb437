"""A clock that tests move: it stands still until everybody waits, then jumps to the next waker."""

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any

TURNS_TO_SETTLE = 30


class VirtualClock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, waker))
        await waker

    async def run(self, *work: Coroutine[Any, Any, Any]) -> list[Any]:
        """Drive ``work`` to its end; what failed is in the result as an exception."""
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            await self.settle()
            if not all(task.done() for task in tasks):
                assert self._sleepers, "everybody waits for nobody"
                self.wake_next()
        return await asyncio.gather(*tasks, return_exceptions=True)

    async def settle(self) -> None:
        for _ in range(TURNS_TO_SETTLE):
            await asyncio.sleep(0)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for time to pass."""
        return bool(self._sleepers)

    def wake_next(self) -> None:
        at, _, waker = heapq.heappop(self._sleepers)
        self.now = max(self.now, at)
        if not waker.done():
            waker.set_result(None)
