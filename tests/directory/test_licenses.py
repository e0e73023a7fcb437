"""Licences and admin roles given and taken by SCIM clients, against what the account then holds."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import load_mapping
from tests.directory.witness import NO_CACHE, Run, Witness, new_user, witnessed_alone


def key_of(sees: Witness, product: str) -> str:
    """The one licence of a product that can be given."""
    licenses = sees.account.stored.licenses.values()
    return next(row.key for row in licenses if row.assignable and product in row.products)


def alter(sees: Witness, key: str, **changes: Any) -> None:
    licenses = sees.account.stored.licenses
    licenses[key] = replace(licenses[key], **changes)


def free_seats(sees: Witness, key: str, number: int) -> int:
    seats = len(sees.account.stored.holders(key)) + number
    alter(sees, key, seats=seats)
    return seats


def made(sees: Witness, *products: str, roles: tuple[str, ...] = ()) -> str:
    """A user made behind the bridge's back."""
    keys = [key_of(sees, product) for product in products]
    shared = {"licenseKeys": keys, "adminRoles": list(roles)}
    return sees.new_at_goto("noor@example.com", **{k: v for k, v in shared.items() if v})


def has(sees: Witness, user: str) -> tuple[set[str], set[str]]:
    """Products and roles of a user at GoTo."""
    row = sees.stored(user)
    licenses = sees.account.stored.licenses
    products = {product for key in row.license_keys for product in licenses[key].products}
    return products, set(row.admin_roles)


async def writes(sees: Witness) -> list[str]:
    return [call for call in await sees.calls() if not call.startswith("GET")]


def refused(answer: Any, scim_type: str = "invalidValue", *, naming: str = "") -> None:
    assert (answer.status_code, answer.json().get("scimType")) == (400, scim_type), answer.text
    assert naming in answer.json()["detail"]


# -- Every way to say it ------------------------------------------------------------------

ADDED = [
    {"op": "add", "path": "entitlements", "value": [{"value": "G2W"}]},
    {"op": "Add", "path": "entitlements", "value": {"value": "g2w"}},
    {"op": "add", "path": "entitlements", "value": ["G2W"]},
    {"op": "add", "path": "entitlements", "value": "G2W"},
    {"op": "ADD", "value": {"entitlements": ["G2W"]}},
    {"op": "add", "value": {"entitlements": [{"value": " G2W ", "primary": "True"}]}},
    {"op": "add", "path": "entitlements", "value": ["G2W", "G2W", {"value": "G2M"}]},
    {"op": "add", "path": "entitlements", "value": [{"type": "G2W"}]},
    {"op": "add", "path": "entitlements[value eq \"G2W\"]", "value": {"display": "Webinars"}},
    {"op": "replace", "path": "entitlements", "value": ["G2W", "G2M"]},
    {"op": "replace", "value": {"entitlements": [{"value": "G2M"}, {"value": "G2W"}]}},
    {
        "op": "add",
        "path": "urn:ietf:params:scim:schemas:core:2.0:User:entitlements",
        "value": ["G2W"],
    },
]  # fmt: skip


@pytest.mark.parametrize("operation", ADDED, ids=range(len(ADDED)))
def test_a_licence_is_added_by_one_read_and_one_write_and_again_by_none(
    witnessed: Run, operation: dict[str, Any]
) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M", roles=("RUN_REPORTS",))
        await sees.agree(**NO_CACHE)
        await sees.calls()
        answer = await sees.patch(f"/Users/{user}", operation)
        assert answer.status_code == 200, answer.text
        assert await sees.calls() == [f"GET users/{user}", f"PUT users/{user}"]
        assert has(sees, user) == ({"G2M", "G2W"}, {"RUN_REPORTS"})
        shown = {each["value"] for each in answer.json()["entitlements"]}
        assert shown == {key_of(sees, "G2M"), key_of(sees, "G2W")}
        again = await sees.patch(f"/Users/{user}", operation)
        assert await sees.calls() == [f"GET users/{user}"]
        assert again.json()["entitlements"] == answer.json()["entitlements"]
        await sees.agree()

    witnessed(test)


REMOVED = [
    {"op": "remove", "path": "entitlements[value eq \"G2W\"]"},
    {"op": "remove", "path": "entitlements[value eq \"g2w\"]"},
    {"op": "Remove", "path": "entitlements", "value": [{"value": "G2W"}]},
    {"op": "Remove", "path": "entitlements", "value": [{"value": "G2W", "display": "what?"}]},
    {"op": "remove", "path": "entitlements", "value": ["G2W"]},
    {"op": "remove", "path": "entitlements", "value": "G2W"},
    {"op": "remove", "path": "entitlements[type eq \"G2W\"]"},
    {"op": "replace", "path": "entitlements", "value": ["G2M"]},
]  # fmt: skip


@pytest.mark.parametrize("operation", REMOVED, ids=range(len(REMOVED)))
def test_a_licence_is_removed_and_a_second_time_nothing_happens(
    witnessed: Run, operation: dict[str, Any]
) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2W", "G2M")
        await sees.agree(**NO_CACHE)
        await sees.calls()
        for expected in ([f"PUT users/{user}"], []):
            answer = await sees.patch(f"/Users/{user}", operation)
            assert answer.status_code == 200, answer.text
            assert [each["value"] for each in answer.json()["entitlements"]] == [
                key_of(sees, "G2M")
            ]
            assert await writes(sees) == expected
        assert has(sees, user) == ({"G2M"}, set())
        await sees.agree()

    witnessed(test)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "entitlements"},
        {"op": "replace", "path": "entitlements", "value": []},
        {"op": "replace", "value": {"entitlements": []}},
        None,
    ],
    ids=["remove", "replace", "without a path", "PUT"],
)
def test_to_clear_the_last_licence_suspends_and_is_not_remembered(
    witnessed: Run, operation: dict[str, Any] | None
) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2W")
        path = f"/Users/{user}"
        resource = await sees.done("GET", path, **NO_CACHE)
        if operation is None:
            answer = await sees.ask("PUT", path, {**resource, "entitlements": []})
        else:
            answer = await sees.patch(path, operation)
        assert answer.status_code == 200, answer.text
        assert answer.json()["active"] is False
        assert "entitlements" not in answer.json()
        assert has(sees, user) == (set(), set())
        await sees.agree()
        # Nothing is remembered of it: it was a decision.
        assert (await sees.replace(path, active=True)).json()["active"] is True
        assert has(sees, user) == ({"G2M"}, set())

    witnessed(test)


def test_a_put_leaves_what_it_does_not_send_and_replaces_what_it_does(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M", roles=("RUN_REPORTS",))
        path = f"/Users/{user}"
        resource = await sees.done("GET", path, **NO_CACHE)
        silent = {k: v for k, v in resource.items() if k not in ("entitlements", "roles")}
        await sees.calls()
        for unchanged in (silent, resource):
            assert (await sees.ask("PUT", path, unchanged)).status_code == 200
        assert await sees.calls() == []
        wanted = {**silent, "entitlements": ["G2T"], "roles": ["manage_seats"]}
        await sees.done("PUT", path, wanted)
        assert await sees.calls() == [f"GET users/{user}", f"PUT users/{user}"]
        assert has(sees, user) == ({"G2T"}, {"MANAGE_SEATS"})
        await sees.agree()

    witnessed(test)


def test_what_was_given_in_goto_meanwhile_survives(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M")
        await sees.agree(**NO_CACHE)
        keys = [key_of(sees, "G2M"), key_of(sees, "G2T")]
        sees.account.update_user(user, {"licenseKeys": keys, "adminRoles": ["SUPER_USER"]})
        added = {"op": "add", "path": "entitlements", "value": ["G2W"]}
        assert (await sees.patch(f"/Users/{user}", added)).status_code == 200
        assert has(sees, user) == ({"G2M", "G2T", "G2W"}, {"SUPER_USER"})
        role = {"op": "add", "path": "roles", "value": ["RUN_REPORTS"]}
        assert (await sees.patch(f"/Users/{user}", role)).status_code == 200
        assert has(sees, user)[1] == {"SUPER_USER", "RUN_REPORTS"}
        # One who lost it meanwhile gets it back, though the bridge believed it to be there.
        sees.account.update_user(user, {"licenseKeys": keys})
        assert (await sees.patch(f"/Users/{user}", added)).status_code == 200
        assert has(sees, user)[0] == {"G2M", "G2T", "G2W"}
        await sees.agree()

    witnessed(test)


def test_users_who_are_changed_at_once_get_all_of_it(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M")
        await sees.agree(**NO_CACHE)
        answers = await asyncio.gather(
            *(
                sees.patch(f"/Users/{user}", {"op": "add", "path": path, "value": [value]})
                for path, value in (
                    ("entitlements", "G2W"), ("entitlements", "G2T"),
                    ("roles", "RUN_REPORTS"), ("roles", "MANAGE_SEATS"),
                )
            )
        )  # fmt: skip
        assert {answer.status_code for answer in answers} == {200}
        assert has(sees, user) == ({"G2M", "G2W", "G2T"}, {"RUN_REPORTS", "MANAGE_SEATS"})
        await sees.agree()

    witnessed(test)


# -- What is shown -------------------------------------------------------------------------


def test_what_is_said_beside_a_value_is_shown_again_and_else_goto_names_it(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M")
        path, meeting, webinar = f"/Users/{user}", key_of(sees, "G2M"), key_of(sees, "G2W")
        named = {"value": meeting, "display": "GoToMeeting Business", "type": "G2M"}
        assert (await sees.done("GET", path, **NO_CACHE))["entitlements"] == [named]
        said = {"value": webinar, "display": "Ours", "primary": False}
        wanted = [{**said, "value": "G2W"}]
        await sees.done("GET", "/Users")
        operation = {"op": "add", "path": "entitlements", "value": wanted}
        answer = (await sees.patch(path, operation)).json()
        assert answer["entitlements"] == [named, said]
        bare = {"value": "RUN_REPORTS", "type": "x"}
        roles = (await sees.patch(path, {"op": "add", "path": "roles", "value": [bare]})).json()
        assert (roles["entitlements"], roles["roles"]) == ([named, said], [bare])
        for shown in (
            await sees.done("GET", path),
            await sees.done("GET", path, **NO_CACHE),
            (await sees.done("GET", f'/Users?filter=id eq "{user}"', **NO_CACHE))["Resources"][0],
        ):
            assert (shown["entitlements"], shown["roles"]) == ([named, said], [bare])
        # Only what is said changes, and GoTo is not written to.
        await sees.calls()
        plain = [{"value": meeting}, {"value": webinar}]
        replaced = await sees.patch(path, {"op": "replace", "path": "entitlements", "value": plain})
        license = sees.account.stored.licenses[webinar]
        both = [named, {"value": webinar, "display": license.description, "type": "G2W"}]
        assert replaced.json()["entitlements"] == both
        assert await writes(sees) == []
        # What was suspended comes back as it was.
        await sees.replace(path, active=False)
        assert "entitlements" not in await sees.done("GET", path)
        assert (await sees.replace(path, active=True)).json()["entitlements"] == both

    witnessed(test)


def test_a_licence_that_goto_names_anew_changes_what_is_shown_and_no_version(
    witnessed: Run,
) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2W")
        before = await sees.done("GET", f"/Users/{user}", **NO_CACHE)
        await sees.agree(**NO_CACHE)
        alter(sees, key_of(sees, "G2W"), description="Webinars for all")
        await sees.agree(**NO_CACHE)
        one = await sees.done("GET", f"/Users/{user}")
        query = '/Users?filter=entitlements.display eq "webinars for all"'
        assert one["entitlements"][0]["display"] == "Webinars for all"
        assert one["meta"] == before["meta"]
        found = (await sees.done("GET", query))["Resources"]
        assert one in found

    witnessed(test)


@pytest.mark.parametrize(
    "text",
    [
        'entitlements.value eq "{key}"',
        'entitlements eq "{key}"',
        'entitlements[type eq "G2T"]',
        'entitlements[type eq "g2t" and value sw "{key}"]',
        'roles.value eq "MANAGE_SEATS" and entitlements pr',
        'roles eq "manage_seats"',
    ],
)
def test_users_are_found_by_licence_and_role(witnessed: Run, text: str) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2T", roles=("MANAGE_SEATS",))
        key = key_of(sees, "G2T")
        found = await sees.ids(f"/Users?filter={text.format(key=key)}", **NO_CACHE)
        assert user in found
        assert 0 < len(found) < len(sees.account.stored.users)
        for other in found:
            row = sees.stored(other)
            assert key in row.license_keys or "MANAGE_SEATS" in row.admin_roles

    witnessed(test)


# -- What is refused ------------------------------------------------------------------------


def test_what_cannot_be_given_is_refused_by_name_and_nothing_is_written(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M")
        licenses = sees.account.stored.licenses
        disabled = next(row for row in licenses.values() if not row.assignable)
        scarce = key_of(sees, "G2W")
        seats = free_seats(sees, scarce, 0)
        await sees.agree(**NO_CACHE)
        await sees.calls()
        for value, name in (
            ("G2X", "'G2X'"),
            ("123", "'123'"),
            (disabled.key, disabled.key),
            ("G2W", f"{licenses[scarce].description}, key {scarce}, {seats} of {seats} seats"),
            (scarce, f"key {scarce}, {seats} of {seats} seats in use"),
        ):
            for body in ([value], [{"value": "G2T"}, {"value": value}]):
                added = {"op": "add", "path": "entitlements", "value": body}
                refused(await sees.patch(f"/Users/{user}", added), naming=name)
                refused(await sees.ask("POST", "/Users", new_user(entitlements=body)), naming=name)
        refused(
            await sees.patch(
                f"/Users/{user}", {"op": "add", "path": "entitlements", "value": [{"display": "x"}]}
            ),
            naming="needs a value",
        )
        assert await writes(sees) == []
        assert has(sees, user) == ({"G2M"}, set())
        # A seat that was freed meanwhile is found.
        free_seats(sees, scarce, 1)
        sees.clock.now += 1
        added = {"op": "add", "path": "entitlements", "value": [scarce]}
        assert (await sees.patch(f"/Users/{user}", added)).status_code == 200
        await sees.agree()

    witnessed(test)


def test_goto_has_the_last_word_on_seats(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        users = [made(sees, "G2M")]
        await sees.agree(**NO_CACHE)
        scarce = key_of(sees, "G2W")
        seats = free_seats(sees, scarce, 0)
        added = {"op": "add", "path": "entitlements", "value": ["G2W"]}
        refused(await sees.patch(f"/Users/{users[0]}", added), naming=f"{seats} of {seats} seats")
        refused(await sees.ask("POST", "/Users", new_user(entitlements=["G2W"])), naming=scarce)
        # Another licence of the product is as good.
        other = replace(sees.account.stored.licenses[scarce], key="77", seats=1)
        sees.account.stored.licenses["77"] = other
        sees.clock.now += 1
        assert (await sees.patch(f"/Users/{users[0]}", added)).status_code == 200
        assert "77" in sees.stored(users[0]).license_keys
        refused(await sees.ask("POST", "/Users", new_user(entitlements=["G2W"])), naming="77")
        # Who has a licence of the product needs no second one.
        assert (await sees.patch(f"/Users/{users[0]}", added)).status_code == 200
        taken = {"op": "remove", "path": 'entitlements[value eq "G2W"]'}
        assert (await sees.patch(f"/Users/{users[0]}", taken)).status_code == 200
        await sees.done("POST", "/Users", new_user(entitlements=["G2W"]))
        await sees.agree()

    witnessed(test)


def test_roles_are_given_and_taken_within_what_the_mapping_grants(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M", roles=("SUPER_USER",))
        path = f"/Users/{user}"
        await sees.agree(**NO_CACHE)
        await sees.calls()
        for value in ("ACCOUNT_OWNER", "custom", "*"):
            wanted = {"op": "add", "path": "roles", "value": [{"value": value}]}
            refused(await sees.patch(path, wanted), naming="MANAGE_USERS, MANAGE_SEATS")
            refused(await sees.ask("POST", "/Users", new_user(roles=[value])), naming=value)
        refused(await sees.ask("POST", "/Users", new_user(roles=["SUPER_USER"])))
        for operation in (
            {"op": "remove", "path": "roles"},
            {"op": "replace", "path": "roles", "value": ["RUN_REPORTS"]},
            {"op": "remove", "path": 'roles[value eq "super_user"]'},
        ):
            refused(await sees.patch(path, operation), "mutability", naming="SUPER_USER")
        assert await writes(sees) == []
        given = ["super_user", {"value": "Run_Reports"}, "MANAGE_SEATS"]
        answer = await sees.patch(path, {"op": "replace", "path": "roles", "value": given})
        assert [each["value"] for each in answer.json()["roles"]] == [
            "SUPER_USER", "RUN_REPORTS", "MANAGE_SEATS",
        ]  # fmt: skip
        removed = {"op": "remove", "path": "roles", "value": [{"value": "run_reports"}]}
        assert (await sees.patch(path, removed)).status_code == 200
        assert has(sees, user) == ({"G2M"}, {"SUPER_USER", "MANAGE_SEATS"})
        # A leaver loses all of it at once, and gets exactly that back.
        assert (await sees.replace(path, active=False)).status_code == 200
        assert has(sees, user) == (set(), set())
        assert (await sees.replace(path, active=True)).status_code == 200
        assert has(sees, user) == ({"G2M"}, {"SUPER_USER", "MANAGE_SEATS"})
        await sees.agree()

    witnessed(test)


def test_the_administrators_roles_and_last_licence_stay_and_goto_is_not_called(
    witnessed: Run,
) -> None:
    async def test(sees: Witness) -> None:
        key = sees.account.administrator_key
        path = f"/Users/{key}"
        resource = await sees.done("GET", path)
        await sees.calls()
        for operation in (
            {"op": "add", "path": "roles", "value": ["RUN_REPORTS"]},
            {"op": "remove", "path": "roles"},
            {"op": "remove", "path": 'roles[value eq "SUPER_USER"]'},
            {"op": "replace", "value": {"roles": [], "title": "Baker"}},
            {"op": "replace", "path": "active", "value": False},
        ):
            sees.clock.grow_old()
            answer = await sees.patch(path, operation)
            assert answer.status_code == 403, answer.text
        put = await sees.ask("PUT", path, {**resource, "roles": [{"value": "RUN_REPORTS"}]})
        assert put.status_code == 403
        assert await sees.calls() == []
        given = {"op": "add", "path": "entitlements", "value": ["G2T"]}
        assert (await sees.patch(path, given)).status_code == 200
        assert (await sees.ask("PUT", path, {**resource, "entitlements": []})).status_code == 200
        assert has(sees, key) == (set(), {"SUPER_USER"})
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_the_administrator_is_safe_before_anything_is_known(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        path = f"/Users/{sees.account.administrator_key}"
        await sees.done("GET", "/ServiceProviderConfig")
        await sees.bridge.directory.open()
        await sees.calls()
        assert (await sees.replace(path, active=False)).status_code == 403
        assert await sees.calls() == []
        removed = {"op": "remove", "path": "roles"}
        assert (await sees.patch(path, removed)).status_code == 403
        assert await sees.calls() == []

    witnessed_alone(tmp_path, test)


# -- Together with active ---------------------------------------------------------------------


def test_active_takes_what_is_sent_with_it_before_what_is_remembered(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M", roles=("RUN_REPORTS",))
        path = f"/Users/{user}"
        await sees.agree(**NO_CACHE)
        await sees.replace(path, active=False)
        assert (await sees.replace(path, active=True, entitlements=["G2T"])).status_code == 200
        assert has(sees, user) == ({"G2T"}, {"RUN_REPORTS"})
        # What is sent with false is remembered, and checked.
        refused(await sees.replace(path, active=False, entitlements=["G2X"]))
        assert (await sees.replace(path, active=False, entitlements=["G2W"])).status_code == 200
        assert has(sees, user) == (set(), set())
        for resource in ({"entitlements": []}, {}):
            body = {**await sees.done("GET", path), **resource}
            assert (await sees.done("PUT", path, body))["active"] is False
        assert (await sees.replace(path, active=True)).status_code == 200
        assert has(sees, user) == ({"G2W"}, {"RUN_REPORTS"})
        # A suspended user can be told what to come back with.
        await sees.replace(path, active=False)
        await sees.calls()
        later = await sees.replace(path, active=False, entitlements=["G2T"], roles=["MANAGE_SEATS"])
        assert later.json()["active"] is False
        assert await writes(sees) == []
        assert (await sees.replace(path, active=True)).status_code == 200
        assert has(sees, user) == ({"G2T"}, {"MANAGE_SEATS"})
        await sees.agree()

    witnessed(test)


def test_a_suspended_user_who_is_given_a_licence_is_active_then(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M", roles=("RUN_REPORTS",))
        path = f"/Users/{user}"
        await sees.agree(**NO_CACHE)
        await sees.replace(path, active=False)
        given = await sees.patch(path, {"op": "add", "path": "entitlements", "value": ["G2W"]})
        assert given.json()["active"] is True
        assert has(sees, user) == ({"G2W"}, set())
        await sees.agree()

    witnessed(test)


def test_what_was_parked_stays_where_goto_has_no_seat_for_what_is_sent(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M", roles=("RUN_REPORTS",))
        path = f"/Users/{user}"
        await sees.agree(**NO_CACHE)
        await sees.replace(path, active=False)
        free_seats(sees, key_of(sees, "G2W"), 0)
        refused(await sees.replace(path, active=True, entitlements=["G2W"]), naming="No seat")
        assert has(sees, user) == (set(), set())
        assert (await sees.replace(path, active=True)).status_code == 200
        assert has(sees, user) == ({"G2M"}, {"RUN_REPORTS"})
        await sees.agree()

    witnessed(test)


# -- New users -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "active", "expected"),
    [
        ({"entitlements": ["g2w"]}, True, ({"G2W"}, set())),
        ({"roles": ["run_reports"]}, True, (set(), {"RUN_REPORTS"})),
        ({"entitlements": [], "roles": []}, True, ({"G2M"}, set())),
        ({"entitlements": "G2T", "roles": "RUN_REPORTS"}, True, ({"G2T"}, {"RUN_REPORTS"})),
        ({"entitlements": [{"value": "G2T"}], "active": False}, False, (set(), set())),
    ],
)  # fmt: skip
def test_a_new_user_gets_what_is_sent(
    witnessed: Run, sent: dict[str, Any], active: bool, expected: Any
) -> None:
    async def test(sees: Witness) -> None:
        user = await sees.done("POST", "/Users", new_user(**sent))
        assert user["active"] is active
        assert has(sees, user["id"]) == expected
        await sees.agree()
        if not active:
            assert (await sees.replace(f"/Users/{user['id']}", active=True)).status_code == 200
            assert has(sees, user["id"]) == ({"G2T"}, set())

    witnessed(test)


def test_creates_that_agree_in_licences_and_roles_go_up_as_one_call(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        kinds: list[dict[str, Any]] = [
            {"entitlements": ["G2M", "G2T"]},
            {"entitlements": ["G2T", "G2M"]},
            {"entitlements": ["G2M", "G2T"], "roles": ["RUN_REPORTS"]},
            {"entitlements": ["G2M"]},
            {},
        ]
        await sees.calls()
        answers = await asyncio.gather(
            *(sees.done("POST", "/Users", new_user(**kind)) for kind in kinds * 2)
        )
        assert (await writes(sees)).count("POST users") == 3
        for answer, kind in zip(answers, kinds * 2, strict=True):
            products = set(kind.get("entitlements", ["G2M"]))
            assert has(sees, answer["id"]) == (products, set(kind.get("roles", [])))
        await sees.agree()

    witnessed(test)


# -- Trouble ---------------------------------------------------------------------------------


def test_an_answer_that_is_lost_is_settled_by_a_look(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = made(sees, "G2M")
        path = f"/Users/{user}"
        await sees.agree(**NO_CACHE)
        lost = {"match": {"method": "PUT"}, "drop": True, "times": 1}
        added = {"op": "add", "path": "entitlements", "value": ["G2W"]}
        await sees.faults({**lost, "after": True})
        assert (await sees.patch(path, added)).status_code == 200
        assert has(sees, user) == ({"G2M", "G2W"}, set())
        await sees.faults(lost)
        roles = {"op": "add", "path": "roles", "value": ["RUN_REPORTS"]}
        answer = await sees.patch(path, roles)
        assert answer.status_code in (200, 503)
        assert (answer.status_code == 200) == (has(sees, user)[1] == {"RUN_REPORTS"})
        await sees.faults()
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_a_mapping_that_only_shows_them_drops_what_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'extends = "goto"\n[users.attributes]\n'
        'entitlements = { field = "licenseKeys", direction = "read" }\n'
        'roles = { field = "adminRoles", direction = "read" }\n'
    )

    async def test(sees: Witness) -> None:
        body = new_user(entitlements=["no such"], roles=["SUPER_USER"])
        user = await sees.done("POST", "/Users", body)
        assert has(sees, user["id"]) == ({"G2M"}, set())
        assert user["entitlements"][0]["type"] == "G2M"
        put = await sees.done("PUT", f"/Users/{user['id']}", {**user, "entitlements": []})
        assert put["entitlements"] == user["entitlements"]
        await sees.agree()

    witnessed_alone(tmp_path, test, mapping=load_mapping(file))
