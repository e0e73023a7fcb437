"""Whole transactions in a thread of their own, for a driver that blocks.

An asynchronous driver of SQLite hands each statement to a thread and back, a dozen times for a
small transaction, and each time waits its turn for Python's interpreter lock: while the service is
busy that takes longer than the flush to the disk. Knows threads and nothing of what is written.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine


class OneThread:
    """Runs transactions of one engine, one after the other, in one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="transactions")

    async def run(self, change: Callable[[Connection], None]) -> None:
        """Make a change, which is on disk when this returns, or had no effect."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, change)

    def _transaction(self, change: Callable[[Connection], None]) -> None:
        with self._engine.begin() as connection:
            change(connection)

    async def close(self) -> None:
        """Close the connections, in the thread that opened them, and end it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()
