"""What identity platforms do with users and groups, and what is so afterwards.

A flow sends its requests and returns what it claims: facts about the account and about what clients
see, which have to hold at once and after a refresh if every answer was a 2xx.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx

from tests.conftest import SANDBOX_MAPPING
from tests.directory.witness import Witness, new_user

SUSPENDING = replace(SANDBOX_MAPPING, rules=replace(SANDBOX_MAPPING.rules, on_delete="suspend"))
EXTENDED = "urn:scim:schemas:extension:goto:1:Group"

Fact = Callable[[], Awaitable[bool]]
Facts = dict[str, Fact]
Flow = Callable[[Witness], Awaitable[Facts]]


class Refused(Exception):
    """An answer that is an error: a flow may end so, if it says why."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.status_code} {answer.text}")
        self.answer = answer


def held(answer: httpx.Response) -> Any:
    """The body of a 2xx. Raises Refused for an error."""
    if answer.status_code >= 300:
        raise Refused(answer)
    return answer.json() if answer.content else None


async def seen(sees: Witness, path: str) -> Any:
    """What a client sees; an error is an answer too, and contradicts nothing."""
    answer = await sees.ask("GET", path)
    if answer.status_code == 404:
        return None
    return held(answer)


def stored(sees: Witness, check: Callable[[], Any]) -> Fact:
    async def fact() -> bool:
        return bool(check())

    return fact


def shown(sees: Witness, path: str, check: Callable[[Any], Any]) -> Fact:
    async def fact() -> bool:
        try:
            return bool(check(await seen(sees, path)))
        except Refused as refusal:
            return refusal.answer.status_code >= 500

    return fact


def is_in(sees: Witness, group: str, user: str) -> bool:
    return user in sees.account.stored.members(group)


def has_member(group: Any, user: str) -> bool:
    return any(each["value"] == user for each in group.get("members", []))


def grouped(sees: Witness) -> tuple[str, str, str]:
    """A user, its group, and another group."""
    (user,) = sees.somebody(grouped=True)
    group = sees.stored(user).group_key
    return user, group, next(key for key in sees.account.stored.groups if key != group)


async def joiner(sees: Witness) -> Facts:
    user = new_user(active=True)
    key = held(await sees.ask("POST", "/Users", user))["id"]
    return {
        "is made": stored(sees, lambda: sees.stored(key).email == user["userName"]),
        "has a licence": stored(sees, lambda: sees.stored(key).license_keys),
        "is active": shown(sees, f"/Users/{key}", lambda seen: seen.get("active")),
    }


async def joiner_with_a_role(sees: Witness) -> Facts:
    key = held(await sees.ask("POST", "/Users", new_user(roles=[{"value": "RUN_REPORTS"}])))["id"]
    return {
        "has the role": stored(sees, lambda: "RUN_REPORTS" in sees.stored(key).admin_roles),
        "is active": shown(sees, f"/Users/{key}", lambda seen: seen.get("active")),
    }


async def joiners_together(sees: Witness) -> Facts:
    taken = sees.new_at_goto("taken@example.com")
    users = [new_user(), new_user(), {**new_user(), "userName": "taken@example.com"}]
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "path": "/Users", "bulkId": str(n), "data": user}
            for n, user in enumerate(users)
        ],
    }
    *made, conflict = held(await sees.ask("POST", "/Bulk", bulk))["Operations"]
    if int(conflict["status"]) >= 500:
        return {}
    assert conflict["status"] == "409", conflict
    keys = [each["location"].rsplit("/", 1)[1] for each in made if each["status"] == "201"]
    return {
        "are made": stored(sees, lambda: all(key in sees.account.stored.users for key in keys)),
        "the other one stays": stored(sees, lambda: sees.stored(taken).first_name == "Noor"),
    }


async def mover(sees: Witness) -> Facts:
    user, before, after = grouped(sees)
    held(await sees.members("add", after, user))
    if sees.account.settings.second_membership == "add":
        both = {before, after}
        return {
            "is in both": stored(sees, lambda: set(sees.stored(user).group_keys) == both),
            "is shown in the new one": shown(
                sees, f"/Groups/{after}", lambda group: has_member(group, user)
            ),
            "and in the old one": shown(sees, f"/Groups/{before}", lambda g: has_member(g, user)),
            "and says so itself": shown(
                sees, f"/Users/{user}", lambda s: {g["value"] for g in s["groups"]} == both
            ),
        }
    return {
        "is in the new group": stored(sees, lambda: is_in(sees, after, user)),
        "is out of the old one": stored(sees, lambda: not is_in(sees, before, user)),
        "is shown so": shown(sees, f"/Groups/{after}", lambda group: has_member(group, user)),
        "and not there": shown(sees, f"/Groups/{before}", lambda g: not has_member(g, user)),
    }


async def into_a_group(sees: Witness) -> Facts:
    (user,) = sees.somebody(grouped=False)
    group = next(iter(sees.account.stored.groups))
    held(await sees.members("add", group, user))
    return {
        "is in": stored(sees, lambda: is_in(sees, group, user)),
        "is shown so": shown(sees, f"/Groups/{group}", lambda seen: has_member(seen, user)),
    }


async def out_of_a_group(sees: Witness) -> Facts:
    user, group, _ = grouped(sees)
    held(await sees.members("remove", group, user))
    return {
        "is out": stored(sees, lambda: not is_in(sees, group, user)),
        "is shown so": shown(sees, f"/Groups/{group}", lambda seen: not has_member(seen, user)),
    }


async def all_members_replaced(sees: Witness) -> Facts:
    user, group, _ = grouped(sees)
    (other,) = sees.somebody(grouped=False)
    value = [{"value": other}]
    operation = {"op": "replace", "path": "members", "value": value}
    held(await sees.patch(f"/Groups/{group}", operation))
    return {
        "the new one is in": stored(sees, lambda: is_in(sees, group, other)),
        "the old one is out": stored(sees, lambda: not is_in(sees, group, user)),
        "is shown so": shown(
            sees,
            f"/Groups/{group}",
            lambda seen: has_member(seen, other) and not has_member(seen, user),
        ),
    }


async def leaver(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    held(await sees.replace(f"/Users/{user}", active=False))
    return {
        "is suspended": stored(sees, lambda: sees.stored(user).is_empty_handed),
        "is shown so": shown(sees, f"/Users/{user}", lambda seen: seen.get("active") is False),
    }


async def leaver_with_a_role(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    roles = {"adminRoles": ["RUN_REPORTS"]}
    await sees.bridge.control.patch(f"/_sim/users/{user}", json=roles)
    held(await sees.replace(f"/Users/{user}", active=False))
    return {
        "is suspended": stored(sees, lambda: sees.stored(user).is_empty_handed),
        "is shown so": shown(sees, f"/Users/{user}", lambda seen: seen.get("active") is False),
    }


async def leaver_with_a_custom_role(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    custom = {"roleSets": [sees.account.stored.role_sets[0].id]}
    await sees.bridge.control.patch(f"/_sim/users/{user}", json=custom)
    answer = await sees.replace(f"/Users/{user}", active=False)
    if answer.status_code != 409:
        held(answer)
        return {"is suspended": stored(sees, lambda: sees.stored(user).is_empty_handed)}
    assert "role" in answer.json()["detail"]
    return {
        "keeps what it had": stored(sees, lambda: sees.stored(user).license_keys),
        "is active": shown(sees, f"/Users/{user}", lambda seen: seen.get("active")),
    }


async def returner(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    licenses = set(sees.stored(user).license_keys)
    held(await sees.replace(f"/Users/{user}", active=False))
    held(await sees.replace(f"/Users/{user}", active=True))
    return {
        "has what it had": stored(sees, lambda: set(sees.stored(user).license_keys) == licenses),
        "is active": shown(sees, f"/Users/{user}", lambda seen: seen.get("active")),
    }


async def licence_taken(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    held(await sees.patch(f"/Users/{user}", {"op": "remove", "path": "entitlements"}))
    return {"has none": stored(sees, lambda: not sees.stored(user).license_keys)}


async def role_given_and_taken(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    value = [{"value": "RUN_REPORTS"}]
    held(await sees.patch(f"/Users/{user}", {"op": "add", "path": "roles", "value": value}))
    assert "RUN_REPORTS" in sees.stored(user).admin_roles
    held(await sees.patch(f"/Users/{user}", {"op": "remove", "path": "roles"}))
    return {"has none": stored(sees, lambda: not sees.stored(user).admin_roles)}


async def address_changed(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    value = [{"value": "changed@example.com", "primary": True}]
    held(await sees.patch(f"/Users/{user}", {"op": "replace", "path": "emails", "value": value}))
    return {
        "has it": stored(sees, lambda: sees.stored(user).email == "changed@example.com"),
        "is shown so": shown(
            sees, f"/Users/{user}", lambda s: s["emails"][0]["value"] == "changed@example.com"
        ),
    }


async def user_renamed(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    held(await sees.replace(f"/Users/{user}", name={"familyName": "Changed"}))
    return {"has it": stored(sees, lambda: sees.stored(user).last_name == "Changed")}


async def group_made_renamed_and_deleted(sees: Witness) -> Facts:
    (user,) = sees.somebody(grouped=False)
    body = {"displayName": "Made", "members": [{"value": user}]}
    key = held(await sees.ask("POST", "/Groups", body))["id"]
    assert is_in(sees, key, user)
    held(await sees.replace(f"/Groups/{key}", displayName="Renamed"))
    assert sees.account.stored.groups[key].name == "Renamed"
    held(await sees.ask("DELETE", f"/Groups/{key}"))
    return {
        "is gone": stored(sees, lambda: key not in sees.account.stored.groups),
        "is not shown": shown(sees, f"/Groups/{key}", lambda seen: seen is None),
        "the user is in none": shown(sees, f"/Users/{user}", lambda s: not s.get("groups")),
    }


async def user_deleted(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    held(await sees.ask("DELETE", f"/Users/{user}"))
    return {
        "is gone": stored(sees, lambda: user not in sees.account.stored.users),
        "is not shown": shown(sees, f"/Users/{user}", lambda seen: seen is None),
    }


async def user_deleted_by_suspension(sees: Witness) -> Facts:
    user, group, _ = grouped(sees)
    held(await sees.ask("DELETE", f"/Users/{user}"))
    return {
        "is suspended": stored(sees, lambda: sees.stored(user).is_empty_handed),
        "is in no group": stored(sees, lambda: not sees.stored(user).group_keys),
        "is not shown": shown(sees, f"/Users/{user}", lambda seen: seen is None),
        "nor in its group": shown(sees, f"/Groups/{group}", lambda g: not has_member(g, user)),
    }


async def imported(sees: Witness) -> Facts:
    """Everybody is in the list, as GoTo has them."""
    licenses = {key: sorted(user.license_keys) for key, user in sees.account.stored.users.items()}
    active = {key: not u.is_empty_handed for key, u in sees.account.stored.users.items()}
    groups = {key: list(u.group_keys) for key, u in sees.account.stored.users.items()}

    def is_whole(listed: Any) -> bool:
        users = {each["id"]: each for each in listed["Resources"]}
        assert {key: each.get("active") for key, each in users.items()} == active
        assert {
            key: sorted(every["value"] for every in each.get("entitlements", []))
            for key, each in users.items()
        } == licenses
        assert {
            key: [every["value"] for every in each.get("groups", [])] for key, each in users.items()
        } == groups
        return True

    held(await sees.ask("GET", "/Users?count=1000"))
    return {"is so": shown(sees, "/Users?count=1000", is_whole)}


async def found_by_name(sees: Witness) -> Facts:
    (user,) = sees.somebody()
    sees.clock.grow_old()
    path = f'/Users?filter=userName eq "{sees.stored(user).email}"'
    none = '/Users?filter=userName eq "nobody@example.com"'
    held(await sees.ask("GET", path))
    return {
        "is found": shown(
            sees, path, lambda listed: [r["id"] for r in listed["Resources"]] == [user]
        ),
        "nobody is nobody": shown(sees, none, lambda listed: listed["totalResults"] == 0),
    }


FLOWS: Mapping[str, Flow] = {
    flow.__name__: flow
    for flow in (
        joiner,
        joiner_with_a_role,
        joiners_together,
        mover,
        into_a_group,
        out_of_a_group,
        all_members_replaced,
        leaver,
        leaver_with_a_role,
        leaver_with_a_custom_role,
        returner,
        licence_taken,
        role_given_and_taken,
        address_changed,
        user_renamed,
        group_made_renamed_and_deleted,
        user_deleted,
        user_deleted_by_suspension,
        imported,
        found_by_name,
    )
}
