"""Threads for the CPU-bound parts of large requests: reading them, applying their operations.

Python switches between threads every few milliseconds, so the event loop answers other clients
meanwhile. A client has one such part under way at a time; its others wait.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")

# With one, a client would wait for the end of another's.
THREADS = 2
LARGE_BODY = 16 * 1024
"""Bytes from which on a body is read in a thread; a smaller one takes some milliseconds."""
LARGE_PATCH = 2 * 1024
"""Bytes of a body with PATCH operations, likewise: their paths are dear to read."""
LARGE_QUERY = 600
"""Bytes of a query string, likewise."""
MANY_STEPS = 50
"""Steps of a PATCH (see ``MOST_WORK``), likewise."""


class Workers:
    """Runs functions that touch nothing but their arguments."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="scim")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self, client: str, work: Callable[[], T]) -> T:
        """Run a function in a thread and return its result, or raise what it raises."""
        turn = self._turns.get(client)
        if turn is None:
            turn = self._turns[client] = asyncio.Lock()
        context = copy_context()
        async with turn:
            done = asyncio.get_running_loop().run_in_executor(self._threads, context.run, work)
            # A client that is sent away keeps its turn to the end: threads cannot be stopped.
            return await _to_the_end(done)


async def _to_the_end(done: "asyncio.Future[T]") -> T:
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        raise
