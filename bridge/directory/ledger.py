"""What the bridge itself remembers of each resource: first seen, last change, what is held.

In memory, and in the store before a change counts as done. It knows no HTTP and asks GoTo nothing.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.case_mapping import case_mapped
from bridge.directory.actor import actor
from bridge.directory.commits import Commits
from bridge.directory.entries import Entry, Kind, now_in_milliseconds
from bridge.store import (
    AuditEntry,
    Intent,
    PassChange,
    ResourceState,
    Store,
    StoredPass,
    Write,
    beginning,
    burying,
    new_intent,
    noting,
    saving,
)

UNCHANGED: Any = object()


class Ledger:
    """The states of one account's resources, and the userNames and externalIds among them."""

    def __init__(self, store: Store, account: str) -> None:
        self._store = store
        self._account = account
        # What is in the store and what is in memory change in the same order.
        self._commits = Commits(self._write, afterwards=self._arrived)
        self._believes_pass = False
        self._states: dict[Kind, dict[str, ResourceState]] = {"User": {}, "Group": {}}
        # What memory will hold when all that is being stored has been; None for what is buried.
        self._coming: dict[tuple[Kind, str], ResourceState | None] = {}
        self._by_user_name: dict[str, str] = {}
        self._by_external_id: dict[tuple[Kind, str], dict[str, None]] = {}
        self._by_email: dict[str, dict[str, None]] = {}
        # Users who were deleted and are suspended at GoTo, by key; and who has an e-mail of theirs.
        self._leavers: dict[str, Mapping[str, Any]] = {}
        self._leavers_by_email: dict[str, str] = {}

    async def load(self) -> None:
        """Read everything from the store."""
        for kind in self._states:
            for state in (await self._store.states(self._account, kind)).values():
                self._remember(kind, state)
        for key, parked in (await self._store.parted(self._account, "User")).items():
            self._part_from(key, parked)

    async def stored_pass(self, *, since: datetime, made_by: str) -> StoredPass | None:
        """Return the last whole pass, made by this and not before ``since``, where nothing was
        changed after it."""
        return await self._store.stored_pass(self._account, since=since, made_by=made_by)

    def believe_pass(self) -> None:
        """Say that the stored pass is what is known now; the next change makes it doubtful."""
        self._believes_pass = True

    async def doubt_pass(self) -> None:
        """Say that what is stored is not what is known any more."""
        async with self._commits.alone():
            if self._believes_pass:
                await self._store.doubt_pass(self._account)
            self._believes_pass = False

    async def store_pass(
        self, make: Callable[[], tuple[PassChange, Callable[[], None]] | None]
    ) -> None:
        """Store what ``make`` gives while nothing else is written, and tell it that it is done."""
        async with self._commits.alone():
            made = make()
            if made is not None:
                change, done = made
                await self._store.store_pass(self._account, change)
                self._believes_pass = True
                done()

    async def _write(self, writes: Sequence[Write]) -> None:
        is_news = any(each.states or each.buried or each.audited or each.ended for each in writes)
        doubting = self._account if self._believes_pass and is_news else None
        await self._store.write(writes, doubting=doubting)
        self._believes_pass = self._believes_pass and not is_news

    def missing_in(self, kind: Kind, known: Container[str]) -> list[str]:
        """Return the keys of remembered resources, of those that are GoTo's, that are not known."""
        # GoTo's keys are all digits.
        return [key for key in self._states[kind] if key not in known and key.isdigit()]

    def unsaved(self, kind: Kind, entries: Mapping[str, Entry]) -> list[ResourceState]:
        """Return the states of entries that are others than those that are remembered."""
        remembered = self._states[kind].get
        return [e.state for key, e in entries.items() if remembered(key) is not e.state]

    def state(self, kind: Kind, key: str) -> ResourceState | None:
        """Return what is known of a resource, or None."""
        return self._states[kind].get(key)

    def count(self, kind: Kind) -> int:
        """Return how many resources are known."""
        return len(self._states[kind])

    def held(self, kind: Kind, key: str) -> Mapping[str, Any]:
        """Return the attributes held beside a record."""
        state = self._states[kind].get(key)
        return state.held if state else {}

    def holder_of_user_name(self, user_name: str) -> str | None:
        """Return the key of the user for whom this userName is held, whatever its case."""
        return self._by_user_name.get(case_mapped(user_name))

    def holders_of_external_id(self, kind: Kind, external_id: str) -> list[str]:
        """Return the keys of the resources with this externalId, which is case-exact."""
        return list(self._by_external_id.get((kind, external_id), ()))

    def holders_of_email(self, email: str) -> list[str]:
        """Return the keys of the users for whom this e-mail is held, whatever its case."""
        return list(self._by_email.get(case_mapped(email), ()))

    def observed(
        self,
        kind: Kind,
        key: str,
        version: str,
        *,
        created: datetime | None = None,
        held: Mapping[str, Any] = UNCHANGED,
        parked: Mapping[str, Any] | None = UNCHANGED,
    ) -> ResourceState:
        """Return the state that follows from what was just seen; nothing is remembered yet.

        ``created`` is the moment that GoTo knows of; for what is new here it is taken if earlier.
        """
        now = now_in_milliseconds()
        known = self._states[kind].get(key)
        if known is None:
            first_seen = min(created, now) if created else now
            return ResourceState(
                key=key,
                first_seen=first_seen,
                last_modified=now,
                version=version,
                held={} if held is UNCHANGED else held,
                parked=None if parked is UNCHANGED else parked,
            )
        changed = known.version != version
        return replace(
            known,
            version=version,
            last_modified=max(now, known.last_modified) if changed else known.last_modified,
            held=known.held if held is UNCHANGED else held,
            parked=known.parked if parked is UNCHANGED else parked,
        )

    async def save(
        self,
        kind: Kind,
        states: Sequence[ResourceState],
        *,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> None:
        """Store those states that are new, and remember them.

        ``audited`` and the end of intents are stored with them, or nothing is.
        """
        changed: list[ResourceState] = []

        def prepare() -> Write:
            changed.extend(each for each in states if self._newest(kind, each.key) != each)
            return self._saving(kind, changed, audited=audited, ended=ended)

        await self._commits.commit(prepare, lambda: self._remember_all(kind, changed))

    async def save_seen(self, kind: Kind, states: Sequence[ResourceState]) -> None:
        """Store what a look at GoTo showed: dates and versions, never what is held or parked."""
        changed: list[ResourceState] = []

        def prepare() -> Write:
            changed.extend(each for state in states if (each := self._seen(kind, state)))
            return self._saving(kind, changed)

        await self._commits.commit(prepare, lambda: self._remember_all(kind, changed))

    def _seen(self, kind: Kind, state: ResourceState) -> ResourceState | None:
        known = self._newest(kind, state.key)
        if known is None:
            return state
        if known.last_modified > state.last_modified:
            return None
        seen = replace(state, held=known.held, parked=known.parked)
        return None if seen == known else seen

    def _saving(
        self,
        kind: Kind,
        states: Sequence[ResourceState],
        *,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> Write:
        write = saving(self._account, kind, states, audited=audited, ended=ended)
        self._coming.update({(kind, state.key): state for state in states})
        return write

    def _newest(self, kind: Kind, key: str) -> ResourceState | None:
        """Return what will be known of a resource when all that is being stored has been."""
        if (kind, key) in self._coming:
            return self._coming[kind, key]
        return self._states[kind].get(key)

    def _arrived(self) -> None:
        self._coming.clear()

    def _remember_all(self, kind: Kind, states: Iterable[ResourceState]) -> None:
        for state in states:
            self._remember(kind, state)

    async def bury(
        self,
        kind: Kind,
        keys: Iterable[str],
        *,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> None:
        """Forget resources that are gone: should a key come back, it starts clean."""
        wanted, gone = list(keys), list[str]()

        def prepare() -> Write:
            gone.extend(key for key in wanted if self._newest(kind, key) is not None)
            at = now_in_milliseconds()
            write = burying(self._account, kind, gone, at=at, audited=audited, ended=ended)
            self._coming.update({(kind, key): None for key in gone})
            return write

        def done() -> None:
            for key in gone:
                self._forget(kind, key)

        await self._commits.commit(prepare, done)

    # -- Leavers -------------------------------------------------------------------

    async def part(
        self,
        key: str,
        parked: Mapping[str, Any],
        *,
        audited: Sequence[AuditEntry] = (),
        ended: Sequence[Intent] = (),
    ) -> None:
        """Forget a user who was deleted by suspension, but for what it had and its ``email``."""

        def prepare() -> Write:
            # Only what was known can leave a tombstone.
            unknown = self._newest("User", key) is None
            states = [self.observed("User", key, "")] if unknown else []
            first = saving(self._account, "User", states)
            write = burying(
                self._account,
                "User",
                [key],
                at=now_in_milliseconds(),
                parked=parked,
                audited=audited,
                ended=ended,
            )
            self._coming["User", key] = None
            return replace(write, states=first.states)

        def done() -> None:
            self._forget("User", key)
            self._part_from(key, parked)

        await self._commits.commit(prepare, done)

    def has_left(self, key: str) -> bool:
        """Whether a user was deleted by suspension: suspended still, it is not shown."""
        return key in self._leavers

    def leaver_mailed(self, email: str) -> str | None:
        """Return the key of the leaver who had this e-mail when last looked, whatever its case."""
        return self._leavers_by_email.get(case_mapped(email))

    @property
    def has_leavers(self) -> bool:
        """Whether there is any leaver."""
        return bool(self._leavers)

    def seen_leaver(self, key: str, email: str) -> None:
        """Take in which e-mail a leaver has now."""
        self._part_from(key, {**self._leavers[key], "email": email})

    def _part_from(self, key: str, parked: Mapping[str, Any]) -> None:
        self._come_back(key)
        self._leavers[key] = parked
        if email := parked.get("email"):
            self._leavers_by_email[case_mapped(str(email))] = key

    def _come_back(self, key: str) -> None:
        email = case_mapped(str((self._leavers.pop(key, None) or {}).get("email") or ""))
        if self._leavers_by_email.get(email) == key:
            del self._leavers_by_email[email]

    def note(
        self, action: str, kind: Kind, key: str, detail: Mapping[str, Any] | None = None
    ) -> AuditEntry:
        """Return the audit trail's line for something done now; it is not stored yet."""
        return AuditEntry(now_in_milliseconds(), actor(), action, kind, key, detail)

    async def audited(
        self, *, since: datetime, actions: Sequence[str], kind: Kind | None = None
    ) -> list[AuditEntry]:
        """Return the audit trail's lines of these actions from a moment on, the oldest first."""
        found = await self._store.audited(self._account, since=since, actions=actions)
        return [entry for entry in found if kind in (None, entry.kind)]

    async def forget_audit(self, *, before: datetime) -> None:
        """Drop the audit trail before a moment."""
        await self._store.forget_audit(self._account, before=before)

    async def begin(self, operation: str, payload: Mapping[str, Any]) -> Intent:
        """Store what is about to be done, so that a start after a crash can settle it."""
        intent = new_intent(operation, payload, at=now_in_milliseconds())
        await self._commits.commit(lambda: beginning(self._account, [intent]))
        return intent

    async def end(self, *intents: Intent) -> None:
        """Say that operations are settled."""
        await self._commits.commit(lambda: noting(self._account, ended=intents))

    async def close(self) -> None:
        """Wait until all that was to be stored is."""
        await self._commits.settled()

    async def intents(self) -> list[Intent]:
        """Return what was begun and never settled, the oldest first."""
        return await self._store.intents(self._account)

    def _remember(self, kind: Kind, state: ResourceState) -> None:
        self._forget(kind, state.key)
        if kind == "User" and self._leavers:
            self._come_back(state.key)
        self._states[kind][state.key] = state
        if user_name := state.held.get("userName"):
            self._by_user_name[case_mapped(user_name)] = state.key
        if external_id := state.held.get("externalId"):
            self._by_external_id.setdefault((kind, external_id), {})[state.key] = None
        for email in _emails(state):
            self._by_email.setdefault(email, {})[state.key] = None

    def _forget(self, kind: Kind, key: str) -> None:
        state = self._states[kind].pop(key, None)
        if state is None:
            return
        user_name = case_mapped(state.held.get("userName") or "")
        if self._by_user_name.get(user_name) == key:
            del self._by_user_name[user_name]
        if external_id := state.held.get("externalId"):
            _discard(self._by_external_id, (kind, external_id), key)
        for email in _emails(state):
            _discard(self._by_email, email, key)


def _emails(state: ResourceState) -> set[str]:
    emails = state.held.get("emails") or ()
    return {case_mapped(str(email["value"])) for email in emails if email.get("value")}


def _discard(index: dict[Any, dict[str, None]], at: Any, key: str) -> None:
    keys = index.get(at)
    if keys is not None:
        keys.pop(key, None)
        if not keys:
            del index[at]
