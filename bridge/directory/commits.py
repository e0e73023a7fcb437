"""Changes on their way into the store: those that come while some are stored go together next.

A flush to the disk costs the same for one change as for fifty. Each stays whole, they keep their
order, and nobody is answered before its own is on disk. It knows no state and no table.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bridge.store import Write

TURNS = 4
"""Turns of the loop from a request in a socket to its change."""
ENOUGH = 64
"""Changes that are stored without waiting for more."""

Store = Callable[[Sequence[Write]], Awaitable[None]]


@dataclass(eq=False, slots=True)
class _Change:
    prepare: Callable[[], Write]
    done: Callable[[], None]
    stored: asyncio.Future[None]
    write: Write | None = None


class Commits:
    """The changes of one account.

    ``store`` writes several of them, all or none; ``afterwards`` is called when it did, or did not.
    """

    def __init__(self, store: Store, *, afterwards: Callable[[], None]) -> None:
        self._store = store
        self._afterwards = afterwards
        self._turn = asyncio.Lock()
        self._waiting: list[_Change] = []
        self._storing: asyncio.Task[None] | None = None

    async def commit(
        self, prepare: Callable[[], Write], done: Callable[[], None] = lambda: None
    ) -> None:
        """Store what ``prepare`` gives once all that came before is settled; then call ``done``.

        Both are called in the order of the commits. An error of ``prepare`` is its own; what keeps
        the store from writing is raised to all who were to be stored together.
        """
        change = _Change(prepare, done, asyncio.get_running_loop().create_future())
        if self._storing is None:
            change.write = prepare()
            if not change.write:
                # Nobody is before it, and there is nothing to wait for.
                done()
                return
        self._waiting.append(change)
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all(), name="store changes")
        await change.stored

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep all changes from being stored within the block; those before it are taken in."""
        async with self._turn:
            # Whoever was just told that its change is stored goes on first.
            await asyncio.sleep(0)
            yield

    async def settled(self) -> None:
        """Wait until nothing is on its way any more."""
        while self._storing is not None:
            await asyncio.wait([self._storing])

    async def _store_all(self) -> None:
        try:
            while self._waiting:
                await self._burst()
                async with self._turn:
                    changes, self._waiting = self._waiting, []
                    await self._store_together(changes)
        finally:
            self._storing = None

    async def _burst(self) -> None:
        """Let those come along whose requests have arrived already, as long as more come."""
        seen = 0
        while seen < len(self._waiting) < ENOUGH:
            seen = len(self._waiting)
            for _ in range(TURNS):
                await asyncio.sleep(0)

    async def _store_together(self, changes: Sequence[_Change]) -> None:
        prepared = [change for change in changes if _is_prepared(change)]
        try:
            if writes := [change.write for change in prepared if change.write]:
                await self._store(writes)
        except BaseException as error:
            for change in prepared:
                _fail(change, error)
            if not isinstance(error, Exception):
                raise
        else:
            for change in prepared:
                change.done()
                if not change.stored.done():
                    change.stored.set_result(None)
        finally:
            self._afterwards()


def _is_prepared(change: _Change) -> bool:
    if change.write is None:
        try:
            change.write = change.prepare()
        except Exception as error:
            _fail(change, error)
            return False
    return True


def _fail(change: _Change, error: BaseException) -> None:
    if change.stored.done():
        return
    if isinstance(error, asyncio.CancelledError):
        change.stored.cancel()
    else:
        change.stored.set_exception(error)
