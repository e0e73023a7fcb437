"""A locale or time zone that GoTo lacks does not cost the user: every verb takes and shows it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.mapping import load_mapping
from tests.conftest import Bridge, simulated
from tests.scim.face import face_over

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
ANEW = {"Cache-Control": "no-cache"}
# Attribute, GoTo's field, what a client sends, what GoTo gets; and two values that it gets later.
CASES = [
    ("locale", "locale", "sv-SE", "en_US", "en-AU", "en_GB"),
    ("locale", "locale", "zh-Hant-HK", "zh_TW", "garbage!", "en_US"),
    ("locale", "locale", "en_us", "en_US", "EN-us", "en_US"),
    (
        "timezone", "timeZone", "Pacific Standard Time", "America/Los_Angeles",
        "w. europe standard time", "Europe/Berlin",
    ),
    ("timezone", "timeZone", "Asia/Calcutta", "Asia/Calcutta", "us/pacific", "US/Pacific"),
]  # fmt: skip
TABLE = pytest.mark.parametrize(("attribute", "field", "first", "up", "second", "then"), CASES)


@asynccontextmanager
async def opened(
    folder: Path, profile: str = "lenient"
) -> AsyncIterator[tuple[httpx.AsyncClient, Bridge]]:
    app = simulated(users=3, groups=1)
    async with face_over(app, folder, mapping=load_mapping(), profile=profile) as (http, bridge):
        yield http, bridge


def user(**attributes: Any) -> dict[str, Any]:
    name = {"givenName": "Ada", "familyName": "King"}
    return {
        "schemas": [USER], "userName": "ada@example.com", "name": name, "active": True,
        "emails": [{"value": "ada@example.com", "type": "work", "primary": True}], **attributes,
    }  # fmt: skip


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


async def stored(bridge: Bridge, key: str, field: str) -> Any:
    users = (await bridge.state())["users"]
    return next(each for each in users if each["key"] == key)[field]


async def found(http: httpx.AsyncClient, attribute: str, value: str) -> list[str]:
    asked = {"filter": f'{attribute} eq "{value}"'}
    answer = (await http.get("/Users", params=asked)).json()
    searched = await http.post("/Users/.search", json=asked)
    assert searched.json()["Resources"] == answer["Resources"]
    return [each["id"] for each in answer["Resources"]]


@pytest.mark.parametrize("profile", ["lenient", "strict"])
@TABLE
def test_what_is_sent_reads_back_and_goto_has_the_nearest(
    tmp_path: Path, attribute: str, field: str, first: str, up: str, second: str, then: str,
    profile: str,
) -> None:  # fmt: skip
    async def scenario() -> None:
        async with opened(tmp_path, profile) as (http, bridge):
            made = await http.post("/Users", json=user(**{attribute: first}))
            assert (made.status_code, made.json()[attribute]) == (201, first)
            key = made.json()["id"]
            assert await stored(bridge, key, field) == up

            shown = (await http.get(f"/Users/{key}", headers=ANEW)).json()
            assert shown == made.json()
            assert await found(http, attribute, first) == [key]

            writes = [
                ("PUT", user(**{attribute: second}), second, then),
                ("PATCH", patch(replace(attribute, first)), first, up),
                ("PATCH", patch({"op": "add", "path": attribute, "value": second}), second, then),
                ("PUT", user(**{attribute: first}), first, up),
            ]
            for method, body, value, at_goto in writes:
                answer = await http.request(method, f"/Users/{key}", json=body)
                assert (answer.status_code, answer.json()[attribute]) == (200, value)
                assert await stored(bridge, key, field) == at_goto
                await bridge.forget_journal()
                again = await http.request(method, f"/Users/{key}", json=body)
                assert again.json() == answer.json()
                assert [c for c in await bridge.journal() if c["method"] != "GET"] == []
                listed = (await http.get("/Users", headers=ANEW)).json()["Resources"]
                assert next(each for each in listed if each["id"] == key) == answer.json()
                # Others may have it in another case, which a filter overlooks.
                assert key in await found(http, attribute, value)

    asyncio.run(scenario())


def replace(path: str, value: str) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


@TABLE
def test_a_bulk_and_a_patch_without_a_path_take_it_too(
    tmp_path: Path, attribute: str, field: str, first: str, up: str, second: str, then: str
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as (http, bridge):
            create = {"method": "POST", "path": "/Users", "bulkId": "a"}
            create["data"] = user(**{attribute: first})  # type: ignore[assignment]
            done = await http.post("/Bulk", json={"schemas": [BULK], "Operations": [create]})
            key = done.json()["Operations"][0]["location"].rpartition("/")[2]
            assert (await http.get(f"/Users/{key}")).json()[attribute] == first
            assert await stored(bridge, key, field) == up

            change = {
                "method": "PATCH", "path": f"/Users/{key}",
                "data": patch({"op": "replace", "value": {attribute: second}}),
            }  # fmt: skip
            done = await http.post("/Bulk", json={"schemas": [BULK], "Operations": [change]})
            assert done.json()["Operations"][0]["status"] == "200"
            assert (await http.get(f"/Users/{key}", headers=ANEW)).json()[attribute] == second
            assert await stored(bridge, key, field) == then

    asyncio.run(scenario())


@TABLE
def test_what_changes_in_goto_is_what_clients_see(
    tmp_path: Path, attribute: str, field: str, first: str, up: str, second: str, then: str
) -> None:
    others = {"locale": ("fr_FR", "fr-FR"), "timezone": ("Asia/Tokyo", "Asia/Tokyo")}

    async def scenario() -> None:
        async with opened(tmp_path) as (http, bridge):
            key = (await http.post("/Users", json=user(**{attribute: first}))).json()["id"]
            outside, shows = others[attribute]
            await bridge.goto.update_user(key, {field: outside})

            listed = (await http.get("/Users", headers=ANEW)).json()["Resources"]
            assert next(each for each in listed if each["id"] == key)[attribute] == shows
            assert await found(http, attribute, shows) == [key]
            assert await found(http, attribute, first) == []

            titled = await http.patch(f"/Users/{key}", json=patch(replace("title", "Lead")))
            assert titled.json()[attribute] == shows
            assert await stored(bridge, key, field) == outside
            # Nothing is kept of the old value: it does not come back with GoTo's.
            await bridge.goto.update_user(key, {field: up})
            seen = (await http.get(f"/Users/{key}", headers=ANEW)).json()[attribute]
            assert seen.casefold().replace("-", "_") == up.casefold().replace("-", "_")

            back = await http.put(f"/Users/{key}", json=user(**{attribute: second}))
            assert back.json()[attribute] == second
            assert await stored(bridge, key, field) == then

    asyncio.run(scenario())


def test_one_that_goto_keeps_as_it_is_costs_no_call(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as (http, bridge):
            key = (await http.post("/Users", json=user(locale="en-GB"))).json()["id"]
            await bridge.forget_journal()
            answer = await http.patch(f"/Users/{key}", json=patch(replace("locale", "en-AU")))
            assert answer.json()["locale"] == "en-AU"
            assert [c for c in await bridge.journal() if c["method"] != "GET"] == []

    asyncio.run(scenario())
