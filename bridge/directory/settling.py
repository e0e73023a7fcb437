"""What became of operations that were begun and not seen to end: looked up at GoTo, and taken in.

A change that GoTo holds is finished, one that it does not hold never happened. A create that was
done and never answered waits an hour for its client to ask again, who then gets its answer.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from bridge.directory import activation
from bridge.directory.core import PAUSES, Core
from bridge.directory.entries import GroupEntry, UserEntry, now_in_milliseconds
from bridge.directory.journal import about_key, about_user
from bridge.directory.leavers import PART, shut_out
from bridge.directory.recent import LAG
from bridge.directory.seats import NOBODY, Seats
from bridge.errors import GoToError, RecordNotFound
from bridge.goto import UserRecord
from bridge.store import Intent

log = structlog.get_logger(__name__)

ANSWERED_WITHIN = timedelta(hours=1)
"""For how long a client is expected to repeat what was never answered."""

CHANGE = "change user"
CREATE = "create user"
DELETE = "delete user"
CREATE_GROUP = "create group"
RENAME_GROUP = "rename group"
DELETE_GROUP = "delete group"


def _may_show_yet(intent: Intent) -> bool:
    """Whether what was begun may be done though GoTo's reads do not show it."""
    return now_in_milliseconds() - intent.begun_at < timedelta(seconds=LAG)


class Settling:
    """Settles open intents. Raises the GoToError of a look that failed; the intent stays open."""

    def __init__(self, core: Core, seats: Seats) -> None:
        self._core = core
        self._seats = seats

    async def all(self) -> None:
        """Settle everything that was open when the bridge stopped."""
        for intent in self._core.journal.all():
            try:
                await self._settle(intent)
            except GoToError as error:
                # It is tried again before anybody changes the same resource.
                log.warning("not settled yet", operation=intent.operation, reason=error.detail)
            else:
                log.warning("settled what was begun before a stop", operation=intent.operation)

    async def changes(self, subject: str) -> None:
        """Settle the changes of a user or a group before another one is made."""
        for intent in self._core.journal.of(subject):
            if intent.operation in (CHANGE, PART, RENAME_GROUP):
                await self._settle(intent)
                if intent in self._core.journal.of(subject):
                    # What comes now is newer, whatever may show yet.
                    await self._core.journal.end(intent)

    async def created(self, subject: str, payload: Mapping[str, Any]) -> UserEntry | None:
        """Return the user of an equal create that was done and never answered, or None."""
        found = None
        for intent in self._core.journal.of(subject):
            seen, entry = await self._create(intent)
            if entry is not None and {**payload, "subject": subject} == dict(intent.payload):
                found = entry
            if seen or not _may_show_yet(intent):
                await self._core.journal.end(intent)
        return found

    async def is_deleted(self, subject: str) -> bool:
        """Whether a delete that was never answered turns out to be done."""
        done = False
        for intent in self._core.journal.of(subject):
            if intent.operation in (DELETE, DELETE_GROUP):
                gone = await self._delete(intent)
                done = done or gone
                if gone or not _may_show_yet(intent):
                    await self._core.journal.end(intent)
            elif intent.operation == PART:
                done = await self._part(intent) or done
        return done

    def deletes(self, subject: str) -> list[Intent]:
        """Return the deletes that were never answered, and that no look has shown to be done."""
        begun = self._core.journal.of(subject)
        return [intent for intent in begun if intent.operation in (DELETE, DELETE_GROUP)]

    async def is_there(self, operation: str, key: str, pauses: Sequence[float] = PAUSES) -> bool:
        """Look for what a delete may have left there; a repeat finds out what this cannot."""
        core, is_gone = self._core, False
        try:
            is_gone = await core.settled(
                lambda: self._is_gone(operation, key),
                lambda gone, at: gone and not core.recent.is_hidden(key, at),
                key,
                pauses=pauses,
            )
        finally:
            if not is_gone:
                subject = about_user(key) if operation == DELETE else about_key(key)
                await core.journal.note(operation, subject, {"key": key})
        return not is_gone

    async def _is_gone(self, operation: str, key: str) -> bool:
        goto = self._core.goto
        try:
            await (goto.user(key) if operation == DELETE else goto.group(key))
        except RecordNotFound:
            return True
        return False

    async def _settle(self, intent: Intent) -> None:
        if intent.operation == CHANGE:
            await self._change(intent)
            return
        if intent.operation == RENAME_GROUP:
            await self._rename_group(intent)
            return
        if intent.operation == PART:
            subject, key = str(intent.payload["subject"]), str(intent.payload["key"])
            if await self._part(intent):
                # Its client was not told, and may ask again.
                await self._core.journal.note(DELETE, subject, {"key": key})
            return
        if intent.operation == CREATE:
            await self._create(intent)
        elif intent.operation == CREATE_GROUP:
            await self._create_group(intent)
        elif intent.operation in (DELETE, DELETE_GROUP):
            await self._delete(intent)
        else:
            log.warning("an intent cannot be read, and is dropped", operation=intent.operation)
            await self._core.journal.end(intent)
            return
        if now_in_milliseconds() - intent.begun_at > ANSWERED_WITHIN:
            await self._core.journal.end(intent)

    async def _change(self, intent: Intent) -> None:
        core, payload = self._core, intent.payload
        key, fields = str(payload["key"]), payload["fields"]
        began = core.clock()
        try:
            record = await core.goto.user(key)
        except RecordNotFound:
            await core.forget_user(key, ended=[intent])
            core.journal.forget(intent)
            return
        if _is_done(record, fields):
            held, parked = payload["held"], payload["parked"]
            entry = core.assembly.user(record, seen_at=began, held=held, parked=parked)
            settled = core.trail.user_settled(key, fields, core.snapshot.users.get(key))
            await core.keep_user(entry, audited=settled, ended=[intent])
            core.journal.forget(intent)
            return
        await core.see_user(record, seen_at=began)
        if not _may_show_yet(intent):
            await core.journal.end(intent)

    async def _create(self, intent: Intent) -> tuple[bool, UserEntry | None]:
        """Take in the user of a create, with what is held beside it; None where there is none.

        The first says whether GoTo showed anybody with that address.
        """
        core, payload = self._core, intent.payload
        fields = payload["fields"]
        began = core.clock()
        found = await core.goto.users_by_email(str(fields["email"]))
        found = [record for record in found if core.recent.newest(record, began)]
        for record in found:
            if not all(record.get(n) == v for n, v in fields.items() if n != "email"):
                continue
            if core.is_left(record):
                # Its revival has not happened.
                continue
            return True, await self._adopted(record, payload, seen_at=began)
        return any(not core.is_left(record) for record in found), None

    async def _adopted(
        self, record: UserRecord, payload: Mapping[str, Any], *, seen_at: float
    ) -> UserEntry | None:
        core = self._core
        known = core.ledger.state("User", record.key)
        if known is not None and (known.held or known.parked):
            return await core.see_user(record, seen_at=seen_at)
        meant = await self._seats.meant(payload["lists"], NOBODY, seated=False)
        parked = None if payload["active"] else activation.parked_of(UserRecord(meant.fields))
        entry = core.assembly.user(
            record,
            seen_at=seen_at,
            held={**payload["held"], **meant.held},
            parked=parked,
            just_made=known is None,
        )
        return await core.keep_user(entry, audited=core.trail.user_created(entry))

    async def created_group(self, subject: str, payload: Mapping[str, Any]) -> GroupEntry | None:
        """Return the group of an equal create that was done and never answered, or None.

        Its members may not all be in it yet; the intent stays open until the caller ends it.
        """
        found = None
        for intent in self._core.journal.of(subject):
            seen, entry = await self._create_group(intent)
            if entry is not None and {**payload, "subject": subject} == dict(intent.payload):
                found = entry
            elif seen or not _may_show_yet(intent):
                await self._core.journal.end(intent)
        return found

    async def _create_group(self, intent: Intent) -> tuple[bool, GroupEntry | None]:
        """Take in the group of a create, with what is held beside it; None where there is none.

        The first says whether GoTo showed a group of that name. One that was there before, or
        with other members than were sent, is somebody else's.
        """
        core, name = self._core, str(intent.payload["name"])
        began = core.clock()
        made = core.snapshot.group_named(name)
        if made is not None and core.recent.is_hidden(made.key, began):
            return True, made
        for record in await core.goto.groups():
            if record.name != name or core.recent.newest(record, began) is None:
                continue
            known = core.ledger.state("Group", record.key)
            if known is not None and known.first_seen < intent.begun_at:
                return True, None
            members = [user.key for user in await core.goto.group_users(record.key)]
            if not set(members) <= set(intent.payload["members"]):
                return True, None
            # What is held by now may have been changed since.
            held = known.held if known and known.held else intent.payload["held"]
            entry = core.assembly.group(record, members, seen_at=began, held=held)
            return True, await core.keep_group(entry)
        return False, None

    async def _rename_group(self, intent: Intent) -> None:
        core, key = self._core, str(intent.payload["key"])
        began = core.clock()
        try:
            record = await core.goto.group(key)
        except RecordNotFound:
            await core.forget_group(key)
            await core.journal.end(intent)
            return
        known = core.snapshot.groups.get(key)
        if record.name == intent.payload["name"]:
            members = list(known.members if known else ())
            if known is None:
                members = [user.key for user in await core.goto.group_users(key)]
            held = intent.payload["held"]
            entry = core.assembly.group(record, members, seen_at=began, held=held)
            await core.keep_group(entry, audited=core.trail.group("rename", key), ended=[intent])
            core.journal.forget(intent)
        elif not _may_show_yet(intent):
            await core.journal.end(intent)

    async def _part(self, intent: Intent) -> bool:
        """Finish a deletion by suspension whose first step was done; else it never happened."""
        core, key = self._core, str(intent.payload["key"])
        try:
            record = await core.goto.user(key)
        except RecordNotFound:
            await core.forget_user(key, ended=[intent])
            core.journal.forget(intent)
            return True
        if not activation.is_suspended(record):
            if not _may_show_yet(intent):
                await core.journal.end(intent)
            return False
        known = core.snapshot.users.get(key)
        audited = core.trail.user_deleted(key, known)
        await shut_out(core, record, intent.payload["parked"], audited=audited, ended=[intent])
        core.journal.forget(intent)
        return True

    async def _delete(self, intent: Intent) -> bool:
        core, operation, key = self._core, intent.operation, str(intent.payload["key"])
        if operation == DELETE and core.ledger.has_left(key):
            return True
        if not await self._is_gone(operation, key):
            return False
        if operation == DELETE:
            known = core.snapshot.users.get(key)
            await core.forget_user(key, audited=core.trail.user_deleted(key, known))
        else:
            await core.forget_group(key, audited=core.trail.group("delete", key))
            core.snapshot.distrust()
        return True


def _is_done(record: UserRecord, fields: Mapping[str, Any]) -> bool:
    """Whether a user is as after a write of ``fields``, all of which went up in one call.

    Of a suspension licences and roles alone tell: a name may have been changed since, and what is
    parked must not be lost by that.
    """
    lists = {name: fields[name] for name in activation.CLEARED if name in fields}
    if lists and not any(lists.values()):
        return activation.holds(record, lists)
    return activation.holds(record, fields)
