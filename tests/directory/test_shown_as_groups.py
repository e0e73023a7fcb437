"""Licences and admin roles that a mapping shows as groups: as lists, as members, and as changes."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import Mapping
from tests.conftest import simulated
from tests.directory.witness import (
    GROUP_EXTENSION,
    NO_CACHE,
    PATCH_OP,
    Run,
    Test,
    Witness,
    new_user,
    witness_over,
    witnessed_alone,
)
from tests.mapping.mappings import own

INCLUDING = (
    'extends = "sandbox"\n[groups]\ninclude = ["licenses", "roles"]\nunknown_members = "refuse"\n'
)


def including(folder: Path, text: str = INCLUDING) -> Mapping:
    """A mapping that shows licences and roles as groups."""
    return own(folder, text)


@pytest.fixture(scope="module")
def shared_with_groups(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[asyncio.Runner, Witness]]:
    folder = tmp_path_factory.mktemp("shown")
    with asyncio.Runner() as runner:
        opened = witness_over(folder, mapping=including(folder))
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


@pytest.fixture
def run(shared_with_groups: tuple[asyncio.Runner, Witness]) -> Run:
    """What runs a test over an account of its own, and then compares both sides."""
    runner, witness = shared_with_groups

    def running(test: Test, *, users: int = 12, groups: int = 3) -> None:
        async def whole() -> None:
            await witness.faults()
            seed = {"users": users, "groups": groups, "seed": next(SEEDS)}
            await witness.bridge.control.post("/_sim/reset", json=seed)
            await agree(witness, **NO_CACHE)
            await witness.calls()
            await test(witness)
            await witness.faults()
            await agree(witness)
            await agree(witness, **NO_CACHE)

        runner.run(whole())

    return running


SEEDS = iter(range(5000, 9000))


async def listed(sees: Witness, path: str, **headers: str) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = (await sees.done("GET", path, **headers))["Resources"]
    return resources


async def agree(sees: Witness, **headers: str) -> None:
    """Check that groups and users show who has which licence and role, as the account says."""
    stored = sees.account.stored
    expected = {f"license-{key}": sorted(stored.holders(key)) for key in stored.licenses}
    for role in ROLES:
        having = [key for key, user in stored.users.items() if role in user.admin_roles]
        expected[f"role-{role}"] = sorted(having)
    expected |= {key: sorted(stored.members(key)) for key in stored.groups}
    groups = await listed(sees, "/Groups?count=1000", **headers)
    assert {group["id"]: _members(group) for group in groups} == expected
    for group in groups:
        assert group[GROUP_EXTENSION]["memberCount"] == len(expected[group["id"]])
    names = [group["displayName"].casefold() for group in groups]
    assert len(set(names)) == len(names)

    users = await listed(sees, "/Users?count=1000")
    assert {user["id"]: _groups(user) for user in users} == {
        key: sorted(group for group, members in expected.items() if key in members)
        for key in stored.users
    }


ROLES = (
    "SUPER_USER", "MANAGE_USERS", "MANAGE_SEATS", "MANAGE_SETTINGS", "MANAGE_GROUPS",
    "RUN_REPORTS", "ADD_USERS", "MANAGE_ACCOUNT",
)  # fmt: skip


def _members(group: dict[str, Any]) -> list[str]:
    return sorted(member["value"] for member in group.get("members", []))


def _groups(user: dict[str, Any]) -> list[str]:
    groups = user.get("groups", [])
    assert all(group["type"] == "direct" for group in groups)
    assert all(group["$ref"].endswith(f"/Groups/{group['value']}") for group in groups)
    return sorted(group["value"] for group in groups)


def license_of(sees: Witness, product: str) -> str:
    licenses = sees.account.stored.licenses
    return next(key for key, each in licenses.items() if product in each.products)


# -- What is shown -----------------------------------------------------------------


def test_licenses_and_roles_are_listed_among_the_groups(run: Run) -> None:
    async def test(sees: Witness) -> None:
        webinars = license_of(sees, "G2W")
        groups = {group["id"]: group for group in await listed(sees, "/Groups")}
        shown = groups[f"license-{webinars}"]
        assert shown["displayName"] == "GoToWebinar Pro"
        assert shown["meta"]["resourceType"] == "Group"
        assert shown == await sees.done("GET", f"/Groups/license-{webinars}")
        assert groups["role-MANAGE_USERS"]["displayName"] == "Manage users"
        for each in groups.values():
            assert await sees.done("GET", f"/Groups/{each['id']}") == each
            version = each["meta"]["version"]
            same = await sees.ask("GET", f"/Groups/{each['id']}", **{"If-None-Match": version})
            assert same.status_code == 304
        assert await sees.calls() == []

    run(test)


def test_they_are_found_by_name_member_id_and_user(run: Run) -> None:
    async def test(sees: Witness) -> None:
        webinars = license_of(sees, "G2W")
        member = next(iter(sees.account.stored.holders(webinars)))
        group = f"license-{webinars}"
        for condition in (
            'displayName eq "gotowebinar pro"',
            f'id eq "{group}"',
            f'members.value eq "{member}" and displayName co "webinar"',
            f'members[value eq "{member}"] and id sw "license-" and displayName co "Webinar"',
        ):
            assert await sees.ids(f"/Groups?filter={condition}") == [group], condition
        assert member in await sees.ids(f'/Users?filter=groups.value eq "{group}"')
        assert group in await sees.ids("/?count=1000")

    run(test)


def test_they_are_sorted_and_walked_with_the_groups(run: Run) -> None:
    async def test(sees: Witness) -> None:
        whole = await sees.ids("/Groups")
        ids: list[str] = []
        page = await sees.done("GET", "/Groups?cursor&count=4")
        while True:
            ids += [each["id"] for each in page["Resources"]]
            if not (cursor := page.get("nextCursor")):
                break
            page = await sees.done("GET", f"/Groups?count=4&cursor={cursor}")
        assert ids == whole
        by_index = [
            key for n in range(1, len(whole) + 1, 5)
            for key in await sees.ids(f"/Groups?startIndex={n}&count=5")
        ]  # fmt: skip
        assert by_index == whole
        names = [each["displayName"] for each in await listed(sees, "/Groups?sortBy=displayName")]
        assert names == sorted(names, key=str.casefold)

    run(test)


def test_a_walk_that_goes_on_shows_them_as_they_are_now(run: Run) -> None:
    async def test(sees: Witness) -> None:
        key = license_of(sees, "G2M")
        await sees.done("GET", "/Groups?count=1")
        await sees.done("POST", "/Users", new_user())
        rest = await listed(sees, "/Groups?startIndex=2&count=1000")
        (shown,) = [each for each in rest if each["id"] == f"license-{key}"]
        assert shown[GROUP_EXTENSION]["memberCount"] == len(sees.account.stored.holders(key))
        assert len(_members(shown)) == len(sees.account.stored.holders(key))

    run(test)


def test_a_name_that_a_group_has_already_is_made_another(run: Run) -> None:
    async def test(sees: Witness) -> None:
        webinars = license_of(sees, "G2W")
        path = f"/Groups/license-{webinars}"
        before = await sees.done("GET", path)
        group = await sees.done("POST", "/Groups", {"displayName": "GoToWebinar PRO"})
        after = await sees.done("GET", path)
        assert after["displayName"] == "GoToWebinar Pro (licence)"
        assert after["meta"]["version"] != before["meta"]["version"]
        another = await sees.done("POST", "/Groups", {"displayName": "GoToWebinar Pro (licence)"})
        renamed = await sees.done("GET", path)
        assert renamed["displayName"] == f"GoToWebinar Pro (licence {webinars})"
        for each in (group, another):
            await sees.done("DELETE", f"/Groups/{each['id']}")
        assert (await sees.done("GET", path))["displayName"] == "GoToWebinar Pro"

    run(test)


def test_a_role_of_an_unknown_name_is_shown_too(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody()
        stored = sees.account.stored
        before = stored.users[key]
        stored.put_user(replace(before, admin_roles=("MANAGE_ROOMS",)))
        user = await sees.done("GET", f"/Users/{key}", **NO_CACHE)
        assert "role-MANAGE_ROOMS" in _groups(user)
        group = await sees.done("GET", "/Groups/role-MANAGE_ROOMS")
        assert (group["displayName"], _members(group)) == ("Manage rooms", [key])
        stored.put_user(before)
        await sees.done("GET", f"/Users/{key}", **NO_CACHE)
        assert (await sees.ask("GET", "/Groups/role-MANAGE_ROOMS")).status_code == 404

    run(test)


def test_an_id_that_stands_for_nothing_is_404(run: Run) -> None:
    async def test(sees: Witness) -> None:
        for key in ("license-1", "role-OWNER", "license-", "role-manage_users", "license-%2e%2e"):
            assert (await sees.ask("GET", f"/Groups/{key}")).status_code == 404
            assert (await sees.members("add", key, *sees.somebody())).status_code == 404
            assert (await sees.ask("DELETE", f"/Groups/{key}")).status_code == 404
        assert await sees.ids('/Groups?filter=id eq "license-1"') == []
        assert await sees.calls() == []

    run(test)


def test_without_being_included_nothing_of_them_is_shown(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        assert all(key.isdigit() for key in await sees.ids("/Groups"))
        key = license_of(sees, "G2M")
        assert (await sees.ask("GET", f"/Groups/license-{key}")).status_code == 404
        assert (await sees.members("add", f"license-{key}", *sees.somebody())).status_code == 404
        for user in await listed(sees, "/Users"):
            assert all(group["value"].isdigit() for group in user.get("groups", []))
        assert await sees.calls() == []

    witnessed(test)


def test_only_what_is_included_is_shown(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        ids = await sees.ids("/Groups")
        assert any(key.startswith("role-") for key in ids)
        assert not any(key.startswith("license-") for key in ids)
        groups = [each["value"] for user in await listed(sees, "/Users") for each in _all(user)]
        assert "role-SUPER_USER" in groups
        assert not any(key.startswith("license-") for key in groups)

    text = INCLUDING.replace('"licenses", ', "")
    witnessed_alone(tmp_path, test, mapping=including(tmp_path, text))


def _all(user: dict[str, Any]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = user.get("groups", [])
    return groups


# -- Changes that an incremental import finds ----------------------------------------


async def changed_since(sees: Witness, moment: str) -> list[str]:
    return await sees.ids(f'/Groups?filter=meta.lastModified gt "{moment}"')


async def newest(sees: Witness, path: str) -> str:
    return max(str(each["meta"]["lastModified"]) for each in await listed(sees, path))


def test_a_change_of_members_moves_version_and_date(run: Run) -> None:
    async def test(sees: Witness) -> None:
        meetings = f"license-{license_of(sees, 'G2M')}"
        before = await sees.done("GET", f"/Groups/{meetings}")
        moment = await newest(sees, "/Groups")
        await asyncio.sleep(0.002)
        user = await sees.done("POST", "/Users", new_user())
        assert meetings in _groups(user)
        after = await sees.done("GET", f"/Groups/{meetings}")
        assert _members(after) == sorted([*_members(before), user["id"]])
        assert after["meta"]["version"] != before["meta"]["version"]
        assert await changed_since(sees, moment) == [meetings]

        moment = await newest(sees, "/Groups")
        await asyncio.sleep(0.002)
        await sees.done("DELETE", f"/Users/{user['id']}")
        assert await changed_since(sees, moment) == [meetings]

    run(test)


def test_a_change_in_gotos_console_moves_them_as_well(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody()
        moment = await newest(sees, "/Groups")
        await asyncio.sleep(0.002)
        stored = sees.account.stored
        stored.put_user(replace(stored.users[key], admin_roles=("RUN_REPORTS",)))
        sees.clock.grow_old()
        assert await changed_since(sees, moment) == ["role-RUN_REPORTS"]
        assert key in _members(await sees.done("GET", "/Groups/role-RUN_REPORTS"))

    run(test)


def test_dates_and_what_is_held_outlive_a_restart(tmp_path: Path) -> None:
    mapping = including(tmp_path)
    before: list[dict[str, Any]] = []

    async def first(sees: Witness) -> None:
        held = {"op": "add", "path": "externalId", "value": "hr-9"}
        assert (await sees.patch("/Groups/role-RUN_REPORTS", held)).status_code == 200
        before.extend(await listed(sees, "/Groups"))

    async def second(sees: Witness) -> None:
        assert await listed(sees, "/Groups") == before
        assert await sees.ids('/Groups?filter=externalId eq "hr-9"') == ["role-RUN_REPORTS"]

    app = simulated(users=12, groups=3)
    witnessed_alone(tmp_path, first, mapping=mapping, app=app)
    witnessed_alone(tmp_path, second, mapping=mapping, app=app)


# -- What cannot be changed ----------------------------------------------------------


def test_a_name_cannot_be_changed_and_a_group_cannot_be_deleted(run: Run) -> None:
    async def test(sees: Witness) -> None:
        for key, name in (
            (f"license-{license_of(sees, 'G2M')}", "GoToMeeting Business"),
            ("role-MANAGE_USERS", "Manage users"),
        ):
            path = f"/Groups/{key}"
            refused = await sees.replace(path, displayName="Meetings")
            assert refused.status_code == 400
            assert refused.json()["scimType"] == "mutability"
            assert "GoTo" in refused.json()["detail"]
            assert (await sees.replace(path, displayName=name, id=key)).status_code == 200
            deleted = await sees.ask("DELETE", path)
            assert deleted.status_code == 403
            assert "groups.include" in deleted.json()["detail"]
            stale = await sees.ask("DELETE", path, **{"If-Match": 'W/"old"'})
            assert stale.status_code == 412
        assert await sees.calls() == []

    run(test)


def test_a_group_that_is_made_with_such_a_name_is_a_group_of_goto(run: Run) -> None:
    async def test(sees: Witness) -> None:
        group = await sees.done("POST", "/Groups", {"displayName": "Run reports"})
        assert group["id"].isdigit()
        assert len(sees.account.stored.licenses) == 5

    run(test)


# -- Members -------------------------------------------------------------------------


def without(sees: Witness, product: str) -> list[str]:
    """Active users who have no licence of a product."""
    key = license_of(sees, product)
    return [each for each in sees.somebody(6) if key not in sees.stored(each).license_keys]


def users_called(calls: list[str]) -> list[str]:
    return [call.partition(" ")[0] for call in calls if " users/" in call]


def test_members_are_given_a_license_and_lose_it(run: Run) -> None:
    async def test(sees: Witness) -> None:
        key = license_of(sees, "G2T")
        group = f"license-{key}"
        user = without(sees, "G2T")[0]
        had = sees.stored(user).license_keys
        answer = await sees.members("add", group, user)
        assert answer.status_code == 200
        assert user in _members(answer.json())
        assert set(sees.stored(user).license_keys) == {*had, key}
        assert await sees.calls() == [f"GET users/{user}", f"PUT users/{user}"]
        shown = await sees.done("GET", f"/Users/{user}")
        assert group in _groups(shown)
        assert key in [each["value"] for each in shown["entitlements"]]

        answer = await sees.members("add", group, user, user)
        assert answer.status_code == 200
        assert users_called(await sees.calls()) == ["GET"]

        path = f'members[value eq "{user}"]'
        answer = await sees.patch(f"/Groups/{group}", {"op": "remove", "path": path})
        assert user not in _members(answer.json())
        assert set(sees.stored(user).license_keys) == set(had)
        assert users_called(await sees.calls()) == ["GET", "PUT"]
        assert (await sees.members("remove", group, user, "999")).status_code == 200
        assert "PUT" not in users_called(await sees.calls())

    run(test)


def test_members_are_given_a_role_and_lose_it(run: Run) -> None:
    async def test(sees: Witness) -> None:
        users = sees.somebody(3)
        answer = await sees.members("add", "role-RUN_REPORTS", *users)
        assert set(users) <= set(_members(answer.json()))
        assert all("RUN_REPORTS" in sees.stored(user).admin_roles for user in users)
        assert users_called(await sees.calls()).count("PUT") == 3
        shown = await sees.done("GET", f"/Users/{users[0]}")
        assert [each["value"] for each in shown["roles"]] == ["RUN_REPORTS"]
        answer = await sees.members("replace", "role-RUN_REPORTS", users[1])
        assert _members(answer.json()) == [users[1]]
        answer = await sees.patch("/Groups/role-RUN_REPORTS", {"op": "remove", "path": "members"})
        assert _members(answer.json()) == []
        assert not any("RUN_REPORTS" in sees.stored(user).admin_roles for user in users)

    run(test)


def test_a_put_sets_the_members_or_leaves_them(run: Run) -> None:
    async def test(sees: Witness) -> None:
        one, two, three = sees.somebody(3)
        path = "/Groups/role-ADD_USERS"
        await sees.members("add", "role-ADD_USERS", one, two)
        resource = await sees.done("GET", path)
        resource["members"] = [{"value": two}, {"value": three}]
        put = await sees.done("PUT", path, {**resource, "externalId": "hr-3"})
        assert _members(put) == sorted([two, three])
        del resource["members"]
        put = await sees.done("PUT", path, resource)
        assert _members(put) == sorted([two, three])
        assert "externalId" not in put
        put = await sees.done("PUT", path, {**resource, "members": []})
        assert _members(put) == []
        renamed = await sees.ask("PUT", path, {**resource, "displayName": "Adders"})
        assert (renamed.status_code, renamed.json()["scimType"]) == (400, "mutability")

    run(test)


def test_who_finds_no_seat_is_refused_and_the_others_are_served(run: Run) -> None:
    async def test(sees: Witness) -> None:
        key = license_of(sees, "G2W")
        users = without(sees, "G2W")
        stored = sees.account.stored
        seats = len(stored.holders(key)) + 2
        stored.licenses[key] = replace(stored.licenses[key], seats=seats)
        assert len(users) > 2
        answer = await sees.members("add", f"license-{key}", *users)
        assert answer.status_code == 400
        assert answer.json()["scimType"] == "invalidValue"
        assert key in answer.json()["detail"]
        assert f"{seats} of {seats} seats" in answer.json()["detail"]
        served = [user for user in users if key in sees.stored(user).license_keys]
        assert len(served) == 2
        shown = await sees.done("GET", f"/Groups/license-{key}")
        assert set(served) <= set(_members(shown))

    run(test)


def test_whoever_loses_the_last_one_is_suspended_everywhere(run: Run) -> None:
    async def test(sees: Witness) -> None:
        user = await sees.done("POST", "/Users", new_user())
        key = license_of(sees, "G2M")
        moment = await newest(sees, "/Users")
        await asyncio.sleep(0.002)
        answer = await sees.members("remove", f"license-{key}", user["id"])
        assert user["id"] not in _members(answer.json())
        shown = await sees.done("GET", f"/Users/{user['id']}")
        assert (shown["active"], shown.get("groups")) == (False, None)
        assert await sees.ids(f'/Users?filter=meta.lastModified gt "{moment}"') == [user["id"]]
        assert user["id"] in await sees.ids("/Users?filter=active eq false")

        # To be given a licence makes active, as GoTo has it.
        await sees.members("add", f"license-{key}", user["id"])
        assert (await sees.done("GET", f"/Users/{user['id']}"))["active"] is True

    run(test)


def test_a_deactivated_user_leaves_them_and_comes_back(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        await sees.members("add", "role-RUN_REPORTS", user)
        before = _groups(await sees.done("GET", f"/Users/{user}"))
        await sees.replace(f"/Users/{user}", active=False)
        assert all(key.isdigit() for key in _groups(await sees.done("GET", f"/Users/{user}")))
        assert user not in _members(await sees.done("GET", "/Groups/role-RUN_REPORTS"))
        await sees.replace(f"/Users/{user}", active=True)
        assert _groups(await sees.done("GET", f"/Users/{user}")) == before

    run(test)


def test_what_may_not_be_given_or_taken_is_refused(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        administrator = sees.account.administrator_key
        expired, managed = license_of(sees, "OPENVOICE"), license_of(sees, "JIVE")
        for op, group, who, status, scim_type in (
            ("add", "role-SUPER_USER", user, 400, "invalidValue"),
            ("add", f"license-{expired}", user, 400, "invalidValue"),
            ("add", f"license-{managed}", user, 400, "invalidValue"),
            ("add", "role-RUN_REPORTS", "999", 400, "invalidValue"),
            ("add", "role-RUN_REPORTS", administrator, 403, None),
            ("remove", "role-SUPER_USER", administrator, 403, None),
        ):
            answer = await sees.members(op, group, who)
            assert answer.status_code == status, (op, group, answer.text)
            assert answer.json().get("scimType") == scim_type
            assert answer.json()["detail"]
        assert "PUT" not in users_called(await sees.calls())

    run(test)


def test_a_member_is_in_its_group_all_the_same(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(1, grouped=True)
        home = sees.stored(user).group_key
        await sees.members("add", "role-RUN_REPORTS", user)
        await sees.members("remove", "role-RUN_REPORTS", user)
        assert sees.stored(user).group_key == home

    run(test)


def test_a_condition_that_does_not_hold_changes_nobody(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        body = {
            "schemas": [PATCH_OP],
            "Operations": [{"op": "add", "path": "members", "value": [{"value": user}]}],
        }
        path = "/Groups/role-RUN_REPORTS"
        answer = await sees.ask("PATCH", path, body, **{"If-Match": 'W/"another"'})
        assert answer.status_code == 412
        assert users_called(await sees.calls()) == []
        version = (await sees.ask("GET", path)).headers["ETag"]
        answer = await sees.ask("PATCH", path, body, **{"If-Match": version})
        assert answer.status_code == 200
        assert answer.headers["ETag"] != version

    run(test)


def test_changes_of_many_at_once_and_of_one_user_come_out_right(run: Run) -> None:
    async def test(sees: Witness) -> None:
        users = sees.somebody(6)
        trainings = f"license-{license_of(sees, 'G2T')}"
        groups = [trainings, "role-RUN_REPORTS", "role-ADD_USERS", "role-MANAGE_GROUPS"]
        answers = await asyncio.gather(
            *(sees.members("add", group, user) for user in users for group in groups),
            *(sees.replace(f"/Users/{user}", title="Busy") for user in users),
        )
        assert {answer.status_code for answer in answers} == {200}
        for user in users:
            roles = set(sees.stored(user).admin_roles)
            assert {"RUN_REPORTS", "ADD_USERS", "MANAGE_GROUPS"} <= roles

    run(test)


def test_what_was_given_in_gotos_console_meanwhile_stays(run: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        stored = sees.account.stored
        stored.put_user(replace(stored.users[user], admin_roles=("MANAGE_SETTINGS",)))
        await sees.members("add", "role-RUN_REPORTS", user)
        assert set(sees.stored(user).admin_roles) == {"MANAGE_SETTINGS", "RUN_REPORTS"}

    run(test)


def test_an_answer_that_is_lost_is_settled(run: Run) -> None:
    async def test(sees: Witness) -> None:
        one, two = sees.somebody(2)
        lost = {"match": {"method": "PUT", "path": f"/users/{one}"}, "status": 500, "times": 1}
        await sees.faults({**lost, "after": True})
        assert (await sees.members("add", "role-RUN_REPORTS", one, two)).status_code == 200
        assert "RUN_REPORTS" in sees.stored(one).admin_roles
        await sees.faults(lost)
        refused = await sees.members("add", "role-ADD_USERS", one, two)
        assert refused.status_code == 503
        assert "ADD_USERS" in sees.stored(two).admin_roles
        assert "ADD_USERS" not in sees.stored(one).admin_roles

    run(test)


def test_where_users_cannot_be_written_members_cannot_either(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.ids("/Groups")
        answer = await sees.members("add", "role-RUN_REPORTS", *sees.somebody())
        assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
        assert "mapping" in answer.json()["detail"]

    text = INCLUDING + (
        '[users.attributes]\nroles = { field = "adminRoles", direction = "read" }\n'
    )
    witnessed_alone(tmp_path, test, mapping=including(tmp_path, text))
