"""Steps about roles and rights: which roles show, which can be given, and GoTo's error codes."""

from bridge.connect import missing_roles
from bridge.probe.trial import Inconclusive, NotTried, Trial

GIVEN = ("RUN_REPORTS", "ADD_USERS", "MANAGE_GROUPS", "MANAGE_SEATS", "MANAGE_USERS")
"""Roles that are given to a throwaway user for a moment; those that reach further are not."""
NO_SUCH_KEY = "1"


async def rights(trial: Trial) -> str:
    """Compare the roles of the administrator, give roles to a user, and collect error codes."""
    own = trial.administrator
    record = await trial.user(own.key)
    shown = record.fields.get("adminRoles")
    is_shown = bool(shown) or not own.admin_roles
    trial.details["roles_shown"] = "yes" if is_shown else "no"
    await _collect_codes(trial)
    missing = missing_roles(own.admin_roles)
    if missing and is_shown:
        trial.details["roles_missing"] = ", ".join(missing)
        return "lacking"
    trial.see_that_it_may_write()
    outcome = await _given(trial, is_shown=is_shown)
    if is_shown:
        return {"taken": "complete", "refused": "roles-refused"}.get(outcome, "roles-ignored")
    return "roles-hidden-and-refused" if outcome == "refused" else "roles-hidden"


async def _given(trial: Trial, *, is_shown: bool) -> str:
    """Whether roles are taken, refused or ignored."""
    user = await trial.throwaways.user(1)
    reply = await trial.change_user(user.key, adminRoles=list(GIVEN))
    if not reply.ok:
        single = {role: await trial.change_user(user.key, adminRoles=[role]) for role in GIVEN}
        taken = [role for role, each in single.items() if each.ok]
        trial.details["roles_granted"] = ", ".join(taken) or "none"
        trial.details["roles_refused"] = ", ".join(f"{r}: {e}" for r, e in single.items())
        return "taken" if taken else "refused"
    if not is_shown:
        return "taken"
    took = await trial.comes_to_hold(user.key, "adminRoles", GIVEN[0])
    roles = (await trial.user(user.key)).fields.get("adminRoles") or []
    trial.details["roles_granted"] = ", ".join(r for r in GIVEN if r in roles) or "none"
    await trial.change_user(user.key, adminRoles=[])
    return "taken" if took else "ignored"


async def _collect_codes(trial: Trial) -> None:
    """Ask for what is not there; the report shows statuses and codes."""
    for name, path in (
        ("unknown_user", f"users/{NO_SUCH_KEY}"),
        ("unknown_group", f"groups/{NO_SUCH_KEY}"),
        ("unknown_path", "no-such-path"),
    ):
        trial.details[f"error_{name}"] = str(await trial.calls.get(path))


async def custom_roles(trial: Trial) -> str:
    """List custom roles, and give one to a user."""
    listed = await trial.calls.get("rolesets?offset=0&pageSize=100")
    if not listed.ok:
        trial.details["custom_roles"] = str(listed)
        return "hidden"
    ids = [str(row["id"]) for row in listed.rows if row.get("id") is not None]
    trial.details["custom_roles"] = f"{len(ids)} listed"
    if not ids:
        return "none"
    try:
        trial.see_that_it_may_write()
    except NotTried:
        return "listed"
    user = await trial.throwaways.user(0)
    reply = await trial.change_user(user.key, roleSets=[ids[0]])
    trial.details["custom_roles_given"] = str(reply)
    if not reply.ok or not await trial.comes_to_hold(user.key, "roleSets", ids[0]):
        return "read-only"
    status = (await trial.user(user.key)).fields.get("status")
    trial.details["custom_role_holder"] = "suspended" if status == "SUSPENDED" else "active"
    await trial.change_user(user.key, roleSets=[])
    if not await trial.comes_to_lack(user.key, "roleSets", ids[0]):
        raise Inconclusive("GoTo gave a custom role, and did not take it away again")
    return "settable"
