"""Roles that the bridge cannot take or see: their holder is never told to be suspended."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox import SimulatorSettings
from tests.conftest import SANDBOX_MAPPING, simulated
from tests.directory.witness import Witness, witnessed_alone
from tests.mapping.mappings import own

SUSPENDING = replace(SANDBOX_MAPPING, rules=replace(SANDBOX_MAPPING.rules, on_delete="suspend"))


def goto(**settings: Any) -> Any:
    options = SimulatorSettings(**{"rate_limit": 0, **settings})
    return simulated(users=12, groups=3, settings=options)


async def with_custom_role(sees: Witness, **more: Any) -> tuple[str, str]:
    (user,) = sees.somebody()
    role = sees.account.stored.role_sets[0].id
    await sees.bridge.control.patch(f"/_sim/users/{user}", json={"roleSets": [role], **more})
    return user, role


async def by_active(sees: Witness, user: str) -> Any:
    return await sees.replace(f"/Users/{user}", active=False)


async def by_put(sees: Witness, user: str) -> Any:
    shown = await sees.done("GET", f"/Users/{user}")
    return await sees.ask("PUT", f"/Users/{user}", {**shown, "active": False})


async def by_delete(sees: Witness, user: str) -> Any:
    return await sees.ask("DELETE", f"/Users/{user}")


WAYS = [by_active, by_put, by_delete]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("policy", ["first", "always", "never"])
def test_the_holder_of_a_custom_role_is_not_suspended(
    tmp_path: Path, policy: Any, way: Any
) -> None:
    async def test(sees: Witness) -> None:
        user, role = await with_custom_role(sees)
        before = sees.stored(user)
        answer = await way(sees, user)
        assert answer.status_code == 409, answer.text
        assert role in answer.json()["detail"]
        assert sees.stored(user) == before
        shown = await sees.done("GET", f"/Users/{user}")
        assert shown["active"] is True

    witnessed_alone(tmp_path, test, app=goto(), mapping=SUSPENDING, verify_writes=policy)


def test_a_holder_without_licence_and_admin_role_is_active_and_not_hidden(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        user, role = await with_custom_role(sees, licenseKeys=[], adminRoles=[])
        shown = await sees.done("GET", f"/Users/{user}")
        assert shown["active"] is True
        assert [each["value"] for each in shown["roles"]] == [role]
        assert (await by_delete(sees, user)).status_code == 409
        sees.clock.grow_old()
        assert user in await sees.ids("/Users?count=1000")

    witnessed_alone(tmp_path, test, app=goto(), mapping=SUSPENDING)


def test_a_custom_role_is_shown_and_read_only(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        user, role = await with_custom_role(sees)
        path = f"/Users/{user}"
        shown = await sees.done("GET", path)
        assert {"value": role, "type": "custom"} in shown["roles"]
        await sees.bridge.forget_journal()
        assert (await sees.ask("PUT", path, shown)).status_code == 200
        assert not [call for call in await sees.calls() if call.startswith("PUT")]
        given = [*shown["roles"], {"value": "RUN_REPORTS"}]
        await sees.done("PUT", path, {**shown, "roles": given})
        assert sees.stored(user).admin_roles == ("RUN_REPORTS",)
        without = {"op": "replace", "path": "roles", "value": [{"value": "RUN_REPORTS"}]}
        answer = await sees.patch(path, without)
        assert answer.status_code == 400
        assert answer.json()["scimType"] == "mutability"
        assert sees.stored(user).role_sets == (role,)
        roles = {each["value"] for each in (await sees.done("GET", path))["roles"]}
        assert roles == {role, "RUN_REPORTS"}

    witnessed_alone(tmp_path, test, app=goto())


def test_a_suspension_sends_only_the_lists_that_are_not_empty(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        plain, both = sees.somebody(2)
        roles = {"adminRoles": ["RUN_REPORTS"]}
        await sees.bridge.control.patch(f"/_sim/users/{both}", json=roles)
        await sees.ask("GET", "/Users")
        await sees.bridge.forget_journal()
        for user in (plain, both):
            assert (await sees.replace(f"/Users/{user}", active=False)).status_code == 200
        bodies = [call["body"] for call in await sees.bridge.journal() if call["method"] == "PUT"]
        assert bodies == [{"licenseKeys": []}, {"licenseKeys": [], "adminRoles": []}]

    witnessed_alone(tmp_path, test, app=goto())


@pytest.mark.parametrize("policy", ["first", "always"])
def test_where_roles_are_hidden_a_deactivation_is_refused(tmp_path: Path, policy: Any) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        await sees.ask("GET", "/Users")
        for way in WAYS:
            answer = await way(sees, user)
            assert answer.status_code == 409, answer.text
            assert 'direction = "read"' in answer.json()["detail"]
        assert sees.stored(user).license_keys
        # An administrator who sees them is believed from then on.
        await sees.bridge.control.put("/_sim/settings", json={"roles_visible": True})
        sees.clock.grow_old()
        await sees.ask("GET", "/Users")
        assert (await sees.replace(f"/Users/{user}", active=False)).status_code == 200

    app = goto(roles_visible=False)
    witnessed_alone(tmp_path, test, app=app, mapping=SUSPENDING, verify_writes=policy)


@pytest.mark.parametrize("policy", ["first", "always"])
def test_with_roles_for_reading_alone_each_suspension_is_looked_at(
    tmp_path: Path, policy: Any
) -> None:
    async def test(sees: Witness) -> None:
        plain, holder = sees.somebody(2)
        roles = {"adminRoles": ["RUN_REPORTS"]}
        await sees.bridge.control.patch(f"/_sim/users/{holder}", json=roles)
        await sees.ask("GET", "/Users")
        assert (await sees.replace(f"/Users/{plain}", active=False)).status_code == 200
        assert (await sees.replace(f"/Users/{holder}", active=False)).status_code == 502
        # Its licences are gone, and it is active still: what is left has to be taken in GoTo.
        assert (await sees.done("GET", f"/Users/{holder}"))["active"] is True
        again = await sees.replace(f"/Users/{holder}", active=False)
        assert again.status_code == 409, again.text

    reading = 'roles = { field = "adminRoles", direction = "read" }\n'
    mapping = own(tmp_path, f'extends = "sandbox"\n[users.attributes]\n{reading}')
    app = goto(roles_visible=False)
    witnessed_alone(tmp_path, test, app=app, mapping=mapping, verify_writes=policy)
