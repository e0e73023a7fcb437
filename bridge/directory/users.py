"""The verbs on users: read, create, replace, delete, and their settling where an answer is lost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from scim2_models import ForbiddenException, NotFoundException, SCIMException, UniquenessException

from bridge.case_mapping import case_mapped
from bridge.directory import belongings
from bridge.directory.changes import UserChanges, Wish, is_active, needs_look
from bridge.directory.core import Core
from bridge.directory.entries import Change, Guard, UserEntry, result_of
from bridge.directory.gathering import Arrival
from bridge.directory.identity_locks import refuse_locked
from bridge.directory.journal import about_email, about_user
from bridge.directory.leavers import Leavers, differing
from bridge.directory.read_back import verify_deleted
from bridge.directory.refusals import (
    PROTECTED,
    goto_refusals,
    lost_so_far,
    mapping_refusals,
    not_found,
    taken,
)
from bridge.directory.seats import Seats
from bridge.directory.settling import CREATE, DELETE, Settling
from bridge.directory.sizes import refuse_large_holding, refuse_oversize
from bridge.directory.write_findings import filters_ignored
from bridge.directory.write_verification import WriteKind
from bridge.errors import OutcomeUnknown, RecordNotFound
from bridge.goto import UserRecord
from bridge.mapping import Before, Target, is_address
from bridge.mapping.address import user_name_of
from bridge.mapping.lists import WRITABLE_LISTS
from bridge.store import Intent


@dataclass(frozen=True, slots=True)
class _Wanting:
    change: Change[UserEntry]
    patched: bool
    named: frozenset[str]


class Users:
    """The users of the account."""

    def __init__(self, core: Core, seats: Seats, settling: Settling) -> None:
        self._core = core
        self._seats = seats
        self._changes = UserChanges(core, seats)
        self._settling = settling
        self._leavers = Leavers(core, seats)
        self._writing = core.mapping.users.writing

    async def read(self, key: str, *, live: bool = False) -> UserEntry:
        """Return a user, from the snapshot while that is young enough, else by one call."""
        known = self.known(key, live=live)
        if known is not None:
            return known
        core = self._core
        is_known = key in core.snapshot.users
        if not is_known and core.is_known_gone(key, core.oldest_allowed(live=live)):
            raise not_found("User", key)
        return await self._read_live(key)

    def known(self, key: str, *, live: bool = False) -> UserEntry | None:
        """Return a user where what is known is young enough, else None."""
        return self._core.known(self._core.snapshot.users, key, live=live)

    async def _read_live(self, key: str) -> UserEntry:
        core = self._core
        asked_at = core.clock()
        try:
            record, asked_at = await core.looked(lambda: core.goto.user(key))
        except RecordNotFound:
            newer = core.snapshot.users.get(key)
            if newer and (newer.seen_at > asked_at or core.recent.is_hidden(key, asked_at)):
                return newer
            await core.forget_user(key)
            raise not_found("User", key) from None
        entry = await core.see_user(record, seen_at=asked_at)
        if entry is None:
            raise not_found("User", key)
        return entry

    async def read_by_email(self, email: str, *, oldest: float | None = None) -> list[UserEntry]:
        """Return the users that GoTo knows by this e-mail, by one call.

        Where GoTo ignores filters, they come from a snapshot that is not older than ``oldest``.
        """
        core = self._core
        if core.goto.ignores_filters:
            await core.refresh.not_older_than(core.oldest_allowed() if oldest is None else oldest)
            entry = core.snapshot.user_mailed(email)
            return [entry] if entry else []
        found, asked_at = await core.looked(lambda: core.goto.users_by_email(email))
        seen = [await core.see_user(record, seen_at=asked_at) for record in found]
        if core.goto.ignores_filters:
            await core.note_finding(filters_ignored())
        written = core.snapshot.user_mailed(email)
        if written and core.recent.of(written.key, asked_at):
            # GoTo may not find it yet.
            seen.append(written)
        return list({entry.key: entry for entry in seen if entry is not None}.values())

    # -- Create ----------------------------------------------------------

    async def create(self, wanted: Mapping[str, Any]) -> UserEntry:
        """Create a user and return it as GoTo then has it: one write and one read."""
        refuse_oversize(wanted)
        with mapping_refusals():
            target = self._writing.target(wanted)
        refuse_large_holding(target.held)
        self._core.hidden.refuse(target.fields["email"])
        user_name = user_name_of(wanted) or target.fields["email"]
        active = wanted.get("active") is not False
        with self._seats.coming() as arrival:
            try:
                return await self._create(target, user_name, arrival, active=active)
            except UniquenessException:
                if not await self._leavers.found(target.fields["email"]):
                    raise
                return await self._create(target, user_name, arrival, active=active)

    async def _create(
        self, target: Target, user_name: str, arrival: Arrival, *, active: bool
    ) -> UserEntry:
        core, email = self._core, str(target.fields["email"])
        leaver = core.ledger.leaver_mailed(email)
        locks = [_user_lock(leaver)] if leaver else []
        async with core.locks.hold(_name_lock(user_name), _name_lock(email), *locks):
            subject = about_email(email)
            payload = {
                "fields": target.fields,
                "held": target.held,
                "lists": {name: list(items) for name, items in target.lists.items()},
                "active": active,
            }
            if done := await self._settling.created(subject, payload):
                return done
            back = await self._leavers.returning(leaver, email) if leaver else None
            await self._refuse_taken(user_name, email=email)
            await self._refuse_mailed(email)
            earlier = core.journal.of(subject)
            try:
                async with core.journal.begun(CREATE, subject, payload) as ended:
                    arrival.there()
                    entry = await self._created(target, active=active, ended=ended, back=back)
            except UniquenessException:
                # GoTo has it, and may have it from this client's create before.
                if earlier and (done := await self._settling.created(subject, payload)):
                    return done
                if core.journal.of(subject):
                    raise lost_so_far() from None
                raise
            await core.journal.end(*earlier)
            return entry

    async def _created(
        self, target: Target, *, active: bool, ended: Sequence[Intent], back: UserRecord | None
    ) -> UserEntry:
        core, email = self._core, target.fields["email"]
        if back is not None:
            refuse_locked(back, differing(target.fields, back), self._writing.attribute_of)
        with goto_refusals(self._writing.attribute_of, "email", email):
            given = await self._seats.create(
                target.fields,
                target.lists,
                active=active,
                make=self._leavers.revival(back) if back is not None else None,
            )
        created = given.created
        if created.record is None:
            raise taken("emails", email)
        entry = core.assembly.user(
            created.record,
            seen_at=core.clock() if created.confirmed else float("-inf"),
            held={**target.held, **given.held},
            parked=given.parked,
            just_made=True,
        )
        await core.keep_user(entry, audited=core.trail.user_created(entry), ended=ended)
        if back is not None:
            core.recent.wrote(entry.key, back, entry.record)
        return entry

    async def _refuse_mailed(self, email: str) -> None:
        """Refuse an address that a user has: GoTo may answer with that user as if it were new."""
        known = self._core.snapshot.user_mailed(email)
        if known is None:
            return
        try:
            # It may be gone at GoTo since the bridge last looked.
            now = await self.read(known.key, live=True)
        except NotFoundException:
            return
        if case_mapped(now.record.email) == case_mapped(email):
            raise taken("emails", email)

    async def _refuse_taken(self, user_name: str, *, email: str = "", key: str = "") -> None:
        """Refuse a userName that another user has, held by the bridge or as GoTo's e-mail."""
        core = self._core
        holders = {core.ledger.holder_of_user_name(user_name)}
        if named := core.snapshot.user_named(user_name):
            holders.add(named.key)
        for holder in holders - {None, key}:
            if await self._still_has(str(holder), user_name):
                raise taken("userName", user_name)
        if (
            is_address(user_name)
            and case_mapped(user_name) != case_mapped(email)
            and not core.is_young(core.oldest_allowed())
        ):
            for entry in await self.read_by_email(user_name):
                if entry.key != key and _has_name(entry, user_name):
                    raise taken("userName", user_name)

    async def _still_has(self, key: str, user_name: str) -> bool:
        try:
            return _has_name(await self.read(key, live=True), user_name)
        except NotFoundException:
            return False

    # -- Replace ---------------------------------------------------------

    async def replace(
        self,
        key: str,
        change: Change[UserEntry],
        *,
        patched: bool = False,
        named: Collection[str] = (),
    ) -> UserEntry:
        """Make a user what ``change`` makes of it: one write, or none where it is so already.

        ``patched`` says that what is then missing was removed (PATCH), not left out (PUT);
        ``named`` are the attributes that the PATCH spoke of, if only to say what they are already.
        Licences and roles are read before they are changed, however young the snapshot is.
        """
        wanting = _Wanting(change, patched, frozenset(named))
        async with self._core.locks.hold(_user_lock(key)):
            if key == self._core.administrator:
                await self._protect(wanting)
            await self._settling.changes(about_user(key))
            began = self._core.clock()
            names_lists = any(name in wanting.named for name in WRITABLE_LISTS)
            if "entitlements" in wanting.named:
                await self._seats.known()
            entry = await (self._read_live(key) if names_lists else self.read(key))
            wish = await self._wish(entry, wanting)
            if wish and entry.seen_at < began and needs_look(entry, wish):
                entry = await self._read_live(key)
                wish = await self._wish(entry, wanting)
            if wish is None:
                return entry
            user_name = wish.user_name
            if not user_name or _has_name(entry, user_name):
                return await self._changes.change(entry, wish)
            async with self._core.locks.hold(_name_lock(user_name)):
                await self._refuse_taken(user_name, key=key)
                return await self._changes.change(entry, wish)

    async def _wish(self, entry: UserEntry, wanting: "_Wanting") -> Wish | None:
        """Return what a change wants of a user as it is, or None for nothing."""
        wanted = await result_of(wanting.change, entry)
        if wanted is None:
            return None
        refuse_oversize(wanted, lambda: entry.resource)
        record = entry.record
        before = Before(entry.resource, record, entry.state.held, is_active=is_active(entry))
        names_emails = not wanting.patched or "emails" in wanting.named
        with mapping_refusals():
            target = self._writing.target(
                wanted, before, patched=wanting.patched, names_emails=names_emails
            )
        refuse_large_holding(target.held, before.held)
        fields = {name: value for name, value in target.fields.items() if record.get(name) != value}
        refuse_locked(record, fields, self._writing.attribute_of)
        self._core.hidden.refuse(fields.get("email"))
        active = wanted.get("active")
        is_said = not wanting.patched or "active" in wanting.named
        return Wish(
            fields=fields,
            held=target.held,
            lists=target.lists,
            active=active if is_said and isinstance(active, bool) else None,
            user_name=user_name_of(wanted),
        )

    async def _protect(self, wanting: "_Wanting") -> None:
        """Refuse what would suspend the administrator or change its roles, before any call."""
        core = self._core
        known = core.snapshot.users.get(core.administrator)
        if known is None and "roles" in wanting.named:
            raise ForbiddenException(detail=PROTECTED)
        entry = known or core.assembly.user(
            UserRecord({"key": core.administrator, **UNSEEN}), seen_at=float("-inf")
        )
        try:
            wish = await self._wish(entry, wanting)
        except SCIMException:
            # Whatever else is wrong with it is found out by looking.
            return
        if wish is None:
            return
        roles = {"roles": wish.lists["roles"]} if known and "roles" in wish.lists else {}
        if wish.active is False or belongings.differ(roles, entry.record):
            raise ForbiddenException(detail=PROTECTED)

    # -- Delete ----------------------------------------------------------

    async def delete(self, key: str, *, guard: Guard[UserEntry] | None = None) -> None:
        """Delete a user, or suspend and hide it, as the mapping says.

        A ``guard`` sees the user first, and may refuse.
        """
        core = self._core
        if key == core.administrator:
            raise ForbiddenException(detail=PROTECTED)
        async with core.locks.hold(_user_lock(key)):
            if await self._settling.is_deleted(about_user(key)):
                return
            earlier = self._settling.deletes(about_user(key))
            if guard is not None:
                guard(await self.read(key))
            elif key not in core.snapshot.users and (
                core.is_known_gone(key) or core.hidden.has(key)
            ):
                raise not_found("User", key)
            elif key not in core.snapshot.users and core.mapping.rules.hidden_users:
                # It may be hidden: then it does not exist.
                await self.read(key)
            if core.mapping.on_delete == "suspend":
                await self._settling.changes(about_user(key))
                await self._leavers.part(await self._read_live(key))
                return
            known = core.snapshot.users.get(key)
            async with core.brake.passing("delete", key, known.record if known else None):
                await self._delete(key, is_repeat=bool(earlier))
            if gone := core.snapshot.users.get(key):
                self._seats.freed(gone.record.license_keys)
            await core.forget_user(key, deleted=True, audited=core.trail.user_deleted(key, known))
            await core.journal.end(*earlier)

    async def _delete(self, key: str, *, is_repeat: bool) -> None:
        core = self._core
        try:
            await core.goto.delete_user(key)
        except OutcomeUnknown:
            if await self._settling.is_there(DELETE, key):
                raise lost_so_far() from None
        except RecordNotFound:
            if is_repeat:
                return
            await core.forget_user(key)
            raise not_found("User", key) from None
        else:
            await verify_deleted(
                core, WriteKind.USER_DELETE, partial(self._settling.is_there, DELETE, key)
            )


# An administrator who was not looked at yet: all that is known is that it is active.
UNSEEN = {"email": "administrator@example.com", "status": "ACTIVE"}


def _has_name(entry: UserEntry, user_name: str) -> bool:
    return entry.names[1] == case_mapped(user_name)


def _user_lock(key: str) -> str:
    return f"user {key}"


def _name_lock(user_name: str) -> str:
    return f"userName {case_mapped(user_name)}"
