"""What GoTo may do otherwise: each setting changes what it says it changes."""

import asyncio
from typing import Any

import httpx
import pytest

from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN

from .conftest import GoTo, Opened, codes

PAT = {"grant_type": "personal_access_token", "pat": PERSONAL_ACCESS_TOKEN}
NO_PATH = (404, {"errorCode": "NOT_FOUND"})


async def a_member(api: GoTo) -> tuple[str, str, str]:
    """A user, its group, and another group."""
    a, b, *_ = api.account.stored.groups
    user = next(u for u in api.account.stored.users.values() if u.group_keys)
    await api("PUT", f"/groups/{a}/users/{user.key}")
    return user.key, a, b


async def members(api: GoTo, group: str) -> list[str]:
    keys: list[str] = (await api.get(f"/groups/{group}")).get("userKeys", [])
    return keys


@pytest.mark.parametrize("shown", ["latest", "first"])
def test_a_user_may_be_added_to_a_second_group(goto: Opened, shown: str) -> None:
    async def check() -> None:
        async with goto(membership="add", shown_group=shown) as api:
            user, a, b = await a_member(api)
            await api.http.patch(f"/_sim/users/{user}", json={"groupKeys": [a]})
            assert (await api("PUT", f"/groups/{b}/users/{user}")).status_code == 204
            assert user in await members(api, a)
            assert user in await members(api, b)
            record = await api.get(f"/users/{user}")
            assert record["groupKey"] == (b if shown == "latest" else a)
            await api("DELETE", f"/groups/{b}/users/{user}")
            assert (await api.get(f"/users/{user}"))["groupKey"] == a
            await api("PUT", f"/groups/{b}/users/{user}")
            await api("DELETE", f"/groups/{a}")
            assert (await api.get(f"/users/{user}"))["groupKey"] == b
            await api("DELETE", f"/users/{user}/groups")
            assert "groupKey" not in await api.get(f"/users/{user}")

    asyncio.run(check())


def test_a_second_group_may_be_refused(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            user, _, b = await a_member(api)
            await api.set(membership="refuse")
            answer = await api("PUT", f"/groups/{b}/users/{user}")
            assert codes(answer) == (409, "user.in.other.group")

    asyncio.run(check())


@pytest.mark.parametrize(
    ("settings", "single", "whole", "stays"),
    [
        ({"removal": "single"}, 204, 204, False),
        ({"removal": "all-only"}, 404, 204, True),
        ({"per_group_removal": False}, 404, 204, True),
        ({"removal": "all-only", "per_group_removal_off_status": 405}, 405, 204, True),
        ({"removal": "none"}, 404, 404, True),
        ({"removal": "accepted-not-done"}, 204, 204, True),
    ],
)
def test_removals(
    goto: Opened, settings: dict[str, Any], single: int, whole: int, stays: bool
) -> None:
    async def check() -> None:
        async with goto(**settings) as api:
            user, a, _ = await a_member(api)
            answer = await api("DELETE", f"/groups/{a}/users/{user}")
            assert answer.status_code == single
            if single == 404:
                assert (answer.status_code, answer.json()) == NO_PATH
            assert (user in await members(api, a)) is stays
            assert (await api("DELETE", f"/users/{user}/groups")).status_code == whole
            left = settings.get("removal") in ("none", "accepted-not-done")
            assert (user in await members(api, a)) is left

    asyncio.run(check())


def test_empty_lists_may_be_ignored(goto: Opened) -> None:
    async def check() -> None:
        async with goto(suspension="ignored") as api:
            before = await api.get(f"/users/{api.account.administrator_key}")
            body = {"licenseKeys": [], "adminRoles": []}
            answer = await api("PUT", f"/users/{before['key']}", body)
            assert answer.status_code == 204
            assert await api.get(f"/users/{before['key']}") == before

    asyncio.run(check())


def test_roles_may_be_hidden_and_not_writable(goto: Opened) -> None:
    async def check() -> None:
        async with goto(roles_visible=False, roles_writable=False) as api:
            key = api.account.administrator_key
            assert "adminRoles" not in await api.get(f"/users/{key}")
            rows = (await api.get("/users?attributes=key,adminRoles"))["results"]
            assert not any("adminRoles" in row for row in rows)
            assert (await api.get(f"/users/{key}"))["status"] == "ACTIVE"
            me = await api.http.get("/admin/rest/v1/me", headers=api.headers)
            assert me.json()["adminRoles"] == ["SUPER_USER"]
            for roles in ([], ["MANAGE_USERS"]):
                answer = await api("PUT", f"/users/{key}", {"adminRoles": roles})
                assert codes(answer) == (403, "permission.denied")
            body = {"users": [{"email": "n@x.org", "firstName": "N", "lastName": "X"}]}
            assert (await api("POST", "/users", {**body, "adminRoles": []})).status_code == 403
            assert (await api("POST", "/users", body)).status_code == 201

    asyncio.run(check())


def test_a_custom_role_keeps_a_user_from_being_suspended(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            user = next(u for u in api.account.stored.users.values() if not u.license_keys)
            role = (await api.get("/rolesets"))["results"][0]["id"]
            answer = await api.http.patch(f"/_sim/users/{user.key}", json={"roleSets": [role]})
            assert answer.status_code == 204
            record = await api.get(f"/users/{user.key}")
            assert record["roleSets"] == [role]
            assert record["status"] != "SUSPENDED"
            await api("PUT", f"/users/{user.key}", {"adminRoles": [], "licenseKeys": []})
            assert (await api.get(f"/users/{user.key}"))["roleSets"] == [role]

    asyncio.run(check())


@pytest.mark.parametrize(
    "body", [{"roleSets": ["1"]}, {"nameLocked": "yes"}, {"email": "a@b.c"}, {"groupKeys": "1"}]
)
def test_what_a_user_cannot_be_set_to_changes_nothing(goto: Opened, body: dict[str, Any]) -> None:
    async def check() -> None:
        async with goto() as api:
            user = api.account.stored.users[api.account.administrator_key]
            answer = await api.http.patch(f"/_sim/users/{user.key}", json=body)
            assert answer.status_code == 400
            assert "detail" in answer.json()
            assert api.account.stored.users[user.key] == user
            assert (await api.http.patch("/_sim/users/1", json={})).status_code == 404

    asyncio.run(check())


@pytest.mark.parametrize(
    ("settings", "query", "fields"),
    [
        ({}, "attributes=email,status", {"key", "email", "status"}),
        ({}, "attributeNames=email,status", {"key", "email", "status"}),
        ({"projection_spelling": "attributes"}, "attributes=email", {"key", "email"}),
        ({"projection_spelling": "attributes"}, "attributeNames=email", None),
        ({"projection_spelling": "attributeNames"}, "attributes=email", None),
        ({"projection": "attributes"}, "attributeNames=email", None),
        ({"projection": "off"}, "attributes=email", None),
        ({"projection": "partial"}, "attributes=email,status,licenseKeys", {"key", "email"}),
        (
            {"projection": "partial", "projection_answers": "status"},
            "attributes=email,status,licenseKeys",
            {"key", "status"},
        ),
    ],
)
def test_projections(
    goto: Opened, settings: dict[str, Any], query: str, fields: set[str] | None
) -> None:
    async def check() -> None:
        async with goto(**settings) as api:
            row = (await api.get(f"/users?{query}"))["results"][0]
            assert row.keys() == fields if fields else "settings" in row

    asyncio.run(check())


def test_a_projection_may_be_refused(goto: Opened) -> None:
    async def check() -> None:
        async with goto(projection="refused") as api:
            for spelling in ("attributes", "attributeNames"):
                assert (await api("GET", f"/users?{spelling}=key")).status_code == 400
            assert (await api("GET", "/users")).status_code == 200

    asyncio.run(check())


@pytest.mark.parametrize(
    ("kind", "status", "after"),
    [("taken", 204, "new@x.org"), ("ignored", 204, "old"), ("refused", 400, "old")],
)
def test_an_address_may_stay_as_it_is(goto: Opened, kind: str, status: int, after: str) -> None:
    async def check() -> None:
        async with goto(email_change=kind) as api:
            user = next(u for u in list(api.account.stored.users.values())[1:])
            body = {"email": "new@x.org", "lastName": "Changed"}
            assert (await api("PUT", f"/users/{user.key}", body)).status_code == status
            now = await api.get(f"/users/{user.key}")
            assert now["email"] == (user.email if after == "old" else after)
            assert (now["lastName"] == "Changed") is (status == 204)
            same = {"email": user.email}
            if kind != "taken":
                assert (await api("PUT", f"/users/{user.key}", same)).status_code == 204

    asyncio.run(check())


@pytest.mark.parametrize("status", [400, 403])
def test_a_lock_may_be_a_403(goto: Opened, status: int) -> None:
    async def check() -> None:
        async with goto(locked_status=status) as api:
            user = next(u for u in list(api.account.stored.users.values())[1:])
            await api.http.patch(f"/_sim/users/{user.key}", json={"identityReadOnly": True})
            answer = await api("PUT", f"/users/{user.key}", {"lastName": "Changed"})
            assert codes(answer) == (status, "user.identity.readonly")

    asyncio.run(check())


def test_a_filter_may_be_ignored(goto: Opened) -> None:
    async def check() -> None:
        async with goto(filter="ignored") as api:
            query = "filter=email%20eq%20%22admin@example.com%22"
            assert (await api.get(f"/users?{query}"))["total"] == 25
            assert (await api.get("/users?filter=nonsense"))["total"] == 25

    asyncio.run(check())


def test_the_order_may_change_with_each_call(goto: Opened) -> None:
    async def check() -> None:
        async with goto(users=40) as api:
            stable = [[u["key"] for u in (await api.get("/users"))["results"]] for _ in "ab"]
            assert stable[0] == stable[1]
            await api.set(list_order="unstable")
            orders = [[u["key"] for u in (await api.get("/users"))["results"]] for _ in "ab"]
            assert orders[0] != orders[1]
            assert set(orders[0]) == set(orders[1]) == set(stable[0])

    asyncio.run(check())


@pytest.mark.parametrize(("kind", "index"), [("exclusive", 10), ("inclusive", 9)])
def test_to_index(goto: Opened, kind: str, index: int) -> None:
    async def check() -> None:
        async with goto(to_index=kind) as api:
            assert (await api.get("/users?pageSize=10"))["toIndex"] == index

    asyncio.run(check())


def test_device_rows_come_and_go(goto: Opened) -> None:
    async def check() -> None:
        async with goto(device_rows=3) as api:
            assert (await api.get("/users"))["total"] == 28
            await api.set(device_rows=1)
            rows = (await api.get("/users"))["results"]
            devices = [row for row in rows if row["email"].endswith("@devices.logmein.com")]
            assert len(devices) == 1
            assert len(rows) == 26
            await api.http.post("/_sim/reset", json={"users": 2})
            assert (await api.get("/users"))["total"] == 3

    asyncio.run(check())


def test_one_licence_of_one_user_can_be_taken_where_the_path_exists(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            user = next(u for u in api.account.stored.users.values() if len(u.license_keys) > 1)
            first, *others = user.license_keys
            path = f"/licenses/{first}/users/{user.key}?suppressEmail=true"
            answer = await api("DELETE", path)
            assert (answer.status_code, answer.json()) == NO_PATH
            await api.set(license_calls=True)
            assert (await api("DELETE", path)).status_code == 204
            assert (await api.get(f"/users/{user.key}"))["licenseKeys"] == others
            answer = await api("DELETE", f"/licenses/1/users/{user.key}")
            assert codes(answer) == (404, "license.not.found")

    asyncio.run(check())


def test_a_token_without_the_scope_opens_nothing(goto: Opened) -> None:
    async def check() -> None:
        async with goto(identity_scope=False) as api:
            reply = (await _form(api, "token", PAT)).json()
            assert "identity:" not in reply["scope"].split()
            api.headers = {"Authorization": f"Bearer {reply['access_token']}"}
            assert codes(await api("GET", "/users")) == (401, "not.authenticated")
            await api.set(identity_scope=True)
            assert (await api("GET", "/users")).status_code == 200

    asyncio.run(check())


async def _form(api: GoTo, name: str, form: dict[str, str]) -> httpx.Response:
    return await api.http.post(f"/oauth/{name}", data=form, auth=(CLIENT_ID, CLIENT_SECRET))


def test_tokens_can_be_looked_at_and_revoked(goto: Opened) -> None:
    async def check() -> None:
        async with goto(pat_refresh_token=True) as api:
            reply = (await _form(api, "token", PAT)).json()
            access, refresh = reply["access_token"], reply["refresh_token"]
            known = (await _form(api, "introspect", {"token": access})).json()
            assert known["active"]
            assert known["token_type"] == "Bearer"
            assert known["exp"] == int(api.hands.wall) + 3600
            assert known["username"] == "admin@example.com"
            known = (await _form(api, "introspect", {"token": refresh})).json()
            assert known["exp"] == int(api.hands.wall) + 2_592_000
            assert (await _form(api, "revoke", {"token": refresh})).status_code == 200
            for token in (access, refresh, "unknown"):
                known = (await _form(api, "introspect", {"token": token})).json()
                assert known == {"active": False}
            again = {"grant_type": "refresh_token", "refresh_token": refresh}
            assert (await _form(api, "token", again)).json()["error"] == "invalid_grant"
            assert (await api.http.post("/oauth/revoke", data={"token": access})).status_code == 401
            assert refresh not in repr(await api.journal())

    asyncio.run(check())


def test_the_oauth_server_says_what_it_has(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            said = (await api.http.get("/.well-known/oauth-authorization-server")).json()
            assert said["issuer"] == "http://goto"
            assert said["token_endpoint"] == "http://goto/oauth/token"
            assert said["code_challenge_methods_supported"] == ["S256"]
            form = {**PAT, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
            assert (await api.http.post(said["token_endpoint"], data=form)).status_code == 200
            form["client_secret"] = "wrong"
            assert (await api.http.post(said["token_endpoint"], data=form)).status_code == 401

    asyncio.run(check())
