"""`activation.on_delete = "suspend"`: who is deleted stays at GoTo suspended, unseen by clients."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox import simulated_goto
from tests.conftest import SANDBOX_MAPPING, UNLIMITED, braked
from tests.directory.witness import NO_CACHE, Run, Witness, new_user, witness_over, witnessed_alone

MAPPING = replace(SANDBOX_MAPPING, rules=replace(SANDBOX_MAPPING.rules, on_delete="suspend"))
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Witness]]:
    """A bridge that suspends whom clients delete; to open one takes longer than a test."""
    with asyncio.Runner() as runner:
        opened = witness_over(tmp_path_factory.mktemp("shared"), mapping=MAPPING)
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


async def joined(sees: Witness, **attributes: Any) -> tuple[dict[str, Any], str, str]:
    """A user made through the bridge, in a group; what was sent, its id, and the group."""
    sent = new_user(externalId="e-1", title="Baker", **attributes)
    key = (await sees.done("POST", "/Users", sent))["id"]
    group = next(iter(sees.account.stored.groups))
    assert (await sees.members("add", group, key)).status_code == 200
    return sent, key, group


def is_shut_out(sees: Witness, key: str) -> bool:
    user = sees.stored(key)
    return not user.license_keys and not user.admin_roles and user.group_key is None


async def is_unseen(sees: Witness, sent: dict[str, Any], key: str, **headers: str) -> bool:
    """Whether no way of asking shows a user."""
    mail, found = sent["userName"], []
    for asked in (
        "/Users?count=1000",
        "/?count=1000",
        f'/Users?filter=userName eq "{mail}"',
        f'/Users?filter=emails.value eq "{mail}"',
        f'/Users?filter=externalId eq "{sent.get("externalId")}"',
        f'/Users?filter=id eq "{key}"',
        '/Users?filter=title eq "Baker"',
    ):
        found += [key in await sees.ids(asked, **headers)]
    read = await sees.ask("GET", f"/Users/{key}", **headers)
    groups = await sees.done("GET", "/Groups?count=1000", **headers)
    members = [member for group in groups["Resources"] for member in group.get("members", [])]
    found += [read.status_code != 404, key in [member["value"] for member in members]]
    assert len(set(found)) == 1, found
    return not found[0]


async def agree_but_for(sees: Witness, *leavers: str) -> None:
    """Check that clients see exactly the account without the leavers."""
    stored = sees.account.stored
    listed = await sees.done("GET", "/Users?count=1000", **NO_CACHE)
    assert {user["id"] for user in listed["Resources"]} == stored.users.keys() - set(leavers)
    assert listed["totalResults"] == len(stored.users) - len(leavers)


def test_who_is_deleted_has_nothing_at_goto_and_is_nowhere_to_be_seen(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        sent, key, group = await joined(sees, **{ENTERPRISE: {"employeeNumber": "7"}})
        members = (await sees.done("GET", f"/Groups/{group}"))["members"]
        assert not await is_unseen(sees, sent, key)
        await sees.calls()

        assert (await sees.ask("DELETE", f"/Users/{key}")).status_code == 204

        assert await sees.calls() == [
            f"GET users/{key}",
            f"PUT users/{key}",
            f"DELETE groups/{group}/users/{key}",
        ]
        assert is_shut_out(sees, key)
        for headers in ({}, NO_CACHE):
            assert await is_unseen(sees, sent, key, **headers)
        sees.clock.grow_old()
        assert await is_unseen(sees, sent, key)
        left = await sees.done("GET", f"/Groups/{group}", **NO_CACHE)
        assert len(left.get("members", [])) == len(members) - 1
        for refused in (
            await sees.ask("DELETE", f"/Users/{key}"),
            await sees.replace(f"/Users/{key}", active=True),
            await sees.ask("PUT", f"/Users/{key}", sent),
        ):
            assert refused.status_code == 404
        assert is_shut_out(sees, key)
        # What identified it is free for somebody else.
        other = new_user(externalId=sent["externalId"])
        other["emails"] = [{"value": other["userName"], "primary": True}]
        other["userName"] = sent["userName"]
        assert (await sees.ask("POST", "/Users", other)).status_code == 201
        await agree_but_for(sees, key)

    witnessed(test)


def test_a_leaver_stays_unseen_when_the_bridge_starts_again(tmp_path: Path) -> None:
    goto = simulated_goto(users=12, groups=3, settings=UNLIMITED)

    async def run() -> None:
        async with witness_over(tmp_path, app=goto, mapping=MAPPING) as sees:
            sent, key, _ = await joined(sees)
            await sees.done("DELETE", f"/Users/{key}")
        async with witness_over(tmp_path, app=goto, mapping=MAPPING) as sees:
            # Asked for alone before there is any list.
            assert (await sees.ask("GET", f"/Users/{key}")).status_code == 404
            assert await is_unseen(sees, sent, key)
        # Also where the mapping says otherwise by now.
        async with witness_over(tmp_path, app=goto) as sees:
            assert await is_unseen(sees, sent, key)
            back = await sees.done("POST", "/Users", sent)
            assert (back["id"], back["active"]) == (key, True)
            await sees.done("DELETE", f"/Users/{key}")
            assert key not in sees.account.stored.users

    asyncio.run(run())


@pytest.mark.parametrize("case", [str, str.upper], ids=["as it was", "in capitals"])
def test_a_create_with_the_e_mail_brings_the_leaver_back_as_new(
    witnessed: Run, case: Callable[[str], str]
) -> None:
    async def test(sees: Witness) -> None:
        sent, key, _ = await joined(sees)
        before = await sees.done("GET", f"/Users/{key}")
        await sees.done("DELETE", f"/Users/{key}")
        await sees.calls()
        wanted = {
            "userName": case(sent["userName"]),
            "name": {"givenName": "Ida", "familyName": "B"},
        }

        made = await sees.done("POST", "/Users", wanted)

        assert await sees.calls() == [f"GET users/{key}", f"PUT users/{key}", f"GET users/{key}"]
        assert (made["id"], made["active"], made["name"]["givenName"]) == (key, True, "Ida")
        assert made["entitlements"]
        assert not {"externalId", "title", "groups"} & made.keys()
        assert made["meta"]["created"] > before["meta"]["created"]
        assert sees.stored(key).first_name == "Ida"
        assert (await sees.ask("POST", "/Users", wanted)).status_code == 409
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_a_leaver_comes_back_with_what_the_create_asks_for(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        sent, key, _ = await joined(sees)
        license_ = next(row for row in sees.account.stored.licenses.values() if row.assignable)
        path = f"/Users/{key}"
        await sees.done("DELETE", path)
        assert (await sees.done("POST", "/Users", {**sent, "active": False}))["id"] == key
        assert (await sees.done("GET", path, **NO_CACHE))["active"] is False
        assert (await sees.done("GET", path))["externalId"] == "e-1"
        await sees.done("DELETE", path)
        assert await is_unseen(sees, sent, key)
        given = {"entitlements": [{"value": license_.key}], "roles": [{"value": "RUN_REPORTS"}]}
        assert (await sees.done("POST", "/Users", {**sent, **given}))["id"] == key
        assert list(sees.stored(key).license_keys) == [license_.key]
        assert list(sees.stored(key).admin_roles) == ["RUN_REPORTS"]
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_without_a_free_seat_a_leaver_stays_where_it_is(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        sent, key, _ = await joined(sees)
        license_ = sees.account.stored.licenses[sees.stored(key).license_keys[0]]
        await sees.done("DELETE", f"/Users/{key}")
        seats = len(sees.account.stored.holders(license_.key))
        for row in list(sees.account.stored.licenses.values()):
            if "G2M" in row.products:
                used = len(sees.account.stored.holders(row.key))
                sees.account.stored.licenses[row.key] = replace(row, seats=used)
        refused = await sees.ask("POST", "/Users", sent)
        assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
        assert await is_unseen(sees, sent, key, **NO_CACHE)
        sees.account.stored.licenses[license_.key] = replace(license_, seats=seats + 1)
        sees.clock.now += 1
        assert (await sees.done("POST", "/Users", sent))["id"] == key

    witnessed(test)


def test_who_is_suspended_already_needs_no_write_of_licences(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        key = sees.new_at_goto("noor@example.com")
        await sees.agree(**NO_CACHE)
        await sees.calls()
        await sees.done("DELETE", f"/Users/{key}")
        assert await sees.calls() == [f"GET users/{key}"]
        await agree_but_for(sees, key)

    witnessed(test)


def test_who_gets_a_licence_in_goto_itself_is_a_user_again(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        for looks in ("one", "all"):
            sent, key, _ = await joined(sees)
            licenses = list(sees.stored(key).license_keys)
            await sees.done("DELETE", f"/Users/{key}")
            # A name or a group is nothing that lets anybody in.
            sees.account.update_user(key, {"firstName": "Ida"})
            group = next(iter(sees.account.stored.groups))
            sees.account.put_in_group(group, key)
            # What was written long ago is no late news.
            sees.clock.grow_old()
            shown = await sees.done("GET", f"/Groups/{group}", **NO_CACHE)
            assert key not in [member["value"] for member in shown.get("members", [])]
            assert await is_unseen(sees, sent, key, **NO_CACHE)
            sees.account.update_user(key, {"licenseKeys": licenses})
            if looks == "one":
                found = await sees.done("GET", f"/Users/{key}", **NO_CACHE)
                assert (found["active"], found.get("externalId")) == (True, None)
            await sees.agree(**NO_CACHE)
            assert (await sees.ask("POST", "/Users", sent)).status_code == 409
            assert (await sees.replace(f"/Users/{key}", active=False)).status_code == 200
            assert (await sees.done("GET", f"/Users/{key}", **NO_CACHE))["active"] is False
            await sees.done("DELETE", f"/Users/{key}")
            assert await is_unseen(sees, sent, key, **NO_CACHE)
            sees.account.delete_user(key)

    witnessed(test)


def test_a_leaver_with_another_e_mail_by_now_is_found_by_it(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        sent, key, _ = await joined(sees)
        await sees.done("DELETE", f"/Users/{key}")
        sees.account.update_user(key, {"email": "moved@example.com"})
        made = await sees.done("POST", "/Users", {**sent, "userName": "moved@example.com"})
        assert made["id"] == key
        await sees.done("DELETE", f"/Users/{key}")
        sees.account.update_user(key, {"email": "again@example.com"})
        # The address is free: somebody else gets it.
        assert (await sees.done("POST", "/Users", {**sent, "userName": "moved@example.com"}))[
            "id"
        ] != key
        assert (await sees.done("POST", "/Users", {**sent, "userName": "again@example.com"}))[
            "id"
        ] == key
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_a_leaver_who_was_deleted_in_goto_is_made_anew(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        sent, key, _ = await joined(sees)
        await sees.done("DELETE", f"/Users/{key}")
        sees.account.delete_user(key)
        made = await sees.done("POST", "/Users", sent)
        assert made["active"] is True
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_the_administrator_is_no_leaver_and_a_guard_is_heard(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        administrator = f"/Users/{sees.account.administrator_key}"
        assert (await sees.ask("DELETE", administrator)).status_code == 403
        _, key, _ = await joined(sees)
        refused = await sees.ask("DELETE", f"/Users/{key}", **{"If-Match": 'W/"another"'})
        assert refused.status_code == 412
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_the_brake_counts_a_leaver_once_and_holds(tmp_path: Path) -> None:
    mapping = braked(MAPPING, allowed=2)

    async def test(sees: Witness) -> None:
        old = sees.somebody(3)
        for number, key in enumerate(old):
            sees.account.stored.users[key] = replace(sees.stored(key), invited_date=1)
            status = (await sees.ask("DELETE", f"/Users/{key}")).status_code
            assert status == (204 if number < 2 else 429)
        assert not is_shut_out(sees, old[2])
        await agree_but_for(sees, *old[:2])

    witnessed_alone(tmp_path, test, mapping=mapping)


# -- Trouble ---------------------------------------------------------------------------

GROUPS = {"method": "DELETE", "path": "/groups/"}
PUT = {"method": "PUT", "path": "/users/"}
LOST = {"match": PUT, "drop": True, "after": True, "times": 1}
# What goes wrong, and what the client is told; its repeat always gets the answer that was due.
TROUBLES = {
    "the answer is lost": ([LOST], None),
    "the answer is lost, then an outage": (
        [
            LOST,
            {"match": {"method": "GET"}, "times": 1},
            {"match": {"method": "GET"}, "status": 503},
        ],
        503,
    ),
    "it is not done, and nobody knows": (
        [
            {"match": PUT, "drop": True, "times": 1},
            {"match": {"method": "GET"}, "times": 1},
            {"match": {"method": "GET"}, "status": 503},
        ],
        503,
    ),
    "it is not done": ([{"match": PUT, "status": 503, "times": 1}], 503),
}
OF_GROUPS = {
    "the removal from the group fails": ([{"match": GROUPS, "status": 403}], 503),
    "the removal from the group is lost": (
        [{"match": GROUPS, "drop": True, "after": True, "times": 1}],
        None,
    ),
    "the removal from the group is lost, and GoTo with it": (
        [
            {"match": GROUPS, "drop": True, "after": True, "times": 1},
            {"match": {"method": "GET"}, "times": 1},
            {"match": {"method": "GET"}, "status": 503},
        ],
        503,
    ),
}


@pytest.mark.parametrize("trouble", [*TROUBLES, *OF_GROUPS])
@pytest.mark.parametrize("restarts", [False, True], ids=["goes on", "starts again"])
def test_a_deletion_in_trouble_is_finished_by_its_repeat(
    tmp_path: Path, trouble: str, restarts: bool
) -> None:
    goto = simulated_goto(users=12, groups=3, settings=UNLIMITED)
    rules, told = {**TROUBLES, **OF_GROUPS}[trouble]

    async def repeated(sees: Witness, sent: dict[str, Any], key: str) -> None:
        is_done = "not done" not in trouble
        if restarts:
            # Finished at the start: what was begun is not left half done.
            assert await is_unseen(sees, sent, key) is is_done
        answer = await sees.ask("DELETE", f"/Users/{key}")
        assert answer.status_code == (404 if told is None else 204), answer.text
        assert is_shut_out(sees, key)
        assert await is_unseen(sees, sent, key, **NO_CACHE)
        await agree_but_for(sees, key)
        assert (await sees.done("POST", "/Users", sent))["id"] == key
        assert sees.stored(key).license_keys

    async def run() -> None:
        async with witness_over(tmp_path, app=goto, mapping=MAPPING) as sees:
            sent, key, _ = await joined(sees)
            await sees.faults(*rules)
            answer = await sees.ask("DELETE", f"/Users/{key}")
            assert answer.status_code == (told or 204), answer.text
            await sees.faults()
            if not restarts:
                await repeated(sees, sent, key)
        if restarts:
            async with witness_over(tmp_path, app=goto, mapping=MAPPING) as sees:
                await repeated(sees, sent, key)

    asyncio.run(run())


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("restarts", [False, True], ids=["goes on", "starts again"])
def test_a_return_in_trouble_is_finished_by_its_repeat(
    tmp_path: Path, trouble: str, restarts: bool
) -> None:
    goto = simulated_goto(users=12, groups=3, settings=UNLIMITED)
    rules, told = TROUBLES[trouble]

    async def repeated(sees: Witness, sent: dict[str, Any], key: str) -> None:
        answer = await sees.ask("POST", "/Users", sent)
        assert answer.status_code == (409 if told is None else 201), answer.text
        found = await sees.done("GET", f"/Users/{key}", **NO_CACHE)
        assert (found["active"], found["externalId"]) == (True, "e-1")
        await sees.agree(**NO_CACHE)

    async def run() -> None:
        async with witness_over(tmp_path, app=goto, mapping=MAPPING) as sees:
            sent, key, _ = await joined(sees)
            await sees.done("DELETE", f"/Users/{key}")
            await sees.faults(*rules)
            answer = await sees.ask("POST", "/Users", sent)
            assert answer.status_code == (told or 201), answer.text
            await sees.faults()
            if not restarts:
                await repeated(sees, sent, key)
        if restarts:
            async with witness_over(tmp_path, app=goto, mapping=MAPPING) as sees:
                await repeated(sees, sent, key)

    asyncio.run(run())


def test_many_clients_at_once_delete_and_bring_back_one_user(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        sent, key, _ = await joined(sees)
        for _ in range(3):
            gone = await asyncio.gather(*(sees.ask("DELETE", f"/Users/{key}") for _ in range(5)))
            assert sorted(answer.status_code for answer in gone) == [204, 404, 404, 404, 404]
            back = await asyncio.gather(*(sees.ask("POST", "/Users", sent) for _ in range(5)))
            assert sorted(answer.status_code for answer in back) == [201, 409, 409, 409, 409]
            await sees.agree(**NO_CACHE)
        await asyncio.gather(
            *(sees.ask("DELETE", f"/Users/{key}") for _ in range(3)),
            *(sees.ask("POST", "/Users", sent) for _ in range(3)),
            *(sees.replace(f"/Users/{key}", title="Cook") for _ in range(3)),
        )
        await sees.ask("POST", "/Users", sent)
        await sees.agree(**NO_CACHE)

    witnessed(test)
