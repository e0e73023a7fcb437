"""Licences and admin roles over the face: their endpoints, and what /Schemas says of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.mapping import load_mapping
from tests.directory.witness import NO_CACHE, Witness, new_user, witnessed_alone

LICENSE = "urn:scim:schemas:goto:1:License"
ROLE = "urn:scim:schemas:goto:1:AdminRole"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
GRANTABLE = load_mapping().grantable_roles

Test = Callable[[Witness], Awaitable[None]]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., None]:
    def run(test: Test, **options: Any) -> None:
        async def opened(sees: Witness) -> None:
            await sees.bridge.directory.open()
            await sees.calls()
            await test(sees)

        witnessed_alone(tmp_path, opened, **options)

    return run


Run = Callable[..., None]


async def listed(sees: Witness, path: str) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = (await sees.done("GET", path))["Resources"]
    return resources


def license_of(sees: Witness, product: str) -> str:
    """The key of the licence that opens a product."""
    return next(
        key for key, each in sees.account.stored.licenses.items() if product in each.products
    )


def alter(sees: Witness, key: str, **changes: Any) -> None:
    """Change a licence behind the bridge's back."""
    licenses = sees.account.stored.licenses
    licenses[key] = replace(licenses[key], **changes)


# -- /Licenses ---------------------------------------------------------------


def test_licenses_are_listed_as_the_account_has_them(run: Run) -> None:
    async def test(sees: Witness) -> None:
        found = {each["id"]: each for each in await listed(sees, "/Licenses")}
        stored = sees.account.stored
        assert {
            key: (
                each["description"], each["products"], each["seats"], each["used"],
                each["enabled"], each["assignable"], each["free"],
            )
            for key, each in found.items()
        } == {
            key: (
                row.description, list(row.products), row.seats, len(stored.holders(key)),
                row.enabled, row.enabled and not row.externally_managed, stored.free_seats(key),
            )
            for key, row in stored.licenses.items()
        }  # fmt: skip
        assert len({each["displayName"] for each in found.values()}) == len(found) == 5
        assert all(each["schemas"] == [LICENSE] for each in found.values())

    run(test)


def test_a_license_is_read_by_its_key_with_etag_and_location(run: Run) -> None:
    async def test(sees: Witness) -> None:
        key = license_of(sees, "G2M")
        answer = await sees.ask("GET", f"/Licenses/{key}")
        resource = answer.json()
        assert answer.status_code == 200
        assert resource == next(e for e in await listed(sees, "/Licenses") if e["id"] == key)
        assert resource["meta"]["resourceType"] == "License"
        assert resource["meta"]["location"] == f"{sees.http.base_url}Licenses/{key}"
        assert answer.headers["ETag"] == resource["meta"]["version"]
        again = await sees.ask(
            "GET", f"/Licenses/{key}/", **{"If-None-Match": answer.headers["ETag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        head = await sees.ask("HEAD", f"/Licenses/{key}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == answer.headers["Content-Length"]

        alter(sees, key, seats=7)
        changed = await sees.ask("GET", f"/Licenses/{key}", **NO_CACHE)
        assert changed.json()["seats"] == 7
        assert changed.headers["ETag"] != answer.headers["ETag"]

    run(test)


@pytest.mark.parametrize(
    ("query", "descriptions"),
    [
        ("?filter=products eq \"g2w\"", ["GoToWebinar Pro"]),
        ("?filter=enabled eq false", ["OpenVoice (expired)"]),
        ("?filter=assignable eq true and free gt 0&sortBy=displayName&sortOrder=descending",
         ["GoToWebinar Pro", "GoToTraining Starter", "GoToMeeting Business"]),
        ("?filter=description co \"TRAINING\"", ["GoToTraining Starter"]),
        ("?filter=urn:scim:schemas:goto:1:License:seats eq 50", ["OpenVoice (expired)"]),
        ("?sortBy=displayName&startIndex=2&count=2",
         ["GoToMeeting Business", "GoToTraining Starter"]),
        ("?startIndex=9", []),
    ],
)  # fmt: skip
def test_licenses_are_filtered_sorted_and_paged(
    run: Run, query: str, descriptions: list[str]
) -> None:
    async def test(sees: Witness) -> None:
        found = await listed(sees, f"/Licenses{query}")
        assert [each["description"] for each in found] == descriptions

    run(test)


def test_licenses_are_walked_by_cursor_and_searched_by_post(run: Run) -> None:
    async def test(sees: Witness) -> None:
        page = await sees.done("GET", "/Licenses?cursor&count=2")
        ids = [each["id"] for each in page["Resources"]]
        while cursor := page.get("nextCursor"):
            page = await sees.done("GET", f"/Licenses?count=2&cursor={cursor}")
            ids += [each["id"] for each in page["Resources"]]
        assert ids == await sees.ids("/Licenses")
        body = {"schemas": [SEARCH], "filter": "seats gt 1000", "attributes": ["seats"]}
        found = (await sees.done("POST", "/Licenses/.search", body))["Resources"]
        assert [sorted(each) for each in found] == [["id", "schemas", "seats"]]
        (one,) = await listed(sees, "/Licenses?count=1&excludedAttributes=meta,products")
        assert "meta" not in one
        assert "seats" in one

    run(test)


def test_a_license_that_does_not_exist_is_404_and_no_call(run: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.ids("/Licenses")
        await sees.calls()
        for key in ("123", "G2M", "license-1", "%2e%2e", "0"):
            answer = await sees.ask("GET", f"/Licenses/{key}")
            assert answer.status_code == 404
            assert "License" in answer.json()["detail"]
        assert await sees.calls() == []
        sees.clock.grow_old()
        assert (await sees.ask("GET", "/Licenses/G2M")).status_code == 404
        assert await sees.calls() == []

    run(test)


@pytest.mark.parametrize("path", ["/Licenses", "/AdminRoles"])
def test_a_write_is_405_and_says_where_to_go(run: Run, path: str) -> None:
    async def test(sees: Witness) -> None:
        key = (await sees.ids(path))[0]
        await sees.calls()
        for method, below in [
            ("POST", ""), ("PUT", f"/{key}"), ("PATCH", f"/{key}"), ("DELETE", f"/{key}"),
        ]:  # fmt: skip
            answer = await sees.ask(method, path + below, {"displayName": "Mine"})
            assert answer.status_code == 405, answer.text
            assert "GET" in answer.headers["Allow"]
            assert "user's" in answer.json()["detail"]
        bulk = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {"method": "DELETE", "path": f"{path}/{key}"},
                {"method": "POST", "path": path, "bulkId": "a", "data": {"displayName": "Mine"}},
            ],
        }
        done = await sees.done("POST", "/Bulk", bulk)
        assert [each["status"] for each in done["Operations"]] == ["405", "405"]
        assert await sees.calls() == []

    run(test)


# -- How old ---------------------------------------------------------------------


def test_licenses_are_as_old_as_the_snapshot_may_be(run: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.ids("/Users")
        await sees.calls()
        key = license_of(sees, "G2M")
        await sees.ids("/Licenses")
        await sees.done("GET", f"/Licenses/{key}")
        assert await sees.calls() == []
        await sees.done("GET", f"/Licenses/{key}", **NO_CACHE)
        assert await sees.calls() == ["GET licenses"]
        sees.clock.grow_old()
        await sees.ids("/Licenses")
        await sees.done("GET", f"/Licenses/{key}")
        assert await sees.calls() == ["GET licenses"]

    run(test)


def test_with_age_zero_each_read_of_licenses_asks_goto(run: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.ids("/Licenses")
        await sees.ids("/Licenses")
        assert await sees.calls() == ["GET licenses"] * 2

    run(test, max_age=0)


def test_many_who_ask_past_an_old_snapshot_share_one_look(run: Run) -> None:
    async def test(sees: Witness) -> None:
        async with sees.late("/licenses", sees.ids("/Licenses")):
            others = [asyncio.ensure_future(sees.ids("/Licenses")) for _ in range(9)]
            for _ in range(200):
                await asyncio.sleep(0)
        await asyncio.gather(*others)
        assert await sees.calls() == ["GET licenses"]

    run(test)


def test_seats_that_the_bridge_takes_and_frees_are_counted_at_once(run: Run) -> None:
    async def test(sees: Witness) -> None:
        key = license_of(sees, "G2M")
        before = (await sees.done("GET", f"/Licenses/{key}"))["used"]
        user = await sees.done("POST", "/Users", new_user())
        await sees.calls()
        assert (await sees.done("GET", f"/Licenses/{key}"))["used"] == before + 1
        await sees.done("DELETE", f"/Users/{user['id']}")
        now = await sees.done("GET", f"/Licenses/{key}")
        assert (now["used"], now["free"]) == (before, now["seats"] - before)
        assert "GET licenses" not in await sees.calls()

    run(test)


def test_a_seat_that_is_taken_during_a_look_is_counted(run: Run) -> None:
    async def test(sees: Witness) -> None:
        key = license_of(sees, "G2M")
        before = (await sees.done("GET", f"/Licenses/{key}"))["used"]
        asking = sees.done("GET", f"/Licenses/{key}", **NO_CACHE)
        async with sees.late("/licenses", asking) as answer:
            await sees.done("POST", "/Users", new_user())
        assert (await answer)["used"] == before + 1
        assert (await sees.done("GET", f"/Licenses/{key}"))["used"] == before + 1

    run(test)


def test_licenses_that_cannot_be_read_are_an_error_and_not_an_empty_list(run: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.faults({"match": {"path": "/licenses"}, "status": 500})
        answer = await sees.ask("GET", "/Licenses")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0

    run(test)


def test_licenses_that_goto_names_alike_are_told_apart(run: Run) -> None:
    async def test(sees: Witness) -> None:
        first, second, third, *_ = sees.account.stored.licenses
        alter(sees, first, description="Meetings")
        alter(sees, second, description="MEETINGS")
        alter(sees, third, description="", products=())
        found = {each["id"]: each for each in await listed(sees, "/Licenses")}
        assert found[first]["displayName"] == f"Meetings ({first})"
        assert found[second]["displayName"] == f"MEETINGS ({second})"
        assert found[third]["displayName"] == f"Licence {third}"
        assert "description" not in found[third]

    run(test)


# -- /AdminRoles -------------------------------------------------------------


def test_roles_are_listed_with_the_role_sets_of_the_account(run: Run) -> None:
    async def test(sees: Witness) -> None:
        found = {each["id"]: each for each in await listed(sees, "/AdminRoles")}
        assert {key for key, each in found.items() if each["grantable"]} == set(GRANTABLE)
        assert found["SUPER_USER"]["displayName"] == "Super user"
        sets = {each.id: each.name for each in sees.account.stored.role_sets}
        custom = {k: each["displayName"] for k, each in found.items() if each["custom"]}
        assert custom == sets
        assert len(found) == len(sets) + len(GRANTABLE) + 1
        assert not any(found[key]["grantable"] for key in sets)
        one = await sees.done("GET", "/AdminRoles/MANAGE_USERS")
        assert one == found["MANAGE_USERS"]
        assert one["schemas"] == [ROLE]
        assert one["meta"]["location"].endswith("/AdminRoles/MANAGE_USERS")
        for key in sets:
            assert await sees.done("GET", f"/AdminRoles/{key}") == found[key]
        assert (await sees.ask("GET", "/AdminRoles/OWNER")).status_code == 404
        (only,) = await listed(sees, '/AdminRoles?filter=displayName eq "run reports"')
        assert only["id"] == "RUN_REPORTS"
        assert {e["id"] for e in await listed(sees, "/AdminRoles?filter=custom eq true")} == {*sets}

    run(test)


def test_a_role_that_only_a_user_has_is_listed_too(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody()
        stored = sees.account.stored
        stored.put_user(replace(stored.users[key], admin_roles=("MANAGE_ROOMS",)))
        await sees.ids("/Users")
        found = await sees.done("GET", "/AdminRoles/MANAGE_ROOMS")
        assert (found["displayName"], found["grantable"]) == ("Manage rooms", False)
        assert "MANAGE_ROOMS" in await sees.ids("/AdminRoles")

    run(test)


def test_role_sets_are_looked_at_when_they_are_too_old(run: Run) -> None:
    async def test(sees: Witness) -> None:
        await asyncio.gather(*(sees.ids("/AdminRoles") for _ in range(9)))
        await sees.done("GET", "/AdminRoles/MANAGE_USERS", **NO_CACHE)
        assert await sees.calls() == ["GET rolesets"]
        sees.clock.grow_old()
        await sees.ids("/AdminRoles")
        await sees.ids("/AdminRoles", **NO_CACHE)
        assert await sees.calls() == ["GET rolesets"] * 2

    run(test)


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_that_shows_no_role_sets_has_none(run: Run, status: int) -> None:
    async def test(sees: Witness) -> None:
        await sees.faults({"match": {"path": "/rolesets"}, "status": status})
        with capture_logs() as logs:
            found = await listed(sees, "/AdminRoles")
            await sees.ids("/AdminRoles", **NO_CACHE)
        assert {each["id"] for each in found} == {*GRANTABLE, "SUPER_USER"}
        assert [line["event"] for line in logs].count("GoTo shows no role sets") == 1

    run(test)


@pytest.mark.parametrize("status", [401, 500])
def test_role_sets_that_cannot_be_read_are_an_error(run: Run, status: int) -> None:
    async def test(sees: Witness) -> None:
        await sees.faults({"match": {"path": "/rolesets"}, "status": status})
        assert (await sees.ask("GET", "/AdminRoles")).status_code == 503

    run(test)


# -- Discovery ---------------------------------------------------------------


async def canonical(sees: Witness, attribute: str) -> dict[str, Any]:
    """The canonicalValues of an attribute of users, by sub-attribute."""
    schema = await sees.done("GET", f"/Schemas/{USER}")
    (found,) = [each for each in schema["attributes"] if each["name"] == attribute]
    (same,) = [
        each
        for listed_ in await listed(sees, "/Schemas")
        if listed_["id"] == USER
        for each in listed_["attributes"]
        if each["name"] == attribute
    ]
    assert same == found
    return {sub["name"]: sub.get("canonicalValues") for sub in found["subAttributes"]}


def test_schemas_say_which_licenses_and_roles_can_be_given(run: Run) -> None:
    async def test(sees: Witness) -> None:
        keys = [license_of(sees, product) for product in ("G2M", "G2W", "G2T")]
        found = await canonical(sees, "entitlements")
        # What a new user gets; with nothing to get, all that it could be given.
        assert found["value"] == keys[:1]
        assert found["type"] == ["G2M", "G2T", "G2W"]
        assert (await canonical(sees, "roles"))["value"] == list(GRANTABLE)
        assert await sees.calls() == ["GET licenses"]
        sees.clock.grow_old()
        await canonical(sees, "entitlements")
        assert await sees.calls() == []

        alter(sees, keys[0], enabled=False)
        await sees.ids("/Licenses")
        found = await canonical(sees, "entitlements")
        assert sorted(found["value"]) == sorted(keys[1:])
        assert found["type"] == ["G2T", "G2W"]

    run(test)


def test_discovery_answers_while_goto_is_away(run: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.faults({"match": {"path": "/admin/"}, "status": 500})
        found = await canonical(sees, "entitlements")
        assert (found["value"], found["type"]) == (None, None)
        assert (await canonical(sees, "roles"))["value"] == list(GRANTABLE)
        # One try in a while, so that a client does not wait each time.
        before = len(await sees.calls())
        await canonical(sees, "entitlements")
        assert before > 0
        assert await sees.calls() == []

        await sees.faults()
        sees.clock.grow_old()
        assert (await canonical(sees, "entitlements"))["type"] == ["G2M", "G2T", "G2W"]

    run(test)


def test_licenses_and_roles_have_schemas_and_are_no_announced_types(run: Run) -> None:
    async def test(sees: Witness) -> None:
        for urn, path in ((LICENSE, "/Licenses"), (ROLE, "/AdminRoles")):
            schema = await sees.done("GET", f"/Schemas/{urn}")
            assert "." not in urn
            names = {each["name"] for each in schema["attributes"]}
            shown = {name for each in await listed(sees, path) for name in each}
            assert names == shown - {"schemas", "id", "meta"}
            assert {each["mutability"] for each in schema["attributes"]} == {"readOnly"}
        types = [each["id"] for each in await listed(sees, "/ResourceTypes")]
        assert types == ["User", "Group"]
        assert (await sees.ask("GET", "/ResourceTypes/License")).status_code == 404
        everything = await sees.ids("/?count=1000")
        assert sorted(everything) == sorted(await sees.ids("/Users") + await sees.ids("/Groups"))

    run(test)


def test_licenses_are_for_clients_that_are_known(run: Run) -> None:
    async def test(sees: Witness) -> None:
        answer = await sees.ask("GET", "/Licenses")
        assert answer.headers["Content-Type"] == "application/scim+json"
        assert answer.json()["totalResults"] == 5
        bare = await sees.http.get("/Licenses", headers={"Authorization": ""})
        assert bare.status_code == 401

    run(test)
