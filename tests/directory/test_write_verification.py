"""What was written is read back: which writes, how often, and what an operator hears of it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.directory.dropped_writes import MOST, DroppedWrites
from bridge.directory.recent import LAG
from bridge.directory.write_findings import NOT_TAKEN, PREFIX, TAKEN, distrusted_kinds
from bridge.directory.write_verification import (
    TAKES_ACCESS_AWAY,
    WriteKind,
    WriteVerifier,
    kinds_of_update,
    took,
)
from bridge.goto import UserRecord
from bridge.sandbox import SimulatorSettings
from tests.conftest import simulated
from tests.directory.witness import Witness, witness_over, witnessed_alone

HAS = {"key": "1", "email": "a@x.org", "firstName": "A", "licenseKeys": ["7"], "status": "ACTIVE"}


def goto(**settings: Any) -> Any:
    return simulated(
        users=12, groups=3, settings=SimulatorSettings(**{"rate_limit": 0, **settings})
    )


# -- Rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "fields", "kinds"),
    [
        (HAS, {"licenseKeys": []}, {"suspension"}),
        (HAS, {"licenseKeys": [], "adminRoles": []}, {"suspension"}),
        (HAS, {"licenseKeys": [], "adminRoles": ["R"]}, {"license_revoke", "role_grant"}),
        (HAS, {"licenseKeys": ["7", "8"]}, {"license_grant"}),
        (HAS, {"licenseKeys": ["8"]}, {"license_grant", "license_revoke"}),
        ({**HAS, "adminRoles": ["R"]}, {"adminRoles": []}, {"role_revoke"}),
        ({**HAS, "adminRoles": ["R"]}, {"licenseKeys": []}, {"license_revoke"}),
        (HAS, {"email": "b@x.org"}, {"email_change"}),
        (HAS, {"lastName": "B", "email": "b@x.org"}, {"user_rename", "email_change"}),
        (HAS, {"locale": "de_DE"}, {"user_rename"}),
        (HAS, {"licenseKeys": ["7"]}, set()),
        (HAS, {}, set()),
    ],
)
def test_a_change_of_a_user_is_of_these_kinds(
    before: dict[str, Any], fields: dict[str, Any], kinds: set[str]
) -> None:
    assert kinds_of_update(UserRecord(before), fields) == kinds


@pytest.mark.parametrize(
    ("fields", "seen", "is_so"),
    [
        ({"licenseKeys": []}, {"status": "SUSPENDED"}, True),
        ({"licenseKeys": []}, {}, True),
        ({"licenseKeys": []}, {"status": "ACTIVE"}, False),
        ({"licenseKeys": []}, {"licenseKeys": ["7"], "status": "ACTIVE"}, False),
        ({"licenseKeys": ["7", "8"]}, {"licenseKeys": ["8", "7"]}, True),
        ({"licenseKeys": ["7", "8"]}, {"licenseKeys": ["7"]}, False),
        ({"licenseKeys": ["8"]}, {"licenseKeys": ["8", "9"]}, True),
        ({"licenseKeys": ["8"]}, {"licenseKeys": ["7", "8"]}, False),
        ({"adminRoles": ["R"]}, {"licenseKeys": ["7"]}, False),
        ({"email": "b@x.org"}, {"email": "b@x.org"}, True),
        ({"email": "b@x.org"}, {"email": "B@X.org"}, True),
        ({"email": "b@x.org"}, {"email": "a@x.org"}, False),
        ({"firstName": " B"}, {"firstName": "B"}, True),
        ({"locale": "de_DE"}, {}, False),
        ({"locale": "de_DE"}, {"locale": "de"}, True),
        ({"email": "b@x.org", "firstName": "B"}, {"email": "a@x.org", "firstName": "B"}, False),
    ],
)
def test_a_record_shows_a_change_or_not(
    fields: dict[str, Any], seen: dict[str, Any], is_so: bool
) -> None:
    assert took(UserRecord(HAS), fields, UserRecord({"key": "1", **seen})) is is_so


async def _no_note(_kind: WriteKind, _took: bool) -> None:
    return None


@pytest.mark.parametrize("kind", WriteKind)
@pytest.mark.parametrize("policy", ["first", "always", "never"])
def test_a_kind_is_due_until_it_took(policy: Any, kind: WriteKind) -> None:
    async def run() -> list[bool]:
        verifier = WriteVerifier(policy, _no_note)
        due = [bool(verifier.due({kind}))]
        for outcome in (False, True, False):
            await verifier.found({kind}, took=outcome)
            due.append(bool(verifier.due({kind})))
        return due

    is_always = policy == "always" and kind in TAKES_ACCESS_AWAY
    expected = {"never": [False] * 4, "first": [True, True, False, True]}
    assert asyncio.run(run()) == expected.get(policy, [True, True, is_always, True])


@pytest.mark.parametrize("kind", WriteKind)
def test_each_kind_has_words(kind: WriteKind) -> None:
    assert len(kind.words) > 10


@pytest.mark.parametrize(("takes", "looks"), [(True, 1), (False, 20)])
def test_of_many_at_once_one_is_read_back_until_it_is_proven(takes: bool, looks: int) -> None:
    async def run() -> int:
        verifier = WriteVerifier("first", _no_note)
        looked = 0

        async def write() -> None:
            nonlocal looked
            async with verifier.claimed({WriteKind.GROUP_ADD}) as due:
                if due:
                    looked += 1
                    await asyncio.sleep(0.001)
                    await verifier.found(due, took=takes)

        await asyncio.gather(*(write() for _ in range(20)))
        return looked

    assert asyncio.run(run()) == looks


def test_where_the_look_fails_the_next_one_looks() -> None:
    async def run() -> list[bool]:
        verifier = WriteVerifier("first", _no_note)
        looked = []

        async def write(*, fails: bool) -> None:
            async with verifier.claimed({WriteKind.GROUP_ADD}) as due:
                looked.append(bool(due))
                await asyncio.sleep(0)
                if fails:
                    raise OSError
                await verifier.found(due, took=True)

        outcomes = await asyncio.gather(
            write(fails=True), write(fails=False), write(fails=False), return_exceptions=True
        )
        assert isinstance(outcomes[0], OSError)
        return looked

    assert asyncio.run(run()) == [True, True, False]


# -- Writes that were accepted and dropped -------------------------------------------------------


@pytest.mark.parametrize(
    ("writes", "shown", "fields"),
    [
        ([({"email": "a"}, {"email": "b"})], {"email": "a"}, ("email",)),
        ([({"email": "a"}, {"email": "b"})], {"email": "b"}, None),
        ([({"email": "a"}, {"email": "b"})], {"email": "c"}, None),
        ([({"email": "a"}, {"email": "b"})], None, None),
        ([({"email": "a"}, {"email": "b"}), ({"email": "b"}, {"email": "c"})], {"email": "a"},
         ("email",)),
        ([({"email": "a"}, {"email": "b"}), ({"email": "b"}, {"email": "a"})], {"email": "a"},
         None),
        ([({"groupKey": "1"}, {})], {"groupKey": "1"}, ("groupKey",)),
        ([({"groupName": "1"}, {})], {"groupName": "1"}, None),
        ([({"licenseKeys": ["1", "2"]}, {})], {"licenseKeys": ["2", "1"]}, ("licenseKeys",)),
        ([({"email": "a"}, None)], {"email": "a"}, ()),
        ([({"invitedDate": 1}, None)], {"invitedDate": 1}, ()),
        ([({"invitedDate": 1}, None)], {"invitedDate": 2}, None),
        ([({"email": "a"}, None), (None, {"email": "a"})], {"email": "a"}, None),
    ],
)  # fmt: skip
def test_a_refresh_shows_what_was_dropped(writes: Any, shown: Any, fields: Any) -> None:
    now = 1000.0
    dropped = DroppedWrites(lambda: now)
    for before, after in writes:
        dropped.wrote("1", before, after)
    assert dropped.missing_in(now + LAG - 1, lambda _: shown) == []
    found = dropped.missing_in(now + LAG, lambda _: shown)
    assert [each.fields for each in found] == ([] if fields is None else [fields])
    assert dropped.missing_in(now + 2 * LAG, lambda _: shown) == []


def test_only_so_many_writes_are_remembered() -> None:
    dropped = DroppedWrites(lambda: 0.0)
    for number in range(MOST + 5):
        dropped.wrote(str(number), {"email": "a"}, {"email": "b"})
    found = dropped.missing_in(LAG, lambda _: {"email": "a"})
    assert len(found) == MOST
    assert found[0].key == "5"


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"suspension": "ignored"}, ["licenseKeys"]),
        ({"removal": "accepted-not-done"}, ["groupKey"]),
        ({"email_change": "ignored"}, ["email"]),
    ],
)
def test_a_dropped_write_is_told_and_its_kind_distrusted(
    tmp_path: Path, settings: dict[str, Any], fields: list[str]
) -> None:
    async def write(sees: Witness, user: str, group: str) -> Any:
        if fields == ["groupKey"]:
            return await sees.members("remove", group, user)
        if fields == ["email"]:
            value = [{"value": f"new{user}@example.com", "primary": True}]
            operation = {"op": "replace", "path": "emails", "value": value}
            return await sees.patch(f"/Users/{user}", operation)
        return await sees.replace(f"/Users/{user}", active=False)

    async def test(sees: Witness) -> None:
        user, other, another = sees.somebody(3, grouped=True)
        groups = {key: sees.stored(key).group_key for key in (user, other, another)}
        await sees.ask("GET", "/Users")
        assert (await write(sees, user, groups[user])).status_code == 200
        await sees.bridge.control.put("/_sim/settings", json=settings)
        # It was proven before, and is believed once more.
        assert (await write(sees, other, groups[other])).status_code == 200
        sees.clock.grow_old()
        with capture_logs() as log:
            await sees.done("GET", "/Users")
        told = [each for each in log if each["event"] == "write_dropped"]
        assert [(each["key"], each["fields"]) for each in told] == [(other, fields)]
        lines = await sees.bridge.store.audited(
            sees.account.key, since=datetime(2020, 1, 1, tzinfo=UTC), actions=("write-dropped",)
        )
        assert [(line.key, line.detail) for line in lines] == [(other, {"fields": fields})]
        answer = await write(sees, another, groups[another])
        assert answer.status_code in (502, 503), answer.text

    witnessed_alone(tmp_path, test, app=goto(), verify_writes="first")


# -- Over restarts ---------------------------------------------------------------------------------


def test_what_did_not_take_stays_distrusted_over_a_restart(tmp_path: Path) -> None:
    app = goto(suspension="ignored")

    async def run() -> None:
        async with witness_over(tmp_path, app=app, verify_writes="first") as sees:
            (user,) = sees.somebody()
            (other,) = sees.somebody(grouped=False)
            await sees.ask("GET", "/Users")
            assert (await sees.replace(f"/Users/{user}", active=False)).status_code == 502
            group = next(iter(sees.account.stored.groups))
            assert (await sees.members("add", group, other)).status_code == 200
            found = await sees.bridge.store.findings.of(sees.account.key)
            outcomes = {name: each.outcome for name, each in found.items()}
            assert outcomes[PREFIX + "suspension"] == NOT_TAKEN
            assert outcomes[PREFIX + "group_add"] == TAKEN
            assert found[PREFIX + "suspension"].source == "write"
            assert distrusted_kinds(found) == [WriteKind.SUSPENSION]
        async with witness_over(tmp_path, app=app, verify_writes="first") as sees:
            await sees.ask("GET", "/Users")
            before = sees.clock.now
            assert (await sees.replace(f"/Users/{user}", active=False)).status_code == 502
            # A kind that is known to fail is not waited for as long.
            assert sees.clock.now - before < 4
            await sees.bridge.control.put("/_sim/settings", json={"suspension": "clears"})
            assert (await sees.replace(f"/Users/{user}", active=False)).status_code == 200
            found = await sees.bridge.store.findings.of(sees.account.key)
            assert found[PREFIX + "suspension"].outcome == TAKEN

    asyncio.run(run())


# -- Reads that trail behind -----------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["first", "always"])
@pytest.mark.parametrize("lag_s", [2.0, 8.0])
def test_a_read_that_trails_behind_is_waited_for(tmp_path: Path, policy: Any, lag_s: float) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(grouped=True)
        group = sees.stored(user).group_key
        await sees.ask("GET", "/Users")
        settings = {"read_after_write_lag_ms": int(lag_s * 1000)}
        await sees.bridge.control.put("/_sim/settings", json=settings)
        sees.account.clock.ticks = sees.clock
        before = sees.clock.now
        lags = await sees.members("remove", group, user)
        assert lags.status_code == 200, lags.text
        assert sees.clock.now - before >= lag_s
        assert (await sees.done("GET", f"/Users/{user}")).get("groups") is None

    app = goto()
    witnessed_alone(tmp_path, test, app=app, verify_writes=policy)


def test_a_read_that_trails_behind_for_longer_is_an_error(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody(grouped=True)
        await sees.ask("GET", "/Users")
        settings = {"read_after_write_lag_ms": 3_600_000}
        await sees.bridge.control.put("/_sim/settings", json=settings)
        answer = await sees.replace(f"/Users/{user}", active=False)
        assert answer.status_code == 502
        assert "does not show it" in answer.json()["detail"]
        await sees.bridge.control.put("/_sim/settings", json={"read_after_write_lag_ms": 0})
        # What the user had is remembered all the same.
        sees.clock.grow_old()
        licenses = await sees.done("GET", f"/Users/{user}")
        assert licenses["active"] is False
        assert (await sees.replace(f"/Users/{user}", active=True)).status_code == 200
        assert sees.stored(user).license_keys

    witnessed_alone(tmp_path, test, app=goto(), verify_writes="first")
