"""Creates on their way up: those that arrive together and agree in licences and roles are one call.

GoTo takes ten requests a second, and up to fifty users in one. Each client gets its own answer all
the same: a conflict is its own, and what refuses the whole call is found out one by one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bridge.directory import activation
from bridge.directory.actor import actor
from bridge.directory.core import Core
from bridge.directory.gathering import Gathering
from bridge.directory.refusals import lost_so_far
from bridge.errors import GoToError, GoToRejected, OutcomeUnknown
from bridge.goto import LARGEST_CREATE, CreatedUser, NewUser, UserRecord


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
        except OutcomeUnknown:
            for number, wish in enumerate(wave.wishes):
                # They were one write: when the first look is over, all of it can be seen.
                wish.settle(await self._settled(wish, patient=number == 0))
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

    async def _answer(self, wave: _Wave, created: Sequence[CreatedUser]) -> None:
        if len(wave.wishes) == 1:
            # GoTo may show the address in another case.
            key = created[0].key if created else None
            keys = {str(wave.wishes[0].fields["email"]).casefold(): key}
        else:
            keys = {each.email.casefold(): each.key for each in created}
        records = await self._read([key for key in keys.values() if key])
        for wish in wave.wishes:
            key = keys.get(str(wish.fields["email"]).casefold()) or None
            wish.settle(self._outcome(wave, wish, key, records))

    async def _alone(self, wave: _Wave, wish: _Wish) -> None:
        try:
            created = await self._core.goto.create_users(
                [NewUser(wish.fields)],
                license_keys=wave.license_keys,
                admin_roles=wave.admin_roles,
            )
        except OutcomeUnknown:
            wish.settle(await self._settled(wish))
        except GoToError as error:
            wish.settle(error)
        else:
            key = created[0].key if created else None
            records = await self._read([key]) if key else {}
            wish.settle(self._outcome(wave, wish, key, records))

    async def _settled(self, wish: _Wish, *, patient: bool = True) -> Created | GoToError:
        """Look for the user whose create was not answered."""
        core, email = self._core, str(wish.fields["email"])

        def is_done(found: Sequence[UserRecord], at: float) -> bool:
            return any(core.recent.newest(record, at) for record in found)

        try:
            found = await core.settled(
                lambda: core.goto.users_by_email(email), is_done, patient=patient
            )
        except GoToError as error:
            return error
        for record in found:
            if all(record.get(n) == v for n, v in wish.fields.items() if n != "email"):
                return Created(record)
        return Created(None) if found else lost_so_far()

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
        self, wave: _Wave, wish: _Wish, key: str | None, records: Mapping[str, UserRecord]
    ) -> Created:
        if key is None:
            return Created(None)
        if key in records:
            return Created(records[key])
        record = UserRecord({**wish.fields, "key": key, "status": "INVITED"})
        sent = {"licenseKeys": list(wave.license_keys), "adminRoles": list(wave.admin_roles)}
        licenses = self._core.snapshot.licenses
        return Created(activation.with_fields(record, sent, licenses), confirmed=False)
