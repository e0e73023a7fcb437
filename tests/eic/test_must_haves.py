"""All that an integration has to do, on one account, whichever way EIC turns out to behave."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.eic.connections import (
    JOINER,
    KINDS,
    connected,
    entitlement,
    expected_links,
    shipped_files,
    user_of,
    without_escapes,
)
from tests.eic.emulator import Account, Eic, Files, Person, Switches
from tests.eic.emulator.store import ACTIVE, INACTIVE, MISSING, Store
from tests.eic.test_forms import OTHER_WAYS, page, paged
from tests.eic.test_import import (
    GOTOS_ROLES,
    admin_roles,
    console,
    imported,
    nobody_there,
    plain_user,
)
from tests.eic.test_provisioning import held, two
from tests.eic.ways import CutOff, Expiring
from tests.live import Live, live_bridge

WAYS = {"as it seems": Switches(), **OTHER_WAYS}
LOST = 25
"""As many missing accounts as the shipped threshold stops at."""


@dataclass
class Integration:
    """An EIC at a bridge; ``at`` opens another connection of the same EIC on another way."""

    live: Live
    folder: Path
    files: Files
    switches: Switches
    eic: Eic

    def at(self, way: httpx.BaseTransport | None = None, **options: Any) -> Any:
        wanted = {"files": self.files, "switches": self.switches, "store": self.eic.store}
        return connected(self.live.url, self.folder, transport=way, **{**wanted, **options})

    def joined(self, who: Person) -> Account:
        account = self.eic.done("NEWACCOUNT", person=who).account
        assert account is not None
        return account


def everything_is_imported_and_a_second_import_changes_nothing(at: Integration) -> None:
    assert at.eic.test_connection()
    imported(at.eic)
    state, store = at.live.account(), at.eic.store
    assert set(store.accounts) == {user["key"] for user in state["users"]}
    assert set(store.of_kind("Group")) == {group["key"] for group in state["groups"]}
    assert set(store.of_kind("License")) == {each["key"] for each in state["licenses"]}
    assert admin_roles(at.eic) == GOTOS_ROLES
    assert store.links() == expected_links(state)
    before = store.picture()
    imported(at.eic)
    assert store.picture() == before
    assert at.live.writes() == []


def paging_by_number_loses_nobody(at: Integration) -> None:
    users = len(at.live.account()["users"])
    # The windows overlap but for one user, so that smaller pages would take thousands of them.
    with at.at(files=paged(at.files, page(max(1, min(users - 5, 1000)))), store=Store()) as other:
        assert not other.import_accounts().failed
        assert len(other.store.accounts) == users


def a_failure_in_the_middle_changes_nothing(at: Integration) -> None:
    before = at.eic.store.picture()
    for fits in (is_first_page, is_later_page):
        with at.at(CutOff(fits)) as cut_off:
            # An account without users is read in one page, so that its import is over by then.
            ended = fits is is_later_page and not at.eic.store.accounts
            assert [job.failed for job in cut_off.import_all()] == [not ended, True]
    assert at.eic.store.picture() == before


def is_first_page(url: str) -> bool:
    return "startIndex=1&" in url


def is_later_page(url: str) -> bool:
    return "startIndex=" in url and not is_first_page(url)


def a_token_that_ends_is_renewed_once(at: Integration) -> None:
    login = at.eic.logins["acctAuth"]
    if "client_id" not in str(at.files["ConnectionJSON"]):
        return  # nothing ends
    assert login.refreshes == 1
    with at.at(Expiring(3), store=Store()) as other:
        imported(other)
        assert other.logins["acctAuth"].refreshes == 2
        assert len(other.store.accounts) == len(at.live.account()["users"])


def a_duplicate_stays_open(at: Integration) -> None:
    at.joined(JOINER)
    task = at.eic.task("NEWACCOUNT", person=replace(JOINER, username="somebody.else"))
    assert at.eic.run_tasks() == [task]
    assert task.error.startswith("409")
    at.eic.store.tasks.clear()


def joiners_movers_and_leavers_end_as_they_should(at: Integration) -> None:
    for kind in KINDS:
        who = replace(JOINER, username=f"of.{kind}", email=f"of.{kind}@example.com".lower())
        account = at.joined(who)
        had = held(at.live, who, kind)
        first, second = (entitlement(at.eic, kind, key) for key in two(at.live, kind))
        at.eic.done("ADDACCESS", account=account, entitlement=first)
        at.eic.done("ADDACCESS", account=account, entitlement=second)
        at.eic.done("REMOVEACCESS", account=account, entitlement=first)
        assert held(at.live, who, kind) == had | {second.key}
        imported(at.eic)
        assert {key for of, key in account.links if of == kind} == had | {second.key}
        twice_changes_nothing(at, account, second, who)
        disabling_keeps_the_links(at, account)
        at.eic.done("REMOVEACCESS", account=account, entitlement=second)
        assert held(at.live, who, kind) == had
        at.eic.done("DISABLEACCOUNT", account=account)
        user = user_of(at.live.account(), who.email)
        assert user is not None
        assert user["status"] == "SUSPENDED"
        at.eic.done("REMOVEACCOUNT", account=account)
        at.eic.done("REMOVEACCOUNT", account=account)
        assert user_of(at.live.account(), who.email) is None


def twice_changes_nothing(at: Integration, account: Account, value: Any, who: Person) -> None:
    at.live.forget()
    at.eic.done("ADDACCESS", account=account, entitlement=value)
    at.eic.done("UPDATEACCOUNT", account=account, person=who)
    at.eic.done("ENABLEACCOUNT", account=account)
    assert at.live.writes() == []


def disabling_keeps_the_links(at: Integration, account: Account) -> None:
    links = set(account.links)
    at.eic.done("DISABLEACCOUNT", account=account)
    imported(at.eic)
    assert account.status == INACTIVE
    if not at.switches.delete_links_of_present:
        assert account.links == links
    at.eic.done("ENABLEACCOUNT", account=account)
    imported(at.eic)
    assert (account.status, account.links) == (ACTIVE, links)


def names_with_quotes_survive(at: Integration) -> None:
    who = replace(JOINER, username="quoted", email="quoted@example.com", lastname='O\'Neil "X"')
    account = at.joined(who)
    at.eic.done("UPDATEACCOUNT", account=account, person=replace(who, firstname='"X" \\ '))
    user = user_of(at.live.account(), who.email)
    assert user is not None
    assert (user["firstName"].strip(), user["lastName"]) == ('"X" \\', 'O\'Neil "X"')


def what_goto_deletes_is_suspended_or_inactive(at: Integration) -> None:
    imported(at.eic)
    state = at.live.account()
    user = plain_user(at.live)
    parents = {path for group in state["groups"] for path in group["keyPath"][:-1]}
    group = next(each["key"] for each in state["groups"] if each["key"] not in parents)
    console(at.live, "DELETE", f"/users/{user['key']}")
    console(at.live, "DELETE", f"/groups/{group}")
    imported(at.eic)
    missing = [each for each in at.eic.store.accounts.values() if each.status == MISSING]
    assert user["key"] in {each.key for each in missing}
    assert all(not each.links for each in missing)
    groups = at.eic.store.of_kind("Group")
    assert [each.key for each in groups.values() if not each.active] == [group]


def a_mass_loss_trips_the_threshold(at: Integration) -> None:
    users = at.live.account()["users"]
    plain = [user["key"] for user in users if "SUPER_USER" not in user.get("adminRoles", [])]
    before = {key: account.status for key, account in at.eic.store.accounts.items()}
    for count, key in enumerate(plain[:LOST], 1):
        console(at.live, "DELETE", f"/users/{key}", looked_at=count == LOST)
    job = at.eic.import_accounts()
    assert job.lines == [f"threshold: {LOST} accounts are missing, {LOST} stop the import"]
    assert {key: account.status for key, account in at.eic.store.accounts.items()} == before


def lived_through(live: Live, folder: Path, files: Files, switches: Switches) -> None:
    """Everything, one after the other."""
    users = len(live.account()["users"])
    with connected(live.url, folder, files=files, switches=switches) as eic:
        at = Integration(live, folder, files, switches, eic)
        everything_is_imported_and_a_second_import_changes_nothing(at)
        if users <= 1000:
            paging_by_number_loses_nobody(at)
        a_failure_in_the_middle_changes_nothing(at)
        a_token_that_ends_is_renewed_once(at)
        a_duplicate_stays_open(at)
        joiners_movers_and_leavers_end_as_they_should(at)
        names_with_quotes_survive(at)
        if users > LOST:
            what_goto_deletes_is_suspended_or_inactive(at)
            a_mass_loss_trips_the_threshold(at)


@pytest.mark.parametrize("name", WAYS)
def test_all_of_it_holds_whichever_way_eic_behaves(tmp_path: Path, name: str) -> None:
    switches = WAYS[name]
    auth: Any = "client-credentials" if switches.basic_from_start else "basic"
    with live_bridge(tmp_path, users=101) as live:
        files = shipped_files(live.url, tmp_path, auth=auth)
        if switches.escapes_json:
            files = without_escapes(files)  # as docs/eic.md says
        lived_through(live, tmp_path, files, switches)


def test_every_switch_is_turned_over_here_or_where_its_form_is_tested() -> None:
    turned = {
        each.name
        for each in fields(Switches)
        for switches in WAYS.values()
        if getattr(switches, each.name) != each.default
    }
    in_forms = {"first_offset", "page_stops", "takes_empty_attribute"}
    assert turned | in_forms == {each.name for each in fields(Switches)}


def test_all_of_it_holds_on_an_account_without_users(tmp_path: Path) -> None:
    with nobody_there(tmp_path) as live:
        lived_through(live, tmp_path, shipped_files(live.url, tmp_path), Switches())


@pytest.mark.parametrize("users", [1, 100, 2500])
def test_all_of_it_holds_on_an_account_of_any_size(tmp_path: Path, users: int) -> None:
    with live_bridge(tmp_path, users=users) as live:
        lived_through(live, tmp_path, shipped_files(live.url, tmp_path), Switches())
