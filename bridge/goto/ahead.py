"""Pages that are asked for before their turn, so that one is made use of while the next ones come.

Knows offsets and tasks; whether the pages of a list belong together is ``paging``'s to see.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

P = TypeVar("P")

AHEAD = 4
"""Pages under way at once. GoTo takes ten calls a second, so this is enough for one that takes up
to 0.4 seconds for a page; each of them is in memory, about 3 MB for 1000 users."""


class Ahead(Generic[P]):
    """Gives pages by their offset. Call ``drop`` when no more are wanted."""

    def __init__(self, page_at: Callable[[int], Awaitable[P]]) -> None:
        self._page_at = page_at
        self._under_way: dict[int, asyncio.Task[P]] = {}

    async def at(self, offset: int) -> P:
        """The page that begins there; one that nobody expected puts an end to all that were."""
        expected = self._under_way.pop(offset, None)
        if expected is not None:
            return await expected
        self.drop()
        return await self._page_at(offset)

    def expect(self, offset: int, *, step: int, before: int) -> None:
        """Ask for the page that begins there and those behind it, ``step`` rows apart."""
        if offset not in self._under_way:
            self.drop()
        for each in range(offset, min(offset + AHEAD * step, before), step):
            if each not in self._under_way:
                task = asyncio.create_task(self._read(each), name="page ahead")
                task.add_done_callback(_looked_at)
                self._under_way[each] = task

    def drop(self) -> None:
        """Ask for no more: what is under way was for nothing."""
        for task in self._under_way.values():
            task.cancel()
        self._under_way.clear()

    async def _read(self, offset: int) -> P:
        return await self._page_at(offset)


def _looked_at(task: "asyncio.Task[P]") -> None:
    # Where nobody comes for a page any more, nobody is to complain of its error.
    if not task.cancelled():
        task.exception()
