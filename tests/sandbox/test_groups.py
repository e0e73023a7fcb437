"""GoTo's rules about groups, without HTTP."""

from typing import Any

import pytest

from bridge.sandbox import Account
from bridge.sandbox.records import GROUP_FIELDS, View, record
from bridge.sandbox.rows import Group
from bridge.sandbox.tables import Tables

from .accounts import account, create, refused


def shown(goto: Account, key: str) -> dict[str, Any]:
    view = View(goto.reading, goto.clock.now_ms(), goto.settings)
    return record(goto.reading.groups[key], view, GROUP_FIELDS)


def nested(goto: Account) -> list[str]:
    """Three groups, each below the one before."""
    root = goto.create_group({"name": "Root"})
    for key, above in (("11", root), ("12", "11")):
        Tables.put_group(goto.stored, Group(key, f"Level {key}", above))
    return [root, "11", "12"]


def test_an_empty_group_has_no_user_keys() -> None:
    goto = account(groups=0)
    key = goto.create_group({"name": "  Alpha Flight "})
    assert shown(goto, key) == {
        "key": key,
        "name": "Alpha Flight",
        "keyPath": [key],
        "namePath": ["Alpha Flight"],
        "memberCount": 0,
        "totalMemberCount": 0,
    }


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "  "}, {"name": 7}, {"name": None}])
def test_a_group_needs_a_name(body: dict[str, Any]) -> None:
    goto = account()
    with refused(400, "group.name.required"):
        goto.create_group(body)
    with refused(400, "group.name.required"):
        goto.rename_group(next(iter(goto.stored.groups)), body)


def test_names_are_unique_in_any_case_also_after_a_rename() -> None:
    goto = account()
    alpha, beta = goto.create_group({"name": "Alpha"}), goto.create_group({"name": "Beta"})
    with refused(409, "group.name.conflict"):
        goto.create_group({"name": "ALPHA"})
    with refused(409, "group.name.conflict"):
        goto.rename_group(beta, {"name": "alpha"})
    goto.rename_group(alpha, {"name": "ALPHA"})
    goto.rename_group(alpha, {"name": "Gamma"})
    goto.rename_group(beta, {"name": "alpha"})
    goto.delete_group(alpha)
    assert goto.create_group({"name": "gamma"}) != alpha


def test_a_user_is_in_one_group_and_putting_moves() -> None:
    goto = account()
    a, b = goto.create_group({"name": "A"}), goto.create_group({"name": "B"})
    user = create(goto)
    goto.put_in_group(a, user)
    goto.put_in_group(a, user)
    goto.put_in_group(b, user)
    assert (list(goto.stored.members(a)), list(goto.stored.members(b))) == ([], [user])


def test_a_second_group_can_be_set_to_be_refused() -> None:
    goto = account(second_group="refuse")
    a, b = goto.create_group({"name": "A"}), goto.create_group({"name": "B"})
    user = create(goto, groupKey=a)
    with refused(409, "user.in.other.group"):
        goto.put_in_group(b, user)


def test_removal_from_one_group_never_touches_another() -> None:
    goto = account()
    a, b = goto.create_group({"name": "A"}), goto.create_group({"name": "B"})
    user = create(goto, groupKey=b)
    goto.take_out_of_group(a, user)
    assert goto.user(user).group_key == b
    goto.take_out_of_group(b, user)
    assert goto.user(user).group_key is None
    goto.take_out_of_groups(user)
    strict = account(remove_nonmember="refuse")
    user = create(strict)
    with refused(404, "user.not.found"):
        strict.take_out_of_group(next(iter(strict.stored.groups)), user)


def test_removal_from_all_groups_leaves_none() -> None:
    goto = account()
    user = create(goto, groupKey=goto.create_group({"name": "A"}))
    goto.take_out_of_groups(user)
    assert goto.user(user).group_key is None


def test_paths_run_from_the_root_and_totals_count_the_groups_below() -> None:
    goto = account(groups=0)
    root, middle, leaf = nested(goto)
    create(goto, "a@example.com", groupKey=root)
    create(goto, "b@example.com", groupKey=leaf)
    create(goto, "c@example.com", groupKey=leaf)
    assert shown(goto, leaf)["keyPath"] == [root, middle, leaf]
    assert shown(goto, leaf)["namePath"] == ["Root", "Level 11", "Level 12"]
    counts = {
        key: (shown(goto, key)["memberCount"], shown(goto, key)["totalMemberCount"])
        for key in (root, middle, leaf)
    }
    assert counts == {root: (1, 3), middle: (0, 2), leaf: (2, 2)}


def test_deleting_a_group_frees_its_members_and_lifts_the_groups_below() -> None:
    goto = account(groups=0)
    root, middle, leaf = nested(goto)
    user = create(goto, groupKey=middle)
    goto.delete_group(middle)
    assert goto.user(user).group_key is None
    assert shown(goto, leaf)["keyPath"] == [root, leaf]
    with refused(404, "group.not.found"):
        goto.group(middle)


def test_deleting_a_group_that_is_not_empty_can_be_set_to_be_refused() -> None:
    goto = account(groups=0, delete_nonempty_group="refuse")
    root, middle, leaf = nested(goto)
    user = create(goto, groupKey=leaf)
    for key in (root, leaf):
        with refused(409, "group.not.empty"):
            goto.delete_group(key)
    goto.take_out_of_groups(user)
    goto.delete_group(leaf)
    goto.delete_group(middle)


def test_unknown_groups_and_users_are_not_found() -> None:
    goto = account()
    group, user = next(iter(goto.stored.groups)), create(goto)
    with refused(404, "group.not.found"):
        goto.put_in_group("1", user)
    with refused(404, "user.not.found"):
        goto.put_in_group(group, "1")
    with refused(404, "user.not.found"):
        goto.take_out_of_groups("1")
    with refused(404, "group.not.found"):
        goto.rename_group("1", {"name": "X"})
