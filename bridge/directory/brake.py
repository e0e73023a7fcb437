"""The brake: so many suspensions and deletions of users within an hour, and then no more.

A client gone wrong, or one that was pointed at the wrong account, must not empty it. Counts from
the audit trail, so that a restart changes nothing, and knows how an operator lets the rest through.
It knows no HTTP and asks GoTo nothing.
"""

import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge.directory.entries import now_in_milliseconds
from bridge.directory.ledger import Ledger
from bridge.directory.time import SteadyClock
from bridge.errors import BrakeHolds
from bridge.goto import UserRecord
from bridge.mapping import DestructiveLimit, hourly_limit
from bridge.store import LONGEST_RELEASE, RELEASED, AuditEntry

HOUR = timedelta(hours=1)
CREATED = "create"
COUNTED = ("suspend", "delete")
SPARED = "new"
"""Stands in the detail of what was not counted, because the user was made within the hour."""
SOONEST = 5
"""Seconds that a client is sent away for at least."""

log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Counted:
    at: datetime
    action: str
    key: str


class Brake:
    """Counts what takes users away, and stops it with ``BrakeHolds`` beyond the limit.

    ``allowed`` is how many within an hour, 0 for none at all; "auto" goes by the size of
    the account. An hour is an hour of the monotonic clock ``now``: a step of the system's
    clock, which ``wall`` reads, neither opens the brake nor makes it forget.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        allowed: DestructiveLimit,
        now: Callable[[], datetime] | None = None,
        wall: Callable[[], datetime] = now_in_milliseconds,
    ) -> None:
        now = now or SteadyClock(wall=wall)
        self._ledger = ledger
        self._allowed = allowed
        self._now = now
        self._wall = wall
        self._counted: deque[_Counted] = deque()
        self._under_way: set[tuple[str, str]] = set()
        self._created: dict[str, datetime] = {}
        self._anew = now() - HOUR
        self._open_until = self._anew
        self._releases: set[tuple[datetime, str | None]] = set()
        self._has_told = False

    async def load(self) -> None:
        """Go on from where the bridge was before it was restarted."""
        now = self._now()
        entries = await self._ledger.audited(
            since=now - HOUR, actions=(CREATED, *COUNTED), kind="User"
        )
        for entry in entries:
            # A line from the future was written before the clock was set back.
            at = min(entry.at, now)
            if entry.action == CREATED:
                self._created[entry.key] = at
            elif not (entry.detail or {}).get(SPARED):
                self._counted.append(_Counted(at, entry.action, entry.key))
        for release in await self._new_releases():
            self._take_up(release, at=min(release.at, now))

    async def look(self) -> None:
        """Take up what an operator released meanwhile, in a process of its own."""
        for release in await self._new_releases():
            self._take_up(release, at=self._now())

    async def _new_releases(self) -> Sequence[AuditEntry]:
        """Return the releases that this process has not seen yet; each counts once."""
        since = min(self._now(), self._wall()) - LONGEST_RELEASE
        entries = await self._ledger.audited(since=since, actions=(RELEASED,))
        unseen = {(entry.at, _until(entry)): entry for entry in entries}
        for identity in self._releases & unseen.keys():
            del unseen[identity]
        self._releases |= unseen.keys()
        return list(unseen.values())

    def _take_up(self, release: AuditEntry, *, at: datetime) -> None:
        """Begin the count anew at a moment of this brake's clock.

        The operator's process read another clock, so its ``until`` stands for a length of time.
        """
        until = _until(release)
        length = datetime.fromisoformat(until) - release.at if until else timedelta()
        log.warning("brake_released", until=until)
        self._anew = max(self._anew, at)
        self._open_until = max(self._open_until, at + min(length, LONGEST_RELEASE))

    @asynccontextmanager
    async def passing(
        self, action: str, key: str, record: UserRecord | None = None
    ) -> AsyncIterator[None]:
        """Count what the block does to a user, before it does it; what fails is not counted.

        ``action`` is ``suspend`` or ``delete``. Within such a block another one for the same user
        counts no second time. Raises ``BrakeHolds``, and then the block is not run.
        """
        if (action, key) in self._under_way or self.is_new(key, record):
            yield
            return
        counted = await self._admitted(action, key)
        self._under_way.add((action, key))
        try:
            yield
        except BaseException:
            if counted in self._counted:
                self._counted.remove(counted)
            raise
        finally:
            self._under_way.discard((action, key))

    async def _admitted(self, action: str, key: str) -> _Counted:
        if self.holds:
            await self.look()
        # From here to the count nothing is awaited: of many at once, not one too many passes.
        if self.holds:
            raise self._refusal()
        self._has_told = False
        counted = _Counted(self._now(), action, key)
        self._counted.append(counted)
        return counted

    def happened(self, action: str, key: str) -> None:
        """Count what was found out to have been done, unless it was counted when it was begun."""
        if not any((each.action, each.key) == (action, key) for each in self._counted):
            self._counted.append(_Counted(self._now(), action, key))

    def created(self, key: str) -> None:
        """Take note of a user that the bridge made: it may be taken away again within the hour."""
        now = self._now()
        # The oldest come first, so that nobody looks through an onboarding wave at each of it.
        while self._created:
            oldest = next(iter(self._created))
            if self._created[oldest] > now - HOUR:
                break
            del self._created[oldest]
        self._created.pop(key, None)
        self._created[key] = now

    def is_new(self, key: str, record: UserRecord | None) -> bool:
        """Whether a user was made within the hour, by the bridge or as GoTo's date tells."""
        since = self._now() - HOUR
        if self._created.get(key, since) > since:
            return True
        invited_at = record.invited_at if record is not None else None
        return invited_at is not None and invited_at > since

    @property
    def count(self) -> int:
        """How many users were suspended or deleted within the last hour, and are counted."""
        since = max(self._now() - HOUR, self._anew)
        while self._counted and self._is_over(self._counted[0], since):
            self._counted.popleft()
        return len(self._counted)

    def _is_over(self, counted: _Counted, since: datetime) -> bool:
        return counted.at <= since or counted.at < self._open_until

    @property
    def limit(self) -> int:
        """How many may be within an hour."""
        # As it was before: an account that shrinks must not lower its own limit.
        gone = sum(counted.action == "delete" for counted in self._counted)
        return hourly_limit(self._allowed, users=self._ledger.count("User") + gone)

    @property
    def holds(self) -> bool:
        """Whether the next one is stopped, as far as is known without a look."""
        return self._open_until <= self._now() and self.count >= self.limit

    @property
    def retry_after(self) -> int:
        """Seconds until the next one may pass, if nobody releases the brake."""
        too_many = self.count - self.limit
        oldest = self._counted[too_many].at if 0 <= too_many < self.count else self._now()
        return max(SOONEST, math.ceil((oldest + HOUR - self._now()).total_seconds()))

    @property
    def told(self) -> str:
        """What an operator and a client are told while the brake holds."""
        return (
            f"The brake holds: {self.count} users were deactivated or deleted within an hour, and "
            f"the mapping's limits.destructive_per_hour allows {self.limit}. If that is meant, an "
            "operator lets the others through with `goto-scim-bridge release-brake`"
        )

    def _refusal(self) -> BrakeHolds:
        seconds = self.retry_after
        if not self._has_told:
            self._has_told = True
            log.warning(
                "brake_closed",
                within_an_hour=self.count,
                allowed=self.limit,
                what_to_do="if it is meant, run `goto-scim-bridge release-brake`",
            )
        detail = f"{self.told}; else the next one passes in {seconds} seconds"
        return BrakeHolds(detail, retry_after=seconds)


def _until(release: AuditEntry) -> str | None:
    return (release.detail or {}).get("until")
