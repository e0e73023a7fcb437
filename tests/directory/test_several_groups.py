"""Accounts that add a membership where others move it: all groups of a user are shown and kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox import SimulatorSettings
from tests.conftest import SANDBOX_MAPPING, simulated
from tests.directory.witness import Witness, witnessed_alone

REJECTING = replace(SANDBOX_MAPPING, rules=replace(SANDBOX_MAPPING.rules, group_conflict="reject"))
SUSPENDING = replace(SANDBOX_MAPPING, rules=replace(SANDBOX_MAPPING.rules, on_delete="suspend"))
SHOWN = pytest.mark.parametrize("shown_group", ["latest", "first"])


def goto(**settings: Any) -> Any:
    options = SimulatorSettings(**{"rate_limit": 0, "membership": "add", **settings})
    return simulated(users=12, groups=3, settings=options)


def in_two(sees: Witness) -> tuple[str, list[str]]:
    """A user who was put in another group in GoTo itself, and its groups."""
    (user,) = sees.somebody(grouped=True)
    mine = sees.stored(user).group_key
    other = next(key for key in sees.account.stored.groups if key != mine)
    sees.account.put_in_group(other, user)
    return user, [mine, other]


async def agrees(sees: Witness) -> None:
    """Check that users, groups and lists all show what is stored."""
    stored = sees.account.stored
    groups = {key: sorted(stored.members(key)) for key in stored.groups}
    of_users = {key: sorted(user.group_keys) for key, user in stored.users.items()}
    for _ in range(2):
        listed = (await sees.done("GET", "/?count=1000"))["Resources"]
        for each in listed:
            kind = each["meta"]["resourceType"]
            if kind == "User":
                shown = each.get("groups", [])
                assert sorted(group["value"] for group in shown) == of_users[each["id"]]
                names = {group["value"]: group["display"] for group in shown}
                assert names == {key: stored.groups[key].name for key in names}
            else:
                assert sorted(m["value"] for m in each["members"]) == groups[each["id"]]
        sees.clock.grow_old()


@SHOWN
@pytest.mark.parametrize("policy", ["first", "always", "never"])
def test_a_refresh_shows_all_groups(tmp_path: Path, policy: Any, shown_group: Any) -> None:
    async def test(sees: Witness) -> None:
        user, _ = in_two(sees)
        await agrees(sees)
        found = (await sees.bridge.store.findings.of(sees.account.key))["groups_per_user"]
        assert (found.outcome, found.source) == ("add", "read")
        before = await sees.done("GET", f"/Users/{user}")
        sees.clock.grow_old()
        await sees.ask("GET", "/Users")
        after = await sees.done("GET", f"/Users/{user}")
        # Nothing changed, so nothing is another version.
        assert after["meta"] == before["meta"]

    app = goto(shown_group=shown_group)
    witnessed_alone(tmp_path, test, app=app, verify_writes=policy)


@SHOWN
@pytest.mark.parametrize("mapping", [SANDBOX_MAPPING, REJECTING], ids=["move", "reject"])
def test_once_it_is_known_nobody_is_moved(tmp_path: Path, shown_group: Any, mapping: Any) -> None:
    async def test(sees: Witness) -> None:
        in_two(sees)
        await sees.ask("GET", "/Users")
        user = sees.somebody(2, grouped=True)[1]
        mine = sees.stored(user).group_key
        other = next(key for key in sees.account.stored.groups if key != mine)
        await sees.done("PATCH", f"/Groups/{other}", adding(user))
        assert set(sees.stored(user).group_keys) == {mine, other}
        await agrees(sees)
        await sees.bridge.forget_journal()
        await sees.done("PATCH", f"/Groups/{other}", adding(user))
        assert not [call for call in await sees.calls() if call.startswith("PUT")]

    witnessed_alone(tmp_path, test, app=goto(shown_group=shown_group), mapping=mapping)


def adding(user: str) -> dict[str, Any]:
    return {"Operations": [{"op": "add", "path": "members", "value": [{"value": user}]}]}


@SHOWN
@pytest.mark.parametrize("policy", ["first", "always"])
def test_the_first_move_finds_it_out(tmp_path: Path, shown_group: Any, policy: Any) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(grouped=True)
        mine = sees.stored(user).group_key
        other = next(key for key in sees.account.stored.groups if key != mine)
        await sees.ask("GET", "/Users")
        await sees.done("PATCH", f"/Groups/{other}", adding(user))
        found = (await sees.bridge.store.findings.of(sees.account.key))["groups_per_user"]
        assert (found.outcome, found.source) == ("add", "write")
        await agrees(sees)

    app = goto(shown_group=shown_group)
    witnessed_alone(tmp_path, test, app=app, verify_writes=policy)


@SHOWN
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("removal", ["single", "all-only", "accepted-not-done", "none"])
def test_a_removal_is_from_one_group_or_an_error(
    tmp_path: Path, shown_group: Any, which: int, removal: str
) -> None:
    async def test(sees: Witness) -> None:
        user, groups = in_two(sees)
        await sees.ask("GET", "/Users")
        answer = await sees.members("remove", groups[which], user)
        if removal == "single":
            assert answer.status_code == 200, answer.text
            assert list(sees.stored(user).group_keys) == [groups[1 - which]]
        else:
            assert answer.status_code in (502, 503), answer.text
            assert list(sees.stored(user).group_keys) == groups
        await agrees(sees)

    app = goto(shown_group=shown_group, removal=removal)
    witnessed_alone(tmp_path, test, app=app, verify_writes="first")


def test_one_who_is_in_one_group_alone_is_taken_out_of_all(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        in_two(sees)
        user = sees.somebody(2, grouped=True)[1]
        group = sees.stored(user).group_key
        await sees.ask("GET", "/Users")
        assert (await sees.members("remove", group, user)).status_code == 200
        assert not sees.stored(user).group_keys
        await agrees(sees)

    witnessed_alone(tmp_path, test, app=goto(removal="all-only"), verify_writes="first")


@pytest.mark.parametrize("removal", ["single", "all-only"])
def test_one_who_is_deleted_by_suspension_leaves_every_group(tmp_path: Path, removal: str) -> None:
    async def test(sees: Witness) -> None:
        user, _ = in_two(sees)
        await sees.ask("GET", "/Users")
        assert (await sees.ask("DELETE", f"/Users/{user}")).status_code == 204
        assert not sees.stored(user).group_keys
        assert sees.stored(user).is_empty_handed

    app = goto(removal=removal)
    witnessed_alone(tmp_path, test, app=app, mapping=SUSPENDING, verify_writes="first")


@SHOWN
def test_a_rename_and_a_change_keep_all_groups(tmp_path: Path, shown_group: Any) -> None:
    async def test(sees: Witness) -> None:
        user, groups = in_two(sees)
        await sees.ask("GET", "/Users")
        for number, key in enumerate(groups):
            name = {"displayName": f"Renamed {number}"}
            assert (await sees.replace(f"/Groups/{key}", **name)).status_code == 200
        shown = (await sees.done("GET", f"/Users/{user}"))["groups"]
        assert {each["display"] for each in shown} == {"Renamed 0", "Renamed 1"}
        assert (await sees.replace(f"/Users/{user}", active=False)).status_code == 200
        await agrees(sees)
        kept = await sees.done("GET", f"/Users/{user}", **{"Cache-Control": "no-cache"})
        assert {each["value"] for each in kept["groups"]} == set(groups)

    witnessed_alone(tmp_path, test, app=goto(shown_group=shown_group))


def test_where_users_are_moved_nobody_is_taken_for_being_in_several(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(grouped=True)
        mine = sees.stored(user).group_key
        other = next(key for key in sees.account.stored.groups if key != mine)
        await sees.ask("GET", "/Users")
        await sees.done("PATCH", f"/Groups/{other}", adding(user))
        await sees.agree()
        sees.clock.grow_old()
        await sees.agree()
        assert "groups_per_user" not in await sees.bridge.store.findings.of(sees.account.key)

    witnessed_alone(tmp_path, test, app=goto(membership="move"), verify_writes="first")


@pytest.mark.parametrize("policy", ["first", "never"])
def test_where_goto_refuses_a_second_group_the_answer_says_so(tmp_path: Path, policy: Any) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(grouped=True)
        mine = sees.stored(user).group_key
        other = next(key for key in sees.account.stored.groups if key != mine)
        answer = await sees.members("add", other, user)
        assert answer.status_code == 409, answer.text
        assert "remove it there first" in answer.json()["detail"]
        assert sees.stored(user).group_key == mine
        await agrees(sees)

    app = goto(membership="refuse")
    witnessed_alone(tmp_path, test, app=app, verify_writes=policy)
