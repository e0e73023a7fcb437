"""Whole passes over the account: one at a time however many ask, complete or not at all.

What was written or read singly while a pass was under way is newer than the pass, and stays. A pass
that was overtaken by a change of many records at once is not taken over, and made again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog

from bridge.directory.activation import is_suspended
from bridge.directory.actor import THE_BRIDGE, actor
from bridge.directory.arrivals import Arrivals
from bridge.directory.assembly import Assembly
from bridge.directory.drop_report import DropReport
from bridge.directory.entries import (
    OTHER_GROUPS,
    GroupEntry,
    UserEntry,
    key_digest,
    members_by_group,
)
from bridge.directory.hidden_users import HiddenUsers
from bridge.directory.kept_pass import KeptPass
from bridge.directory.ledger import Ledger
from bridge.directory.recent import Recent
from bridge.directory.second_look import Listing, believed
from bridge.directory.several_groups import (
    WHOLE_LIST,
    GroupsPerUser,
    other_groups,
    with_others,
)
from bridge.directory.snapshot import Snapshot
from bridge.directory.time import Clock
from bridge.directory.totals import TOTAL, missing, with_total
from bridge.errors import GoToUnreadable, RecordNotFound
from bridge.goto import GoToClient, GroupRecord, LicenseRecord, UserRecord, asking_for
from bridge.store import StoreUnavailable

log = structlog.get_logger(__name__)

NO_STATUS = "GoTo's list of users says of nobody whether it is active, and is not believed."
R = TypeVar("R", GroupRecord, LicenseRecord)

REFRESH = "\0refresh"
"""Who asks GoTo for a refresh, in the throttle: no client has such a name."""

USERS_A_SECOND = 20_000
"""How many users of a new snapshot put its storing off by a second: whoever waited for the snapshot
reads the account first, and is not to share the processor with what nobody waits for."""


class Refresh:
    """Keeps a snapshot young. Raises the GoToError of a pass that failed; nothing is taken over."""

    def __init__(
        self,
        goto: GoToClient,
        *,
        assembly: Assembly,
        ledger: Ledger,
        snapshot: Snapshot,
        recent: Recent,
        kept: KeptPass,
        clock: Clock,
        report: DropReport,
        groups_per_user: GroupsPerUser,
        hidden: HiddenUsers,
        administrator: str = "",
    ) -> None:
        self._goto = goto
        self._assembly = assembly
        self._ledger = ledger
        self._snapshot = snapshot
        self._recent = recent
        self._kept = kept
        self._clock = clock
        self._administrator = administrator
        self._report = report
        self._groups_per_user = groups_per_user
        self._hidden = hidden
        self._under_way: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def not_older_than(self, moment: float) -> None:
        """Return when the snapshot is of a pass that began at ``moment`` or later."""
        while self._snapshot.taken_at is None or self._snapshot.taken_at < moment:
            if self._under_way is None or self._under_way.done():
                self._under_way = asyncio.create_task(self._pass(), name="refresh")
            if actor() != THE_BRIDGE:
                # Its calls take turns with those of clients, whoever started the refresh.
                self._goto.raise_priority(REFRESH)
            # A client that hangs up must not take the pass from those who wait with it.
            await asyncio.shield(self._under_way)

    async def close(self) -> None:
        """End a pass that is under way."""
        self._closing.set()
        if self._under_way is not None and not self._under_way.done():
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)
        if self._keeping is not None and not self._keeping.done():
            await asyncio.wait([self._keeping])

    async def _pass(self) -> None:
        arrivals = Arrivals(self._ledger, "User")
        try:
            with asking_for(REFRESH):
                await self._read(arrivals)
        finally:
            self._goto.restore_priority(REFRESH)
            await arrivals.close()

    async def _read(self, arrivals: Arrivals) -> None:
        began, overtakings = self._clock(), self._snapshot.overtakings
        digests: dict[str, int] = {}
        listing, has_status = Listing("users"), False

        def made(record: UserRecord) -> UserEntry | None:
            nonlocal has_status
            listing.keys.add(record.key)
            has_status = has_status or bool(record.status)
            entry = self._user_entry(record, began)
            if entry is not None:
                arrivals.add(entry.state)
                if entry.group_key:
                    # Now, while pages are waited for, and not when all of them are there.
                    digests[entry.key] = key_digest(entry.key)
            return entry

        async def list_users() -> tuple[list[UserEntry | None], Listing]:
            nonlocal listing
            listing = Listing("users", administrator=self._administrator)
            # Entries are made page by page, so that a large account is never all records at once.
            made_of = await self._goto.users_as(made, fields=self._assembly.user_fields)
            return made_of, listing

        # First, since users show the names of their licences.
        licenses = await self._looked_twice("licenses", self._goto.licenses)
        self._snapshot.put_licenses(licenses, at=began)
        users = await believed(
            list_users,
            missing=lambda keys: len(self._ledger.missing_in("User", keys)),
            known=self._ledger.count("User"),
            is_elsewhere=self._is_elsewhere,
        )
        if listing.keys and not has_status:
            raise GoToUnreadable(NO_STATUS)
        groups = await self._looked_twice("groups", self._goto.groups)
        if self._snapshot.overtakings != overtakings:
            return
        await arrivals.settled()
        entries = self._user_entries(users, began)
        await self._place_in_several(entries, groups, began)
        group_entries = self._group_entries(groups, entries, began, digests)
        await self._take_over(entries, group_entries)
        await self._report.tell(began, entries, group_entries)
        self._snapshot.taken_at = began
        self._snapshot.forget_gone(before=began)
        self._keeping = asyncio.create_task(self._keep(self._keeping), name="store the snapshot")
        log.info("snapshot taken", users=len(entries), groups=len(group_entries))

    async def _looked_twice(self, what: str, ask: Callable[[], Awaitable[list[R]]]) -> list[R]:
        """Return a list of groups or licences, asked for again where too much is missing."""

        async def take() -> tuple[list[R], Listing]:
            records, listing = await ask(), Listing(what)
            listing.keys.update(record.key for record in records)
            return records, listing

        if what == "groups":
            last = [*self._ledger.missing_in("Group", ())]
        else:
            last = [*self._snapshot.licenses]
        return await believed(
            take,
            missing=lambda keys: sum(1 for key in last if key not in keys),
            known=len(last),
            is_elsewhere=self._is_elsewhere,
        )

    async def _is_elsewhere(self) -> bool:
        """Whether the administrator is a user of another account than the one that is read."""
        try:
            await self._goto.user(self._administrator)
        except RecordNotFound:
            return True
        return False

    async def _keep(self, before: "asyncio.Task[None] | None") -> None:
        """Store what was taken; whoever waits for a list does not wait for that."""
        if before is not None and not before.done():
            await asyncio.wait([before])
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), len(self._snapshot.users) / USERS_A_SECOND)
        try:
            await self._kept.save()
        except StoreUnavailable as error:
            log.warning("the snapshot could not be stored", reason=error.detail)

    def _user_entry(self, seen: UserRecord, began: float) -> UserEntry | None:
        """Return the entry of a record that was read, the known one where nothing changed."""
        record = seen
        if not self._recent.is_empty:
            newest = self._recent.newest(seen, began)
            if newest is None:
                return None
            record = self._recent.placed(newest, began)
        key = record.key
        if self._hidden.hides(record) or (self._ledger.has_left(key) and is_suspended(record)):
            return None
        known = self._snapshot.users.get(key)
        if known is not None and known.other_groups:
            # As far as the groups, which are read next, do not say otherwise.
            record = with_others(record, known.record[OTHER_GROUPS])
        if known is not None and (known.seen_at > began or self._assembly.shows(known, record)):
            return known
        return self._assembly.user(record, seen_at=began)

    def _user_entries(self, seen: Sequence[UserEntry | None], began: float) -> dict[str, UserEntry]:
        entries = {entry.key: entry for entry in seen if entry is not None}
        for key in self._snapshot.gone_after(began):
            entries.pop(key, None)
        for key, entry in self._snapshot.users.items():
            if entry.seen_at > began or (key not in entries and self._recent.is_hidden(key, began)):
                entries[key] = entry
        return entries

    async def _place_in_several(
        self, entries: dict[str, UserEntry], groups: Sequence[GroupRecord], began: float
    ) -> None:
        """Take in the groups of users who are in more of them than their own records show."""
        found = other_groups(groups, entries)
        if found and (len(groups) <= WHOLE_LIST or self._groups_per_user.is_several):
            await self._groups_per_user.found(several=True, source="read")
        if not self._groups_per_user.is_several:
            return
        for key, entry in list(entries.items()):
            others = found.get(key, ())
            if entry.seen_at > began or (not others and not entry.other_groups):
                # Written meanwhile, or as nearly everybody is.
                continue
            record = with_others(entry.record, others)
            if not self._assembly.shows(entry, record):
                entries[key] = self._assembly.user(record, seen_at=entry.seen_at)

    def _group_entries(
        self,
        records: Sequence[GroupRecord],
        users: dict[str, UserEntry],
        began: float,
        digests: Mapping[str, int],
    ) -> dict[str, GroupEntry]:
        members = members_by_group(users.values())
        short = missing(records, members)
        seen: dict[str, tuple[GroupRecord, float]] = {
            record.key: (self._counted(record, each, short.get(each.key, 0)), began)
            for each in records
            if (record := self._recent.newest(each, began))
            and self._snapshot.gone_at(record.key) <= began
        }
        for key, entry in self._snapshot.groups.items():
            if entry.seen_at > began or (key not in seen and self._recent.is_hidden(key, began)):
                seen[key] = (entry.record, entry.seen_at)
        return {
            key: self._assembly.group(record, members[key], seen_at=seen_at, digests=digests)
            for key, (record, seen_at) in seen.items()
        }

    @staticmethod
    def _counted(record: GroupRecord, read: GroupRecord, short: int) -> GroupRecord:
        """Return a record with the total of the members that are shown, if it was read with it."""
        if TOTAL not in read:
            return record
        return with_total(GroupRecord({**record, TOTAL: read[TOTAL]}), short)

    async def _take_over(self, users: dict[str, UserEntry], groups: dict[str, GroupEntry]) -> None:
        # What the ledger remembers is gone too where the snapshot of before a restart is not known.
        gone = self._ledger.missing_in("User", users)
        gone_groups = self._ledger.missing_in("Group", groups)
        self._snapshot.replace(users, groups)
        await self._ledger.bury("User", gone)
        await self._ledger.bury("Group", gone_groups)
        await self._ledger.save_seen("User", self._ledger.unsaved("User", users))
        await self._ledger.save_seen("Group", self._ledger.unsaved("Group", groups))
