"""The directory: an account's users and groups as SCIM resources, whichever of them is meant."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Self

from bridge.directory.assembly import Assembly
from bridge.directory.core import Core
from bridge.directory.entries import (
    Change,
    Entry,
    GroupEntry,
    Guard,
    Kind,
    MembershipChange,
)
from bridge.directory.groups import Groups
from bridge.directory.ledger import Ledger
from bridge.directory.locks import Locks
from bridge.directory.paging import Page
from bridge.directory.provider import accepting_provider, models
from bridge.directory.refresh import Refresh
from bridge.directory.search import Query, Search
from bridge.directory.seats import Seats
from bridge.directory.snapshot import Snapshot
from bridge.directory.time import Clock
from bridge.directory.users import Users
from bridge.directory.walks import Walks
from bridge.goto import GoToClient
from bridge.mapping import Mapping as AttributeMapping
from bridge.store import Store


class Directory:
    """The verbs, by resource type. Errors are those of ``scim2_models`` and ``bridge.errors``."""

    def __init__(self, core: Core, search: Search, users: Users, groups: Groups) -> None:
        self._core = core
        self._search = search
        self._users = users
        self._groups = groups

    @classmethod
    async def open(
        cls,
        goto: GoToClient,
        store: Store,
        mapping: AttributeMapping,
        *,
        max_age: float,
        administrator: str = "",
        clock: Clock = time.monotonic,
    ) -> Self:
        """Open the directory of the client's account; ``max_age`` is in seconds."""
        ledger = Ledger(store, goto.account_key)
        await ledger.load()
        assembly = Assembly(mapping, ledger)
        snapshot = Snapshot()
        core = Core(
            goto=goto,
            mapping=mapping,
            assembly=assembly,
            ledger=ledger,
            snapshot=snapshot,
            refresh=Refresh(goto, assembly, ledger, snapshot, clock),
            locks=Locks(),
            clock=clock,
            max_age=max_age,
            administrator=administrator,
        )
        users = Users(core, Seats(core))
        groups = Groups(core, users)
        types = models(accepting_provider(mapping))
        return cls(core, Search(core, users, groups, Walks(clock), types), users, groups)

    async def close(self) -> None:
        """End what is under way in the background."""
        await self._core.refresh.close()

    @property
    def snapshot_age(self) -> float | None:
        """How old the snapshot is, in seconds; None before the first."""
        taken_at = self._core.snapshot.taken_at
        return None if taken_at is None else self._core.clock() - taken_at

    async def warm_up(self) -> None:
        """Take a snapshot if there is none young enough."""
        await self._core.refresh.not_older_than(self._core.oldest_allowed())

    async def read(self, kind: Kind, key: str, *, live: bool = False) -> Entry:
        """Return a resource; ``live`` asks GoTo whatever the snapshot's age."""
        if kind == "User":
            return await self._users.read(key, live=live)
        return await self._groups.read(key, live=live)

    async def search(self, query: Query) -> Page:
        """Return one page of what is searched."""
        return await self._search.page(query)

    async def create(self, kind: Kind, wanted: Mapping[str, Any]) -> Entry:
        """Create a resource (SCIM JSON) and return it as it then is."""
        if kind == "User":
            return await self._users.create(wanted)
        return await self._groups.create(wanted)

    async def replace(
        self, kind: Kind, key: str, change: Change[Entry], *, patched: bool = False
    ) -> Entry:
        """Make a resource what ``change`` makes of it as it is.

        ``patched`` says that what is then missing was removed, not left out.
        """
        if kind == "User":
            return await self._users.replace(key, change, patched=patched)
        return await self._groups.replace(key, change, patched=patched)

    async def change_members(
        self, key: str, plan: Callable[[GroupEntry], MembershipChange]
    ) -> GroupEntry:
        """Put users in a group and take users out of it."""
        return await self._groups.change_members(key, plan)

    async def delete(self, kind: Kind, key: str, *, guard: Guard[Entry] | None = None) -> None:
        """Delete a resource; a ``guard`` sees it first, and may refuse."""
        if kind == "User":
            await self._users.delete(key, guard=guard)
        else:
            await self._groups.delete(key, guard=guard)
