"""Steps about groups: one group a user or several, and how a user leaves a group."""

from bridge.probe.calls import Reply
from bridge.probe.trial import Inconclusive, Trial


async def groups_per_user(trial: Trial) -> str:
    """Put a member of one group into another one."""
    user = await trial.throwaways.user(0)
    first, second = await trial.throwaways.group(0), await trial.throwaways.group(1)
    await _put(trial, first.key, user.key)
    reply = await trial.calls.send("PUT", f"groups/{second.key}/users/{user.key}")
    trial.details["second_group"] = str(reply)
    if not reply.ok:
        return "refuse"
    if not await trial.calls.until(lambda: _is_in(trial, second.key, user.key)):
        raise Inconclusive("GoTo accepted a second group, and did not show the user in it")

    async def has_left() -> bool:
        return not await _is_in(trial, first.key, user.key)

    return "move" if await trial.calls.until(has_left) else "add"


async def removal(trial: Trial) -> str:
    """Take a member out of a group, by the call for one group and by the one for all."""
    user, group = await trial.throwaways.user(1), await trial.throwaways.group(0)
    await _put(trial, group.key, user.key)

    async def has_left() -> bool:
        return not await _is_in(trial, group.key, user.key)

    single = await trial.calls.send("DELETE", f"groups/{group.key}/users/{user.key}")
    trial.details["removal_single"] = str(single)
    if not single.is_missing_path and await trial.calls.until(has_left):
        return "single"
    everything = await trial.calls.send("DELETE", f"users/{user.key}/groups")
    trial.details["removal_all"] = str(everything)
    if not everything.is_missing_path and await trial.calls.until(has_left):
        return "all-only"
    if single.ok or everything.ok:
        return "accepted-not-done"
    return "none"


async def _put(trial: Trial, group_key: str, user_key: str) -> None:
    """Put a user into a group, and see that GoTo shows it."""
    if await _is_in(trial, group_key, user_key):
        return
    reply = await trial.calls.send("PUT", f"groups/{group_key}/users/{user_key}")
    if not reply.ok:
        raise Inconclusive(f"GoTo refused to put a throwaway user into a group ({reply})")
    if not await trial.calls.until(lambda: _is_in(trial, group_key, user_key)):
        raise Inconclusive("GoTo accepted a member of a group, and did not show it")


async def _is_in(trial: Trial, group_key: str, user_key: str) -> bool:
    """Whether the group's record shows the user, or its list where the record has no members."""
    group = await trial.calls.get(f"groups/{group_key}")
    keys = group.fields.get("userKeys")
    if isinstance(keys, list):
        return user_key in [str(key) for key in keys]
    if not group.ok or not group.fields.get("memberCount"):
        return False
    members: Reply = await trial.calls.get(f"groups/{group_key}/users?offset=0&pageSize=100")
    return user_key in [str(row.get("key")) for row in members.rows]
