"""The two imports of *Application Data Import*: accounts, then access."""

from collections.abc import Mapping
from typing import Any

from tests.eic.emulator.files import Files
from tests.eic.emulator.links import Links
from tests.eic.emulator.reading import Found, Reading
from tests.eic.emulator.reconciliation import (
    miss_accounts,
    miss_entitlements,
    relink,
    status_of,
    thresholds,
)
from tests.eic.emulator.store import Account, Entitlement, Job, Store
from tests.eic.emulator.switches import Switches
from tests.eic.emulator.wire import CallFailed


class Imports:
    """Runs them over one store."""

    def __init__(self, files: Files, reading: Reading, store: Store, switches: Switches) -> None:
        self._reading = reading
        self._store = store
        self._switches = switches
        self._parts: Mapping[str, Any] = files["ImportAccountEntJSON"]
        self._config = thresholds(files, switches)

    def accounts(self) -> Job:
        """Import accounts: whole, or not at all where ``doNotChangeIfFailed`` is set."""
        job = self._begin("accounts")
        part = self._parts["accountParams"]
        found = self._reading.read(part, part["call"], part.get("acctEntMappings", {}))
        if found.failed and _stops(job, part, found):
            return job
        for key, columns in found.columns.items():
            account = self._store.accounts.setdefault(key, Account(key, {}))
            account.columns = columns
            account.status = status_of(columns, self._config)
            account.reported = found.links.get(key, {})
        miss_accounts(self._store, found.columns, self._config, job, self._switches)
        return job

    def access(self) -> Job:
        """Import entitlements, and link them with the accounts that are there."""
        job = self._begin("access")
        part = self._parts["entitlementParams"]
        kinds = sorted(
            part["entTypes"], key=lambda kind: int(part["entTypes"][kind]["entTypeOrder"])
        )
        read: dict[str, Found] = {}
        for kind in kinds:
            wanted = part["entTypes"][kind]
            mappings = {kind: wanted["acctEntMappings"]} if "acctEntMappings" in wanted else {}
            read[kind] = self._reading.read(part, wanted["call"], mappings)
            if read[kind].failed and _stops(job, part, read[kind]):
                return job
        for kind in kinds:
            self._take(kind, read[kind], part["entTypes"][kind], job)
        try:
            pairs = dict(self._links(read).found(kinds))
        except CallFailed as error:
            job.failed = True
            job.lines.append(str(error))
            return job
        for kind, found in pairs.items():
            relink(self._store, kind, self._known(kind, found, job), self._config, self._switches)
        return job

    def _begin(self, what: str) -> Job:
        job = Job(what)
        self._store.jobs.append(job)
        return job

    def _take(self, kind: str, found: Found, wanted: Mapping[str, Any], job: Job) -> None:
        for key, columns in found.columns.items():
            entitlement = Entitlement(kind, key, columns)
            self._store.entitlements[kind, key] = entitlement
        asked = any(call.get("disableDeletedEntitlements") for call in wanted["call"].values())
        miss_entitlements(self._store, kind, found.columns, self._config, wanted=asked, job=job)

    def _links(self, read: Mapping[str, Found]) -> Links:
        by_entitlement = {
            kind: {key: links[kind] for key, links in found.links.items()}
            for kind, found in read.items()
        }
        return Links(
            self._parts["acctEntParams"],
            self._reading,
            self._store,
            by_entitlement=by_entitlement,
        )

    def _known(self, kind: str, pairs: set[tuple[str, str]], job: Job) -> set[tuple[str, str]]:
        """Leave out links to what was not imported, and say so."""
        known: set[tuple[str, str]] = set()
        for account, key in pairs:
            if (kind, key) in self._store.entitlements and account in self._store.accounts:
                known.add((account, key))
            else:
                job.lines.append(f"unknown: {account} has {kind} {key}")
        return known


def _stops(job: Job, part: Mapping[str, Any], found: Found) -> bool:
    job.failed = True
    job.lines.append(found.failed)
    return bool(part.get("doNotChangeIfFailed"))
