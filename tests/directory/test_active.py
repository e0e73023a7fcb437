"""`active` in an account whose seats run out: default licences, what is remembered, who is safe."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import load_mapping
from bridge.sandbox import simulated_goto
from tests.conftest import UNLIMITED
from tests.directory.witness import (
    NO_CACHE,
    PATCH_OP,
    Run,
    Witness,
    new_user,
    witness_over,
    witnessed_alone,
)


def meeting(sees: Witness) -> Any:
    """The licence that a new user gets."""
    return next(row for row in sees.account.stored.licenses.values() if "G2M" in row.products)


def set_free_seats(sees: Witness, key: str, number: int) -> int:
    """Let a licence have so many free seats; returns how many there are in all."""
    stored = sees.account.stored
    seats = len(stored.holders(key)) + number
    stored.licenses[key] = replace(stored.licenses[key], seats=seats)
    return seats


def rich_user(sees: Witness) -> Any:
    """A user with several licences and admin roles."""
    first, second, *_ = (row for row in sees.account.stored.licenses.values() if row.assignable)
    key = sees.new_at_goto(
        "noor@example.com",
        licenseKeys=[second.key, first.key],
        adminRoles=["RUN_REPORTS", "MANAGE_SEATS"],
    )
    return sees.stored(key)


def had(user: Any) -> tuple[list[str], list[str]]:
    return sorted(user.license_keys), sorted(user.admin_roles)


# -- Seats -----------------------------------------------------------------------------


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "since the last look"])
def test_without_a_free_seat_nobody_is_created_and_the_licence_is_named(
    witnessed: Run, is_known: bool
) -> None:
    async def test(sees: Witness) -> None:
        license_ = meeting(sees)
        seats = set_free_seats(sees, license_.key, 0)
        if is_known:
            await sees.agree(**NO_CACHE)
        wanted = new_user()

        answer = await sees.ask("POST", "/Users", wanted)

        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
        assert license_.description in answer.json()["detail"]
        assert f"{seats} of {seats} seats" in answer.json()["detail"]
        await sees.agree(**NO_CACHE)
        # A seat that was freed elsewhere is found, unless it was looked for a moment ago.
        set_free_seats(sees, license_.key, 1)
        sees.clock.now += 1
        assert (await sees.done("POST", "/Users", wanted))["active"] is True
        assert (await sees.ask("POST", "/Users", new_user())).status_code == 400
        assert (await sees.done("POST", "/Users", new_user(active=False)))["active"] is False
        await sees.agree()

    witnessed(test)


def test_a_seat_given_up_through_the_bridge_is_free_for_the_next(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        leaving = (await sees.done("POST", "/Users", new_user()))["id"]
        deleted = (await sees.done("POST", "/Users", new_user()))["id"]
        set_free_seats(sees, meeting(sees).key, 0)
        await sees.agree(**NO_CACHE)
        assert (await sees.replace(f"/Users/{leaving}", active=False)).status_code == 200
        await sees.done("POST", "/Users", new_user())
        await sees.done("DELETE", f"/Users/{deleted}")
        await sees.done("POST", "/Users", new_user())
        await sees.agree()

    witnessed(test)


# -- What is remembered ------------------------------------------------------------------


def test_reactivation_gives_back_exactly_what_the_user_had(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = rich_user(sees)
        path = f"/Users/{user.key}"
        for _ in range(2):
            before = await sees.done("GET", path, **NO_CACHE)
            # A second time changes nothing, and does not forget.
            for _ in range(2):
                assert (await sees.replace(path, active=False)).json()["active"] is False
                assert had(sees.stored(user.key)) == ([], [])
            after = (await sees.replace(path, active=True)).json()
            assert had(sees.stored(user.key)) == had(user)
            for name in ("entitlements", "roles", "active"):
                assert after[name] == before[name]
        await sees.agree()

    witnessed(test)


def test_a_refused_reactivation_keeps_what_was_remembered(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = rich_user(sees)
        path, scarce = f"/Users/{user.key}", user.license_keys[0]
        await sees.agree(**NO_CACHE)
        await sees.replace(path, active=False)
        seats = set_free_seats(sees, scarce, 0)
        for _ in range(2):
            answer = await sees.replace(path, active=True)
            assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
            detail = answer.json()["detail"]
            assert sees.account.stored.licenses[scarce].description in detail
            assert f"{seats} of {seats} seats" in detail
            await sees.agree()
        # Another change meanwhile does not forget either.
        assert (await sees.replace(path, title="Baker")).status_code == 200
        set_free_seats(sees, scarce, 1)
        assert (await sees.replace(path, active=True)).json()["active"] is True
        assert had(sees.stored(user.key)) == had(user)

    witnessed(test)


def test_what_a_user_had_last_counts(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = rich_user(sees)
        path = f"/Users/{user.key}"
        await sees.agree(**NO_CACHE)
        await sees.replace(path, active=False)
        sees.account.update_user(user.key, {"adminRoles": ["RUN_REPORTS"]})
        # The bridge believes it to be suspended still.
        await sees.replace(path, active=True)
        assert had(sees.stored(user.key)) == ([], ["RUN_REPORTS"])
        await sees.replace(path, active=False)
        await sees.replace(path, active=True)
        assert had(sees.stored(user.key)) == ([], ["RUN_REPORTS"])

    witnessed(test)


def test_with_nothing_remembered_a_user_gets_the_default_licence(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        key = sees.new_at_goto("noor@example.com")
        assert (await sees.done("GET", f"/Users/{key}", **NO_CACHE))["active"] is False
        assert (await sees.replace(f"/Users/{key}", active=True)).json()["active"] is True
        assert had(sees.stored(key)) == ([meeting(sees).key], [])
        await sees.agree()

    witnessed(test)


def test_a_deactivation_that_was_never_answered_is_undone_after_a_restart(tmp_path: Path) -> None:
    goto = simulated_goto(users=12, groups=3, settings=UNLIMITED)
    activation = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {}}]}

    async def run() -> None:
        async with witness_over(tmp_path, app=goto) as sees:
            user = rich_user(sees)
            await sees.agree(**NO_CACHE)
            await sees.faults(
                {"match": {"method": "PUT"}, "drop": True, "after": True},
                {"match": {"method": "GET"}, "times": 1},
                {"match": {"method": "GET"}, "status": 503},
            )
            answer = await sees.replace(f"/Users/{user.key}", active=False)
            assert answer.status_code == 503
            assert had(sees.stored(user.key)) == ([], [])
            await sees.faults()
        async with witness_over(tmp_path, app=goto) as sees:
            activation["Operations"] = [{"op": "replace", "path": "active", "value": True}]
            restored = await sees.done("PATCH", f"/Users/{user.key}", activation)
            assert restored["active"] is True
            assert had(sees.stored(user.key)) == had(user)

    asyncio.run(run())


CUT_OFF = (
    {"match": {"method": "PUT"}, "drop": True, "after": True},
    {"match": {"method": "GET"}, "times": 1},
    {"match": {"method": "GET"}, "status": 503},
)


@pytest.mark.parametrize("meanwhile", ["renamed in GoTo", "reads trail behind"])
def test_what_is_remembered_outlives_whatever_a_look_after_the_restart_shows(
    tmp_path: Path, meanwhile: str
) -> None:
    goto = simulated_goto(users=12, groups=3, settings=UNLIMITED)

    async def run() -> None:
        async with witness_over(tmp_path, app=goto) as sees:
            user = rich_user(sees)
            path = f"/Users/{user.key}"
            await sees.agree(**NO_CACHE)
            if meanwhile == "reads trail behind":
                settings = {"read_after_write_lag_ms": 20_000}
                await sees.bridge.control.put("/_sim/settings", json=settings)
            await sees.faults(*CUT_OFF)
            leaving = await sees.replace(path, active=False, **{"name.givenName": "Ida"})
            assert leaving.status_code == 503
            assert had(sees.stored(user.key)) == ([], [])
            await sees.faults()
        async with witness_over(tmp_path, app=goto) as sees:
            if meanwhile == "renamed in GoTo":
                sees.account.update_user(user.key, {"firstName": "Noor"})
            await sees.ask("GET", path, **NO_CACHE)
            await sees.bridge.control.put("/_sim/settings", json={"read_after_write_lag_ms": 0})
            sees.clock.grow_old()
            assert (await sees.replace(path, active=True)).json()["active"] is True
            assert had(sees.stored(user.key)) == had(user)

    asyncio.run(run())


# -- Without a default licence ---------------------------------------------------------------


def test_without_a_default_licence_a_user_is_created_suspended_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('extends = "goto"\n[activation]\nlicenses = []\n')

    async def test(sees: Witness) -> None:
        made = await sees.done("POST", "/Users", new_user(active=True))
        assert made["active"] is False
        assert had(sees.stored(made["id"])) == ([], [])
        answer = await sees.replace(f"/Users/{made['id']}", active=True)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
        for way_out in ("activation.licenses", "licence or role in GoTo"):
            assert way_out in answer.json()["detail"]
        await sees.agree()

    witnessed_alone(tmp_path, test, mapping=load_mapping(file))


# -- The administrator behind the grant --------------------------------------------------------


def test_the_administrator_behind_the_grant_stays_as_it_is_and_goto_is_not_called(
    witnessed: Run,
) -> None:
    async def test(sees: Witness) -> None:
        key = sees.account.administrator_key
        before = sees.stored(key)
        resource = await sees.done("GET", f"/Users/{key}")
        await sees.calls()
        for refused in (
            await sees.replace(f"/Users/{key}", active=False),
            await sees.replace(f"/Users/{key}", active="False", title="Baker"),
            await sees.ask("PUT", f"/Users/{key}", {**resource, "active": False}),
            await sees.ask("DELETE", f"/Users/{key}"),
            await sees.ask("DELETE", f"/Users/{key}", **{"If-Match": "*"}),
        ):
            assert refused.status_code == 403, refused.text
            assert "administrator" in refused.json()["detail"]
        assert await sees.calls() == []
        sees.clock.grow_old()
        assert (await sees.ask("DELETE", f"/Users/{key}")).status_code == 403
        assert await sees.calls() == []
        assert (await sees.replace(f"/Users/{key}", active=False)).status_code == 403
        assert await sees.calls() == []
        assert sees.stored(key) == before
        # All else of the administrator can be changed.
        renamed = await sees.replace(f"/Users/{key}", active=True, **{"name.givenName": "Ida"})
        assert renamed.status_code == 200
        await sees.agree()

    witnessed(test)
