"""A value that names no licence or role takes nothing away: it is refused, in every verb."""

from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import load_mapping
from tests.conftest import simulated
from tests.scim.wire import Answer, Wire, wired

pytestmark = pytest.mark.anyio

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SHIPPED = load_mapping()
OWN = {
    "schemas": [USER],
    "userName": "ada@grants.example",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
}
HAS = {"entitlements": [{"value": "G2M"}], "roles": [{"value": "RUN_REPORTS"}]}
NAMELESS: list[Any] = [
    {},
    [{}],
    [None],
    [[]],
    [""],
    [{"value": ""}],
    [{"value": " "}],
    [{"value": None}],
    [{"value": []}],
    [{"value": "", "type": None}],
    [{"primary": True}],
    {"value": ""},
]
WAYS = ["PUT", "replace", "add", "qualified", "pathless", "bulk PUT", "bulk PATCH"]


async def sent(wire: Wire, way: str, path: str, name: str, value: Any) -> Answer:
    """Send a value for an attribute."""

    async def patched(operation: dict[str, Any]) -> Answer:
        body = {"schemas": [PATCH_OP], "Operations": [operation]}
        return await wire.ask("PATCH", path, body)

    if way == "PUT":
        return await wire.ask("PUT", path, {**OWN, name: value})
    if way == "pathless":
        return await patched({"op": "replace", "value": {name: value}})
    if way == "qualified":
        return await patched({"op": "replace", "path": f"{USER}:{name}", "value": value})
    if way.startswith("bulk"):
        operation = {"op": "replace", "path": name, "value": value}
        data = {"schemas": [PATCH_OP], "Operations": [operation]}
        whole = {**OWN, name: value} if way == "bulk PUT" else data
        method = way.removeprefix("bulk ")
        operations = [{"method": method, "path": path, "data": whole}]
        done = await wire.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": operations})
        outcome = done.json()["Operations"][0]
        return Answer(int(outcome["status"]), {}, b"") if done.status == 200 else done
    return await patched({"op": way, "path": name, "value": value})


@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("name", ["entitlements", "roles"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_value_that_names_nothing_takes_nothing_away(
    tmp_path: Path, profile: str, name: str, way: str
) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED, profile=profile) as (wire, bridge):
        made = (await wire.ask("POST", "/Users", {**OWN, **HAS})).json()
        path = f"/Users/{made['id']}"
        values = NAMELESS if way in ("PUT", "bulk PUT") else [*NAMELESS, "", "  "]
        for value in values:
            await bridge.forget_journal()
            answer = await sent(wire, way, path, name, value)
            assert answer.status == 400, value
            assert {call["method"] for call in await bridge.journal()} <= {"GET"}, value
        now = (await wire.ask("GET", path)).json()
        assert (now["active"], now[name]) == (True, made[name])


@pytest.mark.parametrize("name", ["entitlements", "roles"])
async def test_a_removal_of_what_has_no_name_is_refused(tmp_path: Path, name: str) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED) as (wire, _):
        made = (await wire.ask("POST", "/Users", {**OWN, **HAS})).json()
        path = f"/Users/{made['id']}"
        for value in ("", "  ", {}, [{}], [None], [""], [{"value": ""}]):
            answer = await sent(wire, "remove", path, name, value)
            assert (answer.status, answer.json()["scimType"]) == (400, "invalidValue"), value
        assert (await wire.ask("GET", path)).json()[name] == made[name]


@pytest.mark.parametrize("name", ["entitlements", "roles"])
async def test_nobody_is_created_with_what_has_no_name(tmp_path: Path, name: str) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED) as (wire, _):
        for value in NAMELESS:
            answer = await wire.ask("POST", "/Users", {**OWN, name: value})
            assert (answer.status, answer.json()["scimType"]) == (400, "invalidValue"), value


@pytest.mark.parametrize("way", ["PUT", "replace", "qualified", "pathless", "bulk PATCH"])
@pytest.mark.parametrize("name", ["entitlements", "roles"])
async def test_an_empty_list_still_takes_all_away(tmp_path: Path, way: str, name: str) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED) as (wire, _):
        path = f"/Users/{(await wire.ask('POST', '/Users', {**OWN, **HAS})).json()['id']}"
        answer = await sent(wire, way, path, name, [])
        assert answer.status == 200
        assert not (await wire.ask("GET", path)).json().get(name)
