"""Leavers: users whom clients deleted, and who stay at GoTo suspended, where the mapping says so.

A leaver has no licence, no role and no group, and is not shown to clients; its userName is free. It
comes back by a create with its e-mail, as new; or where somebody gives it something in GoTo itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.case_mapping import case_mapped
from bridge.directory.activation import cleared, is_same, is_suspended, parked_of
from bridge.directory.core import Core
from bridge.directory.creations import Created
from bridge.directory.entries import UserEntry
from bridge.directory.journal import about_user
from bridge.directory.read_back import verify_removed, verify_update
from bridge.directory.refusals import LOST, refuse_untakable
from bridge.directory.seats import Make, Seats
from bridge.errors import GoToError, GoToUnavailable, OutcomeUnknown, RecordNotFound
from bridge.goto import UserRecord
from bridge.store import AuditEntry, Intent

PART = "delete user by suspension"


class Leavers:
    """Parts from users and takes them back; the caller holds the lock of the user."""

    def __init__(self, core: Core, seats: Seats) -> None:
        self._core = core
        self._seats = seats

    async def part(self, entry: UserEntry) -> None:
        """Suspend a user who was just read, take it out of its group, and show it no more."""
        core, record, key = self._core, entry.record, entry.key
        await core.role_visibility.refuse_hidden()
        refuse_untakable(record)
        had = parked_of(record)
        parked = {**(had or entry.state.parked or {}), "email": record.email}
        async with (
            core.brake.passing("delete", key, record),
            core.journal.begun(PART, about_user(key), {"key": key, "parked": parked}),
        ):
            if had:
                await _write(core, record, cleared(record))
                self._seats.freed(record.license_keys)
            audited = core.trail.user_deleted(key, entry, suspended=True)
            ended = [each for each in core.journal.of(about_user(key)) if each.operation == PART]
            try:
                await shut_out(core, record, parked, audited=audited, ended=ended)
            except GoToError as error:
                # It is suspended by now: a repeat does the rest.
                error.unsettled = True
                raise
            for each in ended:
                core.journal.forget(each)

    async def returning(self, key: str, email: str) -> UserRecord | None:
        """Return the leaver as it is now, if it is one still and has this e-mail still."""
        core = self._core
        asked_at = core.clock()
        try:
            record = await core.goto.user(key)
        except RecordNotFound:
            return None
        record = core.recent.newest(record, asked_at) or record
        if not is_suspended(record):
            # Somebody let it in again: it is a user as any other.
            await core.see_user(record, seen_at=asked_at)
            return None
        core.ledger.seen_leaver(key, record.email)
        return record if case_mapped(record.email) == case_mapped(email) else None

    async def found(self, email: str) -> bool:
        """Whether it turns out that a leaver has an e-mail which it had not when it left."""
        core = self._core
        if not core.ledger.has_leavers:
            return False
        known = core.ledger.leaver_mailed(email)
        for record in await core.goto.users_by_email(email):
            if core.is_left(record) and record.key != known:
                core.ledger.seen_leaver(record.key, record.email)
                return True
        return False

    def revival(self, leaver: UserRecord) -> Make:
        """Return what gives a leaver fields, licences and roles, in place of a create."""
        core = self._core

        async def revived(
            fields: Mapping[str, Any], license_keys: Sequence[str], admin_roles: Sequence[str]
        ) -> Created:
            wanted = differing(fields, leaver)
            if license_keys:
                wanted["licenseKeys"] = list(license_keys)
            if admin_roles:
                wanted["adminRoles"] = list(admin_roles)
            if wanted:
                await _write(core, leaver, wanted)
            try:
                record = await core.goto.user(leaver.key)
            except GoToError:
                # It is back; that it cannot be read just now is no reason to say otherwise.
                return Created(UserRecord({**leaver, **wanted, "status": "INVITED"}), False)
            return Created(record)

        return revived


def differing(fields: Mapping[str, Any], record: UserRecord) -> dict[str, Any]:
    """Return the fields that a user does not have so; the case of its e-mail stays its own."""
    return {
        name: value
        for name, value in fields.items()
        if name != "email" and not is_same(record.get(name), value)
    }


async def shut_out(
    core: Core,
    record: UserRecord,
    parked: Mapping[str, Any],
    *,
    audited: Sequence[AuditEntry] = (),
    ended: Sequence[Intent] = (),
) -> None:
    """Take a suspended user out of its group, and out of what clients see."""
    known = core.snapshot.users.get(record.key)
    for group in dict.fromkeys((record.group_key, *(known.other_groups if known else ()))):
        if group is None:
            continue
        try:
            await core.goto.take_out_of_group(
                group, record.key, just_read=group == record.group_key
            )
        except RecordNotFound:
            # The user is gone, and took the membership along.
            pass
        except OutcomeUnknown:
            if await core.user_stayed_in(group, record.key):
                raise GoToUnavailable(LOST) from None
        else:
            await verify_removed(core, group, record.key)
    await core.part_from_user(record.key, parked, audited=audited, ended=ended)


async def _write(core: Core, record: UserRecord, fields: Mapping[str, Any]) -> None:
    """Change a user, and look where the answer is lost or not to be believed."""
    try:
        await core.goto.update_user(record.key, fields)
    except OutcomeUnknown:
        if not await core.user_holds(record.key, fields):
            raise GoToUnavailable(LOST) from None
    else:
        await verify_update(core, record, fields)
