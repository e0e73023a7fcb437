"""The directory: an account's users and groups as SCIM resources, whichever of them is meant.

It opens when it is first needed, so that the bridge starts and answers clearly while GoTo is away.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

import structlog
from scim2_models import UniquenessException

from bridge.directory import belongings
from bridge.directory.brake import Brake
from bridge.directory.contention import Contention
from bridge.directory.entries import (
    Change,
    Entry,
    GroupEntry,
    Guard,
    Kind,
    MembersPlan,
    UserEntry,
)
from bridge.directory.groups import Groups
from bridge.directory.late import Late
from bridge.directory.licenses import NOTHING_KNOWN, Assignable
from bridge.directory.offers import OfferEntry, OfferKind
from bridge.directory.opened import Means, Opened, open_account
from bridge.directory.paging import Page
from bridge.directory.search import Query
from bridge.directory.time import Clock
from bridge.directory.users import Users
from bridge.directory.write_verification import Policy
from bridge.errors import BridgeError, GoToUnavailable
from bridge.goto import GoToClient
from bridge.mapping import Mapping as AttributeMapping
from bridge.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

# A client waits half a minute; several calls of one verb may each have waited for GoTo.
PATIENCE = 28.0
RETRY_LATER = 30
# What /Schemas says of licences is worth this wait, and one try in so many seconds.
DISCOVERY_PATIENCE = 3.0
DISCOVERY_PAUSE = 10.0
TOO_LATE = "GoTo did not answer in time; what was begun goes on: try again"

# Settles which account is meant, and returns the key of the administrator behind the grant.
Connect = Callable[[], Awaitable[str]]


class Directory:
    """The verbs, by resource type. Errors are those of ``scim2_models`` and ``bridge.errors``.

    ``max_age`` is how old, in seconds, what is answered may be; ``patience`` how many seconds a
    verb may take before its caller is told to come back. ``verify_writes`` says which writes are
    read back. ``contended`` is called for each user that clients were found to move back and forth,
    ``members_ignored`` with a number of members of a PATCH who are nobody, ``dropped`` for each
    write that GoTo accepted and a refresh does not show.
    """

    def __init__(
        self,
        goto: GoToClient,
        store: Store,
        mapping: AttributeMapping,
        *,
        connect: Connect,
        max_age: float,
        verify_writes: Policy = "first",
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        patience: float = PATIENCE,
        contended: Callable[[], object] = lambda: None,
        members_ignored: Callable[[int], object] = lambda _: None,
        dropped: Callable[[], object] = lambda: None,
    ) -> None:
        self._means = Means(
            goto=goto,
            store=store,
            mapping=mapping,
            contention=Contention(found=contended, clock=clock),
            max_age=max_age,
            verify_writes=verify_writes,
            dropped=dropped,
            clock=clock,
            sleep=sleep,
            members_ignored=members_ignored,
        )
        self._connect = connect
        self._clock = clock
        self._patience = patience
        self._done: Opened | None = None
        self._opening: asyncio.Task[Opened] | None = None
        self._writing: set[asyncio.Task[Any]] = set()
        self._discover_at = float("-inf")
        self._late = Late(clock)

    async def open(self) -> None:
        """Connect to the account and read what is remembered of it, if that is not done yet."""
        await self._opened()

    async def _opened(self) -> Opened:
        if self._done is not None:
            return self._done
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open(), name="open directory")
        # Whoever hangs up must not take the connection from those who wait with it.
        return await asyncio.shield(self._opening)

    async def _open(self) -> Opened:
        administrator = await self._connect()
        self._done = await open_account(self._means, administrator=administrator)
        return self._done

    async def close(self) -> None:
        """Finish the writes that are under way, and end what else is."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._done is not None:
            await self._done.core.refresh.close()
            await self._keep_pass(self._done)
            await self._done.core.ledger.close()

    async def _keep_pass(self, opened: Opened) -> None:
        try:
            if opened.core.snapshot.taken_at is None:
                await opened.core.ledger.doubt_pass()
            else:
                await opened.kept.save()
        except StoreUnavailable as error:
            log.warning("the snapshot could not be stored", reason=error.detail)

    @property
    def is_open(self) -> bool:
        """Whether the account is known."""
        return self._done is not None

    @property
    def snapshot_age(self) -> float | None:
        """How old the snapshot is, in seconds; None before the first."""
        taken_at = self._done.core.snapshot.taken_at if self._done else None
        return None if taken_at is None else self._clock() - taken_at

    @property
    def counts(self) -> dict[Kind, int]:
        """How many resources the snapshot holds."""
        if self._done is None:
            return {"User": 0, "Group": 0}
        snapshot = self._done.core.snapshot
        return {"User": len(snapshot.users), "Group": len(snapshot.groups)}

    @property
    def brake(self) -> Brake | None:
        """What stops too many suspensions and deletions; None before the account is known."""
        return self._done.core.brake if self._done else None

    async def tend(self) -> None:
        """Do what is due now and then: see whether the brake was released, trim the audit trail."""
        if self._done is None:
            return
        core = self._done.core
        if core.brake.holds:
            await core.brake.look()
        await core.trail.trim()

    async def warm_up(self) -> None:
        """Take a snapshot if there is none young enough."""
        core = (await self._opened()).core
        await core.refresh.not_older_than(core.oldest_allowed())

    async def take_snapshot(self) -> None:
        """Take a snapshot now, whatever the age of the one there is."""
        await (await self._opened()).core.refresh.not_older_than(self._clock())

    @property
    def is_young(self) -> bool:
        """Whether the whole account can be answered from memory now, without a call of GoTo."""
        if self._done is None:
            return False
        core = self._done.core
        return core.is_young(core.oldest_allowed())

    def known(self, kind: Kind, key: str) -> Entry | None:
        """Return a resource where what is known of it is young enough, else None."""
        if self._done is None:
            return None
        return self._done.users.known(key) if kind == "User" else self._done.groups.known(key)

    def user_named(self, user_name: str) -> UserEntry | None:
        """Return the user with this userName, whatever its case, as the snapshot has it."""
        return self._done.core.snapshot.user_named(user_name) if self._done else None

    async def read(self, kind: Kind, key: str, *, live: bool = False) -> Entry:
        """Return a resource; ``live`` asks GoTo whatever the snapshot's age."""
        # The way of nearly every read: nothing is waited for.
        if not live and (known := self.known(kind, key)) is not None:
            return known

        async def reading() -> Entry:
            opened = await self._opened()
            if kind == "User":
                return await opened.users.read(key, live=live)
            return await opened.groups_of(key).read(key, live=live)

        return await self._in_time(reading())

    async def read_offer(self, kind: OfferKind, key: str, *, live: bool = False) -> OfferEntry:
        """Return a licence or an admin role."""

        async def reading() -> OfferEntry:
            return await (await self._opened()).offered.read(kind, key, live=live)

        return await self._in_time(reading())

    async def assignable(self) -> Assignable:
        """Return which licences can be given, as last seen; nothing while GoTo does not tell."""
        if self._clock() < self._discover_at:
            return NOTHING_KNOWN
        try:
            async with asyncio.timeout(DISCOVERY_PATIENCE):
                return await (await self._opened()).offered.licenses.assignable()
        except (BridgeError, TimeoutError):
            self._discover_at = self._clock() + DISCOVERY_PAUSE
            return NOTHING_KNOWN

    async def search(self, query: Query) -> Page:
        """Return one page of what is searched."""
        if self._done is not None and not query.live and self.is_young:
            # GoTo is not asked, and so not waited for.
            return await self._done.search.page(query)

        async def searching() -> Page:
            return await (await self._opened()).search.page(query)

        return await self._in_time(searching())

    def next_page(self, query: Query) -> Page | None:
        """Return a later page of a walk through users, where nothing is to be waited for."""
        if self._done is None or "Group" in query.kinds:
            return None
        return self._done.search.next_page(query)

    async def create(self, kind: Kind, wanted: Mapping[str, Any]) -> Entry:
        """Create a resource (SCIM JSON) and return it as it then is."""

        async def creating() -> Entry:
            opened = await self._opened()
            verbs: Users | Groups = opened.users if kind == "User" else opened.groups
            try:
                return await verbs.create(wanted)
            except UniquenessException:
                made = self._late.found(kind, wanted)
                if made is None:
                    raise
                # By this very request, whose client was sent away before it was done.
                return await verbs.read(made, live=True)

        entry = await self._whole(
            creating(), late=lambda entry: self._late.made(kind, wanted, entry.key)
        )
        self._late.told(kind, wanted)
        return entry

    async def replace(
        self,
        kind: Kind,
        key: str,
        change: Change[Entry],
        *,
        patched: bool = False,
        named: Collection[str] = (),
        members: MembersPlan | None = None,
    ) -> Entry:
        """Make a resource what ``change`` makes of it as it is.

        ``patched`` says that what is then missing was removed, not left out; ``named`` are then the
        attributes that the client spoke of. ``members`` says what becomes of a group's members,
        instead of the ``members`` in the change.
        """

        async def replacing() -> Entry:
            opened = await self._opened()
            if kind == "User":
                return await opened.users.replace(key, change, patched=patched, named=named)
            groups = opened.groups_of(key)
            return await groups.replace(key, change, patched=patched, members=members)

        return await self._whole(replacing())

    def license_of(self, user: Entry, code: str) -> str | None:
        """Return the key of the licence by which a user has a product, as far as is known."""
        if self._done is None or not isinstance(user, UserEntry):
            return None
        known = self._done.core.snapshot.licenses
        return belongings.license_of(code, user.record.license_keys, known)

    async def change_members(self, key: str, plan: MembersPlan) -> GroupEntry:
        """Put users in a group and take users out of it."""

        async def changing() -> GroupEntry:
            opened = await self._opened()
            return await opened.groups_of(key).change_members(key, plan)

        return await self._whole(changing())

    async def delete(self, kind: Kind, key: str, *, guard: Guard[Entry] | None = None) -> None:
        """Delete a resource; a ``guard`` sees it first, and may refuse."""

        async def deleting() -> None:
            opened = await self._opened()
            if kind == "User":
                await opened.users.delete(key, guard=guard)
            else:
                await opened.groups_of(key).delete(key, guard=guard)

        await self._whole(deleting())

    async def _whole(
        self, verb: Coroutine[Any, Any, T], *, late: Callable[[T], None] | None = None
    ) -> T:
        """Run a verb that writes to its end, also where its client hangs up or is sent away.

        ``late`` is told what came of one whose client was sent away before.
        """
        task = asyncio.create_task(verb)
        self._writing.add(task)
        task.add_done_callback(self._written)
        try:
            return await self._in_time(asyncio.shield(task))
        except GoToUnavailable:
            if late is not None and not task.done():
                task.add_done_callback(partial(_tell, late))
            raise

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        # Read, so that nobody misses the error of a verb whose client is gone.
        if not task.cancelled():
            task.exception()

    async def _in_time(self, verb: Awaitable[T]) -> T:
        """Wait as long as a client does; one that is sent away finds its write done next time."""
        try:
            async with asyncio.timeout(self._patience):
                return await verb
        except TimeoutError:
            raise GoToUnavailable(TOO_LATE, retry_after=RETRY_LATER) from None


def _tell(late: Callable[[T], None], task: asyncio.Task[T]) -> None:
    if not task.cancelled() and task.exception() is None:
        late(task.result())
