"""An empty group says so in every answer: a missing ``members`` would read as left out."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import simulated
from tests.mapping.mappings import own
from tests.scim.wire import Wire, wired

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BODY = {"schemas": [GROUP], "displayName": "Night shift"}
INCLUDING = 'extends = "sandbox"\n[groups]\ninclude = ["licenses", "roles"]\n'

Ask = Callable[[Wire, str], Awaitable[Any]]


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def run(folder: Path, test: Callable[[Wire, str], Awaitable[None]], **options: Any) -> None:
    """Run a test with an empty group's id."""

    async def whole() -> None:
        async with wired(simulated(users=6, groups=2), folder, **options) as (wire, _):
            made = await wire.ask("POST", "/Groups", BODY)
            assert made.json()["members"] == []
            await test(wire, made.json()["id"])

    asyncio.run(whole())


async def read(wire: Wire, key: str) -> Any:
    return (await wire.ask("GET", f"/Groups/{key}")).json()


async def read_of_goto(wire: Wire, key: str) -> Any:
    return (await wire.ask("GET", f"/Groups/{key}", cache_control="no-cache")).json()


async def read_members(wire: Wire, key: str) -> Any:
    return (await wire.ask("GET", f"/Groups/{key}", params={"attributes": "members"})).json()


async def read_values(wire: Wire, key: str) -> Any:
    return (await wire.ask("GET", f"/Groups/{key}", params={"attributes": "members.value"})).json()


async def read_without_name(wire: Wire, key: str) -> Any:
    params = {"excludedAttributes": "displayName,members.display"}
    return (await wire.ask("GET", f"/Groups/{key}", params=params)).json()


async def listed(wire: Wire, key: str) -> Any:
    found = (await wire.ask("GET", "/Groups")).json()["Resources"]
    return next(each for each in found if each["id"] == key)


async def listed_by_attributes(wire: Wire, key: str) -> Any:
    params = {"filter": f'id eq "{key}"', "attributes": "members"}
    (found,) = (await wire.ask("GET", "/Groups", params=params)).json()["Resources"]
    return found


async def searched(wire: Wire, key: str) -> Any:
    body = {"schemas": [SEARCH], "filter": f'id eq "{key}"', "attributes": ["members"]}
    (found,) = (await wire.ask("POST", "/Groups/.search", body)).json()["Resources"]
    return found


async def walked(wire: Wire, key: str) -> Any:
    found = (await wire.ask("GET", "/Groups", params={"cursor": ""})).json()["Resources"]
    return next(each for each in found if each["id"] == key)


async def replaced(wire: Wire, key: str) -> Any:
    return (await wire.ask("PUT", f"/Groups/{key}", {**BODY, "externalId": "1"})).json()


async def patched(wire: Wire, key: str) -> Any:
    body = patch({"op": "replace", "path": "externalId", "value": "2"})
    return (await wire.ask("PATCH", f"/Groups/{key}", body)).json()


async def emptied(wire: Wire, key: str) -> Any:
    user = (await wire.ask("GET", "/Users")).json()["Resources"][1]["id"]
    add = {"op": "add", "path": "members", "value": [{"value": user}]}
    filled = (await wire.ask("PATCH", f"/Groups/{key}", patch(add))).json()
    assert [each["value"] for each in filled["members"]] == [user]
    body = patch({"op": "remove", "path": f'members[value eq "{user}"]'})
    return (await wire.ask("PATCH", f"/Groups/{key}", body)).json()


SHOWING = (
    read, read_of_goto, read_members, read_values, read_without_name, listed,
    listed_by_attributes, searched, walked, replaced, patched, emptied,
)  # fmt: skip


@pytest.mark.parametrize("ask", SHOWING, ids=lambda ask: ask.__name__)
def test_an_empty_group_shows_no_members_as_an_empty_list(tmp_path: Path, ask: Ask) -> None:
    async def test(wire: Wire, key: str) -> None:
        assert (await ask(wire, key))["members"] == []

    run(tmp_path, test)


@pytest.mark.parametrize(
    "params",
    [
        {"excludedAttributes": "members"},
        {"excludedAttributes": "displayName,members"},
        {"attributes": "displayName"},
        {"attributes": "externalId"},
    ],
    ids=str,
)
def test_members_that_are_not_asked_for_are_left_out(
    tmp_path: Path, params: dict[str, str]
) -> None:
    async def test(wire: Wire, key: str) -> None:
        alone = (await wire.ask("GET", f"/Groups/{key}", params=params)).json()
        found = (await wire.ask("GET", "/Groups", params=params)).json()["Resources"]
        assert "members" not in alone
        assert not any("members" in each for each in found)

    run(tmp_path, test)


def test_no_filter_takes_an_empty_list_for_a_member(tmp_path: Path) -> None:
    async def test(wire: Wire, key: str) -> None:
        for condition, is_found in (
            ("members pr", False),
            ("members.value pr", False),
            ("not (members pr)", True),
        ):
            for narrowed in (condition, f'id eq "{key}" and {condition}'):
                params = {"filter": narrowed}
                found = (await wire.ask("GET", "/Groups", params=params)).json()["Resources"]
                assert (key in [each["id"] for each in found]) is is_found, narrowed

    run(tmp_path, test)


def test_a_refresh_moves_no_version_of_an_empty_group(tmp_path: Path) -> None:
    async def test(wire: Wire, key: str) -> None:
        await wire.ask("GET", f"/Groups/{key}", cache_control="no-cache")
        before = await wire.ask("GET", f"/Groups/{key}")
        await wire.ask("GET", "/Groups", cache_control="no-cache")
        after = await wire.ask("GET", f"/Groups/{key}")
        assert after.headers["etag"] == before.headers["etag"]
        assert after.content == before.content

    run(tmp_path, test)


def test_licences_and_roles_that_nobody_has_are_empty_groups(tmp_path: Path) -> None:
    async def test(wire: Wire, _: str) -> None:
        found = (await wire.ask("GET", "/Groups")).json()["Resources"]
        empty = [each["id"] for each in found if not each.get("members")]
        assert any(key.startswith("role-") for key in empty)
        for key in empty:
            for ask in (read, read_members, listed, searched):
                assert (await ask(wire, key))["members"] == []

    run(tmp_path, test, mapping=own(tmp_path, INCLUDING))
