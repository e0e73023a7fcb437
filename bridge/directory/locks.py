"""Locks by name: one change at a time for one user, any number at once for different ones."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Lock:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    """Who holds or awaits it."""


class Locks:
    """Locks that exist as long as somebody holds or awaits them."""

    def __init__(self) -> None:
        self._known: dict[str, _Lock] = {}

    def hold(self, *names: str) -> "Hold":
        """Hold the locks of these names, taken in one order, so that nobody waits in a circle."""
        return Hold(self, sorted(set(names)))

    async def take(self, name: str) -> None:
        """Wait for a lock, and hold it."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _Lock()
        known.users += 1
        try:
            await known.lock.acquire()
        except BaseException:
            self._left(name, known)
            raise

    def give_back(self, name: str) -> None:
        """Let go of a lock."""
        known = self._known[name]
        known.lock.release()
        self._left(name, known)

    def _left(self, name: str, known: _Lock) -> None:
        known.users -= 1
        if not known.users:
            del self._known[name]


class Hold:
    """What holds locks for as long as its block runs. A class: generators cost each verb more."""

    def __init__(self, locks: Locks, names: Sequence[str]) -> None:
        self._locks = locks
        self._names = names
        self._taken: list[str] = []

    async def __aenter__(self) -> None:
        try:
            for name in self._names:
                await self._locks.take(name)
                self._taken.append(name)
        except BaseException:
            self._give_back()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._give_back()

    def _give_back(self) -> None:
        while self._taken:
            self._locks.give_back(self._taken.pop())
