"""Steps about users: how far reads trail, a second create, licences, suspension, the address."""

import math

from bridge.errors import OutcomeUnknown
from bridge.probe.calls import Reply
from bridge.probe.throwaways import SHOWN_WITHIN, new_user
from bridge.probe.trial import Inconclusive, NotTried, Trial

ROLE = "RUN_REPORTS"
"""The role that lets its holder change nothing."""
POLL = 0.5
NO_LICENSE = "no licence has two free seats; name one with --license"


async def read_lag(trial: Trial) -> str:
    """Measure how long new objects and a change of a name take to show."""
    throwaways, calls = trial.throwaways, trial.calls
    user = await throwaways.user(0)
    await throwaways.user(1)
    await throwaways.group(0)
    await throwaways.group(1)
    # So that the rate does not hold up the read that follows the write.
    await calls.sleep(1.1)
    reply = await trial.change_user(user.key, firstName="Renamed")
    began, is_first, is_shown = calls.clock(), True, False
    while reply.ok and calls.clock() - began < SHOWN_WITHIN:
        if is_shown := await trial.holds(user.key, "firstName", "Renamed"):
            break
        is_first = False
        await calls.sleep(POLL)
    trial.details["name_change"] = "taken" if is_shown else ("ignored" if reply.ok else str(reply))
    lags = list(throwaways.lags)
    if is_shown:
        lags.append(0.0 if is_first else calls.clock() - began)
    longest = max(lags)
    calls.patience = max(calls.patience, 3 * longest)
    return "none" if not longest else str(math.ceil(longest * 10) * 100)


async def create_conflict(trial: Trial) -> str:
    """Create a user a second time; delete and create it again."""
    user = await trial.throwaways.user(0)
    outcome = await _twice(trial, user.name, user.key, all_or_nothing=True)
    partly = await _twice(trial, user.name, user.key, all_or_nothing=False)
    trial.details["create_conflict_bulk"] = partly
    await _revive(trial)
    return outcome


async def _twice(trial: Trial, name: str, key: str, *, all_or_nothing: bool) -> str:
    path = f"users?allOrNothing={'true' if all_or_nothing else 'false'}"
    try:
        reply = await trial.calls.send("POST", path, new_user(name))
    except OutcomeUnknown as lost:
        raise Inconclusive(f"the second create was not answered: {lost.detail}") from None
    if not reply.ok:
        return "refused"
    entries = reply.body if isinstance(reply.body, list) else []
    keys = [str(each["key"]) for each in entries if isinstance(each, dict) and each.get("key")]
    if not keys:
        return "without-key"
    return "existing-key" if keys == [key] else "duplicate"


async def _revive(trial: Trial) -> None:
    """Note whether an address that was deleted gets its old key."""
    user = await trial.throwaways.user(1)
    deleted = await trial.calls.send("DELETE", f"users/{user.key}")

    async def is_absent() -> bool:
        return (await trial.user(user.key)).status == 404

    if not await trial.calls.until(is_absent):
        trial.details["revival"] = f"not deleted ({deleted})"
        return
    again = await trial.throwaways.create_user(user.name)
    trial.details["revival"] = "old key" if again.key == user.key else "new key"


async def license_calls(trial: Trial) -> str:
    """Give a user a licence, and take it by the call for one licence of one user."""
    key = _license(trial)
    user = await trial.throwaways.user(1)
    await _give_license(trial, user.key, key)
    path = f"licenses/{key}/users/{user.key}?suppressEmail=true"
    reply = await trial.calls.send("DELETE", path)
    trial.details["license_call"] = str(reply)
    if reply.ok:
        gone = await trial.comes_to_lack(user.key, "licenseKeys", key)
        return "works" if gone else "accepted-not-done"
    return "missing" if reply.is_missing_path else "refused"


async def suspension(trial: Trial) -> str:
    """Give a user a licence and a role, and clear both with empty lists."""
    user = await trial.throwaways.user(0)
    held: dict[str, str] = {}
    try:
        await _give_license(trial, user.key, _license(trial))
        held["licenseKeys"] = _license(trial)
    except (NotTried, Inconclusive) as reason:
        trial.details["suspension_licenses"] = str(reason)
    given = await trial.change_user(user.key, adminRoles=[ROLE])
    if given.ok and await trial.comes_to_hold(user.key, "adminRoles", ROLE):
        held["adminRoles"] = ROLE
    if not held:
        raise NotTried(f"not tried: {NO_LICENSE}, or let the administrator give a role")
    cleared = await trial.change_user(user.key, **{name: [] for name in held})
    trial.details["suspension"] = str(cleared)
    if not cleared.ok:
        raise Inconclusive(f"GoTo refused to clear licences and roles ({cleared})")
    kept = [n for n, v in held.items() if not await trial.comes_to_lack(user.key, n, v)]
    for name in held:
        trial.details[f"suspension_{name}"] = "ignored" if name in kept else "clears"
    status = (await trial.user(user.key)).fields.get("status")
    trial.details["status_after_suspension"] = status if status in STATUSES else "another one"
    return "ignored" if kept else "clears"


STATUSES = ("ACTIVE", "INACTIVE", "INVITED", "SUSPENDED")


def _license(trial: Trial) -> str:
    if trial.license_key is None:
        raise NotTried(f"not tried: {NO_LICENSE}")
    return trial.license_key


async def _give_license(trial: Trial, user_key: str, license_key: str) -> None:
    reply = await trial.change_user(user_key, licenseKeys=[license_key])
    if not reply.ok:
        raise Inconclusive(f"GoTo refused to give the licence ({reply})")
    if not await trial.comes_to_hold(user_key, "licenseKeys", license_key):
        raise Inconclusive("GoTo accepted a licence, and did not show it at the user")


async def email_change(trial: Trial) -> str:
    """Give a user another throwaway address."""
    user = await trial.throwaways.user(1)
    # Stored before GoTo hears of it, as the address of a new user is.
    address = await trial.throwaways.new_address(user.key)
    reply: Reply = await trial.change_user(user.key, email=address)
    trial.details["email_change"] = str(reply)
    if not reply.ok:
        return "refused"
    if not await trial.comes_to_hold(user.key, "email", address):
        return "ignored"
    trial.throwaways.renamed(1, address)
    return "taken"
