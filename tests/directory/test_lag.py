"""GoTo's reads trail behind its writes: clients see their own writes at once, and nothing flickers.

While ``behind`` is on, every look at GoTo shows the account as it was when that began.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.directory.test_deleted_by_suspension import MAPPING, is_shut_out, is_unseen, joined
from tests.directory.test_trouble import VERBS, Verb
from tests.directory.witness import NO_CACHE, NUMBERS, Run, Test, Witness, new_user, witnessed_alone

FOR_EVER = 3_600_000
LOST = {"drop": True, "after": True, "times": 1}
LAG = 30.0


async def behind(sees: Witness, *, is_on: bool = True) -> None:
    """Let reads stay behind from now on, or let them catch up."""
    settings = {"read_after_write_lag_ms": FOR_EVER if is_on else 0}
    assert (await sees.bridge.control.put("/_sim/settings", json=settings)).is_success


async def told(sees: Witness, **headers: str) -> dict[str, Any]:
    """Everything that a list shows, by id."""
    listed = await sees.done("GET", "/?count=1000", **headers)
    return {each["id"]: each for each in listed["Resources"]}


async def everything_shows(sees: Witness, **headers: str) -> None:
    """Check that lists, reads and lookups all show what is stored, and show it again and again."""
    await sees.agree(**headers)
    first = await told(sees, **headers)
    for key, resource in first.items():
        kind = resource["meta"]["resourceType"]
        read = await sees.done("GET", f"/{kind}s/{key}", **headers)
        assert _in_order(read) == _in_order(resource)
        if kind == "User":
            mail = resource["emails"][0]["value"]
            for named in (f'userName eq "{resource["userName"]}"', f'emails.value eq "{mail}"'):
                assert await sees.ids(f"/Users?filter={named}", **headers) == [key]
    again = await told(sees, **headers)
    assert {key: _in_order(each) for key, each in again.items()} == {
        key: _in_order(each) for key, each in first.items()
    }


def _in_order(resource: dict[str, Any]) -> dict[str, Any]:
    # Where a group's members are read one after another, they come in another order.
    members = sorted(resource.get("members", []), key=lambda member: str(member["value"]))
    return {**resource, "members": members}


async def one_of_each(sees: Witness) -> None:
    """Make a write of every kind, some of them on what was just written."""
    first, second, third = sees.account.stored.groups
    named, mailed, left, moved, suspended, deleted = sees.somebody(6)
    made = await sees.done("POST", "/Users", new_user(title="Baker"))
    renamed = await sees.done("POST", "/Users", new_user())
    for key in (named, renamed["id"]):
        assert (await sees.replace(f"/Users/{key}", **{"name.givenName": "Zoë"})).is_success
    mail = f"zoe{next(NUMBERS)}@example.com"
    assert (await sees.replace(f"/Users/{mailed}", userName=mail)).is_success
    for group in (first, second):
        assert (await sees.members("add", group, left, moved, made["id"])).is_success
    for group in (first, second):
        assert (await sees.members("remove", group, left)).is_success
    assert (await sees.replace(f"/Users/{suspended}", active=False)).is_success
    assert (await sees.replace(f"/Users/{moved}", active=False)).is_success
    assert (await sees.replace(f"/Users/{moved}", active=True)).is_success
    await sees.done("DELETE", f"/Users/{deleted}")
    gone = await sees.done("POST", "/Users", new_user())
    await sees.done("DELETE", f"/Users/{gone['id']}")
    await sees.done("POST", "/Groups", {"displayName": f"Shift {next(NUMBERS)}"})
    night = {"displayName": f"Night {next(NUMBERS)}", "members": [{"value": suspended}]}
    await sees.done("POST", "/Groups", night)
    assert (await sees.replace(f"/Groups/{third}", displayName="Ovens")).is_success


@pytest.mark.parametrize(
    ("max_age", "headers"), [(60.0, {}), (60.0, NO_CACHE), (0.0, {})], ids=["60", "no-cache", "0"]
)
def test_clients_see_their_own_writes_though_goto_does_not_show_them(
    tmp_path: Path, max_age: float, headers: dict[str, str]
) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        await behind(sees)
        await one_of_each(sees)
        await everything_shows(sees, **headers)
        before = await told(sees, **headers)

        await behind(sees, is_on=False)
        await everything_shows(sees, **NO_CACHE)
        after = await told(sees, **NO_CACHE)

        # What GoTo alone knows comes later: of new users the invitation, the locale, the time zone.
        for key, resource in after.items():
            if resource["meta"] != before[key]["meta"]:
                assert _known_at_once(before[key]).items() <= _known_at_once(resource).items()
                assert resource["meta"]["lastModified"] >= before[key]["meta"]["lastModified"]

    witnessed_alone(tmp_path, test, max_age=max_age)


def _known_at_once(resource: dict[str, Any]) -> dict[str, Any]:
    known = _in_order(resource)
    return {name: str(known[name]) for name in known if name != "meta" and "extension" not in name}


def test_a_user_made_anew_after_its_delete_is_not_the_old_one(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        body = new_user(title="Baker", nickName="Ada")
        old = await sees.done("POST", "/Users", body)
        await sees.agree(**NO_CACHE)
        await behind(sees)
        await sees.done("DELETE", f"/Users/{old['id']}")
        assert (await sees.ask("GET", f"/Users/{old['id']}", **NO_CACHE)).status_code == 404
        again = {"userName": body["userName"], "name": {"givenName": "Eve", "familyName": "Byron"}}
        assert (await sees.done("POST", "/Users", again))["id"] == old["id"]
        for headers in ({}, NO_CACHE):
            shown = await sees.done("GET", f"/Users/{old['id']}", **headers)
            assert (shown["name"]["givenName"], "title" in shown) == ("Eve", False)
            await sees.agree(**headers)
        await behind(sees, is_on=False)
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_a_lag_that_outlasts_patience_is_taken_for_the_truth(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody()
        name = sees.stored(key).first_name
        await behind(sees)
        assert (await sees.replace(f"/Users/{key}", **{"name.givenName": "Zoë"})).is_success
        sees.clock.now += LAG + 1
        shown = await sees.done("GET", f"/Users/{key}", **NO_CACHE)
        assert shown["name"]["givenName"] == name
        await behind(sees, is_on=False)

    witnessed(test)


# -- Who else writes --------------------------------------------------------------------


Outside = Callable[[Witness, str], None]
CHANGES: dict[str, Outside] = {
    "renamed": lambda sees, key: sees.account.update_user(key, {"firstName": "Eve"}),
    "suspended": lambda sees, key: sees.account.update_user(key, {"licenseKeys": []}),
    "moved": lambda sees, key: sees.account.put_in_group(list(sees.account.stored.groups)[-1], key),
    "deleted": lambda sees, key: sees.account.delete_user(key),
}


@pytest.mark.parametrize("outside", CHANGES.values(), ids=CHANGES)
def test_changes_made_in_goto_right_after_a_write_are_believed(
    witnessed: Run, outside: Outside
) -> None:
    async def test(sees: Witness) -> None:
        made = await sees.done("POST", "/Users", new_user())
        first = next(iter(sees.account.stored.groups))
        for key in (made["id"], *sees.somebody(2, grouped=False)):
            assert (await sees.replace(f"/Users/{key}", **{"name.givenName": "Zoë"})).is_success
            assert (await sees.members("add", first, key)).is_success
            outside(sees, key)
            await sees.ask("GET", f"/Users/{key}", **NO_CACHE)
            await sees.agree(**NO_CACHE)

    witnessed(test)


# -- Answers lost under lag -------------------------------------------------------------


def catching_up(tmp_path: Path, test: Test, **options: Any) -> int:
    """Run a test whose reads catch up as soon as the bridge pauses; return how often it did."""
    paused: list[float] = []
    over: list[Witness] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)
        await behind(over[0], is_on=False)
        await over[0].clock.sleep(seconds)

    async def noting(sees: Witness) -> None:
        over.append(sees)
        await test(sees)

    witnessed_alone(tmp_path, noting, client={"sleep": sleep}, **options)
    return len(paused)


@pytest.mark.parametrize("verb", [pytest.param(v, id=v.prepare.__name__) for v in VERBS])
def test_a_lost_answer_is_settled_when_the_reads_catch_up(tmp_path: Path, verb: Verb) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        attempt = await verb.prepare(sees)
        await behind(sees)
        await sees.faults({"match": {"method": verb.method, "path": verb.path}, **LOST})
        answer = await attempt.send()
        assert answer.status_code == attempt.done, answer.text
        assert attempt.is_done()
        await sees.agree()
        await sees.agree(**NO_CACHE)

    assert catching_up(tmp_path, test) == 1


@pytest.mark.parametrize(("method", "path"), [("PUT", "/users/"), ("DELETE", "/groups/")])
def test_a_lost_answer_to_a_deletion_by_suspension_is_settled_when_the_reads_catch_up(
    tmp_path: Path, method: str, path: str
) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        sent, key, _ = await joined(sees)
        await behind(sees)
        await sees.faults({"match": {"method": method, "path": path}, **LOST})
        answer = await sees.ask("DELETE", f"/Users/{key}")
        assert answer.status_code == 204, answer.text
        assert is_shut_out(sees, key)
        assert await is_unseen(sees, sent, key)
        assert await is_unseen(sees, sent, key, **NO_CACHE)

    assert catching_up(tmp_path, test, mapping=MAPPING) == 1


@pytest.mark.parametrize("verb", [pytest.param(v, id=v.prepare.__name__) for v in VERBS])
def test_a_client_whose_write_could_not_be_settled_completes_it_by_asking_again(
    witnessed: Run, verb: Verb
) -> None:
    async def test(sees: Witness) -> None:
        attempt = await verb.prepare(sees)
        await behind(sees)
        await sees.faults({"match": {"method": verb.method, "path": verb.path}, **LOST})
        assert (await attempt.send()).status_code == 503
        await behind(sees, is_on=False)
        repeated = await attempt.send()
        assert repeated.status_code == attempt.done, repeated.text
        assert attempt.is_done()
        await sees.agree()
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_a_state_that_was_left_is_not_taken_for_the_one_to_come(tmp_path: Path) -> None:
    catching_up: list[Witness] = []

    async def sleep(seconds: float) -> None:
        for sees in catching_up:
            await behind(sees, is_on=False)

    async def test(sees: Witness) -> None:
        await sees.agree()
        (key,) = sees.somebody()
        path, before = f"/Users/{key}", sees.stored(key).first_name
        await behind(sees)
        catching_up.append(sees)
        assert (await sees.replace(path, **{"name.givenName": "Zoë"})).is_success
        # It is not done, and what the reads still show is what is wanted.
        await sees.faults({"match": {"method": "PUT"}, "status": 503, "times": 1})
        answer = await sees.replace(path, **{"name.givenName": before})
        assert answer.status_code == 503
        assert (await sees.done("GET", path))["name"]["givenName"] == "Zoë"
        await sees.agree(**NO_CACHE)

    witnessed_alone(tmp_path, test, client={"sleep": sleep})
