"""What becomes of that which an import did not show: thresholds first, then status and links."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tests.eic.emulator.store import ACTIVE, INACTIVE, MISSING, Account, Job, Store
from tests.eic.emulator.switches import Switches


def thresholds(files: Any, switches: Switches) -> Mapping[str, Any]:
    """Return the object that counts, of the two places where it may stand."""
    inner = (
        files.get("ImportAccountEntJSON")
        .get("accountParams", {})
        .get("statusAndThresholdConfig", {})
    )
    outer = files.get("STATUS_THRESHOLD_CONFIG").get("statusAndThresholdConfig", {})
    found: Mapping[str, Any] = (
        (inner or outer) if switches.inner_threshold_wins else (outer or inner)
    )
    return found


def status_of(columns: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return EIC's status of an account that was seen; texts are compared."""
    if "activeStatus" not in config or "statusColumn" not in config:
        return ACTIVE
    return (
        ACTIVE if str(columns.get(config["statusColumn"])) in config["activeStatus"] else INACTIVE
    )


def miss_accounts(
    store: Store, seen: Iterable[str], config: Mapping[str, Any], job: Job, switches: Switches
) -> None:
    """Suspend, or inactivate, the accounts that were not seen, unless they are too many."""
    missing = [
        account
        for account in store.accounts.values()
        if account.key not in set(seen) and account.status != MISSING
    ]
    if not _below(len(missing), config.get("accountThresholdValue"), job, "accounts"):
        return
    for account in missing:
        _miss(account, config, switches)
        job.lines.append(f"account {account.key}: {account.status}")


def _miss(account: Account, config: Mapping[str, Any], switches: Switches) -> None:
    account.reported = {}
    if config.get("inactivateAccountsNotInFile"):
        account.status = INACTIVE
    else:
        account.status = MISSING
        if switches.renames_missing:
            name = account.columns.get("name")
            account.columns["name"] = f"{name}-Deleted-on {date.today():%Y-%m-%d}"
    if config.get("deleteLinks"):
        account.links.clear()


def miss_entitlements(
    store: Store,
    kind: str,
    seen: Iterable[str],
    config: Mapping[str, Any],
    *,
    wanted: bool,
    job: Job,
) -> None:
    """Inactivate the entitlements of a type that were not seen, unless they are too many."""
    if not (wanted or config.get("inactivateEntsNotInFeed")):
        return
    known = store.of_kind(kind)
    missing = [each for key, each in known.items() if key not in set(seen) and each.active]
    limits = config.get("entThresholdValue", {}).get("entType", {})
    if not _below(len(missing), limits.get(kind, {}).get("ent"), job, kind):
        return
    for each in missing:
        each.active = False
        job.lines.append(f"{kind} {each.key}: inactive")


def _below(missing: int, limit: Any, job: Job, what: str) -> bool:
    if limit is None or missing < int(limit):
        return True
    job.lines.append(f"threshold: {missing} {what} are missing, {limit} stop the import")
    return False


def relink(
    store: Store,
    kind: str,
    pairs: set[tuple[str, str]],
    config: Mapping[str, Any],
    switches: Switches,
) -> None:
    """Make the links of a type those that were found; ``pairs`` are of account and id."""
    for account in store.accounts.values():
        found = {(kind, entitlement) for key, entitlement in pairs if key == account.key}
        if account.status == MISSING:
            continue
        account.links |= found
        gone = {link for link in account.links if link[0] == kind} - found
        if account.status != INACTIVE:
            may_go = bool(config.get("deleteAccEntForActiveAccounts"))
        else:
            may_go = bool(config.get("deleteLinks")) and switches.delete_links_of_present
        if may_go:
            account.links -= gone
