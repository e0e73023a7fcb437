"""A change that GoTo did not make is an error, and a list that cannot be true is not believed."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.sandbox import SimulatorSettings
from tests.conftest import SANDBOX_MAPPING, simulated
from tests.directory.witness import NO_CACHE, Run, Witness, new_user, witnessed_alone

NO_PATH = {"status": 404, "body": {"errorCode": "NOT_FOUND"}}
NO_USER = {"status": 404, "body": {"errors": [{"code": "user.not.found"}]}}


def goto(users: int = 12, **settings: Any) -> Any:
    options = SimulatorSettings(**{"rate_limit": 0, **settings})
    return simulated(users=users, groups=3, settings=options)


async def a_member(sees: Witness) -> tuple[str, str]:
    (user,) = sees.somebody(grouped=True)
    return user, sees.stored(user).group_key


# -- A removal that did not happen ---------------------------------------------------------


async def by_patch(sees: Witness, group: str, user: str) -> Any:
    return await sees.members("remove", group, user)


async def by_filter(sees: Witness, group: str, user: str) -> Any:
    path = f'members[value eq "{user}"]'
    return await sees.patch(f"/Groups/{group}", {"op": "remove", "path": path})


async def by_replace(sees: Witness, group: str, user: str) -> Any:
    left = [{"value": key} for key in sees.account.stored.members(group) if key != user]
    return await sees.patch(f"/Groups/{group}", {"op": "replace", "path": "members", "value": left})


async def by_put(sees: Witness, group: str, user: str) -> Any:
    shown = await sees.done("GET", f"/Groups/{group}")
    shown["members"] = [each for each in shown["members"] if each["value"] != user]
    return await sees.ask("PUT", f"/Groups/{group}", shown)


async def by_bulk(sees: Witness, group: str, user: str) -> Any:
    operation = {"op": "remove", "path": "members", "value": [{"value": user}]}
    bulk = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "PATCH", "path": f"/Groups/{group}", "data": {"Operations": [operation]}}
        ],
    }
    answer = await sees.ask("POST", "/Bulk", bulk)
    assert answer.status_code == 200
    answer.status_code = int(answer.json()["Operations"][0]["status"])
    return answer


WAYS = [by_patch, by_filter, by_replace, by_put, by_bulk]
# How the simulated GoTo fails to remove, and what is then right: done in another way, or an error.
TROUBLES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], bool]] = {
    "neither removal": ({"removal": "none"}, [], False),
    "neither, as 405": ({"removal": "none", "per_group_removal_off_status": 405}, [], False),
    "only from all": ({"removal": "all-only"}, [], True),
    "only from all, as 405": (
        {"removal": "all-only", "per_group_removal_off_status": 405},
        [],
        True,
    ),
    "a page, and no list": (
        {},
        [
            {"match": {"method": "DELETE", "path": "/groups/"}, "status": 404, "body": "<html>"},
            {"match": {"method": "GET", "path": "/users", "query": "offset"}, **NO_PATH},
        ],
        True,
    ),
    "denied, and only the record shows it": (
        {},
        [
            {"match": {"method": "DELETE", "path": "/groups"}, **NO_USER},
            {"match": {"method": "GET", "path": "/groups/"}, **NO_USER},
        ],
        False,
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_removal_that_did_not_happen_is_an_error(tmp_path: Path, way: Any, trouble: str) -> None:
    settings, faults, is_done = TROUBLES[trouble]

    async def test(sees: Witness) -> None:
        await sees.agree()
        user, group = await a_member(sees)
        await sees.faults(*faults)
        answer = await way(sees, group, user)
        await sees.faults()
        if is_done:
            assert answer.status_code < 300, answer.text
            assert sees.stored(user).group_keys == ()
        else:
            assert answer.status_code in (502, 503), answer.text
            assert "group" in answer.text
            assert sees.stored(user).group_key == group
        await sees.agree()
        sees.clock.grow_old()
        await sees.agree()

    witnessed_alone(tmp_path, test, app=goto(**settings))


@pytest.mark.parametrize("removal", ["none", "all-only"])
def test_a_user_in_two_groups_leaves_the_one_that_is_named_or_none(
    tmp_path: Path, removal: str
) -> None:
    async def test(sees: Witness) -> None:
        user, first = await a_member(sees)
        second = next(key for key in sees.account.stored.groups if key != first)
        sees.account.put_in_group(second, user)
        assert sees.stored(user).group_keys == (first, second)
        # The record shows the second; the first shows the user all the same.
        answer = await sees.members("remove", first, user)
        assert answer.status_code == 502, answer.text
        assert sees.stored(user).group_keys == (first, second)
        await sees.bridge.control.put("/_sim/settings", json={"removal": "single"})

    async def alone(sees: Witness) -> None:
        user, first = await a_member(sees)
        second = next(key for key in sees.account.stored.groups if key != first)
        sees.account.put_in_group(second, user)
        assert (await sees.members("remove", first, user)).status_code == 200
        assert sees.stored(user).group_keys == (second,)
        await sees.agree()

    witnessed_alone(tmp_path / "a", test, app=goto(membership="add", removal=removal))
    witnessed_alone(tmp_path / "b", alone, app=goto(membership="add"))


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()


def test_a_user_who_stays_in_its_group_is_not_hidden(tmp_path: Path) -> None:
    from dataclasses import replace

    rules = replace(SANDBOX_MAPPING.rules, on_delete="suspend")
    mapping = replace(SANDBOX_MAPPING, rules=rules)

    async def test(sees: Witness) -> None:
        user, group = await a_member(sees)
        answer = await sees.ask("DELETE", f"/Users/{user}")
        assert answer.status_code == 502, answer.text
        assert sees.stored(user).group_key == group
        assert (await sees.ask("GET", f"/Users/{user}")).status_code == 200
        await sees.bridge.control.put("/_sim/settings", json={"removal": "single"})
        assert (await sees.ask("DELETE", f"/Users/{user}")).status_code == 204
        assert sees.stored(user).group_keys == ()
        assert (await sees.ask("GET", f"/Users/{user}")).status_code == 404

    witnessed_alone(tmp_path, test, app=goto(removal="none"), mapping=mapping)


# -- A reply that cannot be read -----------------------------------------------------------

REPLIES: dict[str, Any] = {
    "no entry": [],
    "an empty entry": [{}],
    "an object": {"key": "1"},
    "a text": '"1"',
    "nothing": "",
    "cut off": '[{"key":"65812',
    "a page": "<html></html>",
    "null": "null",
    "a key that is a flag": [{"key": True, "email": "x@y.z"}],
    "a key that is a fraction": [{"key": 1.5, "email": "x@y.z"}],
    "a key that is a word": [{"key": "abc", "email": "x@y.z"}],
    "the key of somebody else": [{"key": "6581286685341855244", "email": "x@y.z"}],
    "too many": [{"key": "1", "email": "a@y.z"}, {"key": "2", "email": "b@y.z"}],
    "an entry without a key": [{"email": "x@y.z"}],
}


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("status", [200, 201])
def test_a_create_whose_reply_cannot_be_read_is_settled_by_a_look(
    witnessed: Run, reply: str, status: int
) -> None:
    async def test(sees: Witness) -> None:
        rule = {"match": {"method": "POST", "path": "/users"}, "status": status}
        await sees.faults({**rule, "body": REPLIES[reply], "after": True})
        answer = await sees.ask("POST", "/Users", user := new_user())
        assert answer.status_code == 201, answer.text
        await sees.faults()
        assert sees.stored(answer.json()["id"]).email == user["userName"]
        await sees.agree()
        assert (await sees.ask("POST", "/Users", user)).status_code == 409

    witnessed(test)


@pytest.mark.parametrize("reply", ["no entry", "an object", "cut off", "nothing"])
def test_a_create_that_was_not_made_is_a_502(witnessed: Run, reply: str) -> None:
    async def test(sees: Witness) -> None:
        rule = {"match": {"method": "POST"}, "status": 201, "body": REPLIES[reply]}
        await sees.faults(rule)
        answer = await sees.ask("POST", "/Users", user := new_user())
        assert answer.status_code == 502, answer.text
        group = await sees.ask("POST", "/Groups", {"displayName": f"Of {user['userName']}"})
        assert group.status_code == 502, group.text
        await sees.faults()
        await sees.agree(**NO_CACHE)
        assert (await sees.ask("POST", "/Users", user)).status_code == 201
        await sees.agree()

    witnessed(test)


@pytest.mark.parametrize(
    "reply", ["no entry", "an object", "nothing", "cut off", "a page", "null", "a key"]
)
def test_a_group_whose_reply_cannot_be_read_is_settled_by_a_look(
    witnessed: Run, reply: str
) -> None:
    async def test(sees: Witness) -> None:
        body = REPLIES.get(reply, {"key": "77", "name": "Other"})
        rule = {"match": {"method": "POST", "path": "/groups"}, "status": 201, "body": body}
        await sees.faults({**rule, "after": True})
        answer = await sees.ask("POST", "/Groups", {"displayName": "A new group"})
        await sees.faults()
        assert answer.status_code == 201, answer.text
        assert sees.account.stored.groups[answer.json()["id"]].name == "A new group"
        await sees.agree()

    witnessed(test)


@pytest.mark.parametrize("body", ["", "{", "<html>", [], {"key": "1"}, 7])
def test_any_body_of_another_write_will_do(witnessed: Run, body: Any) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        group = next(iter(sees.account.stored.groups))
        rules = [
            {"match": {"method": method}, "status": 200, "body": body, "after": True}
            for method in ("PUT", "DELETE")
        ]
        await sees.faults(*rules)
        name = {"name": {"familyName": "Changed"}}
        assert (await sees.replace(f"/Users/{user}", **name)).status_code == 200
        assert (await sees.members("add", group, user)).status_code == 200
        assert (await sees.members("remove", group, user)).status_code == 200
        assert (await sees.replace(f"/Groups/{group}", displayName="Else")).status_code == 200
        assert (await sees.ask("DELETE", f"/Users/{user}")).status_code == 204
        await sees.faults()
        await sees.agree()
        await sees.agree(**NO_CACHE)

    witnessed(test)


@pytest.mark.parametrize("entries", [[0], [0, 2], [2, 1, 0], [], [0, 0, 1], [0, 1, 2, 0]], ids=str)
def test_creates_that_go_together_are_told_apart(witnessed: Run, entries: list[int]) -> None:
    async def test(sees: Witness) -> None:
        users = [new_user() for _ in range(3)]
        made = sees.account.create_users
        known: dict[str, str] = {}

        def odd(body: Any, **options: Any) -> list[dict[str, str]]:
            rows = made(body, **options)
            known.update({row["email"]: row["key"] for row in rows})
            return [rows[number] for number in entries]

        sees.account.create_users = odd  # type: ignore[method-assign] # a GoTo that answers oddly
        bulk = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": str(n), "data": user}
                for n, user in enumerate(users)
            ],
        }
        answer = await sees.done("POST", "/Bulk", bulk)
        sees.account.create_users = made  # type: ignore[method-assign] # as it was
        assert [each["status"] for each in answer["Operations"]] == ["201"] * 3
        for user, each in zip(users, answer["Operations"], strict=True):
            assert each["location"].endswith("/" + known[user["userName"]])
        await sees.agree()

    witnessed(test)


# -- A list that is not believed at once ---------------------------------------------------


def listing(path: str, **fault: Any) -> dict[str, Any]:
    match = {"method": "GET", "path": path, "query": "offset=0"}
    return {"match": match, "status": 200, **fault}


@pytest.mark.parametrize("body", [{"total": 0}, {"results": [], "total": 0}])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("max_age", [60.0, 0.0])
def test_an_empty_list_of_users_is_not_believed(
    tmp_path: Path, body: Any, times: int, max_age: float
) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        sees.clock.grow_old()
        await sees.faults(listing("/users", body=body, times=times))
        with capture_logs() as logs:
            answer = await sees.ask("GET", "/Users")
        assert answer.status_code == (200 if times == 1 else 502), answer.text
        assert any(entry["log_level"] == "warning" for entry in logs)
        if times == 1:
            assert answer.json()["totalResults"] == 12
        else:
            assert "administrator" in answer.json()["detail"]
        await sees.agree()

    witnessed_alone(tmp_path, test, max_age=max_age)


def test_the_first_list_of_all_may_be_no_better(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.faults(listing("/users", body={"total": 0}))
        assert (await sees.ask("GET", "/Users")).status_code == 502
        (user,) = sees.somebody()
        assert (await sees.ask("GET", f"/Users/{user}")).status_code == 200
        await sees.faults()
        await sees.agree()

    witnessed_alone(tmp_path, test)


async def rows_of(sees: Witness, keys: list[str]) -> dict[str, Any]:
    stored = sees.account.stored.users
    rows = [
        {
            "key": key,
            "email": stored[key].email,
            "firstName": stored[key].first_name,
            "lastName": stored[key].last_name,
            "status": "ACTIVE",
        }
        for key in keys
    ]
    return {"results": rows, "total": len(rows)}


def test_a_list_without_the_administrator_is_refused(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        others = [k for k in sees.account.stored.users if k != sees.account.administrator_key]
        await sees.faults(listing("/users", body=await rows_of(sees, others)))
        assert (await sees.ask("GET", "/Users")).status_code == 502
        assert (await sees.ask("GET", f"/Users/{others[0]}")).status_code == 200
        await sees.faults()
        await sees.agree()

    witnessed_alone(tmp_path, test)


def test_a_list_that_lost_more_than_half_is_taken_twice_and_then_believed(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        keys = list(sees.account.stored.users)
        for key in keys[1:6]:
            sees.account.delete_user(key)
        sees.clock.grow_old()
        await sees.calls()
        await sees.agree()
        assert (await sees.calls()).count("GET users") == 1  # five of twelve
        for key in keys[6:10]:
            sees.account.delete_user(key)
        sees.clock.grow_old()
        with capture_logs() as logs:
            await sees.agree()
        assert (await sees.calls()).count("GET users") == 2  # four of seven
        assert [entry for entry in logs if "believed" in entry["event"]]

    witnessed_alone(tmp_path, test)


def test_what_a_restart_remembers_counts_as_the_last_list(tmp_path: Path) -> None:
    app = goto()

    async def before(sees: Witness) -> None:
        await sees.agree()

    async def after(sees: Witness) -> None:
        await sees.calls()
        await sees.agree(**NO_CACHE)
        assert (await sees.calls()).count("GET users") == 2

    witnessed_alone(tmp_path, before, app=app)
    for key in list(app.state.account.stored.users)[1:9]:
        app.state.account.delete_user(key)
    witnessed_alone(tmp_path, after, app=app)


@pytest.mark.parametrize("times", [1, 2])
def test_groups_that_are_gone_are_looked_for_twice(tmp_path: Path, times: int) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        sees.clock.grow_old()
        await sees.faults(listing("/groups", body={"total": 0}, times=times))
        await sees.calls()
        listed = await sees.done("GET", "/Groups")
        assert (await sees.calls()).count("GET groups") == 2
        assert listed["totalResults"] == (3 if times == 1 else 0)

    witnessed_alone(tmp_path, test)


def test_licences_that_are_gone_are_looked_for_twice(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        sees.clock.grow_old()
        await sees.faults(listing("/licenses", body={"results": [], "total": 0}, times=1))
        await sees.agree()
        assert (await sees.done("GET", "/Licenses"))["totalResults"] == 5

    witnessed_alone(tmp_path, test)


# -- What a refusal is about ---------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("lock", ["identityReadOnly", "nameLocked"])
def test_a_user_who_was_locked_a_moment_ago_is_mutability(
    tmp_path: Path, status: int, lock: str
) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        (user,) = sees.somebody()
        await sees.bridge.control.patch(f"/_sim/users/{user}", json={lock: True})
        answer = await sees.replace(f"/Users/{user}", name={"familyName": "Changed"})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
        assert lock in answer.json()["detail"]
        await sees.agree()

    witnessed_alone(tmp_path, test, app=goto(locked_status=status))


def test_a_403_for_a_user_without_a_lock_is_about_rights(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        (user,) = sees.somebody()
        await sees.faults({"match": {"method": "PUT", "path": "/users/"}, "status": 403})
        answer = await sees.replace(f"/Users/{user}", name={"familyName": "Changed"})
        assert answer.status_code == 503
        assert "MANAGE_USERS" in answer.json()["detail"]

    witnessed_alone(tmp_path, test)


@pytest.mark.parametrize(
    "fault", [NO_PATH, {"status": 404, "body": "<html>"}, {"status": 404, "body": {}}]
)
def test_a_path_that_is_missing_deletes_nobody(tmp_path: Path, fault: dict[str, Any]) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        user, group = await a_member(sees)
        await sees.faults(
            {"match": {"path": "/users"}, **fault}, {"match": {"path": "/groups"}, **fault}
        )
        for path in (f"/Users/{user}", f"/Groups/{group}"):
            assert (await sees.ask("GET", path, **NO_CACHE)).status_code == 502
            assert (await sees.ask("DELETE", path)).status_code == 502
        name = {"name": {"familyName": "Changed"}}
        assert (await sees.replace(f"/Users/{user}", **name)).status_code == 502
        assert (await sees.members("remove", group, user)).status_code == 502
        assert (await sees.replace(f"/Groups/{group}", displayName="Else")).status_code == 502
        await sees.faults()
        await sees.agree()

    witnessed_alone(tmp_path, test)


def test_a_scope_that_is_missing_costs_one_renewal(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        await sees.bridge.control.put("/_sim/settings", json={"identity_scope": False})
        await sees.bridge.control.delete("/_sim/journal")
        for number in range(20):
            answer = await sees.ask("GET", f"/Users/{sees.somebody(5)[number % 5]}", **NO_CACHE)
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "30"
            assert "`identity:`" in answer.json()["detail"]
        asked = (await sees.bridge.control.get("/_sim/journal")).json()
        assert sum("/oauth/token" in call["path"] for call in asked) == 1
        await sees.bridge.control.put("/_sim/settings", json={"identity_scope": True})
        await sees.agree()

    witnessed_alone(tmp_path, test)


# -- A list that says of nobody whether it is active ---------------------------------------


def test_a_list_without_any_status_is_not_believed(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        rows = [
            {"key": user.key, "email": user.email, "licenseKeys": list(user.license_keys)}
            for user in sees.account.stored.users.values()
        ]
        body = {"results": rows, "fromIndex": 0, "toIndex": len(rows), "total": len(rows)}
        match = {"method": "GET", "path": f"{sees.account.key}/users", "query": "pageSize"}
        await sees.faults({"match": match, "status": 200, "body": body})
        answer = await sees.ask("GET", "/Users")
        assert answer.status_code == 502
        assert "active" in answer.json()["detail"]

    witnessed_alone(tmp_path, test, app=goto())


# -- A filter that is ignored -----------------------------------------------------------------


def test_a_filter_that_is_ignored_is_noticed_and_asked_no_more(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        email = sees.stored(user).email
        named = f'/Users?filter=userName eq "{email}"'
        nobody = '/Users?filter=userName eq "nobody@example.com"'

        async def filtered() -> int:
            calls = [call for call in await sees.bridge.journal() if "filter=" in call["query"]]
            await sees.bridge.forget_journal()
            return len(calls)

        await sees.bridge.forget_journal()
        for path, found in ((named, [user]), (nobody, []), (named, [user])):
            sees.clock.grow_old()
            assert await sees.ids(path) == found
        assert await filtered() == 1
        stored = (await sees.bridge.store.findings.of(sees.account.key))["filters"]
        assert (stored.outcome, stored.source) == ("ignored", "read")
        # What was made in GoTo itself meanwhile is found too.
        sees.new_at_goto("nobody@example.com")
        sees.clock.grow_old()
        assert len(await sees.ids(nobody)) == 1
        assert await filtered() == 0

    witnessed_alone(tmp_path, test, app=goto(filter="ignored"))
