"""Imports with the shipped files: all of an account, again, and what GoTo did in between."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bridge.scim import Authenticator, scim_application
from tests.conftest import SANDBOX_MAPPING, bridge_over, simulated
from tests.eic.connections import (
    KINDS,
    connected,
    expected_links,
    shipped_files,
    shipped_folder,
    variant,
)
from tests.eic.emulator import Eic, Files, Switches
from tests.eic.emulator.store import ACTIVE, INACTIVE, MISSING, Job
from tests.live import TOKEN, Live, live_bridge, served
from tests.scim.face import nobody

# GoTo's own roles, and the role sets that the simulated account has made.
GOTOS_ROLES = {
    "SUPER_USER", "MANAGE_USERS", "MANAGE_SEATS", "MANAGE_SETTINGS", "MANAGE_GROUPS",
    "RUN_REPORTS", "ADD_USERS", "MANAGE_ACCOUNT", "Help desk", "Webinar organizers",
}  # fmt: skip
GOTO = "/admin/rest/v1/accounts/{account}"


def imported(eic: Eic) -> list[Job]:
    """Run both imports; neither may fail."""
    jobs = eic.import_all()
    assert [job.lines for job in jobs if job.failed] == []
    return jobs


def console(
    live: Live, method: str, path: str, body: Any = None, *, looked_at: bool = True
) -> None:
    """Do something in GoTo itself, past the bridge, and have the bridge look."""
    token = live.goto.post("/_sim/token").json()["access_token"]
    rights = {"Authorization": f"Bearer {token}"}
    account = live.goto.get("/admin/rest/v1/me", headers=rights).json()["accountKey"]
    url = GOTO.format(account=account) + path
    live.goto.request(method, url, headers=rights, json=body).raise_for_status()
    if looked_at:
        live.scim.get("/Users", headers={"Cache-Control": "no-cache"}).raise_for_status()


def admin_roles(eic: Eic) -> set[str]:
    """The admin roles that were imported: GoTo's own by their ids, role sets by their names."""
    found = eic.store.of_kind("AdminRole").values()
    return {
        str(each.columns["entitlement_value"]) if each.key.isdigit() else each.key for each in found
    }


def plain_user(live: Live) -> dict[str, Any]:
    """A user of GoTo's who is in a group, has a licence and no admin role."""
    users: list[dict[str, Any]] = live.account()["users"]
    return next(
        user
        for user in users
        if user.get("groupKey") and user.get("licenseKeys") and not user.get("adminRoles")
    )


@pytest.mark.parametrize("users", [1, 100, 101, 2500])
def test_accounts_entitlements_and_links_are_those_of_the_account(
    tmp_path: Path, users: int
) -> None:
    with (
        live_bridge(tmp_path, users=users, groups=7) as live,
        connected(live.url, tmp_path) as eic,
    ):
        imported(eic)
        state = live.account()
        assert len(state["users"]) == users
        assert set(eic.store.accounts) == {user["key"] for user in state["users"]}
        assert set(eic.store.of_kind("Group")) == {group["key"] for group in state["groups"]}
        licences = {licence["key"] for licence in state["licenses"]}
        assert set(eic.store.of_kind("License")) == licences
        assert admin_roles(eic) == GOTOS_ROLES
        assert eic.store.links() == expected_links(state)
        for user in state["users"]:
            account = eic.store.accounts[user["key"]]
            assert account.status == (INACTIVE if user["status"] == "SUSPENDED" else ACTIVE)
            assert account.columns["name"] == user["email"]
        before = eic.store.picture()
        imported(eic)
        assert eic.store.picture() == before
        assert live.writes() == []


@contextmanager
def nobody_there(folder: Path) -> Iterator[Live]:
    """A bridge over an account without a single user, not even an administrator."""
    goto = simulated(users=1, groups=5)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with bridge_over(goto, folder, empty=True) as below:
            scim = scim_application(
                below.directory,
                SANDBOX_MAPPING,
                Authenticator(nobody, static_token=TOKEN),
                secret=b"s" * 32,
            )
            app.router.routes[:] = [Mount("/scim/v2", app=scim)]
            yield

    rights = {"Authorization": f"Bearer {TOKEN}"}
    with (
        served(Starlette(lifespan=lifespan)) as url,
        served(goto) as goto_url,
        httpx.Client(base_url=f"{url}/scim/v2", headers=rights) as scim,
        httpx.Client(base_url=goto_url) as control,
    ):
        live = Live(url, scim, control)
        assert live.account()["users"] == []
        live.forget()
        yield live


def test_an_account_without_users_is_imported_as_empty(tmp_path: Path) -> None:
    with nobody_there(tmp_path) as live, connected(live.url, tmp_path) as eic:
        assert eic.test_connection()
        imported(eic)
        assert eic.store.accounts == {}
        assert len(eic.store.of_kind("Group")) == len(live.account()["groups"]) == 5
        assert eic.store.links() == set()


def test_each_attribute_of_gotos_reaches_a_column(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=60) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        user = plain_user(live)
        columns = eic.store.accounts[user["key"]].columns
        assert {name: columns[f"customproperty{n}"] for n, name in COLUMNS.items()} == {
            "firstName": user["firstName"],
            "lastName": user["lastName"],
            "locale": user["locale"].replace("_", "-"),
            "timeZone": user["timeZone"],
            "email": user["email"],
            "status": user["status"],
            "active": "true",
            "inviteCount": str(user["inviteCount"]),
            "passwordCreated": str(user["passwordCreated"]).lower(),
            "nameLocked": str(user["nameLocked"]).lower(),
            "emailLocked": str(user["emailLocked"]).lower(),
            "identityReadOnly": str(user["identityReadOnly"]).lower(),
            "canAuthenticate": str(user["canAuthenticate"]).lower(),
            "products": ",".join(user["products"]),
            "groupKey": user["groupKey"],
            "groupName": user["groupName"],
            "groupNamePath": "/".join(user["groupNamePath"]),
        }
        invited = datetime.fromtimestamp(user["invitedDate"] / 1000, UTC)
        assert datetime.fromisoformat(columns["customproperty11"]) == invited
        assert columns["accountID"] == user["key"]
        assert columns["displayName"] == f"{user['firstName']} {user['lastName']}"
        links = {kind: set(keys) for kind, keys in eic.store.accounts[user["key"]].reported.items()}
        assert links == {
            "Group": {user["groupKey"]},
            "License": set(user["licenseKeys"]),
            "AdminRole": set(),
        }
        empty = [name for name in columns if all(_none(eic, name))]
        assert empty == ["customproperty6"]  # externalId: nobody has given one yet


# A user as GoTo's API has been recorded.
RECORDED = {
    "key", "email", "firstName", "lastName", "locale", "timeZone", "settings", "licenseKeys",
    "products", "groupKey", "groupName", "groupKeyPath", "groupNamePath", "adminRoles",
    "passwordCreated", "invitedDate", "inviteCount", "nameLocked", "emailLocked",
    "identityReadOnly", "canAuthenticate", "status",
}  # fmt: skip


def test_what_goto_tells_of_a_user_is_a_column_or_the_recipe_says_why_not(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=60) as live:
        assert {field for user in live.account()["users"] for field in user} <= RECORDED
        paper = (shipped_folder(live.url, tmp_path) / "README.md").read_text("utf-8")
        files = shipped_files(live.url, tmp_path)
    columns, _, besides = paper.partition("## Account columns")[2].partition("two things have no")
    missing = {field for field in RECORDED if f"`{field}`" not in columns}
    assert missing == {"groupKeyPath", "settings"}
    assert all(f"`{field}`" in besides for field in missing)
    mapped = files["ImportAccountEntJSON"]["accountParams"]["call"]["call1"]["colsToPropsMap"]
    named = set(re.findall(r"`(accountID|name|displayName|customproperty\d+)`", columns))
    assert named == set(mapped)


COLUMNS = {
    1: "firstName", 2: "lastName", 3: "locale", 4: "timeZone", 5: "email", 7: "status",
    10: "active", 12: "inviteCount", 13: "passwordCreated", 14: "nameLocked", 15: "emailLocked",
    16: "identityReadOnly", 17: "canAuthenticate", 18: "products", 19: "groupKey",
    20: "groupName", 21: "groupNamePath",
}  # fmt: skip


def _none(eic: Eic, name: str) -> list[bool]:
    return [account.columns[name] is None for account in eic.store.accounts.values()]


@pytest.mark.parametrize("inner_wins", [False, True])
@pytest.mark.parametrize("renames", [False, True])
def test_a_user_deleted_in_goto_is_suspended_from_import_service(
    tmp_path: Path, *, inner_wins: bool, renames: bool
) -> None:
    switches = Switches(inner_threshold_wins=inner_wins, renames_missing=renames)
    with live_bridge(tmp_path) as live, connected(live.url, tmp_path, switches=switches) as eic:
        imported(eic)
        before = dict(eic.store.accounts)
        user = plain_user(live)
        console(live, "DELETE", f"/users/{user['key']}")
        imported(eic)
        gone = eic.store.accounts[user["key"]]
        assert (gone.status, gone.links) == (MISSING, set())
        assert gone.columns["name"].startswith(user["email"])
        assert (gone.columns["name"] == user["email"]) is not renames
        others = [account for key, account in before.items() if key != user["key"]]
        assert MISSING not in {account.status for account in others}
        assert eic.store.links() == expected_links(live.account())


@pytest.mark.parametrize("inner_wins", [False, True])
def test_a_group_deleted_in_goto_becomes_inactive(tmp_path: Path, *, inner_wins: bool) -> None:
    switches = Switches(inner_threshold_wins=inner_wins)
    with live_bridge(tmp_path) as live, connected(live.url, tmp_path, switches=switches) as eic:
        imported(eic)
        state = live.account()
        parents = {path for group in state["groups"] for path in group["keyPath"][:-1]}
        key = next(group["key"] for group in state["groups"] if group["key"] not in parents)
        console(live, "DELETE", f"/groups/{key}")
        imported(eic)
        active = {each.key: each.active for each in eic.store.of_kind("Group").values()}
        assert [group for group, is_active in active.items() if not is_active] == [key]
        held = [each for each in eic.store.accounts.values() if ("Group", key) in each.links]
        assert {account.status for account in held} <= {INACTIVE}


def test_a_mass_loss_trips_the_threshold_and_changes_no_account(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=40) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        before = {key: account.status for key, account in eic.store.accounts.items()}
        state = live.account()
        victims = [
            user["key"] for user in state["users"] if "SUPER_USER" not in user.get("adminRoles", [])
        ]
        for key in victims[:24]:
            console(live, "DELETE", f"/users/{key}")
        below = eic.import_accounts()
        assert sum("SUSPENDED" in line for line in below.lines) == 24
        for key, account in eic.store.accounts.items():
            account.status = before[key]
        console(live, "DELETE", f"/users/{victims[24]}")
        at = eic.import_accounts()
        assert at.lines == ["threshold: 25 accounts are missing, 25 stop the import"]
        assert {key: account.status for key, account in eic.store.accounts.items()} == before


def test_a_user_suspended_in_goto_becomes_inactive_and_keeps_its_links(tmp_path: Path) -> None:
    with live_bridge(tmp_path) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        user = plain_user(live)
        links = set(eic.store.accounts[user["key"]].links)
        console(live, "PUT", f"/users/{user['key']}", {"licenseKeys": [], "adminRoles": []})
        imported(eic)
        account = eic.store.accounts[user["key"]]
        assert (account.status, account.links) == (INACTIVE, links)


def test_a_group_change_in_goto_moves_the_link(tmp_path: Path) -> None:
    with live_bridge(tmp_path) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        user = plain_user(live)
        groups = live.account()["groups"]
        other = next(each["key"] for each in groups if each["key"] != user["groupKey"])
        console(live, "PUT", f"/groups/{other}/users/{user['key']}")
        imported(eic)
        links = eic.store.accounts[user["key"]].links
        assert {key for kind, key in links if kind == "Group"} == {other}


def test_a_filter_in_the_url_shows_an_endpoint_its_part(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=150) as live:
        state = live.account()
        keys = [user["groupKey"] for user in state["users"] if user.get("groupKey")]
        group = max(set(keys), key=keys.count)
        text = json.dumps(shipped_files(live.url, tmp_path).attributes)
        wanted = f"/Users?filter=groups.value%20eq%20%22{group}%22&startIndex="
        files = Files(json.loads(text.replace("/Users?startIndex=", wanted)))
        with connected(live.url, tmp_path, files=files) as eic:
            imported(eic)
            assert len(eic.store.accounts) == keys.count(group)


# -- The incremental import ---------------------------------------------------------


def test_an_incremental_import_brings_what_changed_and_takes_nothing_away(tmp_path: Path) -> None:
    with live_bridge(tmp_path) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        latest = max(account.columns["customproperty9"] for account in eic.store.accounts.values())
        victim = plain_user(live)
        changed = next(
            user
            for user in live.account()["users"]
            if user["key"] != victim["key"]
            and not user.get("adminRoles")
            and not user["nameLocked"]
            and not user["identityReadOnly"]
        )
        console(live, "DELETE", f"/users/{victim['key']}")
        console(live, "PUT", f"/users/{changed['key']}", {"lastName": "Married"})
        before = eic.store.picture()
        incremental = variant(live.url, "ImportAccountEntJSON.incremental.json", SINCE=latest)
        files = shipped_files(live.url, tmp_path).with_(
            ImportAccountEntJSON=of_our_kinds(incremental), STATUS_THRESHOLD_CONFIG={}
        )
        with connected(live.url, tmp_path, files=files, store=eic.store) as again:
            jobs = imported(again)
        assert not any("SUSPENDED" in line for job in jobs for line in job.lines)
        accounts, _ = eic.store.picture()
        differing = {key for key in accounts if accounts[key] != before[0][key]}
        assert differing == {changed["key"]}
        assert accounts[changed["key"]][0]["customproperty2"] == "Married"


def of_our_kinds(parts: dict[str, Any]) -> dict[str, Any]:
    """An import with the entitlement types that the bridge lists."""
    for part in ("entitlementParams", "acctEntParams"):
        types = parts[part]["entTypes"]
        parts[part]["entTypes"] = {kind: types[kind] for kind in types if kind in KINDS}
    return parts
