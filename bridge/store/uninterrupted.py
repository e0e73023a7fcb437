"""Lets a verb run to its end though its caller is cancelled.

Knows tasks, and nothing of databases. A driver whose statement is cancelled half-way (a client hung
up) leaves its connection behind inside a transaction, and SQLite's one write lock with it.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Verb = Callable[P, Coroutine[Any, Any, T]]


def uninterrupted(verb: Verb[P, T]) -> Verb[P, T]:
    """Finish ``verb`` first, then let the cancellation through: its effect is whole, or none."""

    @functools.wraps(verb)
    async def finished(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(verb(*args, **kwargs))
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is None:
            return task.result()
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains that nobody did
        raise cancelled

    return finished
