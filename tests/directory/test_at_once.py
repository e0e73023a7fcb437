"""Many clients at once: each gets its own true answer, and the account is what they were told."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.directory.witness import NO_CACHE, NUMBERS, Run, Witness, new_user

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def statuses(*asked: Awaitable[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in await asyncio.gather(*asked))


@pytest.mark.parametrize(
    "body", [{}, {"active": False}, {"emails": [{"value": "x@y.org", "primary": True}]}]
)
def test_of_many_creates_of_one_user_one_succeeds(witnessed: Run, body: dict[str, Any]) -> None:
    async def test(sees: Witness) -> None:
        wanted = new_user(**body)
        cases = [wanted, {**wanted, "userName": wanted["userName"].upper()}]
        before = len(sees.account.stored.users)
        asked = [sees.ask("POST", "/Users", cases[number % 2]) for number in range(40)]
        assert await statuses(*asked) == {201: 1, 409: 39}
        assert len(sees.account.stored.users) == before + 1
        await sees.agree()

    witnessed(test)


def test_of_many_creates_of_one_group_one_succeeds(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        (member,) = sees.somebody()
        body = {"displayName": "Bakers", "members": [{"value": member}]}
        asked = [sees.ask("POST", "/Groups", body) for _ in range(10)]
        assert await statuses(*asked) == {201: 1, 409: 9}
        await sees.agree()

    witnessed(test)


def test_different_creates_at_once_all_succeed(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        users = [new_user(title=f"Title {number}") for number in range(40)]
        answers = await asyncio.gather(*(sees.ask("POST", "/Users", user) for user in users))
        for user, answer in zip(users, answers, strict=True):
            assert answer.status_code == 201
            made = answer.json()
            assert (made["userName"], made["title"]) == (user["userName"], user["title"])
            assert made["active"] is True
        await sees.agree()
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_of_many_changes_of_one_user_none_is_lost(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody()
        values = {
            "title": "Baker", "nickName": "Ada", "externalId": "hr-1", "userType": "Staff",
            "profileUrl": "https://example.com/ada", "preferredLanguage": "en",
            "displayName": "Ada B", "timezone": "Europe/Rome", "locale": "it-IT",
            "name.givenName": "Ada", "name.familyName": "Byron", "name.middleName": "K",
            "name.honorificPrefix": "Dr", "name.honorificSuffix": "III",
        }  # fmt: skip
        for name in ("employeeNumber", "costCenter", "organization", "division", "department"):
            values[f"{ENTERPRISE}:{name}"] = name
        changes = [{"op": "replace", "path": name, "value": v} for name, v in values.items()]
        changes += [
            {"op": "add", "path": "phoneNumbers", "value": [{"value": f"+{n}", "type": "other"}]}
            for n in range(11)
        ]
        assert len(changes) == 30
        asked = [sees.patch(f"/Users/{key}", change) for change in changes]
        assert await statuses(*asked) == {200: 30}
        for headers in ({}, NO_CACHE):
            user = await sees.done("GET", f"/Users/{key}", **headers)
            for name, value in values.items():
                assert _at(user, name) == value
            assert {each["value"] for each in user["phoneNumbers"]} == {f"+{n}" for n in range(11)}
        await sees.agree()

    witnessed(test)


def _at(user: dict[str, Any], name: str) -> Any:
    if name.startswith(ENTERPRISE):
        return user[ENTERPRISE][name.rpartition(":")[2]]
    first, _, second = name.partition(".")
    return user[first][second] if second else user[first]


def test_a_user_put_in_two_groups_at_once_is_in_one_and_both_say_so(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        first, second, _ = sees.account.stored.groups
        for _ in range(5):
            users = sees.somebody(4)
            asked = [sees.members("add", group, *users) for group in (first, second)]
            asked += [sees.members("remove", group, *users[:2]) for group in (first, second)]
            assert await statuses(*asked) == {200: 4}
            for user in users[2:]:
                assert sees.stored(user).group_key in (first, second)
            await sees.agree()
            for group in (first, second):
                told = await sees.done("GET", f"/Groups/{group}")
                stored = sees.account.stored.members(group)
                assert sorted(each["value"] for each in told.get("members", [])) == sorted(stored)
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_a_user_deleted_while_it_is_changed_is_gone(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        group = next(iter(sees.account.stored.groups))
        for number, user in enumerate(sees.somebody(6)):
            asked: list[Awaitable[httpx.Response]] = [
                sees.replace(f"/Users/{user}", title="Baker"),
                sees.replace(f"/Users/{user}", **{"name.givenName": "Zoë"}),
                sees.replace(f"/Users/{user}", active=False),
                sees.members("add", group, user),
                sees.ask("GET", f"/Users/{user}", **NO_CACHE),
            ]
            asked.insert(number, sees.ask("DELETE", f"/Users/{user}"))
            found = await statuses(*asked)
            assert found[204] == 1
            # A member that is gone is a bad value; all else is not found.
            assert not found.keys() - {200, 204, 400, 404}
            assert user not in sees.account.stored.users
            await sees.agree()
            assert (await sees.ask("GET", f"/Users/{user}")).status_code == 404

    witnessed(test)


def test_a_group_deleted_while_it_is_changed_is_gone(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        for number in range(4):
            (user,) = sees.somebody()
            made = await sees.done("POST", "/Groups", {"displayName": f"Shift {number}"})
            group = made["id"]
            asked: list[Awaitable[httpx.Response]] = [
                sees.replace(f"/Groups/{group}", displayName=f"Night {number}"),
                sees.members("add", group, user),
                sees.ask("GET", f"/Groups/{group}", **NO_CACHE),
            ]
            asked.insert(number, sees.ask("DELETE", f"/Groups/{group}"))
            found = await statuses(*asked)
            assert found[204] == 1
            assert not found.keys() - {200, 204, 404}
            await sees.agree()
            assert (await sees.ask("GET", f"/Groups/{group}")).status_code == 404

    witnessed(test)


def test_a_group_deleted_before_the_answer_to_its_new_member_has_none(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        made = await sees.done("POST", "/Groups", _bakers())
        (user,) = sees.somebody(grouped=False)
        joining = sees.members("add", made["id"], user)
        async with sees.late("/groups/", joining, method="PUT"):
            await sees.done("DELETE", f"/Groups/{made['id']}")
        assert "groups" not in await sees.done("GET", f"/Users/{user}")
        await sees.agree()

    witnessed(test)


def test_a_member_who_comes_while_its_group_is_renamed_stays(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        made = await sees.done("POST", "/Groups", _bakers())
        path = f"/Groups/{made['id']}"
        (user,) = sees.somebody(grouped=False)
        async with sees.late("/groups/", sees.replace(path, **_bakers()), method="PUT"):
            await sees.done("GET", "/Users", **NO_CACHE)
            await sees.members("add", made["id"], user)
        assert [each["value"] for each in (await sees.done("GET", path))["members"]] == [user]
        await sees.agree()
        # And the other way round: the answer to the move comes after a new name.
        (user,) = sees.somebody(grouped=False)
        joining = sees.members("add", made["id"], user)
        async with sees.late("/groups/", joining, method="PUT"):
            await sees.replace(path, **_bakers())
        await sees.agree()

    witnessed(test)


# -- A write during a refresh or a look ------------------------------------------------


async def _make_user(sees: Witness) -> None:
    await sees.done("POST", "/Users", new_user(title="Baker"))


async def _rename_user(sees: Witness) -> None:
    name = {"name.givenName": f"Zoë {next(NUMBERS)}"}
    assert (await sees.replace(f"/Users/{sees.somebody(grouped=True)[0]}", **name)).is_success


async def _hold(sees: Witness) -> None:
    (key,) = sees.somebody(grouped=True)
    assert (await sees.replace(f"/Users/{key}", title="Baker")).is_success


async def _suspend(sees: Witness) -> None:
    assert (await sees.replace(f"/Users/{sees.somebody(grouped=True)[0]}", active=False)).is_success


async def _delete_user(sees: Witness) -> None:
    await sees.done("DELETE", f"/Users/{sees.somebody(grouped=True)[0]}")


async def _delete_and_make_again(sees: Witness) -> None:
    (key,) = sees.somebody()
    name = sees.stored(key).email
    await sees.done("DELETE", f"/Users/{key}")
    again = await sees.done("POST", "/Users", new_user(userName=name))
    assert again["id"] == key


async def _move(sees: Witness) -> None:
    (key,) = sees.somebody(grouped=True)
    group = next(g for g in sees.account.stored.groups if g != sees.stored(key).group_key)
    assert (await sees.members("add", group, key)).is_success


async def _take_out(sees: Witness) -> None:
    (key,) = sees.somebody(grouped=True)
    assert (await sees.members("remove", sees.stored(key).group_key, key)).is_success


async def _make_group(sees: Witness) -> None:
    members = [{"value": key} for key in sees.somebody(2)]
    await sees.done("POST", "/Groups", _bakers(members=members))


async def _rename_group(sees: Witness) -> None:
    group = sees.stored(sees.somebody(grouped=True)[0]).group_key
    assert (await sees.replace(f"/Groups/{group}", **_bakers())).is_success


def _bakers(**attributes: Any) -> dict[str, Any]:
    return {"displayName": f"Bakers {next(NUMBERS)}", **attributes}


async def _delete_group(sees: Witness) -> None:
    await sees.done("DELETE", f"/Groups/{sees.stored(sees.somebody(grouped=True)[0]).group_key}")


WRITES = [
    _make_user, _rename_user, _suspend, _delete_user, _delete_and_make_again, _move, _take_out,
    _make_group, _rename_group, _delete_group,
]  # fmt: skip


@pytest.mark.parametrize("held_up", ["/users", "/groups", "/licenses"])
def test_a_refresh_under_way_undoes_no_write(witnessed: Run, held_up: str) -> None:
    async def test(sees: Witness) -> None:
        for write in WRITES:
            await sees.agree()
            sees.clock.grow_old()
            async with sees.late(held_up, sees.done("GET", "/Users")):
                await write(sees)
            await sees.agree()

    witnessed(test, users=40, groups=6)


def where(condition: str) -> str:
    return f"/Users?filter={condition}"


LOOKS: dict[str, Callable[[Witness, str], str]] = {
    "a user": lambda _, user: f"/Users/{user}",
    "an e-mail": lambda sees, user: where(f'userName eq "{sees.stored(user).email}"'),
    "a group": lambda sees, user: f"/Groups/{sees.stored(user).group_key}",
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_under_way_undoes_no_write(witnessed: Run, look: str) -> None:
    async def test(sees: Witness) -> None:
        for write in (
            _rename_user, _hold, _suspend, _move, _take_out, _rename_group, _delete_user,
            _delete_group,
        ):  # fmt: skip
            await sees.agree()
            (user,) = sees.somebody(grouped=True)
            path = LOOKS[look](sees, user)
            async with sees.late(path[:6].lower(), sees.ask("GET", path, **NO_CACHE)):
                await write(sees)
            await sees.agree()
            if write is _hold:
                assert (await sees.done("GET", f"/Users/{user}"))["title"] == "Baker"

    witnessed(test, users=40, groups=6)


def test_what_is_held_outlives_a_look_that_ends_with_the_write(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        path = f"/Users/{user}"
        for steps in range(0, 48, 4):
            async with sees.late("/users/", sees.ask("GET", path, **NO_CACHE)):
                writing = asyncio.create_task(sees.replace(path, title=f"Baker {steps}"))
                for _ in range(steps):
                    await asyncio.sleep(0)
            assert (await writing).status_code == 200
            for headers in ({}, NO_CACHE):
                assert (await sees.done("GET", path, **headers))["title"] == f"Baker {steps}"

    witnessed(test)


# -- Clients that hang up ----------------------------------------------------------------


@pytest.mark.parametrize("when", ["before GoTo acts", "after GoTo acts"])
def test_a_client_that_hangs_up_leaves_view_and_account_equal(witnessed: Run, when: str) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        for write in WRITES:
            await sees.bridge.forget_journal()
            await sees.faults({"match": {}, "after": when.startswith("after"), "delay_ms": 5})
            request = asyncio.create_task(write(sees))
            while not await sees.bridge.journal():
                assert not request.done()
                await asyncio.sleep(0)
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
            await sees.faults()
            await _settled(sees)
            await sees.agree()
            await sees.agree(**NO_CACHE)

    witnessed(test, users=40, groups=6)


def test_a_client_may_hang_up_at_any_step(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(grouped=True)
        group = sees.stored(user).group_key
        for steps in range(0, 60, 3):
            flip = bool(steps % 2)
            requests = [
                sees.replace(f"/Users/{user}", **{"name.givenName": f"Z{steps}", "active": flip}),
                sees.members("add" if flip else "remove", group, user),
                sees.ask("GET", f"/Users/{user}", **NO_CACHE),
                sees.ask("GET", "/Users", **NO_CACHE),
            ]
            tasks = [asyncio.ensure_future(request) for request in requests]
            for _ in range(steps):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _settled(sees)
            await sees.agree()

    witnessed(test)


async def _settled(sees: Witness) -> None:
    """Wait until what was under way at GoTo, and behind it, has come to its end."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.gather(*others, return_exceptions=True)
