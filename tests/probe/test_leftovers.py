"""A probe that is killed, interrupted or failed by GoTo: all that it made is known, and removed."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.probe.trials import World, words

PROBE = "scim-probe-"


def made(world: World) -> set[str]:
    """The names of what GoTo has of a probe."""
    stored = world.account.stored
    names = {user.email for user in stored.users.values()}
    return {name for name in names | {g.name for g in stored.groups.values()} if PROBE in name}


@pytest.mark.parametrize(
    ("is_applied", "settings"),
    [
        (True, {}),
        (False, {}),
        (True, {"filter": "ignored", "read_after_write_lag_ms": 2000}),
    ],
)
def test_a_probe_that_is_killed_at_any_write_is_cleaned_up(
    tmp_path: Path, is_applied: bool, settings: dict[str, Any]
) -> None:
    async def scenario() -> None:
        (tmp_path / "whole").mkdir()
        _, _, wire = await World(tmp_path / "whole", settings).probed()
        writes = [n for n, (_, method, _) in enumerate(wire.requests, 1) if method != "GET"]
        assert len(writes) > 20
        for number in writes:
            folder = tmp_path / str(number)
            folder.mkdir()
            world = World(folder, settings)
            before = world.state()
            await world.killed(number, is_applied=is_applied)
            there = made(world)
            assert there <= set(await world.left()), number
            assert await world.cleaned() == []
            assert world.state() == before, number
            assert await world.left() == []

    asyncio.run(scenario())


def test_a_clean_up_that_is_killed_goes_on_the_next_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path)
        before = world.state()
        await world.killed(45, is_applied=True)
        assert made(world)
        for number in range(1, 60):
            async with world.trial(kill_at=number) as (trial, wire):
                try:
                    await trial.throwaways.remove_all()
                except BaseException:
                    assert wire.is_dead
                    assert made(world) <= set(await world.left())
                    continue
            break
        assert world.state() == before
        assert await world.left() == []

    asyncio.run(scenario())


def test_an_interruption_removes_what_was_made(tmp_path: Path) -> None:
    async def scenario() -> None:
        for number in (12, 25, 40, 60):
            folder = tmp_path / str(number)
            folder.mkdir()
            world = World(folder)
            before = world.state()
            with pytest.raises(asyncio.CancelledError):
                await world.probed(interrupt_at=number)
            assert world.state() == before
            assert await world.left() == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "rule",
    [
        {"match": {"method": "POST", "path": "/users"}, "drop": True, "after": True, "times": 1},
        {"match": {"method": "POST", "path": "/groups"}, "drop": True, "after": True, "times": 2},
        {"match": {"method": "POST", "path": "/users"}, "status": 503, "after": True, "times": 1},
        {"match": {"method": "POST", "path": "/users"}, "status": 201, "body": [], "after": True},
        {"match": {"method": ["PUT", "DELETE"]}, "status": 503, "after": True, "every": 3},
        {"match": {"method": "GET"}, "status": 500, "every": 4},
        {"match": {"path": "/users"}, "status": 429, "times": 2},
    ],
    ids=str,
)
def test_lost_replies_and_passing_failures_change_no_finding(
    tmp_path: Path, rule: dict[str, Any]
) -> None:
    async def scenario() -> None:
        (tmp_path / "calm").mkdir()
        calm, _, _ = await World(tmp_path / "calm").probed()
        world = World(tmp_path)
        before = world.state()
        await world.faults([rule])
        outcome, _, _ = await world.probed()
        expected = words(calm)
        if rule["match"].get("path") == "/users" and rule.get("body") == []:
            # No reply names a key: a second create reads the same as the first.
            expected["create_conflict"] = "without-key"
        found = {**words(outcome), "read_lag": expected["read_lag"]}
        assert found == expected
        assert world.state() == before
        assert await world.left() == []

    asyncio.run(scenario())


def test_a_goto_that_fails_in_the_middle_is_told_and_nothing_is_forgotten(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path)
        before = world.state()
        await world.faults([{"match": {"method": "PUT", "path": "/groups/"}, "status": 500}])
        outcome, _, _ = await world.probed()
        assert outcome.failed == ["groups_per_user", "removal"]
        assert not outcome.is_whole
        told = {each.name: each.effect for each in outcome.findings}
        assert told["removal"].startswith("could not be found out: GoTo failed at PUT groups/{key}")
        assert world.state() == before

    asyncio.run(scenario())


def test_what_cannot_be_removed_stays_known(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path)
        before = world.state()
        await world.faults([{"match": {"method": "DELETE", "path": "/users/"}, "status": 500}])
        outcome, _, _ = await world.probed()
        assert {each.name for each in outcome.left} >= {n for n in made(world) if "@" in n}
        assert not outcome.is_whole
        await world.faults([])
        assert await world.cleaned() == []
        assert world.state() == before

    asyncio.run(scenario())


def test_clean_up_touches_nothing_that_is_not_the_probes(tmp_path: Path) -> None:
    async def scenario() -> None:
        world = World(tmp_path)
        await world.killed(30, is_applied=True)
        stored = world.account.stored
        mine = next(user for user in stored.users.values() if user.email.startswith(PROBE))
        # Somebody gave the user another address meanwhile: it is theirs now.
        world.account.set_user(mine.key, {"email": "jane@example.com"})
        # Somebody made one that looks like a probe's, which no probe ever noted.
        other = replace(mine, key="77", email="scim-probe-0123456789abcdef@example.com")
        world.account.set_user(mine.key, {})
        stored.put_user(other)
        assert await world.cleaned() == []
        assert {"jane@example.com", other.email} <= {u.email for u in stored.users.values()}
        assert made(world) == {other.email}

    asyncio.run(scenario())
