"""Strict clients and the SCIM 2.0 Interoperability Profile; the filters and sizes of IPSIE's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.mapping import load_mapping
from tests.conftest import Bridge, simulated
from tests.scim.face import face_over

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SHIPPED = load_mapping()
ADA: dict[str, Any] = {
    "schemas": [USER],
    "userName": "ada@example.com",
    "externalId": "A-1",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
    "active": True,
}


@asynccontextmanager
async def strict(
    folder: Path, *, users: int = 3, **options: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Bridge]]:
    app = simulated(users=users, groups=1)
    opening = face_over(app, folder, **{"mapping": SHIPPED, "profile": "strict", **options})
    async with opening as (http, bridge):
        yield http, bridge


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def replace(path: str, value: Any = "x") -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


# what is sent to a user -> scimType, words of the detail
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"op": "replace", "value": {"title": "x"}}, "invalidSyntax", "no path"),
    ({"op": "add", "path": "  ", "value": {"title": "x"}}, "invalidSyntax", "no path"),
    ({"op": "remove"}, "invalidSyntax", "no path"),
    (replace("shoeSize"), "invalidSyntax", "shoeSize"),
    ({"op": "remove", "path": "shoeSize"}, "invalidSyntax", "shoeSize"),
    (replace("name.shoeSize"), "invalidSyntax", "name.shoeSize"),
    (replace("title.shoeSize"), "invalidSyntax", "title.shoeSize"),
    (replace("name", {"givenName": "A", "shoe": 1}), "invalidSyntax", "name.shoe"),
    (replace("emails", [{"value": "a@b.example", "shoe": 1}]), "invalidSyntax", "emails.shoe"),
    (replace(f"{ENTERPRISE}:shoeSize"), "invalidSyntax", "shoeSize"),
    (replace(ENTERPRISE, {"shoeSize": 1}), "invalidSyntax", "shoeSize"),
    (replace(f"{ENTERPRISE}:manager", {"shoe": "1"}), "invalidSyntax", "manager.shoe"),
    (replace("urn:example:unknown:1.0:User:title"), "invalidSyntax", "urn:example"),
    (replace('emails[type eq "work"]', {"value": "a@b.example"}), "invalidPath", "whole element"),
    (
        {"op": "add", "path": 'emails[type eq "work"]', "value": {"value": "a@b.example"}},
        "invalidPath",
        "whole element",
    ),
]


@pytest.mark.parametrize("bulk", [False, True], ids=["patch", "bulk"])
def test_what_the_profile_has_no_place_for_is_refused(tmp_path: Path, bulk: bool) -> None:
    async def test() -> None:
        async with strict(tmp_path) as (http, bridge):
            made = (await http.post("/Users", json=ADA)).json()
            before = await bridge.state()
            for operation, scim_type, words in REFUSED:
                body = patch(replace("title", "Countess"), operation)
                error = await answered(http, f"/Users/{made['id']}", body, bulk=bulk)

                assert error["status"] == "400", (operation, error)
                assert error.get("scimType") == scim_type, (operation, error)
                assert words in error["detail"], (operation, error)
            assert (await http.get(f"/Users/{made['id']}")).json() == made
            assert await bridge.state() == before

    asyncio.run(test())


async def answered(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], *, bulk: bool
) -> dict[str, Any]:
    if not bulk:
        found: dict[str, Any] = (await http.patch(path, json=body)).json()
        return found
    operation = {"method": "PATCH", "path": path, "data": body}
    answer = await http.post("/Bulk", json={"schemas": [BULK], "Operations": [operation]})
    if answer.status_code != 200:
        return dict(answer.json())
    (done,) = answer.json()["Operations"]
    return dict(done["response"])


UNKNOWN = [
    {**ADA, "shoeSize": 44},
    {**ADA, "name": {**ADA["name"], "shoe": 1}},
    {**ADA, "schemas": [USER, "urn:example:unknown"]},
    {**ADA, "schemas": [USER, "urn:example:unknown"], "urn:example:unknown": {"a": 1}},
]


def test_what_is_unknown_in_a_resource_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with strict(tmp_path) as (http, bridge):
            before = await bridge.state()
            for body in UNKNOWN:
                for answer in (
                    await http.post("/Users", json=body),
                    await http.put(f"/Users/{before['users'][-1]['key']}", json=body),
                ):
                    error = answer.json()
                    assert (answer.status_code, error["scimType"]) == (400, "invalidSyntax"), body
            assert await bridge.state() == before

    asyncio.run(test())


ALLOWED = [
    replace("title", "Countess"),
    {"op": "add", "path": "title", "value": "Countess"},
    {"op": "Add", "path": "TITLE", "value": "Countess"},
    replace("name.givenName", "Augusta"),
    {"op": "add", "path": "name", "value": {"givenName": "Augusta"}},
    replace('emails[type eq "work"].value', "augusta@example.com"),
    {"op": "add", "path": "phoneNumbers", "value": [{"value": "1", "type": "work"}]},
    {"op": "remove", "path": 'phoneNumbers[type eq "work"]'},
    replace(f"{ENTERPRISE}:department", "Engines"),
    replace(ENTERPRISE, {"department": "Engines"}),
    replace(f"{USER}:title", "Countess"),
    replace(f"{ENTERPRISE}:manager.value", "{id}"),
    replace("externalId", "A-2"),
    {"op": "remove", "path": "title"},
]


def test_what_the_profile_asks_for_works(tmp_path: Path) -> None:
    async def test() -> None:
        async with strict(tmp_path) as (http, _):
            made = (await http.post("/Users", json=ADA)).json()
            for operation in ALLOWED:
                answer = await http.patch(f"/Users/{made['id']}", json=patch(operation))
                assert answer.status_code == 200, (operation, answer.text)
            assert answer.json()["name"]["familyName"] == "Lovelace"
            assert answer.json()["emails"][0]["value"] == "augusta@example.com"
            assert answer.json()[ENTERPRISE]["department"] == "Engines"

    asyncio.run(test())


def test_a_strict_client_is_told_that_the_profile_holds_and_nobody_else(tmp_path: Path) -> None:
    async def test() -> None:
        async with strict(tmp_path) as (http, _):
            told = (await http.get("/ServiceProviderConfig")).json()
            nobody = await http.get("/ServiceProviderConfig", headers={"Authorization": ""})
            stranger = {"Authorization": "Bearer wrong"}
            wrong = await http.get("/ServiceProviderConfig", headers=stranger)
            config = f"/Schemas/{told['schemas'][0]}"
            schema = (await http.get(config)).json()

        assert told["interopProfileConformant"] is True
        assert "interopProfileConformant" in {each["name"] for each in schema["attributes"]}
        for answer in (nobody, wrong):
            assert answer.status_code == 200
            assert "interopProfileConformant" not in answer.json()

    asyncio.run(test())


@pytest.mark.parametrize(
    "options",
    [
        {"profile": "lenient"},
        {"mapping": replaced(SHIPPED, rules=replaced(SHIPPED.rules, on_delete="suspend"))},
    ],
    ids=["lenient", "suspending"],
)
def test_the_profile_is_not_claimed_where_it_does_not_hold(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    async def test() -> None:
        async with strict(tmp_path, **options) as (http, _):
            told = (await http.get("/ServiceProviderConfig")).json()
            schema = (await http.get(f"/Schemas/{told['schemas'][0]}")).json()

        assert "interopProfileConformant" not in told
        assert "interopProfileConformant" not in {each["name"] for each in schema["attributes"]}

    asyncio.run(test())


# -- OpenID IPSIE, account lifecycle -------------------------------------------------

FILTERS = [
    ("Users", 'username eq "ADA@example.com"', 1),
    ("Users", 'externalId eq "A-1"', 1),
    ("Users", 'externalId eq "a-1"', 0),
    ("Users", 'emails[value eq "ada@example.com"]', 1),
    ("Users", 'emails[type eq "work" and value eq "ada@example.com"]', 1),
    ("Users", 'emails[type eq "home" and value eq "ada@example.com"]', 0),
    ("Groups", 'displayName eq "Engines"', 1),
    ("Groups", 'externalId eq "G-1"', 1),
    ("Groups", 'externalId eq "g-1"', 0),
]


@pytest.mark.parametrize("profile", ["lenient", "strict"])
def test_the_filters_of_ipsie_find_what_they_say(tmp_path: Path, profile: str) -> None:
    async def test() -> None:
        async with strict(tmp_path, profile=profile) as (http, _):
            assert (await http.post("/Users", json=ADA)).status_code == 201
            group = {"schemas": [GROUP], "displayName": "Engines", "externalId": "G-1"}
            assert (await http.post("/Groups", json=group)).status_code == 201
            for endpoint, text, found in FILTERS:
                answer = await http.get(f"/{endpoint}", params={"filter": text})
                assert answer.json().get("totalResults") == found, (text, answer.text)

    asyncio.run(test())


def test_a_thousand_members_are_added_in_one_patch_and_once_only(tmp_path: Path) -> None:
    async def test() -> None:
        async with strict(tmp_path, users=1001) as (http, bridge):
            listed = (await http.get("/Users?count=1000&attributes=id")).json()
            ids = [each["id"] for each in listed["Resources"]]
            group = {"schemas": [GROUP], "displayName": "Everybody"}
            path = f"/Groups/{(await http.post('/Groups', json=group)).json()['id']}"
            one_each = [
                {"op": "add", "path": "members", "value": [{"value": each}]} for each in ids
            ]
            added = await http.patch(path, json=patch(*one_each))
            shown = await members(bridge, path)
            await bridge.forget_journal()
            again = await http.patch(path, json=patch(*one_each))
            calls = await bridge.journal()

        assert (added.status_code, again.status_code) == (200, 200)
        assert len(ids) == 1000
        assert shown == {each["value"] for each in again.json()["members"]} == set(ids)
        assert [call for call in calls if call["method"] != "GET"] == []

    asyncio.run(test())


@pytest.mark.parametrize(("count", "reads"), [(50, 2), (1000, 5)])
def test_many_members_are_looked_at_together_once_the_snapshot_is_old(
    tmp_path: Path, count: int, reads: int
) -> None:
    now = [1000.0]

    async def test() -> None:
        async with strict(tmp_path, users=1001, clock=lambda: now[0]) as (http, bridge):
            listed = (await http.get(f"/Users?count={count}&attributes=id")).json()
            ids = [each["id"] for each in listed["Resources"]]
            group = {"schemas": [GROUP], "displayName": "Everybody"}
            path = f"/Groups/{(await http.post('/Groups', json=group)).json()['id']}"
            add = {"op": "add", "path": "members", "value": [{"value": each} for each in ids]}
            assert (await http.patch(path, json=patch(add))).status_code == 200
            now[0] += 61
            await bridge.forget_journal()
            again = await http.patch(path, json=patch(add))
            calls = await bridge.journal()

        assert again.status_code == 200
        assert [call for call in calls if call["method"] != "GET"] == []
        assert len(calls) == reads

    asyncio.run(test())


async def members(bridge: Bridge, path: str) -> set[str]:
    key = path.rpartition("/")[2]
    users = (await bridge.state())["users"]
    return {str(user["key"]) for user in users if str(user.get("groupKey")) == key}
