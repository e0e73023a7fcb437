"""A refresh that finds nothing new shows every byte, version and date as before (decision 45)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.directory.witness import NO_CACHE, NUMBERS, PATCH_OP, Run, Witness, new_user

Change = Callable[[Witness], Awaitable[Any]]


async def everything(witness: Witness, **headers: str) -> dict[str, str]:
    """Each user and group as its bytes, by id."""
    answer = await witness.ask("GET", "/?count=1000", **headers)
    assert answer.status_code == 200, answer.text
    return {each["id"]: repr(each) for each in answer.json()["Resources"]}


async def singly(witness: Witness, keys: Any) -> dict[str, str]:
    """The same, asked for one by one."""
    found = {}
    for key in keys:
        for kind in ("Users", "Groups"):
            answer = await witness.ask("GET", f"/{kind}/{key}")
            if answer.status_code == 200:
                assert answer.headers["ETag"] == answer.json()["meta"]["version"]
                found[key] = repr(answer.json())
    return found


async def holds_still(witness: Witness, *answers: Any) -> None:
    """Check that what was answered is what reads show, before a refresh and after it."""
    before = await everything(witness)
    for answer in answers:
        if isinstance(answer, dict) and answer.get("id"):
            assert before[answer["id"]] == repr(answer)
    # Whatever the bridge itself wrote lately is taken at GoTo's word.
    witness.clock.grow_old()
    after = await everything(witness, **NO_CACHE)
    changed = {k: (before.get(k), after.get(k)) for k in {**before, **after}}
    assert not {k: pair for k, pair in changed.items() if pair[0] != pair[1]}
    assert await singly(witness, before) == before


def nested(witness: Witness) -> list[str]:
    """Three groups, each below the one before, and one beside them."""
    groups = list(witness.account.stored.groups.values())[:4]
    above = None
    for group in groups[:3]:
        witness.account.stored.put_group(replace(group, parent_key=above))
        above = group.key
    witness.account.stored.put_group(replace(groups[3], parent_key=None))
    return [group.key for group in groups]


async def user_of(witness: Witness, **attributes: Any) -> Any:
    return await witness.done("POST", "/Users", new_user(**attributes))


def licenses(witness: Witness) -> list[str]:
    return [
        key
        for key, each in witness.account.stored.licenses.items()
        if each.assignable and witness.account.stored.free_seats(key) > 3
    ]


# -- Users -------------------------------------------------------------------------------


async def create(w: Witness) -> Any:
    return await user_of(w, title="Lead", externalId="e-1")


async def create_inactive(w: Witness) -> Any:
    return await user_of(w, active=False)


async def create_with_licenses(w: Witness) -> Any:
    keys = licenses(w)
    items = [{"value": keys[-1]}, {"value": keys[0], "primary": True}]
    return await user_of(w, entitlements=items, roles=[{"value": "RUN_REPORTS"}])


async def create_with_a_product(w: Witness) -> Any:
    return await user_of(w, entitlements=[{"value": "g2w"}, "G2T", {"value": "G2M", "type": "x"}])


async def create_with_another_case(w: Witness) -> Any:
    name = f"Ada.{next(NUMBERS)}@Example.COM"
    return await user_of(w, userName=name, name={"givenName": " Ada ", "familyName": "B  "})


async def rename(w: Witness) -> Any:
    (key,) = w.somebody()
    return (await w.replace(f"/Users/{key}", **{"name.familyName": "King"})).json()


async def rename_with_blanks(w: Witness) -> Any:
    (key,) = w.somebody()
    return (await w.replace(f"/Users/{key}", **{"name.familyName": "  King "})).json()


async def mail_another(w: Witness) -> Any:
    (key,) = w.somebody()
    return (await w.replace(f"/Users/{key}", userName=f"N{next(NUMBERS)}@X.example.com")).json()


async def put(w: Witness) -> Any:
    (key,) = w.somebody()
    user = await w.done("GET", f"/Users/{key}")
    user["name"]["givenName"] = "Grace"
    return await w.done("PUT", f"/Users/{key}", {**user, "locale": "de-DE", "title": "x"})


async def suspend(w: Witness) -> Any:
    (key,) = w.somebody(grouped=True)
    w.account.sign_in(key)
    await w.done("GET", "/Users?count=1", **NO_CACHE)
    return (await w.replace(f"/Users/{key}", active=False)).json()


async def suspend_and_restore(w: Witness) -> Any:
    first = await suspend(w)
    return (await w.replace(f"/Users/{first['id']}", active=True)).json()


async def change_while_suspended(w: Witness) -> Any:
    first = await suspend(w)
    operations = [{"op": "replace", "path": "userName", "value": f"z{next(NUMBERS)}@x.co"}]
    return (await w.patch(f"/Users/{first['id']}", *operations)).json()


async def give_licenses(w: Witness) -> Any:
    (key,) = w.somebody()
    items = [{"value": each} for each in reversed(licenses(w))]
    operation = {"op": "add", "path": "entitlements", "value": items}
    return (await w.patch(f"/Users/{key}", operation)).json()


async def put_licenses(w: Witness) -> Any:
    (key,) = w.somebody()
    user = await w.done("GET", f"/Users/{key}")
    items = [{"value": each} for each in reversed(licenses(w))]
    return await w.done("PUT", f"/Users/{key}", {**user, "entitlements": items})


async def take_licenses(w: Witness) -> Any:
    given = await give_licenses(w)
    value = [{"value": given["entitlements"][0]["value"]}]
    operation = {"op": "remove", "path": "entitlements", "value": value}
    return (await w.patch(f"/Users/{given['id']}", operation)).json()


async def take_all(w: Witness) -> Any:
    (key,) = w.somebody()
    w.account.sign_in(key)
    await w.done("GET", "/Users?count=1", **NO_CACHE)
    gone = [{"op": "remove", "path": "entitlements"}, {"op": "remove", "path": "roles"}]
    return (await w.patch(f"/Users/{key}", *gone)).json()


async def give_roles(w: Witness) -> Any:
    (key,) = w.somebody()
    roles = [{"value": "run_reports"}, {"value": "MANAGE_SEATS", "display": "Seats"}]
    return (await w.patch(f"/Users/{key}", {"op": "add", "path": "roles", "value": roles})).json()


async def license_to_a_suspended_user(w: Witness) -> Any:
    first = await suspend(w)
    operation = {"op": "add", "path": "entitlements", "value": [{"value": "G2W"}]}
    return (await w.patch(f"/Users/{first['id']}", operation)).json()


async def delete_user(w: Witness) -> Any:
    (key,) = w.somebody(grouped=True)
    await w.done("DELETE", f"/Users/{key}")


async def delete_and_create_again(w: Witness) -> Any:
    (key,) = w.somebody(grouped=True)
    email = w.stored(key).email
    await w.done("DELETE", f"/Users/{key}")
    return await user_of(w, userName=email)


async def bulk(w: Witness) -> Any:
    (key,) = w.somebody()
    await w.done(
        "POST",
        "/Bulk",
        {
            "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": "a", "data": new_user()},
                {"method": "POST", "path": "/Users", "bulkId": "b", "data": new_user(active=False)},
                {"method": "PATCH", "path": f"/Users/{key}", "data": _patch("title", "x")},
                {
                    "method": "POST",
                    "path": "/Groups",
                    "bulkId": "g",
                    "data": {
                        "displayName": f"Bulk {next(NUMBERS)}",
                        "members": [{"value": "bulkId:a"}, {"value": key}],
                    },
                },
            ]
        },
    )


def _patch(path: str, value: Any) -> dict[str, Any]:
    operation = {"op": "replace", "path": path, "value": value}
    return {"schemas": [PATCH_OP], "Operations": [operation]}


# -- Groups ------------------------------------------------------------------------------


async def create_group(w: Witness) -> Any:
    return await w.done("POST", "/Groups", {"displayName": f"New {next(NUMBERS)}"})


async def create_group_with_blanks(w: Witness) -> Any:
    return await w.done("POST", "/Groups", {"displayName": f" New {next(NUMBERS)}  "})


async def create_group_with_members(w: Witness) -> Any:
    nested(w)
    await w.done("GET", "/Groups?count=1", **NO_CACHE)
    members = [{"value": key} for key in w.somebody(3)]
    body = {"displayName": f"New {next(NUMBERS)}", "externalId": "g", "members": members}
    return await w.done("POST", "/Groups", body)


async def _nested(w: Witness) -> list[str]:
    keys = nested(w)
    await w.done("GET", "/Groups?count=1", **NO_CACHE)
    return keys


async def move_down_and_up(w: Witness) -> Any:
    top, middle, low, beside = await _nested(w)
    some = w.somebody(4)
    for group in (low, beside, middle, top, low, top):
        await w.members("add", group, *some)
    await w.members("remove", top, some[0])


async def move_at_once(w: Witness) -> Any:
    top, _, low, beside = await _nested(w)
    some = w.somebody(6)
    await w.members("add", low, *some)
    operation = {"op": "replace", "path": "members", "value": [{"value": key} for key in some[:3]]}
    await w.patch(f"/Groups/{top}", operation)
    await w.members("remove", low, *some[3:])
    return (await w.members("add", beside, *some)).json()


async def rename_group(w: Witness) -> Any:
    _top, middle, low, _ = await _nested(w)
    some = w.somebody(2)
    await w.members("add", low, *some)
    return (await w.replace(f"/Groups/{middle}", displayName=f"Other {next(NUMBERS)}")).json()


async def hold_beside_group(w: Witness) -> Any:
    top, *_ = await _nested(w)
    return (await w.replace(f"/Groups/{top}", externalId="held")).json()


async def put_group(w: Witness) -> Any:
    _top, _, low, _ = await _nested(w)
    members = [{"value": key} for key in w.somebody(2)]
    body = {"displayName": f"Put {next(NUMBERS)}", "members": members}
    return await w.done("PUT", f"/Groups/{low}", body)


async def delete_middle_group(w: Witness) -> Any:
    _top, middle, low, _ = await _nested(w)
    some = w.somebody(4)
    await w.members("add", low, *some[:2])
    await w.members("add", middle, *some[2:])
    await w.done("DELETE", f"/Groups/{middle}")


async def delete_low_group(w: Witness) -> Any:
    *_, low, _ = await _nested(w)
    await w.members("add", low, *w.somebody(2))
    await w.done("DELETE", f"/Groups/{low}")


async def delete_members_of_nested_groups(w: Witness) -> Any:
    *_, low, _ = await _nested(w)
    first, second = w.somebody(2)
    await w.members("add", low, first, second)
    await w.done("DELETE", f"/Users/{first}")
    await w.replace(f"/Users/{second}", active=False)


CHANGES: list[Change] = [
    create, create_inactive, create_with_licenses, create_with_a_product,
    create_with_another_case, rename, rename_with_blanks, mail_another, put, suspend,
    suspend_and_restore, change_while_suspended, give_licenses, put_licenses, take_licenses,
    take_all, give_roles, license_to_a_suspended_user, delete_user, delete_and_create_again, bulk,
    create_group, create_group_with_blanks, create_group_with_members, move_down_and_up,
    move_at_once, rename_group, hold_beside_group, put_group, delete_middle_group,
    delete_low_group, delete_members_of_nested_groups,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_answered_is_what_a_refresh_shows(witnessed: Run, change: Change) -> None:
    async def test(witness: Witness) -> None:
        answer = await change(witness)
        await holds_still(witness, answer)

    witnessed(test, users=20, groups=5)


def test_licences_that_a_client_gives_are_shown_with_their_names(witnessed: Run) -> None:
    async def test(witness: Witness) -> None:
        given = await create_with_licenses(witness)
        stored = witness.account.stored.licenses
        for item in given["entitlements"]:
            license = stored[item["value"]]
            assert item["display"] == license.description
            assert item["type"] == "/".join(license.products)
        assert [each for each in given["entitlements"] if each.get("primary")]
        own = [{"value": given["entitlements"][0]["value"], "display": "Mine"}]
        body = {**given, "entitlements": own}
        answer = await witness.done("PUT", f"/Users/{given['id']}", body)
        # Who names a licence itself is shown what it said (decision 21).
        assert answer["entitlements"] == own
        await holds_still(witness, answer)

    witnessed(test)


def test_the_order_of_goto_s_lists_is_no_change(witnessed: Run) -> None:
    async def test(witness: Witness) -> None:
        given = await give_licenses(witness)
        row = witness.stored(given["id"])
        assert len(row.license_keys) > 1
        witness.account.stored.put_user(
            replace(row, license_keys=tuple(reversed(row.license_keys)))
        )
        await holds_still(witness, given)

    witnessed(test)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_refresh_around_a_move_counts_it_once(witnessed: Run, place: int, verb: str) -> None:
    async def test(witness: Witness) -> None:
        groups = await _nested(witness)
        group, (key,) = groups[place], witness.somebody(1)
        await witness.members("add", groups[3] if verb == "add" else group, key)
        await holds_still(witness)
        # The refresh reads the users before the move, and the groups after it; it ends while the
        # bridge still waits for the answer to the move.
        refresh = witness.late("/users", everything(witness, **NO_CACHE))
        await refresh.__aenter__()
        moving = witness.late(
            f"/groups/{group}/users/{key}",
            witness.members(verb, group, key),
            method="PUT" if verb == "add" else "DELETE",
        )
        await moving.__aenter__()
        await refresh.__aexit__(None, None, None)
        await moving.__aexit__(None, None, None)
        await holds_still(witness)

    witnessed(test, users=20, groups=5)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_look_at_a_group_during_a_move_counts_it_once(witnessed: Run, place: int) -> None:
    async def test(witness: Witness) -> None:
        groups = await _nested(witness)
        group, (key,) = groups[place], witness.somebody(1)
        await witness.members("add", groups[3], key)
        path = f"/groups/{group}/users/{key}"
        moving = witness.members("add", group, key)
        async with witness.late(path, moving, method="PUT"):
            await witness.done("GET", f"/Groups/{group}", **NO_CACHE)
        await holds_still(witness)

    witnessed(test, users=20, groups=5)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "rename", "suspend", "restore", "delete", "group"]),
        st.integers(0, 3),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_was_written_a_refresh_shows_the_same(
    witnessed: Run, steps: list[tuple[str, int, int]]
) -> None:
    async def test(witness: Witness) -> None:
        groups = await _nested(witness)
        users = witness.somebody(6)
        for verb, place, number in steps:
            group, user = groups[place], users[number]
            if verb in ("add", "remove"):
                await witness.members(verb, group, user)
            elif verb == "rename":
                await witness.replace(f"/Groups/{group}", displayName=f"R{next(NUMBERS)}")
            elif verb == "group":
                await witness.ask("DELETE", f"/Groups/{group}")
            elif verb == "delete":
                await witness.ask("DELETE", f"/Users/{user}")
            else:
                await witness.replace(f"/Users/{user}", active=verb == "restore")
        await holds_still(witness)

    witnessed(test, users=20, groups=5)
