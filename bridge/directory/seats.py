"""Licences and their seats: which ones a user gets, and admin roles beside them."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from scim2_models import InvalidValueException

from bridge.directory import activation, belongings
from bridge.directory.core import Core
from bridge.directory.creations import Created, Creations
from bridge.directory.gathering import Arrival
from bridge.directory.refusals import SEATS_EXHAUSTED
from bridge.errors import GoToRejected
from bridge.goto import LicenseRecord, UserRecord
from bridge.mapping.lists import Item

T = TypeVar("T")
Lists = Mapping[str, Sequence[Item]]
Make = Callable[[Mapping[str, Any], Sequence[str], Sequence[str]], Awaitable[Created]]
NOBODY = UserRecord()


@dataclass(frozen=True, slots=True)
class Meant:
    """What a client's lists come to: GoTo's ``fields``, and what is ``held`` beside the values."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    held: dict[str, list[Item]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """What came of a create; ``parked`` is what the user is to get when it is made active."""

    created: Created
    held: Mapping[str, Any]
    parked: dict[str, Any] | None


class Seats:
    """The account's licences. Seats are counted on from the last look; GoTo has the last word."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._creations = Creations(core)

    def coming(self) -> AbstractContextManager[Arrival]:
        """Count a create on its way to those that go up together, until it is there."""
        return self._creations.gathering.coming()

    async def create(
        self,
        fields: Mapping[str, Any],
        lists: Lists,
        *,
        active: bool,
        make: Make | None = None,
    ) -> Given:
        """Create a user with what its lists name; if it is to be active, never with nothing.

        ``make`` takes fields, licences and roles to GoTo in another way than by a create.
        """
        make = make or self._creations.create
        refused: set[str] = set()
        while True:
            meant = await self.meant(lists, NOBODY, passing=refused, seated=active)
            given = {name: values for name, values in meant.fields.items() if values}
            parked = None if active else activation.parked_of(UserRecord(given))
            if not active:
                given = {}
            elif not given:
                given = await self.default(refused) or {}
            keys = given.get("licenseKeys", [])
            # Counted before it is asked for, so that those who come together do not share a seat.
            self.taken(keys)
            try:
                created = await make(fields, keys, given.get("adminRoles", []))
            except BaseException as error:
                self.freed(keys)
                if not is_full(error) or not keys:
                    raise
                await self.refused(keys, refused)
                continue
            if created.record is None:
                self.freed(keys)
            return Given(created, meant.held, parked)

    async def meant(
        self,
        lists: Lists,
        record: UserRecord,
        *,
        passing: Collection[str] = (),
        seated: bool = True,
        parked: Mapping[str, Any] | None = None,
        keeping: bool = False,
    ) -> Meant:
        """Return what the lists that a client sent mean for a user.

        ``passing`` holds licences that GoTo refused just now; ``seated`` says that a free seat is
        needed; ``keeping`` that roles which no client may take stay all the same. Raises
        InvalidValueException and MutabilityException; nobody is refused on an old count of seats.
        """
        meant = Meant()
        if "entitlements" in lists:
            named = await self._on_a_young_count(
                lambda: belongings.licenses_meant(
                    lists["entitlements"],
                    record.license_keys,
                    self._core.snapshot.licenses,
                    passing=passing,
                    seated=seated,
                )
            )
            known = self._core.snapshot.licenses
            meant.fields["licenseKeys"] = list(named)
            if beside := belongings.beside(named, lambda key: belongings.shown_license(key, known)):
                meant.held["entitlements"] = beside
        if "roles" in lists:
            grantable = self._core.mapping.grantable_roles
            had = record.admin_roles
            stay = [role for role in had if keeping and role not in grantable]
            said = belongings.without_role_sets(lists["roles"], record.role_sets, keeping=keeping)
            roles = belongings.roles_meant(
                [*({"value": role} for role in stay), *said],
                had,
                grantable,
                remembered=(parked or {}).get("adminRoles", ()),
            )
            meant.fields["adminRoles"] = list(roles)
            if beside := belongings.beside(roles, belongings.shown_role):
                meant.held["roles"] = beside
        return meant

    async def _on_a_young_count(self, judge: Callable[[], T]) -> T:
        snapshot = self._core.snapshot
        await self.known()
        try:
            return judge()
        except InvalidValueException:
            if self._core.clock() - (snapshot.licenses_at or 0) < 1:
                raise
            # Seats may have been freed since, and licences bought.
            await self.look()
        return judge()

    async def default(self, refused: Collection[str]) -> dict[str, Any] | None:
        """Return the fields of the default licence with a free seat, None where there is none."""
        wanted = self._core.mapping.default_licenses
        if not wanted:
            return None

        def judge() -> LicenseRecord | None:
            licenses = self._core.snapshot.licenses.values()
            return activation.default_license(wanted, licenses, passing=refused)

        license_ = await self._on_a_young_count(judge)
        return {"licenseKeys": [license_.key]} if license_ else None

    async def known(self) -> None:
        """Look at the licences if that was never done."""
        if self._core.snapshot.licenses_at is None:
            await self.look()

    async def look(self) -> None:
        """Look at the licences and their seats, by one call."""
        asked_at = self._core.clock()
        self._core.snapshot.put_licenses(await self._core.goto.licenses(), at=asked_at)

    async def refused(self, keys: Iterable[str], refused: set[str]) -> None:
        """Take in that GoTo has no seat for one of these licences, and look how that is."""
        refused.update(keys)
        await self.look()

    def not_given_back(self, parked: Mapping[str, Any]) -> InvalidValueException:
        """Say why a user does not get back what it had."""
        known = self._core.snapshot.licenses
        names = [
            activation.describe(known[key]) if key in known else f"licence {key}"
            for key in parked.get("licenseKeys", ())
        ]
        return InvalidValueException(
            attribute="active",
            detail=f"The licences that the user had cannot be given back, no seat is free "
            f"({'; '.join(names)}): free a seat or buy one; what the user had stays remembered",
        )

    async def counted(self, before: Sequence[str], after: Sequence[str], write: Awaitable[T]) -> T:
        """Await a write that gives and takes licences, and count the seats with it."""
        given, taken = set(after) - set(before), set(before) - set(after)
        self.taken(given)
        try:
            written = await write
        except BaseException:
            self.freed(given)
            raise
        self.freed(taken)
        return written

    def taken(self, license_keys: Iterable[str]) -> None:
        """Count seats as used."""
        self._count(license_keys, 1)

    def freed(self, license_keys: Iterable[str]) -> None:
        """Count seats as free."""
        self._count(license_keys, -1)

    def _count(self, license_keys: Iterable[str], by: int) -> None:
        licenses = self._core.snapshot.licenses
        for key in license_keys:
            if key in licenses:
                licenses[key] = licenses[key].with_used(max(licenses[key].used + by, 0))


def is_full(error: BaseException) -> bool:
    """Whether GoTo refused something for want of a seat."""
    return isinstance(error, GoToRejected) and error.code == SEATS_EXHAUSTED
