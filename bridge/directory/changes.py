"""Changes of one user on their way up: one write, settled where its answer is lost, then kept."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from scim2_models import ForbiddenException

from bridge.directory import activation, belongings
from bridge.directory.core import Core
from bridge.directory.entries import UserEntry
from bridge.directory.identity_locks import LOCKABLE, refuse_locked
from bridge.directory.journal import about_user
from bridge.directory.read_back import verify_update
from bridge.directory.refusals import (
    LOST,
    PROTECTED,
    goto_refusals,
    not_found,
    refuse_untakable,
)
from bridge.directory.seats import Lists, Meant, Seats, is_full
from bridge.directory.settling import CHANGE
from bridge.directory.write_verification import took
from bridge.errors import (
    GoToError,
    GoToRejected,
    GoToUnavailable,
    OutcomeUnknown,
    RecordNotFound,
    RightsMissing,
)
from bridge.goto import UserRecord
from bridge.store import Intent


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of a user.

    ``fields`` are those that differ from GoTo's, ``held`` is the whole of what is then held, but
    for what goes with ``lists``; ``active`` is None where nothing was said of it.
    """

    fields: dict[str, Any]
    held: Mapping[str, Any]
    lists: Lists
    active: bool | None = None
    user_name: str = ""


class NoSeat(Exception):
    """GoTo has no free seat for what was to be given."""


def is_active(entry: UserEntry) -> bool:
    """Whether a user is, also where the mapping shows no `active`."""
    active = entry.resource.get("active")
    return not activation.is_suspended(entry.record) if active is None else bool(active)


def needs_look(entry: UserEntry, wish: Wish) -> bool:
    """Whether a user is to be looked at before: what it is now decides what is written."""
    now = is_active(entry)
    if wish.active is not None and wish.active != now:
        return True
    return belongings.differ(_said(entry, wish, now=now).lists, entry.record)


def _said(entry: UserEntry, wish: Wish, *, now: bool) -> Wish:
    """The wish without empty lists for a user who is suspended ``now``: that it has nothing is no
    wish."""
    if now:
        return wish
    empty = [name for name, items in wish.lists.items() if not items]
    kept = {name: entry.state.held[name] for name in empty if name in entry.state.held}
    lists = {name: items for name, items in wish.lists.items() if items}
    return replace(wish, lists=lists, held={**wish.held, **kept})


class UserChanges:
    """Brings users up to what is wanted of them."""

    def __init__(self, core: Core, seats: Seats) -> None:
        self._core = core
        self._seats = seats
        self._writing = core.mapping.users.writing

    async def change(self, entry: UserEntry, wish: Wish) -> UserEntry:
        """Make a user what is wanted of it, and return it as it then is."""
        now = is_active(entry)
        wish = _said(entry, wish, now=now)
        if now and wish.active is False:
            return await self._suspend(entry, wish)
        if not now and wish.active is False:
            return await self._park(entry, wish)
        if not now and (wish.active or wish.lists):
            return await self._activate(entry, wish)
        return await self._alter(entry, wish)

    async def _alter(self, entry: UserEntry, wish: Wish) -> UserEntry:
        """Change a user who stays active, or who stays suspended."""
        core, seats, record = self._core, self._seats, entry.record
        roles = {name: items for name, items in wish.lists.items() if name == "roles"}
        if entry.key == core.administrator and belongings.differ(roles, record):
            raise ForbiddenException(detail=PROTECTED)
        refused: set[str] = set()
        while True:
            meant = await seats.meant(wish.lists, record, passing=refused)
            fields = {**wish.fields, **_differing(meant, record)}
            held = {**wish.held, **meant.held}
            if not fields and held == entry.state.held:
                return entry
            if entry.key == core.administrator and activation.suspends(record, fields):
                raise ForbiddenException(detail=PROTECTED)
            keys = fields.get("licenseKeys", record.license_keys)
            try:
                async with core.braked(entry, fields), self._begun(entry, fields, held) as ended:
                    await seats.counted(record.license_keys, keys, self._update(entry, fields))
                    return await self._keep_changed(entry, fields, held=held, ended=ended)
            except NoSeat:
                await seats.refused(set(keys) - set(record.license_keys), refused)

    async def _suspend(self, entry: UserEntry, wish: Wish) -> UserEntry:
        core = self._core
        if entry.key == core.administrator:
            raise ForbiddenException(detail=PROTECTED)
        await core.role_visibility.refuse_hidden()
        refuse_untakable(entry.record)
        meant = await self._seats.meant(wish.lists, entry.record, seated=False, keeping=True)
        parked = activation.parked_of(UserRecord({**entry.record, **meant.fields}))
        cleared = activation.cleared(entry.record)
        fields = {**wish.fields, **cleared}
        held = {**wish.held, **meant.held}
        async with (
            core.braked(entry, cleared),
            # On disk before GoTo forgets it.
            self._begun(entry, fields, held, parked=parked) as ended,
        ):
            await self._update(entry, fields)
            self._seats.freed(entry.record.license_keys)
            return await self._keep_changed(entry, fields, held=held, parked=parked, ended=ended)

    async def _park(self, entry: UserEntry, wish: Wish) -> UserEntry:
        """Change a user who is to stay suspended: what is sent is for the day it comes back."""
        parked = entry.state.parked
        meant = await self._seats.meant(wish.lists, entry.record, seated=False, parked=parked)
        if meant.fields:
            parked = {**activation.CLEARED, **(parked or {}), **meant.fields}
        held = {**wish.held, **meant.held}
        if not wish.fields and held == entry.state.held and parked == entry.state.parked:
            return entry
        async with self._begun(entry, wish.fields, held, parked=parked) as ended:
            await self._update(entry, wish.fields)
            return await self._keep_changed(
                entry, wish.fields, held=held, parked=parked, ended=ended
            )

    async def _activate(self, entry: UserEntry, wish: Wish) -> UserEntry:
        """Give a suspended user what was sent; if it is to be active what was parked for the rest,
        else a default licence."""
        seats, parked = self._seats, entry.state.parked
        back = (activation.restored(parked) or {}) if wish.active else {}
        refused: set[str] = set()
        while True:
            meant = await seats.meant(wish.lists, entry.record, passing=refused, parked=parked)
            given = {**back, **meant.fields}
            if not given:
                given = await seats.default(refused) or {}
            if not given:
                raise activation.NOTHING_TO_GIVE
            keys = given.get("licenseKeys", [])
            fields, held = {**wish.fields, **given}, {**wish.held, **meant.held}
            try:
                async with self._begun(entry, fields, held, forgetting=True) as ended:
                    seen = await seats.counted([], keys, self._update(entry, fields))
                    return await self._keep_activated(entry, fields, seen, held=held, ended=ended)
            except NoSeat:
                await seats.refused(keys, refused)
                if "licenseKeys" in back and "licenseKeys" not in meant.fields:
                    raise seats.not_given_back(back) from None

    async def _keep_activated(
        self,
        entry: UserEntry,
        fields: Mapping[str, Any],
        seen: tuple[UserRecord, float] | None,
        *,
        held: Mapping[str, Any],
        ended: Sequence[Intent],
    ) -> UserEntry:
        core = self._core
        changed = activation.with_fields(entry.record, fields, core.snapshot.licenses)
        # Only GoTo knows whether the user signed in before, and so its status.
        seen = seen or await self._seen_active(entry, fields)
        record = UserRecord({**changed, "status": "INVITED"})
        # It is active; that it cannot be read just now is no reason to say otherwise.
        seen_at = float("-inf")
        if seen is not None:
            shown, seen_at = seen
            now = core.recent.newest(shown, seen_at)
            if now and (now.license_keys or now.admin_roles):
                record = core.recent.placed(now, seen_at)
        activated = core.assembly.user(record, seen_at=seen_at, held=held, parked=None)
        audited = core.trail.user_changed(entry, activated)
        return await core.keep_user(activated, audited=audited, ended=ended)

    async def _seen_active(
        self, entry: UserEntry, fields: Mapping[str, Any]
    ) -> tuple[UserRecord, float] | None:
        """Read a user who was activated, and when; once more where the read does not show it."""
        core, seen_at = self._core, self._core.clock()
        try:
            record = await core.goto.user(entry.key)
        except GoToError:
            return None
        if core.verifier.policy == "never" or took(entry.record, fields, record):
            return record, seen_at
        return await verify_update(core, entry.record, fields, doubted=True)

    def _begun(
        self,
        entry: UserEntry,
        fields: Mapping[str, Any],
        held: Mapping[str, Any],
        *,
        parked: Any = None,
        forgetting: bool = False,
    ) -> AbstractAsyncContextManager[Sequence[Intent]]:
        """Journal a change that is more than GoTo's to remember: one of its fields, and of what
        the bridge keeps beside them. ``forgetting`` says that nothing is parked after it."""
        kept = None if forgetting else parked or entry.state.parked
        if not fields or (held == entry.state.held and kept == entry.state.parked):
            return nullcontext(())
        payload = {"key": entry.key, "fields": fields, "held": held, "parked": kept}
        return self._core.journal.begun(CHANGE, about_user(entry.key), payload)

    async def _update(
        self, entry: UserEntry, fields: Mapping[str, Any]
    ) -> tuple[UserRecord, float] | None:
        """Change a user at GoTo; returns what was then seen and when, where it was read back."""
        if not fields:
            return None
        await self._write(entry, fields)
        try:
            # Where roles are hidden, each suspension may leave one behind.
            doubted = self._core.role_visibility.is_hidden
            doubted = doubted and activation.suspends(entry.record, fields)
            return await verify_update(self._core, entry.record, fields, doubted=doubted)
        except RecordNotFound:
            await self._core.forget_user(entry.key)
            raise not_found("User", entry.key) from None

    async def _write(self, entry: UserEntry, fields: Mapping[str, Any]) -> None:
        email = str(fields.get("email") or entry.record.email)
        with goto_refusals(self._writing.attribute_of, "email", email):
            try:
                await self._core.goto.update_user(entry.key, fields)
            except OutcomeUnknown:
                if not await self._core.user_holds(entry.key, fields):
                    raise GoToUnavailable(LOST) from None
            except RecordNotFound:
                await self._core.forget_user(entry.key)
                raise not_found("User", entry.key) from None
            except (GoToRejected, RightsMissing) as error:
                if isinstance(error, GoToRejected) and is_full(error) and fields.get("licenseKeys"):
                    raise NoSeat from None
                await self._refuse_locked(entry, fields)
                raise

    async def _refuse_locked(self, entry: UserEntry, fields: Mapping[str, Any]) -> None:
        """Look whether GoTo has locked, since the last look, what it refuses to change."""
        if not LOCKABLE.intersection(fields):
            return
        seen_at = self._core.clock()
        try:
            record = await self._core.goto.user(entry.key)
        except GoToError:
            # What GoTo said first is told to the client.
            return
        await self._core.see_user(record, seen_at=seen_at)
        refuse_locked(record, fields, self._writing.attribute_of)

    async def _keep_changed(
        self,
        entry: UserEntry,
        fields: Mapping[str, Any],
        *,
        held: Mapping[str, Any],
        parked: Any = None,
        ended: Sequence[Intent] = (),
    ) -> UserEntry:
        core = self._core
        record = activation.with_fields(entry.record, fields, core.snapshot.licenses)
        kept = parked if parked is not None else entry.state.parked
        changed = core.assembly.user(record, seen_at=core.clock(), held=held, parked=kept)
        audited = core.trail.user_changed(entry, changed)
        return await core.keep_user(changed, audited=audited, ended=ended)


def _differing(meant: Meant, record: UserRecord) -> dict[str, list[str]]:
    return {
        name: values
        for name, values in meant.fields.items()
        if not activation.is_same(record.get(name), values)
    }
