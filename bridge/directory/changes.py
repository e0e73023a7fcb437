"""Changes of one user on their way up: one write, settled where its answer is lost, then kept."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scim2_models import ForbiddenException

from bridge.directory import activation
from bridge.directory.core import Core
from bridge.directory.entries import UserEntry
from bridge.directory.refusals import LOST, PROTECTED, goto_refusals, not_found
from bridge.directory.seats import Seats
from bridge.errors import GoToError, GoToUnavailable, OutcomeUnknown, RecordNotFound
from bridge.goto import UserRecord


class UserChanges:
    """Brings users up to what is wanted of them; ``look`` reads one from GoTo."""

    def __init__(
        self, core: Core, seats: Seats, look: Callable[[str], Awaitable[UserEntry]]
    ) -> None:
        self._core = core
        self._seats = seats
        self._look = look
        self._writing = core.mapping.users.writing

    async def change(
        self, entry: UserEntry, fields: dict[str, Any], held: Mapping[str, Any], *, active: Any
    ) -> UserEntry:
        """Make a user hold these fields and held attributes, and be active or not.

        ``fields`` are those that differ from GoTo's; ``active`` is None where nothing was said.
        """
        if isinstance(active, bool) and active != entry.resource.get("active"):
            if active is False and entry.key == self._core.administrator:
                raise ForbiddenException(detail=PROTECTED)
            entry = await self._look(entry.key)
        now = entry.resource.get("active")
        if active is False and now:
            async with self._core.braked(entry, activation.CLEARED):
                return await self._suspend(entry, fields, held)
        if active is True and not now:
            return await self._activate(entry, fields, held)
        if not fields and held == entry.state.held:
            return entry
        async with self._core.braked(entry, fields):
            await self._update(entry, fields)
        return await self._keep_changed(entry, fields, held=held)

    async def _suspend(
        self, entry: UserEntry, fields: dict[str, Any], held: Mapping[str, Any]
    ) -> UserEntry:
        core = self._core
        parked = activation.parked_of(entry.record)
        # Remembered before GoTo forgets it.
        remembered = core.assembly.user(entry.record, seen_at=entry.seen_at, parked=parked)
        await core.keep_user(remembered)
        fields = {**fields, **activation.CLEARED}
        await self._update(entry, fields)
        self._seats.freed(entry.record.license_keys)
        return await self._keep_changed(entry, fields, held=held, parked=parked)

    async def _activate(
        self, entry: UserEntry, fields: dict[str, Any], held: Mapping[str, Any]
    ) -> UserEntry:
        core = self._core
        email = fields.get("email", entry.record.email)
        with goto_refusals(self._writing.attribute_of, "email", email):
            given = await self._seats.give_back(
                entry.key, fields, activation.restored(entry.state.parked)
            )
        changed = activation.with_fields(entry.record, given, core.snapshot.licenses)
        # Only GoTo knows whether the user signed in before, and so its status.
        seen_at = core.clock()
        record = UserRecord({**changed, "status": "INVITED"})
        try:
            now = await core.goto.user(entry.key)
        except GoToError:
            # It is active; that it cannot be read just now is no reason to say otherwise.
            seen_at = float("-inf")
        else:
            record = now if now.license_keys or now.admin_roles else record
        activated = core.assembly.user(record, seen_at=seen_at, held=held, parked=None)
        return await core.keep_user(activated, audited=core.trail.user_changed(entry, activated))

    async def _update(self, entry: UserEntry, fields: Mapping[str, Any]) -> None:
        if not fields:
            return
        email = str(fields.get("email") or entry.record.email)
        with goto_refusals(self._writing.attribute_of, "email", email):
            try:
                await self._core.goto.update_user(entry.key, fields)
            except OutcomeUnknown:
                if not await self._holds(entry.key, fields):
                    raise GoToUnavailable(LOST) from None
            except RecordNotFound:
                await self._core.forget_user(entry.key)
                raise not_found("User", entry.key) from None

    async def _holds(self, key: str, fields: Mapping[str, Any]) -> bool:
        """Whether GoTo holds these values now: the answer to a write is settled by a look."""
        with self._core.settling(key):
            record = await self._core.goto.user(key)
        return all((record.get(name) or None) == (value or None) for name, value in fields.items())

    async def _keep_changed(
        self,
        entry: UserEntry,
        fields: Mapping[str, Any],
        *,
        held: Mapping[str, Any],
        parked: Any = None,
    ) -> UserEntry:
        core = self._core
        record = activation.with_fields(entry.record, fields, core.snapshot.licenses)
        kept = parked if parked is not None else entry.state.parked
        changed = core.assembly.user(record, seen_at=core.clock(), held=held, parked=kept)
        return await core.keep_user(changed, audited=core.trail.user_changed(entry, changed))
