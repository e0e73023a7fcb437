"""Groups from their making to their end: nested ones, names, members who move, and deletion."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.sandbox.rows import Group
from bridge.sandbox.tables import Tables
from tests.directory.witness import (
    GROUP_EXTENSION,
    NO_CACHE,
    NUMBERS,
    Run,
    Witness,
    witnessed_alone,
)


async def settings(sees: Witness, **values: Any) -> None:
    assert (await sees.bridge.control.put("/_sim/settings", json=values)).is_success


def below(sees: Witness, parent: str) -> str:
    """A new group below another one, which GoTo's API cannot make."""
    key = sees.account.create_group({"name": f"Shift {next(NUMBERS)}"})
    row = Group(key=key, name=sees.account.stored.groups[key].name, parent_key=parent)
    sees.account._write(Tables.put_group, row)
    return key


async def shown(sees: Witness, key: str, **headers: str) -> dict[str, Any]:
    extension: dict[str, Any] = (await sees.done("GET", f"/Groups/{key}", **headers))[
        GROUP_EXTENSION
    ]
    return extension


def refused(answer: httpx.Response, scim_type: str | None) -> None:
    assert answer.status_code == 409, answer.text
    assert answer.json().get("scimType") == scim_type
    assert len(answer.json()["detail"]) > 20


def test_groups_below_others_show_their_parent_and_follow_its_name(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        top = sees.account.create_group({"name": "Ovens"})
        middle = below(sees, top)
        leaf = below(sees, middle)
        (user,) = sees.somebody()
        sees.account.put_in_group(leaf, user)
        names = [sees.account.stored.groups[key].name for key in (middle, leaf)]
        await sees.agree(**NO_CACHE)
        assert (await shown(sees, leaf))["parent"] == middle
        assert (await shown(sees, middle))["parent"] == top
        assert "parent" not in await shown(sees, top)
        for name in ("Ovens", "Stoves"):
            assert (await sees.replace(f"/Groups/{top}", displayName=name)).is_success
            for headers in ({}, NO_CACHE):
                assert (await shown(sees, leaf, **headers))["path"] == "/".join([name, *names])
                told = await sees.done("GET", f"/Users/{user}", **headers)
                assert [group["value"] for group in told["groups"]] == [leaf]
                assert "/".join([name, *names]) in str(told)
        members = (await sees.done("GET", f"/Groups/{leaf}"))["members"]
        assert [(each["value"], each["type"]) for each in members] == [(user, "User")]

    witnessed(test)


def test_a_name_in_use_is_refused_whatever_its_case(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        mine = (await sees.done("POST", "/Groups", {"displayName": "Bakers"}))["id"]
        await sees.done("POST", "/Groups", {"displayName": "Millers"})
        hidden = sees.account.create_group({"name": "Brewers"})
        for name in ("MILLERS", "millers", "BREWERS"):
            refused(await sees.ask("POST", "/Groups", {"displayName": name}), "uniqueness")
            refused(await sees.replace(f"/Groups/{mine}", displayName=name), "uniqueness")
        # One's own name in another case is no conflict.
        assert (await sees.replace(f"/Groups/{mine}", displayName="BAKERS")).is_success
        sees.account.rename_group(hidden, {"name": "Distillers"})
        assert (await sees.ask("POST", "/Groups", {"displayName": "Brewers"})).status_code == 201
        await sees.agree(**NO_CACHE)

    witnessed(test)


@pytest.mark.parametrize("to_members", ["ungroup", "move_up"])
@pytest.mark.parametrize("old", [False, True], ids=["young", "old"])
def test_what_becomes_of_a_deleted_groups_members_is_seen_at_once(
    tmp_path: Path, to_members: str, old: bool
) -> None:
    async def test(sees: Witness) -> None:
        await settings(sees, delete_nonempty_group=to_members)
        top = sees.account.create_group({"name": "Ovens"})
        middle = below(sees, top)
        leaf = below(sees, middle)
        users = sees.somebody(4)
        for user, group in zip(users, (top, middle, middle, leaf), strict=True):
            sees.account.put_in_group(group, user)
        await sees.agree(**NO_CACHE)
        if old:
            sees.clock.grow_old()
        await sees.calls()

        await sees.done("DELETE", f"/Groups/{middle}")

        looks = [] if old else ["GET groups", "GET users"]
        assert await sees.calls() == [f"DELETE groups/{middle}", *looks]
        after = top if to_members == "move_up" else None
        assert sees.stored(users[1]).group_key == after
        if not old:
            await sees.agree()
            for user in users:
                told = await sees.done("GET", f"/Users/{user}")
                stored = sees.stored(user).group_key
                assert [each["value"] for each in told.get("groups", [])] == [stored] * bool(stored)
            assert (await shown(sees, leaf))["parent"] == top
            assert await sees.calls() == []
        await sees.agree(**NO_CACHE)

    witnessed_alone(tmp_path, test)


def test_a_group_with_many_members_costs_a_pass_at_most(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.bridge.control.post("/_sim/reset", json={"users": 300, "groups": 1})
        (group,) = sees.account.stored.groups
        for user in sees.account.stored.users:
            sees.account.put_in_group(group, user)
        await sees.agree(**NO_CACHE)
        await sees.calls()
        await sees.done("DELETE", f"/Groups/{group}")
        assert await sees.calls() == [f"DELETE groups/{group}"]
        await sees.agree()
        assert await sees.calls() == ["GET licenses", "GET users", "GET groups"]

    witnessed_alone(tmp_path, test)


def test_members_that_cannot_be_read_back_are_looked_for_later(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(grouped=True)
        group = sees.stored(user).group_key
        await sees.faults({"match": {"method": "GET"}, "status": 503})
        await sees.done("DELETE", f"/Groups/{group}")
        assert (await sees.ask("GET", f"/Users/{user}")).status_code == 503
        await sees.faults()
        assert "groups" not in await sees.done("GET", f"/Users/{user}")
        await sees.agree()

    witnessed(test)


def test_a_group_that_goto_does_not_delete_is_there_still(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await settings(sees, delete_nonempty_group="refuse")
        (user,) = sees.somebody(grouped=True)
        group = sees.stored(user).group_key
        refused(await sees.ask("DELETE", f"/Groups/{group}"), None)
        await sees.agree()
        await sees.agree(**NO_CACHE)

    witnessed_alone(tmp_path, test)


@pytest.mark.parametrize("narrow", [True, False], ids=["one group", "all groups"])
def test_a_user_who_was_moved_is_not_taken_out_of_its_new_group(
    tmp_path: Path, narrow: bool
) -> None:
    async def test(sees: Witness) -> None:
        await settings(sees, per_group_removal=narrow)
        first, second, _ = sees.account.stored.groups
        for lag in (0, 3_600_000):
            await settings(sees, read_after_write_lag_ms=lag)
            users = sees.somebody(3)
            for user in users:
                assert (await sees.members("add", first, user)).is_success
                assert (await sees.members("add", second, user)).is_success
                assert (await sees.members("remove", first, user)).is_success
                assert sees.stored(user).group_key == second
            await sees.agree()
            # And at once: whichever comes first, it is in the group that it was added to.
            moves = [sees.members("add", first, *users), sees.members("remove", second, *users)]
            assert {answer.status_code for answer in await asyncio.gather(*moves)} == {200}
            assert [sees.stored(user).group_key for user in users] == [first] * 3
            await sees.agree()
            assert (await sees.members("remove", first, *users)).is_success
            assert [sees.stored(user).group_key for user in users] == [None] * 3
            await sees.agree()

    witnessed_alone(tmp_path, test)
