"""The account's licences: looked at when what is known is too old, and shown with their seats.

Between looks the bridge counts the seats that its own writes take and free (``seats``).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.case_mapping import case_mapped
from bridge.directory import activation
from bridge.directory.core import LOOKS, Core
from bridge.directory.offers import OfferEntry, offer
from bridge.goto import LicenseRecord


@dataclass(frozen=True, slots=True)
class Assignable:
    """What clients may be told to give to users: keys of ``licenses``, codes of ``products``.

    All products that can be given are there. Of licences there is only the default one, where the
    mapping has one: a client that picks any value and adds it to a new user, who has that licence,
    finds in `entitlements` what it added (decision 21).
    """

    licenses: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


NOTHING_KNOWN = Assignable()


class Licenses:
    """Reads licences; raises the GoToError of a look that failed."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def all(self, *, live: bool = False) -> list[OfferEntry]:
        """Return every licence, by one call where they were last looked at too long ago."""
        await self._not_older_than(self._core.oldest_allowed(live=live))
        records = self._core.snapshot.licenses
        names = license_names(records.values())
        return [_entry(record, names[key]) for key, record in records.items()]

    async def find(self, key: str, *, live: bool = False) -> OfferEntry | None:
        """Return one licence, or None; what is no key of GoTo's needs no call."""
        if not (key.isascii() and key.isdigit()):
            return None
        return next((each for each in await self.all(live=live) if each.key == key), None)

    async def assignable(self) -> Assignable:
        """Return what can be given to users, of the last look whenever that was."""
        await self._not_older_than(float("-inf"))
        found = [each for each in self._core.snapshot.licenses.values() if each.assignable]
        products = {product for record in found for product in record.products}
        wanted = self._core.mapping.default_licenses
        offered = first_wanted(wanted, found) or found
        return Assignable(tuple(record.key for record in offered), tuple(sorted(products)))

    async def _not_older_than(self, moment: float) -> None:
        if self._is_young(moment):
            return
        # One look for all who wait for one.
        async with self._core.locks.hold("licenses"):
            if not self._is_young(moment):
                await self._look()

    def _is_young(self, moment: float) -> bool:
        looked_at = self._core.snapshot.licenses_at
        return looked_at is not None and looked_at >= moment

    async def _look(self) -> None:
        core = self._core
        for _ in range(LOOKS):
            before, asked_at = dict(core.snapshot.licenses), core.clock()
            seen = await core.goto.licenses()
            if core.snapshot.licenses == before:
                break
            # Seats were taken or freed meanwhile, and the answer may be from before.
        core.snapshot.put_licenses(seen, at=asked_at)


def first_wanted(wanted: Sequence[str], licenses: Sequence[LicenseRecord]) -> list[LicenseRecord]:
    """Return the licence that a new user gets as long as seats are free, none where none is."""
    found = activation.wanted_in_order(wanted, licenses)
    return [next((record for record in found if record.free > 0), found[0])] if found else []


def license_names(records: Iterable[LicenseRecord]) -> dict[str, str]:
    """Return a name for each licence, by key; licences that GoTo names alike show their keys."""
    plain = {record.key: _plain_name(record) for record in records}
    often = Counter(case_mapped(name) for name in plain.values())
    return {
        key: name if often[case_mapped(name)] == 1 else f"{name} ({key})"
        for key, name in plain.items()
    }


def _plain_name(record: LicenseRecord) -> str:
    return record.description or "/".join(record.products) or f"Licence {record.key}"


def _entry(record: LicenseRecord, name: str) -> OfferEntry:
    content: dict[str, Any] = {
        "displayName": name,
        "description": record.description,
        "products": list(record.products),
        "seats": record.seats,
        "used": record.used,
        "free": record.free,
        "enabled": record.enabled,
        "assignable": record.assignable,
    }
    shown = {name: value for name, value in content.items() if value not in ("", [])}
    return offer("License", record.key, shown)
