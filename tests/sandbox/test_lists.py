"""Paging, projection, filters and order over HTTP."""

import asyncio
from typing import Any

import pytest

from .conftest import Opened, codes


def test_pages_have_an_exclusive_end_and_add_up(goto: Opened) -> None:
    async def check() -> None:
        async with goto(users=250) as api:
            first = await api.get("/users")
            assert (first["fromIndex"], first["toIndex"], first["total"]) == (0, 100, 250)
            keys: list[str] = []
            while len(keys) < 250:
                page = await api.get(f"/users?offset={len(keys)}&pageSize=60&attributes=email")
                assert page["fromIndex"] == len(keys)
                keys += [row["key"] for row in page["results"]]
                assert page["toIndex"] == len(keys)
            assert keys == list(api.account.stored.users)
            beyond = await api.get("/users?offset=900")
            assert beyond == {"results": [], "fromIndex": 900, "toIndex": 900, "total": 250}

    asyncio.run(check())


def test_a_page_has_a_thousand_rows_at_most(goto: Opened) -> None:
    async def check() -> None:
        async with goto(users=1005) as api:
            assert (await api.get("/users?pageSize=5000&attributes=key"))["toIndex"] == 1000
            await api.set(oversized_page="refuse")
            refusal = await api("GET", "/users?pageSize=5000")
            assert codes(refusal) == (400, "page.size.invalid")

    asyncio.run(check())


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "pageSize=0", "pageSize=", "offset=²"])
def test_unusable_paging_is_refused(goto: Opened, query: str) -> None:
    async def check() -> None:
        async with goto() as api:
            assert codes(await api("GET", f"/users?{query}")) == (400, "request.invalid")

    asyncio.run(check())


def test_nothing_found_is_a_total_of_0_without_results(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            path = "/users?filter=email%20eq%20%22nobody%40example.com%22"
            nothing = {"fromIndex": 0, "toIndex": 0, "total": 0}
            assert await api.get(path) == nothing
            await api.set(empty_results="list")
            assert await api.get(path) == {"results": [], **nothing}

    asyncio.run(check())


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("email%20eq%20%22ADMIN%40example.com%22", ["admin@example.com"]),
        ("(email=%22(?i)ADMIN@example%5C.com%22)", ["admin@example.com"]),
        ("(email=%22(?i)a.*%22)%26(lastName=%22Lindqvist%22)", ["admin@example.com"]),
        ("(key=%226581286685341855244%22)|(key=%221%22)", ["admin@example.com"]),
    ],
)
def test_users_are_found_in_both_dialects(goto: Opened, filter_: str, expected: list[str]) -> None:
    async def check() -> None:
        async with goto() as api:
            page = await api.get(f"/users?filter={filter_}&attributes=email")
            assert [row["email"] for row in page["results"]] == expected
            assert page["total"] == len(expected)

    asyncio.run(check())


def test_groups_are_found_by_name(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            page = await api.get("/groups?filter=(name=%22(?i)SALES%22)")
            assert [row["name"] for row in page["results"]] == ["Sales"]
            everyone = await api.get("/groups?filter=(name=%22Sales.*%22)")
            assert everyone["total"] > 1

    asyncio.run(check())


def test_a_plus_in_the_query_is_refused(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            path = "/users?filter=email+eq+%22admin%40example.com%22"
            assert codes(await api("GET", path)) == (400, "request.invalid")
            assert codes(await api("GET", "/users?filter=nonsense")) == (400, "filter.invalid")
            await api.set(plus_in_query="blank")
            assert (await api.get(path))["total"] == 1

    asyncio.run(check())


@pytest.mark.parametrize(
    ("setting", "query", "fields"),
    [
        ("both", "attributes=email,status,nonsense", {"key", "email", "status"}),
        ("both", "attributeNames=email", {"key", "email"}),
        ("attributes", "attributes=email", {"key", "email"}),
        ("attributeNames", "attributes=email", None),
        ("off", "attributes=email", None),
        ("both", "attributes=", None),
    ],
)
def test_a_projection_always_has_the_key(
    goto: Opened, setting: str, query: str, fields: set[str] | None
) -> None:
    async def check() -> None:
        async with goto(projection=setting) as api:
            for path in (f"/users?{query}", f"/users/{api.account.administrator_key}?{query}"):
                answer: Any = await api.get(path)
                record = answer["results"][0] if "results" in answer else answer
                assert (record.keys() == fields) if fields else ("settings" in record)

    asyncio.run(check())


def test_lists_can_be_ordered(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            for direction, backwards in (("ascending", False), ("descending", True)):
                page = await api.get(f"/users?{direction}=email&attributes=email")
                emails = [row["email"] for row in page["results"]]
                assert emails == sorted(emails, reverse=backwards)

    asyncio.run(check())


def test_the_users_of_a_group_are_listed(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            for group in (await api.get("/groups"))["results"]:
                page = await api.get(f"/groups/{group['key']}/users?attributes=groupKey")
                keys = [row["key"] for row in page.get("results", [])]
                assert keys == group.get("userKeys", [])
            assert codes(await api("GET", "/groups/1/users")) == (404, "group.not.found")

    asyncio.run(check())


def test_licences_tell_their_seats_and_who_holds_them(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            users = (await api.get("/users"))["results"]
            for license in (await api.get("/licenses"))["results"]:
                holders = [u for u in users if license["key"] in u.get("licenseKeys", ())]
                assert license.get("userKeys", []) == [u["key"] for u in holders]
                invited = [u["key"] for u in holders if u["status"] == "INVITED"]
                assert license.get("invitedUserKeys", []) == invited
                assert license["userCount"] == len(holders)
            await api.set(license_user_keys="signed_in")
            meeting = (await api.get("/licenses"))["results"][0]
            assert not set(meeting["userKeys"]) & set(meeting["invitedUserKeys"])

    asyncio.run(check())
