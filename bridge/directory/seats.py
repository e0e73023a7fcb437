"""Licences and their seats: which one a new or a returning user gets."""

from collections.abc import Iterable, Mapping
from typing import Any

from scim2_models import InvalidValueException

from bridge.directory import activation
from bridge.directory.core import Core
from bridge.directory.creations import Created, Creations
from bridge.directory.refusals import SEATS_EXHAUSTED
from bridge.errors import GoToRejected, GoToUnavailable, OutcomeUnknown
from bridge.goto import LicenseRecord


class Seats:
    """The account's licences. Seats are counted on from the last look; GoTo has the last word."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._creations = Creations(core)

    async def create(self, fields: Mapping[str, Any], *, active: bool) -> Created:
        """Create a user, with a default licence if it is to be active."""
        refused: list[str] = []
        while True:
            license_ = await self._default(refused) if active else None
            keys = [license_.key] if license_ else []
            # Counted before it is asked for, so that those who come together do not share a seat.
            self.taken(keys)
            try:
                created = await self._creations.create(fields, keys)
            except BaseException as error:
                self.freed(keys)
                if not _is_full(error) or license_ is None:
                    raise
                refused.append(license_.key)
                await self._look()
                continue
            if created.record is None:
                self.freed(keys)
            return created

    async def give_back(
        self, key: str, fields: Mapping[str, Any], parked: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Make a suspended user active, with what was parked, else with a default licence.

        ``fields`` go up in the same write. Returns all fields written.
        """
        refused: list[str] = []
        while True:
            given = parked
            if given is None:
                license_ = await self._default(refused)
                if license_ is None:
                    raise activation.NOTHING_TO_GIVE
                given = {"licenseKeys": [license_.key]}
            wanted = {**fields, **given}
            try:
                await self._core.goto.update_user(key, wanted)
            except OutcomeUnknown:
                with self._core.settling(key):
                    record = await self._core.goto.user(key)
                if any(record.get(name) != value for name, value in wanted.items()):
                    detail = "GoTo did not answer, and the user is suspended still: try again"
                    raise GoToUnavailable(detail) from None
            except GoToRejected as error:
                if not _is_full(error):
                    raise
                await self._look()
                if parked is not None:
                    raise self._full(parked) from None
                refused += given["licenseKeys"]
                continue
            self.taken(given.get("licenseKeys", ()))
            return wanted

    async def _default(self, refused: Iterable[str]) -> LicenseRecord | None:
        wanted = self._core.mapping.default_licenses
        if not wanted:
            return None
        snapshot = self._core.snapshot
        if snapshot.licenses_at is None:
            await self._look()
        try:
            return activation.default_license(wanted, snapshot.licenses.values(), passing=refused)
        except InvalidValueException:
            if self._core.clock() - (snapshot.licenses_at or 0) < 1:
                raise
            # Seats may have been freed since: nobody is refused on an old count.
            await self._look()
        return activation.default_license(wanted, snapshot.licenses.values(), passing=refused)

    async def _look(self) -> None:
        asked_at = self._core.clock()
        self._core.snapshot.put_licenses(await self._core.goto.licenses(), at=asked_at)

    def _full(self, parked: Mapping[str, Any]) -> InvalidValueException:
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
                record = licenses[key]
                licenses[key] = LicenseRecord({**record, "userCount": max(record.used + by, 0)})


def _is_full(error: BaseException) -> bool:
    return isinstance(error, GoToRejected) and error.code == SEATS_EXHAUSTED
