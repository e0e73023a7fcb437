"""The surface of the Admin API: paths, tokens, rights, keys, answers."""

import asyncio

import pytest

from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN

from .conftest import GoTo, Opened, codes

PERSON = {"email": "p@example.com", "firstName": "P", "lastName": "Q"}


def test_me_names_the_administrator_and_the_account(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            me = (await api.http.get("/admin/rest/v1/me", headers=api.headers)).json()
            account = api.account
            assert me["key"] == account.administrator_key
            assert me["accountKey"] == account.key
            assert me["accounts"] == [{"key": account.key, "name": account.name}]
            assert me["adminRoles"] == ["SUPER_USER"]
            await api.set(key_type="number")
            me = (await api.http.get("/admin/rest/v1/me", headers=api.headers)).json()
            assert me["accountKey"] == int(account.key)
            assert (await api.get(""))["key"] == account.key

    asyncio.run(check())


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic eDp5", "Bearer", ""])
def test_without_a_good_token_nothing_is_answered(goto: Opened, header: str | None) -> None:
    async def check() -> None:
        async with goto() as api:
            api.headers = {} if header is None else {"Authorization": header}
            assert codes(await api("GET", "/users")) == (401, "token.invalid")
            await api.set(bad_token_status=403)
            assert codes(await api("DELETE", "/users/1")) == (403, "token.invalid")

    asyncio.run(check())


def test_another_account_is_closed(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            url = "/admin/rest/v1/accounts/123/users"
            answer = await api.http.get(url, headers=api.headers)
            assert codes(answer) == (403, "account.not.found")
            await api.set(unknown_account_status=404)
            assert (await api.http.get(url, headers=api.headers)).status_code == 404

    asyncio.run(check())


@pytest.mark.parametrize("path", ["/users/abc", "/users/1²", "/groups/-1", "/groups/x/users/1"])
def test_a_key_that_is_no_number_fails_at_the_gateway(goto: Opened, path: str) -> None:
    async def check() -> None:
        async with goto() as api:
            answer = await api("DELETE", path)
            assert answer.status_code == 502
            assert answer.headers["content-type"].startswith("text/html")
            await api.set(non_numeric_key_status=404)
            assert codes(await api("DELETE", path))[0] == 404

    asyncio.run(check())


def test_an_error_has_an_incident_a_code_and_a_value(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            answer = await api("GET", "/users/77")
            assert answer.status_code == 404
            assert answer.json()["errors"] == [{"code": "user.not.found", "value": "77"}]
            assert len(answer.json()["incidentId"]) == 36

    asyncio.run(check())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(goto: Opened, body: bytes) -> None:
    async def check() -> None:
        async with goto() as api:
            base = f"/admin/rest/v1/accounts/{api.account.key}"
            for method, path in (("POST", "/users"), ("POST", "/groups")):
                answer = await api.http.request(
                    method, base + path, content=body, headers=api.headers
                )
                assert codes(answer) == (400, "request.invalid")

    asyncio.run(check())


def test_the_life_of_a_user(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            created = await api("POST", "/users?allOrNothing=true", {"users": [PERSON]})
            assert created.status_code == 201
            key = created.json()[0]["key"]
            assert created.json() == [{"key": key, "email": PERSON["email"]}]
            assert (await api.get(f"/users/{key}"))["status"] == "SUSPENDED"
            changed = await api("PUT", f"/users/{key}", {"lastName": "R"})
            assert (changed.status_code, changed.content) == (204, b"")
            assert (await api.get(f"/users/{key}"))["lastName"] == "R"
            assert (await api("DELETE", f"/users/{key}")).status_code == 204
            assert codes(await api("DELETE", f"/users/{key}")) == (404, "user.not.found")
            assert codes(await api("PUT", f"/users/{key}", {})) == (404, "user.not.found")

    asyncio.run(check())


@pytest.mark.parametrize(("value", "status"), [("true", 409), ("false", 201), ("x", 400)])
def test_all_or_nothing_is_read_from_the_query(goto: Opened, value: str, status: int) -> None:
    async def check() -> None:
        async with goto() as api:
            users = [PERSON, {**PERSON, "email": "admin@example.com"}]
            answer = await api("POST", f"/users?allOrNothing={value}", {"users": users})
            assert answer.status_code == status
            if status == 201:
                assert "key" not in answer.json()[1]

    asyncio.run(check())


def test_the_life_of_a_group(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            key = (await api("POST", "/groups", {"name": "New team"})).json()
            assert isinstance(key, str)
            user = api.account.administrator_key
            assert (await api("PUT", f"/groups/{key}/users/{user}")).status_code == 204
            assert (await api.get(f"/groups/{key}"))["userKeys"] == [user]
            assert (await api.get(f"/users/{user}"))["groupNamePath"] == ["New team"]
            assert (await api("DELETE", f"/groups/{key}/users/{user}")).status_code == 204
            assert (await api("PUT", f"/groups/{key}", {"name": "Old team"})).status_code == 204
            assert (await api.get(f"/groups/{key}"))["name"] == "Old team"
            assert (await api("DELETE", f"/groups/{key}")).status_code == 204
            assert codes(await api("GET", f"/groups/{key}")) == (404, "group.not.found")

    asyncio.run(check())


def test_a_new_group_key_can_come_as_a_number(goto: Opened) -> None:
    async def check() -> None:
        async with goto(group_key_type="number", create_status=200) as api:
            answer = await api("POST", "/groups", {"name": "New team"})
            assert answer.status_code == 200
            assert answer.text.isdigit()
            assert answer.text in api.account.stored.groups

    asyncio.run(check())


@pytest.mark.parametrize("status", [404, 405])
def test_the_removal_from_one_group_can_be_turned_off(goto: Opened, status: int) -> None:
    async def check() -> None:
        settings = {"per_group_removal": False, "per_group_removal_off_status": status}
        async with goto(**settings) as api:
            group = (await api.get("/groups"))["results"][0]
            user = group["userKeys"][0]
            answer = await api("DELETE", f"/groups/{group['key']}/users/{user}")
            assert answer.status_code == status
            assert (await api.get(f"/users/{user}"))["groupKey"] == group["key"]
            assert (await api("DELETE", f"/users/{user}/groups")).status_code == 204
            assert "groupKey" not in await api.get(f"/users/{user}")

    asyncio.run(check())


def test_filter_targeted_writes_do_not_exist(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            role_set = (await api.get("/rolesets"))["results"][0]
            assert role_set.keys() == {"id", "name"}
            path = f"/rolesets/{role_set['id']}/users?filter=(email=%22.*%22)"
            answer = await api("PUT", path)
            assert (answer.status_code, answer.json()) == (404, {"errorCode": "NOT_FOUND"})
            assert codes(await api("PATCH", "/users")) == (405, "method.not.allowed")
            assert (await api.http.get("/oauth/token")).status_code == 405
            assert [entry["status"] for entry in await api.journal(since=1)] == [404, 405, 405]

    asyncio.run(check())


def test_attributes_and_templates_are_kept(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            for kind in ("attributes", "templates"):
                assert (await api.get(f"/{kind}"))["total"] == 0
                key = (await api("POST", f"/{kind}", {"name": "Cost center", "n": [1]})).json()
                expected = [{"key": key, "name": "Cost center", "n": [1]}]
                assert (await api.get(f"/{kind}"))["results"] == expected

    asyncio.run(check())


async def _as_administrator(api: GoTo) -> None:
    """Go on with a token that has the administrator's own rights."""
    form = {"grant_type": "personal_access_token", "pat": PERSONAL_ACCESS_TOKEN}
    answer = await api.http.post("/oauth/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))
    api.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize(
    ("roles", "users", "groups", "reading"),
    [
        (["SUPER_USER"], 204, 204, 200),
        (["MANAGE_USERS", "MANAGE_GROUPS"], 204, 204, 200),
        (["MANAGE_USERS"], 204, 403, 200),
        (["MANAGE_GROUPS"], 403, 204, 200),
        (["RUN_REPORTS"], 403, 403, 200),
        ([], 403, 403, 403),
    ],
)
def test_a_grant_has_the_rights_of_its_administrator(
    goto: Opened, roles: list[str], users: int, groups: int, reading: int
) -> None:
    async def check() -> None:
        async with goto() as api:
            me = api.account.administrator_key
            group = next(iter(api.account.stored.groups))
            await api("PUT", f"/users/{me}", {"adminRoles": roles})
            await _as_administrator(api)
            assert (await api("GET", "/users")).status_code == reading
            assert (await api("PUT", f"/users/{me}", {"lastName": "L"})).status_code == users
            assert (await api("PUT", f"/groups/{group}/users/{me}")).status_code == groups

    asyncio.run(check())


def test_a_grant_ends_with_its_administrator(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            master = api.headers
            await _as_administrator(api)
            assert (await api("GET", "/users")).status_code == 200
            granted, api.headers = api.headers, master
            await api("DELETE", f"/users/{api.account.administrator_key}")
            api.headers = granted
            assert codes(await api("GET", "/users")) == (401, "token.invalid")

    asyncio.run(check())
