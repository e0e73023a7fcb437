"""Creates on their way up: those that arrive together and agree in licences and roles are one call.

GoTo takes ten requests a second, and up to fifty users in one. Each client gets its own answer all
the same: a conflict is its own, and what refuses the whole call is found out one by one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bridge.case_mapping import case_mapped
from bridge.directory import activation
from bridge.directory.actor import actor
from bridge.directory.core import PAUSES, Core
from bridge.directory.entries import now_in_milliseconds
from bridge.directory.gathering import Gathering
from bridge.directory.refusals import not_made
from bridge.errors import GoToError, GoToRejected, OutcomeUnknown, ReplyUnreadable
from bridge.goto import LARGEST_CREATE, CreatedUser, NewUser, UserRecord

EARLIER = timedelta(minutes=10)
"""A user who was invited so long before a create is another one, whatever the clocks say."""
NOT_SAID = "GoTo's answer to a create does not say what became of this user."


@dataclass(frozen=True, slots=True)
class Created:
    """What came of a create: the record, None where the user exists already.

    ``confirmed`` says that GoTo was seen to have it.
    """

    record: UserRecord | None
    confirmed: bool = True


@dataclass(eq=False)
class _Wish:
    fields: Mapping[str, Any]
    answer: asyncio.Future[Created]
    begun_at: datetime = field(default_factory=now_in_milliseconds)

    @property
    def email(self) -> str:
        """The address as it is compared."""
        return case_mapped(str(self.fields["email"]))

    def settle(self, outcome: Created | BaseException) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Created):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)


@dataclass(eq=False)
class _Wave:
    client: str
    license_keys: tuple[str, ...]
    admin_roles: tuple[str, ...]
    wishes: list[_Wish] = field(default_factory=list)

    def size(self) -> int:
        return len(self.wishes)


class Creations:
    """Collects a client's creates for some milliseconds, by the licences and roles that they get.

    Those that come while a call waits for GoTo's rate limit still go up with it.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self.gathering = Gathering()
        self._open: dict[tuple[str, tuple[str, ...], tuple[str, ...]], _Wave] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def create(
        self,
        fields: Mapping[str, Any],
        license_keys: Sequence[str],
        admin_roles: Sequence[str] = (),
    ) -> Created:
        """Create a user with these licences and roles. Raises the GoToError of its own create."""
        agreed = (actor(), tuple(sorted(license_keys)), tuple(sorted(admin_roles)))
        wish = _Wish(fields, asyncio.get_running_loop().create_future())
        wave = self._open.get(agreed)
        if wave is None:
            wave = self._open[agreed] = _Wave(*agreed)
            task = asyncio.create_task(self._go_up(wave), name="create users")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        wave.wishes.append(wish)
        if wave.size() >= LARGEST_CREATE:
            self._open.pop(agreed, None)
        return await wish.answer

    async def _go_up(self, wave: _Wave) -> None:
        try:
            await self.gathering.complete(wave.client, wave.size, LARGEST_CREATE)
            await self._together(wave)
            self.gathering.answered(wave.client, wave.size())
        except BaseException as error:
            for wish in wave.wishes:
                wish.settle(error)
            if not isinstance(error, Exception):
                raise

    async def _together(self, wave: _Wave) -> None:
        def leaving() -> list[NewUser]:
            self._close(wave)
            return [NewUser(wish.fields) for wish in wave.wishes]

        try:
            created = await self._core.goto.create_gathered(
                leaving, license_keys=wave.license_keys, admin_roles=wave.admin_roles
            )
        except OutcomeUnknown as lost:
            await self._settle_all(wave.wishes, lost)
        except GoToRejected:
            if len(wave.wishes) == 1:
                raise
            # One of them is the reason, and only it is to hear of it.
            for wish in wave.wishes:
                await self._alone(wave, wish)
        else:
            await self._answer(wave, created)
        finally:
            self._close(wave)

    def _close(self, wave: _Wave) -> None:
        """Let nobody join any more: it leaves, or never will."""
        agreed = (wave.client, wave.license_keys, wave.admin_roles)
        if self._open.get(agreed) is wave:
            del self._open[agreed]

    async def _settle_all(self, wishes: Sequence[_Wish], lost: OutcomeUnknown) -> None:
        for number, wish in enumerate(wishes):
            # They were one write: when the first look is over, all of it can be seen.
            wish.settle(await self._settled(wish, lost, patient=number == 0))

    async def _answer(self, wave: _Wave, created: Sequence[CreatedUser]) -> None:
        """Settle the wishes that GoTo's reply speaks of; look for the others."""
        keys = _keys_said(wave.wishes, created)
        records = await self._read([key for key in keys.values() if key])
        unsaid = []
        for wish in wave.wishes:
            email = wish.email
            if email not in keys:
                unsaid.append(wish)
                continue
            key = keys[email]
            record = records.get(key) if key else None
            if record is not None and case_mapped(record.email) != email:
                # The key of somebody else.
                unsaid.append(wish)
                continue
            wish.settle(self._outcome(wave, wish, key, record))
        await self._settle_all(unsaid, ReplyUnreadable(NOT_SAID))

    async def _alone(self, wave: _Wave, wish: _Wish) -> None:
        try:
            created = await self._core.goto.create_users(
                [NewUser(wish.fields)],
                license_keys=wave.license_keys,
                admin_roles=wave.admin_roles,
            )
        except OutcomeUnknown as lost:
            await self._settle_all([wish], lost)
        except GoToError as error:
            wish.settle(error)
        else:
            single = _Wave(wave.client, wave.license_keys, wave.admin_roles, [wish])
            await self._answer(single, created)

    async def _settled(
        self, wish: _Wish, lost: OutcomeUnknown, *, patient: bool
    ) -> Created | GoToError:
        """Look for the user whose create was not answered, or not so that it can be read."""
        core, email = self._core, str(wish.fields["email"])

        def is_done(found: Sequence[UserRecord], at: float) -> bool:
            return any(core.recent.newest(record, at) for record in found)

        try:
            found = await core.settled(
                lambda: core.goto.users_by_email(email), is_done, pauses=PAUSES if patient else ()
            )
        except GoToError as error:
            return error
        for record in found:
            is_equal = all(record.get(n) == v for n, v in wish.fields.items() if n != "email")
            if is_equal and not self._was_there(record, wish):
                return Created(record)
        return Created(None) if found else not_made(lost)

    def _was_there(self, record: UserRecord, wish: _Wish) -> bool:
        """Whether a user was made long before the create that looks for it."""
        known = self._core.ledger.state("User", record.key)
        since = known.first_seen if known is not None else record.invited_at
        return since is not None and since < wish.begun_at - EARLIER

    async def _read(self, keys: Sequence[str]) -> dict[str, UserRecord]:
        """Return what GoTo now has of new users; what it does not show yet is missing."""
        core, goto = self._core, self._core.goto
        began = core.clock()
        found: list[UserRecord] = []
        # They are created; that they cannot be read just now is no reason to say otherwise.
        with suppress(GoToError):
            if len(keys) == 1:
                found = [await goto.user(keys[0])]
            elif keys:
                found = await goto.users_by_key(keys)
        # What has the key of a user that was deleted just now may be that user still.
        return {record.key: record for record in found if core.recent.newest(record, began)}

    def _outcome(
        self, wave: _Wave, wish: _Wish, key: str | None, seen: UserRecord | None
    ) -> Created:
        if key is None:
            return Created(None)
        if seen is not None:
            return Created(seen)
        record = UserRecord({**wish.fields, "key": key, "status": "INVITED"})
        sent = {"licenseKeys": list(wave.license_keys), "adminRoles": list(wave.admin_roles)}
        licenses = self._core.snapshot.licenses
        return Created(activation.with_fields(record, sent, licenses), confirmed=False)


def _keys_said(wishes: Sequence[_Wish], created: Sequence[CreatedUser]) -> dict[str, str | None]:
    """Return the keys that a reply has for the addresses sent; None says that one is taken."""
    if len(wishes) == 1:
        # Alone, an address that is taken would have been a 409; GoTo may show it in another case.
        said = [each for each in created if case_mapped(each.email) in ("", wishes[0].email)]
        is_said = len(created) == len(said) == 1 and said[0].key is not None
        return {wishes[0].email: said[0].key} if is_said else {}
    keys = {case_mapped(each.email): each.key for each in created}
    given = [key for key in keys.values() if key is not None]
    if len(created) > len(wishes) or len(keys) < len(created) or len(set(given)) < len(given):
        return {}
    return keys
