"""What a pass sees for the first time: stored while it waits for GoTo, not when all is read.

The first pass over a large account would else end with a hundred thousand rows to be written, and
whoever waits for the list would wait for them.
"""

import asyncio

from bridge.directory.entries import Kind
from bridge.directory.ledger import Ledger
from bridge.store import ResourceState

TOGETHER = 1000
"""States that are stored at once; what is less is left to whoever takes the pass over."""


class Arrivals:
    """Stores states of resources that nothing was known of, whatever becomes of the pass.

    That they were seen, and when, is true also where the pass fails later.
    """

    def __init__(self, ledger: Ledger, kind: Kind) -> None:
        self._ledger = ledger
        self._kind = kind
        self._waiting: dict[str, ResourceState] = {}
        self._storing: set[asyncio.Task[None]] = set()

    def add(self, state: ResourceState) -> None:
        """Take in a state; one of a resource that is known is left alone."""
        if self._ledger.state(self._kind, state.key) is not None:
            return
        # A list that is taken twice brings each of them twice.
        self._waiting[state.key] = state
        if len(self._waiting) >= TOGETHER:
            some, self._waiting = list(self._waiting.values()), {}
            storing = self._ledger.save_seen(self._kind, some)
            self._storing.add(asyncio.create_task(storing, name="store what arrived"))

    async def settled(self) -> None:
        """Wait for what is being stored. Raises StoreUnavailable where it could not be."""
        if self._storing:
            await asyncio.gather(*self._storing)

    async def close(self) -> None:
        """End in peace, also where the pass failed."""
        await asyncio.gather(*self._storing, return_exceptions=True)
