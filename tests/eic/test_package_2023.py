"""The connection package of 2023 for GoTo Meeting, with its defects, pointed at the bridge.

Written after its description. What could stay stays: where only the URL changes, that is said. Its
lists and columns are named for GoTo's API and have to be named for SCIM.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.eic.connections import ADA, connected, entitlement, shipped_files, user_of
from tests.eic.emulator import Account, Eic, Files
from tests.eic.emulator.store import ACTIVE
from tests.eic.test_import import imported, plain_user
from tests.live import Live, live_bridge

GOOD = {"statusCode": [200, 201, 204]}
HEADERS = {"Authorization": "${access_token}", "Accept": "application/json"}


def call(name: str, url: str, method: str, body: Any = None) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "name": name,
        "connection": "acctAuth",
        "url": url,
        "httpMethod": method,
        "httpHeaders": HEADERS,
        "httpContentType": "application/json",
        "successResponses": GOOD,
    }
    return wanted if body is None else {**wanted, "httpParams": json.dumps(body)}


def package(url: str, files: Files) -> Files:
    """The package, with the connection of the shipped files."""
    name = {"email": "${user.email}", "firstName": "${user.firstname}"}
    name |= {"lastName": "${user.lastname}", "locale": "en_US", "timeZone": "America/New_York"}
    user, group = "${account.accountID}", "${entitlementValue.entitlementID}"
    return Files(
        {
            "ConnectionJSON": files["ConnectionJSON"],
            "ImportAccountEntJSON": _import(url),
            # Only the URL changed, in all of these.
            "CreateAccountJSON": {
                "accountIdPath": "call1.message.key",
                "call": [call("call1", f"{url}/Users", "POST", {"users": [name]})],
            },
            "UpdateAccountJSON": {
                "call": [
                    call(
                        "call1",
                        f"{url}/Users/{user}",
                        "PUT",
                        {**name, "adminRoles": ["SUPER_USER"]},
                    )
                ]
            },
            "RemoveAccountJSON": {"call": [call("call1", f"{url}/Users/{user}", "DELETE")]},
            "AddAccessJSON": {"call": [call("Group", f"{url}/Groups/{group}/users/{user}", "PUT")]},
            "RemoveAccessJSON": {
                "call": [call("Group", f"{url}/Groups/{group}/users/{user}", "DELETE")]
            },
        }
    )


def _import(url: str) -> dict[str, Any]:
    def http(path: str) -> dict[str, Any]:
        return {
            "url": url + path,
            "httpHeaders": HEADERS,
            "httpContentType": "application/json",
            "httpMethod": "GET",
        }

    columns = {
        "accountID": "id~#~char",
        "name": "userName~#~char",
        "displayName": "userName~#~char",
    }
    fields = ("name.givenName", "name.familyName", "locale", "timezone")
    columns |= {f"customproperty{n}": f"{path}~#~char" for n, path in enumerate(fields, 1)}
    thresholds = {
        "statusColumn": "customproperty7",
        "status": ["ACTIVE"],
        "accountThresholdValue": 1000,
        "inactivateAccountsNotInFile": True,
    }
    group = {
        "callOrder": 0,
        "http": http("/Groups"),
        "listField": "Resources",
        "keyField": "entitlementID",
        "colsToPropsMap": {
            "entitlementID": "id~#~char",
            "entitlement_value": "displayName~#~char",
        },
    }
    member = {
        "processingType": "httpEntToAcct",
        "http": http("/Groups/${id}"),
        "listField": "members",
        "acctIdPath": "value",
        "acctKeyField": "accountID",
        "entKeyField": "entitlementID",
    }
    return {
        "accountParams": {
            "connection": "acctAuth",
            "statusAndThresholdConfig": thresholds,
            "call": {
                "call1": {
                    "callOrder": 0,
                    "http": http("/Users"),
                    "listField": "Resources",
                    "keyField": "accountID",
                    "colsToPropsMap": columns,
                }
            },
        },
        "entitlementParams": {
            "connection": "acctAuth",
            "entTypes": {"Group": {"entTypeOrder": 0, "call": {"call1": group}}},
        },
        "acctEntParams": {
            "connection": "acctAuth",
            "entTypes": {"Group": {"call": {"call1": member}}},
        },
    }


@contextmanager
def of_2023(folder: Path, **options: Any) -> Iterator[tuple[Live, Eic]]:
    """A bridge, and an EIC with the package."""
    with live_bridge(folder, **options) as live:
        url = f"{live.url}/scim/v2"
        files = package(url, shipped_files(live.url, folder))
        with connected(live.url, folder, files=files) as eic:
            yield live, eic


@pytest.mark.parametrize("users", [1, 101, 1000])
def test_without_any_paging_an_account_of_a_thousand_is_whole(tmp_path: Path, users: int) -> None:
    with of_2023(tmp_path, users=users) as (live, eic):
        imported(eic)
        before = eic.store.picture()
        assert len(eic.store.accounts) == users
        assert {account.status for account in eic.store.accounts.values()} == {ACTIVE}
        imported(eic)
        assert eic.store.picture() == before
        groups = {user["key"]: user.get("groupKey") for user in live.account()["users"]}
        assert eic.store.links() == {(u, "Group", g) for u, g in groups.items() if g}


def test_beyond_a_thousand_nobody_is_taken_for_deleted(tmp_path: Path) -> None:
    """The rest is not seen, so it has to be paged; but what is seen stays the same."""
    with of_2023(tmp_path, users=1200, groups=1) as (live, eic):
        job = eic.import_accounts()
        before = eic.store.picture()
        assert (job.failed, len(eic.store.accounts)) == (False, 1000)
        eic.import_accounts()
        assert eic.store.picture() == before
        assert len(live.account()["users"]) == 1200


def account_of(eic: Eic, key: str) -> Account:
    return eic.store.accounts[key]


def test_an_update_makes_nobody_an_administrator_and_loses_nothing(tmp_path: Path) -> None:
    with of_2023(tmp_path) as (live, eic):
        imported(eic)
        before = plain_user(live)
        who = replace(ADA, email=before["email"])
        task = eic.task("UPDATEACCOUNT", account=account_of(eic, before["key"]), person=who)
        eic.run_tasks()
        after = user_of(live.account(), before["email"])
        assert after is not None
        assert "adminRoles" not in after
        assert {**after, "firstName": "", "lastName": ""} == {
            **before,
            "firstName": "",
            "lastName": "",
        }
        assert task.done or task.error


def test_what_only_goto_understands_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with of_2023(tmp_path) as (live, eic):
        imported(eic)
        before = live.account()
        user = plain_user(live)
        other = next(g["key"] for g in before["groups"] if g["key"] != user["groupKey"])
        account = account_of(eic, user["key"])
        tasks = [
            eic.task("NEWACCOUNT", person=ADA),
            eic.task("ADDACCESS", account=account, entitlement=entitlement(eic, "Group", other)),
            eic.task(
                "REMOVEACCESS",
                account=account,
                entitlement=entitlement(eic, "Group", user["groupKey"]),
            ),
        ]
        assert eic.run_tasks() == tasks
        assert [task.error[:3] for task in tasks] == ["400", "404", "404"]
        assert live.account() == before


def test_a_removal_works_with_the_url_alone_changed(tmp_path: Path) -> None:
    with of_2023(tmp_path) as (live, eic):
        imported(eic)
        user = plain_user(live)
        eic.done("REMOVEACCOUNT", account=account_of(eic, user["key"]))
        assert user_of(live.account(), user["email"]) is None
