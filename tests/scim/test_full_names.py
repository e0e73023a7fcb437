"""Attributes named with their schema, or in an object under the core schema's URN, have effect."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import load_mapping
from tests.conftest import simulated
from tests.scim.wire import Wire, wired

pytestmark = pytest.mark.anyio

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SHIPPED = load_mapping()
NUMBERS = count()
NAME = {"givenName": "Ada", "familyName": "Lovelace"}

SENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({USER: {"title": "Lead", "active": False}}, {"title": "Lead", "active": False}),
    ({USER: [{"active": False}]}, {"active": False}),
    ({USER.upper(): {"active": "False"}}, {"active": False}),
    ({USER.lower(): {"active": 0}, "title": "Lead"}, {"title": "Lead", "active": False}),
    ({f"{USER}:active": False}, {"active": False}),
    ({f"{USER}:Active": "false", f"{USER}:title": "Lead"}, {"title": "Lead", "active": False}),
    ({USER: {"entitlements": [], "roles": []}}, {"entitlements": None}),
    ({USER: {"nickName": "A"}, ENTERPRISE: {"division": "D"}}, {"nickName": "A"}),
    ({f"{ENTERPRISE}:department": "R&D"}, {ENTERPRISE: {"department": "R&D"}}),
    ({f"{ENTERPRISE}:Department".upper(): "R&D"}, {ENTERPRISE: {"department": "R&D"}}),
    (
        {ENTERPRISE: {"division": "D"}, f"{ENTERPRISE}:department": "R&D"},
        {ENTERPRISE: {"division": "D", "department": "R&D"}},
    ),
]
TWICE: list[dict[str, Any]] = [
    {USER: {"active": False}, "active": True},
    {f"{USER}:active": False, "Active": True},
    {f"{USER}:active": False, USER: {"active": True}},
]


def patch(*operations: Any) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def bulk(method: str, path: str, data: Any) -> dict[str, Any]:
    return {"schemas": [BULK], "Operations": [{"method": method, "path": path, "data": data}]}


async def asked(wire: Wire, verb: str, attributes: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send attributes of a user in one way; the status, and the user as it is read then."""
    own = {"schemas": [USER], "userName": f"ada-{next(NUMBERS)}@names.example", "name": NAME}
    status, path = 0, ""
    if verb == "POST":
        made = await wire.ask("POST", "/Users", {**own, **attributes})
        status = made.status
        if status != 201:
            return status, {}
    else:
        made = await wire.ask("POST", "/Users", own)
    path = f"/Users/{made.json()['id']}"
    if verb == "PUT":
        status = (await wire.ask("PUT", path, {**own, **attributes})).status
    elif verb == "PATCH":
        operation = {"op": "replace", "value": attributes}
        status = (await wire.ask("PATCH", path, patch(operation))).status
    elif verb in ("bulk PUT", "bulk PATCH"):
        method = verb.removeprefix("bulk ")
        data = patch({"op": "replace", "value": attributes})
        body = bulk(method, path, data if method == "PATCH" else {**own, **attributes})
        status = int((await wire.ask("POST", "/Bulk", body)).json()["Operations"][0]["status"])
    return status, (await wire.ask("GET", path)).json()


VERBS = ["POST", "PUT", "PATCH", "bulk PUT", "bulk PATCH"]


@pytest.mark.parametrize("verb", VERBS)
async def test_full_names_mean_what_short_ones_do(tmp_path: Path, verb: str) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED) as (wire, _):
        for attributes, means in SENT:
            status, user = await asked(wire, verb, attributes)
            assert status == (201 if verb == "POST" else 200), attributes
            # A new user gets the default licence.
            known = [name for name in means if verb != "POST" or name != "entitlements"]
            found = {name: user.get(name) for name in known}
            assert found == {name: means[name] for name in known}, attributes


@pytest.mark.parametrize("verb", VERBS)
async def test_an_attribute_under_two_names_is_refused(tmp_path: Path, verb: str) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED) as (wire, _):
        for attributes in TWICE:
            status, user = await asked(wire, verb, attributes)
            assert status == 400, attributes
            assert user.get("active", True)


@pytest.mark.parametrize("verb", VERBS)
async def test_a_schema_that_is_no_object_is_refused(tmp_path: Path, verb: str) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED) as (wire, _):
        status, _user = await asked(wire, verb, {USER: "Lead"})
    assert status == 400


@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("path", [USER, USER.lower()])
async def test_a_path_to_the_core_schema_is_one_to_its_attributes(
    tmp_path: Path, profile: str, path: str
) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED, profile=profile) as (wire, _):
        own = {"schemas": [USER], "userName": "ada@names.example", "name": NAME}
        at = f"/Users/{(await wire.ask('POST', '/Users', own)).json()['id']}"
        value = {"active": False, "title": "Lead"}
        answer = await wire.ask("PATCH", at, patch({"op": "replace", "path": path, "value": value}))
        assert (answer.status, answer.json()["active"]) == (200, False)
        assert answer.json()["title"] == "Lead"


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize(
    "named",
    [
        lambda members: {"value": {GROUP: {"members": members}}},
        lambda members: {"value": {GROUP: [{"Members": members}]}},
        lambda members: {"value": {f"{GROUP}:members": members}},
        lambda members: {"path": GROUP, "value": {"members": members}},
        lambda members: {"path": f"{GROUP}:members", "value": members},
    ],
)
async def test_members_of_the_core_schema_are_members(tmp_path: Path, op: str, named: Any) -> None:
    async with wired(simulated(users=8, groups=2), tmp_path, mapping=SHIPPED) as (wire, _):
        group = (await wire.ask("GET", "/Groups")).json()["Resources"][0]["id"]
        users = (await wire.ask("GET", "/Users")).json()["Resources"]
        other = next(
            each["id"]
            for each in users
            if all(of["value"] != group for of in each.get("groups", []))
        )
        operation = {"op": op, **named([{"value": other}])}
        answer = await wire.ask("PATCH", f"/Groups/{group}", patch(operation))
        members = [each["value"] for each in answer.json()["members"]]
        assert answer.status == 200
        assert other in members
        assert members == [other] or op == "add"
        nobody = {"op": op, **named([{"value": "nobody"}])}
        refused = await wire.ask("PATCH", f"/Groups/{group}", patch(nobody))
        assert (refused.status, refused.json()["scimType"]) == (400, "invalidValue")
        kept = (await wire.ask("GET", f"/Groups/{group}")).json()["members"]
        assert [each["value"] for each in kept] == members


async def test_members_of_the_core_schema_are_put(tmp_path: Path) -> None:
    async with wired(simulated(users=8, groups=2), tmp_path, mapping=SHIPPED) as (wire, _):
        group = (await wire.ask("GET", "/Groups")).json()["Resources"][0]
        body = {"schemas": [GROUP], GROUP: {"displayName": "New", "members": []}}
        answer = await wire.ask("PUT", f"/Groups/{group['id']}", body)
        assert (answer.status, answer.json()["displayName"]) == (200, "New")
        assert group["members"]
        assert answer.json()["members"] == []
