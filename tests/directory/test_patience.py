"""No client waits longer than its patience for a GoTo that hangs; writes go on all the same."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from scim2_models import SearchRequest, UniquenessException, User

from bridge.directory import Directory, Query
from bridge.errors import GoToUnavailable
from tests.conftest import SANDBOX_MAPPING, Bridge, bridge_over, simulated

SLOW = 400


def impatient(bridge: Bridge) -> Directory:
    async def connected() -> str:
        return ""

    return Directory(
        bridge.goto, bridge.store, SANDBOX_MAPPING, connect=connected, max_age=60, patience=0.15
    )


async def hang(bridge: Bridge, method: str) -> None:
    rule = {"match": {"method": method, "path": "/users"}, "delay_ms": SLOW, "status": None}
    answer = await bridge.control.put("/_sim/faults", json={"rules": [rule]})
    assert answer.status_code < 300, answer.text


def run(tmp_path: Path, test: Any) -> None:
    async def running() -> None:
        async with bridge_over(simulated(), tmp_path) as bridge:
            directory = impatient(bridge)
            await test(bridge, directory)
            await directory.close()

    asyncio.run(running())


def test_a_list_that_takes_too_long_is_refused_and_the_pass_goes_on(tmp_path: Path) -> None:
    async def test(bridge: Bridge, directory: Directory) -> None:
        await hang(bridge, "GET")

        with pytest.raises(GoToUnavailable) as refused:
            await directory.search(Query(["User"], request()))

        assert 0 < refused.value.retry_after <= 30
        assert (await come_back(directory)).total == 25
        lists = [call for call in await bridge.journal() if call["path"].endswith("/users")]
        assert len(lists) == 1

    run(tmp_path, test)


async def come_back(directory: Directory) -> Any:
    """Ask as often as a client would that is told to come back."""
    for _ in range(100):
        try:
            return await directory.search(Query(["User"], request()))
        except GoToUnavailable:
            await asyncio.sleep(0.05)
    raise AssertionError("the pass did not go on")


def request() -> Any:
    return SearchRequest(start_index=1)


def test_a_write_that_takes_too_long_is_done_all_the_same(tmp_path: Path) -> None:
    async def test(bridge: Bridge, directory: Directory) -> None:
        await directory.warm_up()
        await hang(bridge, "POST")

        with pytest.raises(GoToUnavailable):
            await directory.create("User", {"userName": "late@example.com"})

        await directory.close()
        emails = [user["email"] for user in (await bridge.state())["users"]]
        assert emails.count("late@example.com") == 1
        (found,) = (await directory.search(Query(["User"], named("late@example.com")))).entries
        assert found.resource["active"] is True

    run(tmp_path, test)


def named(user_name: str) -> Any:
    return SearchRequest[User](filter=f'userName eq "{user_name}"', start_index=1)


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_a_create_whose_client_was_sent_away_is_answered_to_its_repeat(
    tmp_path: Path, kind: Any
) -> None:
    async def test(bridge: Bridge, directory: Directory) -> None:
        await directory.warm_up()
        rule = {"match": {"method": "POST"}, "delay_ms": SLOW, "status": None, "times": 1}
        await bridge.control.put("/_sim/faults", json={"rules": [rule]})
        wanted = {"userName": "late@example.com"} if kind == "User" else {"displayName": "Late"}

        with pytest.raises(GoToUnavailable):
            await directory.create(kind, wanted)

        made = await repeated(directory, kind, wanted)
        assert (await directory.read(kind, made.key)).version == made.version
        with pytest.raises(UniquenessException):
            await directory.create(kind, wanted)
        with pytest.raises(UniquenessException):
            await directory.create(kind, {**wanted, "externalId": "somebody else's"})

    run(tmp_path, test)


async def repeated(directory: Directory, kind: Any, wanted: Any) -> Any:
    """Ask the same as often as a client would that is told to come back."""
    for _ in range(100):
        try:
            return await directory.create(kind, wanted)
        except GoToUnavailable:
            await asyncio.sleep(0.05)
    raise AssertionError("it was never answered")
