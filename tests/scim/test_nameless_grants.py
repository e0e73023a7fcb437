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


@pytest.mark.parametrize("name", ["entitlements", "roles"])
@pytest.mark.parametrize(
    "path", ["{0}.value", '{0}[value eq "{1}"].value', USER + ":{0}.value", "{0}[value pr].value"]
)
@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("value", [None, "beside"])
async def test_to_remove_its_value_takes_a_grant_away(
    tmp_path: Path, profile: str, path: str, name: str, value: str | None
) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED, profile=profile) as (wire, _):
        made = (await wire.ask("POST", "/Users", {**OWN, **HAS})).json()
        operation = {"op": "remove", "path": path.format(name, made[name][0]["value"])}
        if value is not None and "[" in path:
            operation["value"] = value
        body = {"schemas": [PATCH_OP], "Operations": [operation]}
        answer = await wire.ask("PATCH", f"/Users/{made['id']}", body)
        assert answer.status == 200
        assert not (await wire.ask("GET", f"/Users/{made['id']}")).json().get(name)


PARTS: list[tuple[str, Any, str]] = [
    ("roles.value", "RUN_REPORTS", "roles"),
    (f"{USER}:roles.value", "RUN_REPORTS", "roles"),
    ("addresses.locality", "London", "addresses"),
    ("phoneNumbers.value", "+44 1", "phoneNumbers"),
]


@pytest.mark.parametrize(("path", "value", "name"), PARTS)
@pytest.mark.parametrize("op", ["add", "replace"])
async def test_a_part_of_a_list_without_values_makes_one(
    tmp_path: Path, op: str, path: str, value: Any, name: str
) -> None:
    for at, operation in enumerate(
        ({"op": op, "path": path, "value": value}, {"op": op, "value": {path: value}})
    ):
        folder = tmp_path / str(at)
        folder.mkdir()
        async with wired(simulated(), folder, mapping=SHIPPED) as (wire, _):
            key = (await wire.ask("POST", "/Users", OWN)).json()["id"]
            removal = {"op": "remove", "path": name}
            body = {"schemas": [PATCH_OP], "Operations": [removal, operation]}
            answer = await wire.ask("PATCH", f"/Users/{key}", body)
            assert answer.status == 200
            (one,) = answer.json()[name]
            assert value in one.values()


@pytest.mark.parametrize(("path", "value", "name"), PARTS)
async def test_a_part_of_a_list_without_values_is_no_target_of_a_strict_client(
    tmp_path: Path, path: str, value: Any, name: str
) -> None:
    async with wired(simulated(), tmp_path, mapping=SHIPPED, profile="strict") as (wire, _):
        key = (await wire.ask("POST", "/Users", OWN)).json()["id"]
        operation = {"op": "replace", "path": path, "value": value}
        body = {"schemas": [PATCH_OP], "Operations": [operation]}
        answer = await wire.ask("PATCH", f"/Users/{key}", body)
        assert (answer.status, answer.json()["scimType"]) == (400, "noTarget")
        assert name in answer.json()["detail"]
