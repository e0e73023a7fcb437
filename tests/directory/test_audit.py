"""The audit trail: one line for each change, with the client's name and nobody's personal data."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.directory.trail import KEPT
from bridge.store import AuditEntry
from tests.directory.witness import Run, Witness, new_user, witnessed_alone

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def trail(sees: Witness) -> list[AuditEntry]:
    return await sees.bridge.store.audited(sees.account.key, since=LONG_AGO)


async def told(sees: Witness, key: str) -> list[tuple[str, Any]]:
    """What the trail says of one resource."""
    return [(entry.action, entry.detail) for entry in await trail(sees) if entry.key == key]


def test_a_users_life_is_told(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        (group, *_) = await sees.ids("/Groups")
        made = await sees.done("POST", "/Users", new_user(externalId="x-1"))
        key = made["id"]
        licenses = [entitlement["value"] for entitlement in made["entitlements"]]
        await sees.replace(f"/Users/{key}", name={"givenName": "Grace"}, title="Admiral")
        await sees.members("add", group, key)
        await sees.replace(f"/Users/{key}", active=False)
        await sees.replace(f"/Users/{key}", active=True)
        await sees.members("remove", group, key)
        await sees.done("DELETE", f"/Users/{key}")
        lines = await told(sees, key)
        assert lines == [
            ("create", {"licensesGiven": licenses, "active": True}),
            ("change", {"attributes": ["displayName", "name", "title"]}),
            ("put-in", {"to": group}),
            ("suspend", {"licensesTaken": licenses, "new": True}),
            ("activate", {"licensesGiven": licenses}),
            ("take-out", {"from": group}),
            ("delete", {"new": True}),
        ]
        clients = {entry.client for entry in await trail(sees) if entry.key == key}
        assert clients == {"BRIDGE_TOKEN"}

    witnessed(test)


def test_a_groups_life_is_told(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        made = await sees.done("POST", "/Groups", {"displayName": "Navigators"})
        key = made["id"]
        await sees.replace(f"/Groups/{key}", displayName="Pilots")
        await sees.replace(f"/Groups/{key}", externalId="g-1")
        await sees.done("DELETE", f"/Groups/{key}")
        told_of = [action for action, _ in await told(sees, key)]
        assert told_of == ["create", "rename", "change", "delete"]

    witnessed(test)


def test_what_changes_nothing_or_fails_is_not_told(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        (group, *_) = await sees.ids("/Groups")
        (member,) = sees.somebody(1)
        await sees.members("add", group, member)
        suspended = (await sees.done("POST", "/Users", new_user(active=False)))["id"]
        before = await trail(sees)
        await sees.members("add", group, member)
        await sees.replace(f"/Users/{suspended}", active=False)
        await sees.faults({"match": {"path": "/users/"}, "status": 500})
        await sees.replace(f"/Users/{member}", name={"givenName": "Grace"})
        await sees.ask("DELETE", f"/Users/{member}")
        await sees.faults()
        await sees.ask("DELETE", "/Users/99999999999")
        await sees.ask("DELETE", f"/Users/{sees.account.administrator_key}")
        assert await trail(sees) == before

    witnessed(test)


def test_no_address_and_no_name_is_in_it(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = new_user(
            userName="zebedee@example.com",
            name={"givenName": "Zebedee", "familyName": "Quillfeather"},
            externalId="secret-id",
            phoneNumbers=[{"value": "+49 351 1234567", "type": "work"}],
        )
        key = (await sees.done("POST", "/Users", user))["id"]
        await sees.replace(f"/Users/{key}", userName="zeb@example.com", nickName="Zebby")
        await sees.replace(f"/Users/{key}", active=False)
        await sees.done("DELETE", f"/Users/{key}")
        text = repr(await trail(sees)).casefold()
        for word in ("zeb", "quill", "example.com", "secret-id", "1234567"):
            assert word not in text

    witnessed(test)


def test_a_change_and_its_line_are_one_transaction(tmp_path: Path) -> None:
    """A line without its change, or a change without its line, would be a lie after a crash."""

    async def test(sees: Witness) -> None:
        (key,) = sees.somebody(1)
        await sees.agree()
        stored = None
        while stored is None:  # the snapshot is stored behind the list's back, by its own commit
            stored = await sees.bridge.store.stored_pass(sees.bridge.goto.account_key)
        path = tmp_path / "bridge.db-wal"
        size = path.stat().st_size
        await sees.replace(f"/Users/{key}", nickName="Ada")
        # Both rows, by one commit: the log of an SQLite database grows by whole pages, each
        # 4096 bytes and a header, and the last page of each commit bears a mark.
        assert _commits(path, since=size) == 1
        assert (await told(sees, key))[-1] == ("change", {"attributes": ["nickName"]})

    witnessed_alone(tmp_path, test)


def _commits(path: Path, *, since: int) -> int:
    """How many commits a write-ahead log of SQLite took in (https://sqlite.org/fileformat2.html)."""
    log = path.read_bytes()
    page = int.from_bytes(log[8:12])
    frames = range(since, len(log), 24 + page)
    return sum(int.from_bytes(log[at + 4 : at + 8]) != 0 for at in frames)


def test_the_trail_is_kept_for_ninety_days(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        now = datetime.now(UTC)
        ages = [KEPT + timedelta(hours=1), KEPT - timedelta(hours=1)]
        old, young = (AuditEntry(now - age, "okta", "change", "User", "1") for age in ages)
        await sees.bridge.store.audit(sees.account.key, [old, young])
        await sees.bridge.directory.tend()
        assert await trail(sees) == [young]
        await sees.bridge.store.audit(sees.account.key, [old])
        await sees.bridge.directory.tend()
        assert old in await trail(sees), "once a day is enough"

    witnessed_alone(tmp_path, test)


@pytest.mark.parametrize("kind", ["suspend", "delete"])
def test_a_lost_reply_is_told_once(witnessed: Run, kind: str) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody(1)
        method = "PUT" if kind == "suspend" else "DELETE"
        await sees.faults({"match": {"method": method}, "status": 500, "after": True})
        if kind == "suspend":
            assert (await sees.replace(f"/Users/{key}", active=False)).status_code == 200
        else:
            await sees.done("DELETE", f"/Users/{key}")
        assert [action for action, _ in await told(sees, key)] == [kind]

    witnessed(test)
