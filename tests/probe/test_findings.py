"""Each finding is what the simulated GoTo was set to do; nothing is left behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.probe import NAMES
from tests.probe.trials import World, words

DEFAULTS = {
    "projection": "complete",
    "list_order": "stable",
    "filters": "kept",
    "read_lag": "none",
    "rights": "complete",
    "custom_roles": "read-only",
    "groups_per_user": "move",
    "removal": "single",
    "license_calls": "missing",
    "suspension": "clears",
    "email_change": "taken",
    "create_conflict": "refused",
}

SETTINGS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"membership": "refuse"}, {"groups_per_user": "refuse"}),
    ({"membership": "add"}, {"groups_per_user": "add"}),
    ({"membership": "add", "shown_group": "first"}, {"groups_per_user": "add"}),
    ({"removal": "all-only"}, {"removal": "all-only"}),
    (
        {"removal": "all-only", "per_group_removal_off_status": 405},
        {"removal": "all-only"},
    ),
    ({"removal": "accepted-not-done"}, {"removal": "accepted-not-done"}),
    ({"removal": "none"}, {"removal": "none"}),
    ({"suspension": "ignored"}, {"suspension": "ignored"}),
    ({"empty_license_keys": "ignore"}, {"suspension": "ignored"}),
    ({"roles_visible": False}, {"rights": "roles-hidden"}),
    ({"roles_writable": False}, {"rights": "roles-refused"}),
    (
        {"roles_visible": False, "roles_writable": False},
        {"rights": "roles-hidden-and-refused"},
    ),
    ({"projection": "partial"}, {"projection": "partial"}),
    ({"projection": "refused"}, {"projection": "refused"}),
    ({"projection_spelling": "attributeNames"}, {}),
    ({"email_change": "ignored"}, {"email_change": "ignored"}),
    ({"email_change": "refused"}, {"email_change": "refused"}),
    ({"filter": "ignored"}, {"filters": "ignored"}),
    ({"filter_dialects": "eq"}, {}),
    ({"filter_dialects": "regex"}, {}),
    ({"list_order": "unstable"}, {"list_order": "unstable"}),
    ({"to_index": "inclusive"}, {}),
    ({"license_calls": True}, {"license_calls": "works"}),
    ({"device_rows": 3}, {}),
    ({"group_key_type": "number", "key_type": "number"}, {}),
    ({"bulk_conflict": "existing_key"}, {}),
    ({"revive_deleted": False}, {}),
    ({"create_status": 200, "write_status": 200}, {}),
]


@pytest.mark.parametrize(
    ("settings", "expected"), SETTINGS, ids=[str(each) for each, _ in SETTINGS]
)
def test_a_finding_is_what_goto_does(
    tmp_path: Path, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    async def scenario() -> None:
        world = World(tmp_path, settings)
        before = world.state()
        outcome, _, wire = await world.probed()
        assert words(outcome) == {**DEFAULTS, **expected}
        assert outcome.is_whole
        assert world.state() == before
        assert await world.left() == []
        assert_at_most_two_a_second([at for at, _, _ in wire.requests])
        assert wire.requests[-1][0] - wire.requests[0][0] < 120

    asyncio.run(scenario())


@pytest.mark.parametrize("lag_ms", [300, 1500, 4000])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, {}), ({"removal": "accepted-not-done"}, {"removal": "accepted-not-done"})],
)
def test_reads_that_trail_behind_change_no_finding_but_their_own(
    tmp_path: Path, lag_ms: int, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    async def scenario() -> None:
        world = World(tmp_path, {"read_after_write_lag_ms": lag_ms, **settings})
        before = world.state()
        outcome, _, _ = await world.probed()
        found = words(outcome)
        assert lag_ms <= int(found["read_lag"]) <= lag_ms + 1500
        assert found == {**DEFAULTS, **expected, "read_lag": found["read_lag"]}
        assert outcome.is_whole
        assert world.state() == before

    asyncio.run(scenario())


def test_a_probe_that_only_reads_writes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path)
        outcome, _, wire = await world.probed(may_write=False)
        known = {"projection", "list_order", "filters", "custom_roles"}
        assert {name for name, word in words(outcome).items() if word != "unknown"} == known
        assert {each.effect for each in outcome.findings if each.outcome == "unknown"} == {
            "not tried: --read-only"
        }
        assert {method for _, method, path in wire.requests if path[:6] == "/admin"} == {"GET"}
        assert outcome.is_whole

    asyncio.run(scenario())


def test_without_a_licence_a_role_shows_what_an_empty_list_does(tmp_path: Path) -> None:
    async def scenario() -> None:
        outcome, _, _ = await World(tmp_path).probed(license_key=None)
        assert words(outcome) == {**DEFAULTS, "license_calls": "unknown"}
        told = {each.name: each.effect for each in outcome.findings}
        assert told["license_calls"].startswith("not tried: no licence has two free seats")
        assert outcome.is_whole

    asyncio.run(scenario())


def test_a_lesser_administrator_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path)
        key = world.account.administrator_key
        world.account.set_user(key, {"admin_roles": ("MANAGE_USERS",)})
        outcome, trial, _ = await world.probed()
        found = words(outcome)
        assert found["rights"] == "lacking"
        assert trial.details["roles_missing"] == "MANAGE_GROUPS, MANAGE_SEATS"
        # Groups cannot be made; what a user alone shows is found out.
        assert outcome.failed == ["read_lag", "groups_per_user", "removal"]
        assert found["email_change"] == "taken"
        assert await world.left() == []

    asyncio.run(scenario())


def assert_at_most_two_a_second(moments: list[float]) -> None:
    for first, third in zip(moments, moments[2:], strict=False):
        assert third - first >= 1


def test_every_finding_is_compared() -> None:
    assert set(DEFAULTS) == set(NAMES)
