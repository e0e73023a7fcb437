"""Tasks with the shipped files: joiners, movers, leavers; twice, lost, refused, with quotes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.eic.connections import (
    JOINER,
    KINDS,
    connected,
    entitlement,
    expected_links,
    shipped_files,
    user_of,
    variant,
)
from tests.eic.emulator import Account, Eic, Files, Person, Switches
from tests.eic.emulator.store import ACTIVE, INACTIVE, PROVISIONED, SUSPENDED
from tests.eic.test_import import imported
from tests.eic.ways import Lost
from tests.live import Live, live_bridge

# What a user may be given and moved to, by entitlement type: two keys each.
GOTO_FIELDS = {"Group": "groupKey", "License": "licenseKeys", "AdminRole": "adminRoles"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Path]]:
    """One bridge for the tests that bring people of their own."""
    folder = tmp_path_factory.mktemp("provisioning")
    with live_bridge(folder) as live:
        yield live, folder


@pytest.fixture
def eic(shared: tuple[Live, Path]) -> Iterator[Eic]:
    live, folder = shared
    with connected(live.url, folder) as found:
        imported(found)
        yield found


@pytest.fixture
def live(shared: tuple[Live, Path]) -> Live:
    return shared[0]


def person(name: str, **changed: Any) -> Person:
    """Somebody whom the account has not seen yet."""
    return replace(JOINER, username=name, email=f"{name}@example.com", **changed)


def joined(eic: Eic, who: Person) -> Account:
    """Create an account."""
    task = eic.done("NEWACCOUNT", person=who)
    assert task.account is not None
    return task.account


def two(live: Live, kind: str) -> tuple[str, str]:
    """Two entitlements of a type that a user can have."""
    state = live.account()
    if kind == "Group":
        first, second, *_ = state["groups"]
        return first["key"], second["key"]
    if kind == "AdminRole":
        return "MANAGE_USERS", "RUN_REPORTS"
    free = [
        each["key"]
        for each in state["licenses"]
        if each["enabled"] and not each["externallyManaged"]
        if each["seats"] > each["userCount"] and "G2M" not in each["products"]
    ]
    return free[0], free[1]


def held(live: Live, who: Person, kind: str) -> set[str]:
    """What a user has in GoTo of an entitlement type."""
    user = user_of(live.account(), who.email)
    assert user is not None
    value = user.get(GOTO_FIELDS[kind], [])
    return set(value) if isinstance(value, list) else {value}


# -- Joiner, mover, leaver -----------------------------------------------------------


def test_a_joiner_is_a_user_in_goto_with_a_licence(eic: Eic, live: Live) -> None:
    who = person("joiner")
    account = joined(eic, who)
    user = user_of(live.account(), who.email)
    assert user is not None
    assert account.key == user["key"]
    assert (user["firstName"], user["lastName"]) == ("Joan", "Joiner")
    assert (user["locale"], user["timeZone"]) == ("de_DE", "Europe/Berlin")
    assert user["products"] == ["G2M"]
    assert account.columns["name"] == who.email
    assert account.status == PROVISIONED
    imported(eic)
    assert account.status == ACTIVE
    assert account.columns["customproperty6"] == who.username


@pytest.mark.parametrize("kind", KINDS)
def test_a_joiner_a_mover_and_a_leaver_end_as_they_should(eic: Eic, live: Live, kind: str) -> None:
    who = person(f"mover.{kind.lower()}")
    account = joined(eic, who)
    before = held(live, who, kind)
    first, second = (entitlement(eic, kind, key) for key in two(live, kind))
    eic.done("ADDACCESS", account=account, entitlement=first)
    assert held(live, who, kind) == before | {first.key}
    eic.done("ADDACCESS", account=account, entitlement=second)
    eic.done("REMOVEACCESS", account=account, entitlement=first)
    assert held(live, who, kind) == before | {second.key}
    imported(eic)
    assert {key for of, key in account.links if of == kind} == before | {second.key}
    eic.done("REMOVEACCESS", account=account, entitlement=second)
    assert held(live, who, kind) == before
    eic.done("DISABLEACCOUNT", account=account)
    user = user_of(live.account(), who.email)
    assert user is not None
    assert user["status"] == "SUSPENDED"
    eic.done("REMOVEACCOUNT", account=account)
    assert user_of(live.account(), who.email) is None
    assert account.status == SUSPENDED


def test_a_mover_gets_a_new_name_and_address(eic: Eic, live: Live) -> None:
    who = person("changing")
    account = joined(eic, who)
    now = replace(who, lastname="Changed", email="changed@example.com")
    eic.done("UPDATEACCOUNT", person=now, account=account)
    user = user_of(live.account(), "changed@example.com")
    assert user is not None
    assert (user["key"], user["lastName"]) == (account.key, "Changed")
    imported(eic)
    assert account.columns["name"] == account.columns["customproperty5"] == now.email


def test_disabling_and_enabling_gives_back_what_there_was(eic: Eic, live: Live) -> None:
    who = person("onleave")
    account = joined(eic, who)
    group = entitlement(eic, "Group", two(live, "Group")[0])
    role = entitlement(eic, "AdminRole", two(live, "AdminRole")[0])
    for value in (group, role):
        eic.done("ADDACCESS", account=account, entitlement=value)
    before = user_of(live.account(), who.email)
    imported(eic)
    links = set(account.links)
    assert {kind for kind, _ in links} == set(KINDS)
    eic.done("DISABLEACCOUNT", account=account)
    imported(eic)
    assert account.status == INACTIVE
    assert account.links == links
    eic.done("ENABLEACCOUNT", account=account)
    after = user_of(live.account(), who.email)
    assert after == before
    imported(eic)
    assert account.status == ACTIVE
    assert eic.store.links() == expected_links(live.account())


# -- Twice, lost, refused ------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_that_is_done_twice_changes_nothing_the_second_time(
    eic: Eic, live: Live, kind: str
) -> None:
    who = person(f"twice.{kind.lower()}")
    account = joined(eic, who)
    value = entitlement(eic, kind, two(live, kind)[0])
    tasks: list[tuple[Any, dict[str, Any]]] = [
        ("ADDACCESS", {"account": account, "entitlement": value}),
        ("REMOVEACCESS", {"account": account, "entitlement": value}),
        ("UPDATEACCOUNT", {"account": account, "person": who}),
        ("DISABLEACCOUNT", {"account": account}),
        ("ENABLEACCOUNT", {"account": account}),
        ("REMOVEACCOUNT", {"account": account}),
    ]
    for name, of in tasks:
        eic.done(name, **of)
        live.forget()
        eic.done(name, **of)
        # A delete that GoTo answers with "not found" has changed nothing, either.
        assert [call for call in live.writes() if call[0] != "DELETE"] == [], name


def test_a_create_of_an_address_that_is_taken_stays_open_with_the_reason(
    eic: Eic, live: Live
) -> None:
    taken = person("taken")
    joined(eic, taken)
    task = eic.task("NEWACCOUNT", person=replace(taken, username="somebody.else"))
    assert eic.run_tasks() == [task]
    assert task.error.startswith("409")
    users = [user for user in live.account()["users"] if user["email"] == taken.email]
    assert len(users) == 1


def adopting(live: Live, folder: Path) -> Files:
    """The shipped files with the create that takes up its own earlier work."""
    create = variant(f"{live.url}/scim/v2", "CreateAccountJSON.adopt.json")
    return shipped_files(live.url, folder).with_(CreateAccountJSON=create)


@pytest.mark.parametrize("adopts", [False, True])
def test_a_create_whose_answer_was_lost_makes_one_user(
    shared: tuple[Live, Path], *, adopts: bool
) -> None:
    live, folder = shared
    who = person(f"lost.{adopts}".lower(), lastname="Løst & found+1")
    files = adopting(live, folder) if adopts else shipped_files(live.url, folder)
    files = files.with_(ConfigJSON={})
    way = Lost("POST")
    with connected(live.url, folder, files=files, transport=way) as eic:
        task = eic.task("NEWACCOUNT", person=who)
        assert eic.run_tasks() == [task]
        assert way.lost == 1
        eic.run_tasks()
        assert task.done is adopts
        assert task.error == "" or task.error.startswith("409")
        users = [user for user in live.account()["users"] if user["email"] == who.email]
        assert len(users) == 1
        if adopts:
            assert task.account is not None
            assert task.account.key == users[0]["key"]


@pytest.mark.parametrize("username", ['o\'neil "x"', "a+b&c=d#e%20f", "back\\slash", "plain"])
def test_the_adopting_create_finds_its_own_users_alone(
    shared: tuple[Live, Path], username: str
) -> None:
    live, folder = shared
    email = f"adopt{crc32(username.encode())}@example.com"
    who = replace(JOINER, username=username, email=email)
    with connected(live.url, folder, files=adopting(live, folder)) as eic:
        first = joined(eic, who)
        again = joined(eic, replace(who, lastname="Again"))
        assert again.key == first.key
        user = user_of(live.account(), email)
        assert user is not None
        assert user["lastName"] == "Again"
        other = eic.task("NEWACCOUNT", person=replace(who, username=username + "2"))
        assert eic.run_tasks() == [other]
        assert other.error.startswith("409")


def test_tasks_wait_while_goto_is_away_and_are_done_afterwards(tmp_path: Path) -> None:
    rules = [{"match": {"path": "/"}, "status": 503, "times": 1000}]
    with live_bridge(tmp_path) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        account = next(
            each
            for each in eic.store.accounts.values()
            if each.status == ACTIVE
            and each.columns["customproperty14"] == "false"
            and each.columns["customproperty5"] != "admin@example.com"
        )
        live.goto.put("/_sim/faults", json={"rules": rules})
        task = eic.task("DISABLEACCOUNT", account=account)
        assert eic.run_tasks() == [task]
        assert task.error.startswith("503")
        live.goto.put("/_sim/faults", json={"rules": []})
        assert eic.run_tasks() == []
        assert account.status == SUSPENDED


def test_the_administrator_of_the_bridge_is_refused_and_the_task_says_so(
    eic: Eic, live: Live
) -> None:
    admin = next(
        account
        for account in eic.store.accounts.values()
        if account.columns["name"] == "admin@example.com"
    )
    task = eic.task("REMOVEACCOUNT", account=admin)
    eic.run_tasks()
    assert task.error.startswith("403")
    eic.store.tasks.remove(task)


# -- Names and values ------------------------------------------------------------------


@pytest.mark.parametrize(
    "lastname", ['O\'Neil "X"', "back\\slash", '\\"', "Ünïcødé 東", "{curly} ${x}", "a/b?c=d&e"]
)
def test_names_with_quotes_survive(eic: Eic, live: Live, lastname: str) -> None:
    who = person(f"quoted{crc32(lastname.encode())}", lastname=lastname)
    account = joined(eic, who)
    user = user_of(live.account(), who.email)
    assert user is not None
    assert user["lastName"] == lastname
    eic.done("UPDATEACCOUNT", account=account, person=replace(who, firstname=lastname))
    user = user_of(live.account(), who.email)
    assert user is not None
    assert (user["firstName"], user["lastName"]) == (lastname, lastname)


@pytest.mark.parametrize("null_text", ["null", ""])
def test_what_eic_does_not_know_of_a_person_is_left_to_goto(
    shared: tuple[Live, Path], null_text: Any
) -> None:
    live, folder = shared
    who = person(
        f"bare{len(null_text)}",
        firstname=None,
        custom={"customproperty3": None, "customproperty4": None},
    )
    with connected(live.url, folder, switches=Switches(null_text=null_text)) as eic:
        joined(eic, who)
    user = user_of(live.account(), who.email)
    assert user is not None
    assert "null" not in (user["firstName"], user["lastName"])
    assert user["firstName"]
