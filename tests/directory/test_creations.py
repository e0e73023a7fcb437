"""Creates that arrive together go up as one call, and each client gets its own answer."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scim2_models import InvalidValueException, UniquenessException

from bridge.errors import GoToUnavailable
from bridge.goto import Throttle
from tests.conftest import UNLIMITED, Bridge, bridge_over, simulated
from tests.goto.virtual_time import VirtualClock


async def create_all(bridge: Bridge, *wanted: dict[str, Any]) -> list[Any]:
    creates = [bridge.directory.create("User", each) for each in wanted]
    return await asyncio.gather(*creates, return_exceptions=True)


def people(count: int) -> list[dict[str, Any]]:
    return [{"userName": f"person{number}@example.com"} for number in range(count)]


async def calls(bridge: Bridge) -> Counter[str]:
    return Counter(call["method"] for call in await bridge.journal())


def in_bridge(tmp_path: Path, test: Any, **options: Any) -> None:
    async def run() -> None:
        async with bridge_over(simulated(**options), tmp_path) as bridge:
            await bridge.directory.warm_up()
            await bridge.forget_journal()
            await test(bridge)

    asyncio.run(run())


def test_fifty_at_once_cost_one_write_and_one_read(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        entries = await create_all(bridge, *people(50))

        assert await calls(bridge) == {"POST": 1, "GET": 1}
        stored = {user["email"]: user["key"] for user in (await bridge.state())["users"]}
        for wanted, entry in zip(people(50), entries, strict=True):
            assert stored[wanted["userName"]] == entry.key
            assert entry.resource["active"] is True

    in_bridge(tmp_path, test)


def test_more_than_a_call_takes_go_up_in_several(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        entries = await create_all(bridge, *people(120))

        assert await calls(bridge) == {"POST": 3, "GET": 3}
        assert len({entry.key for entry in entries}) == 120

    in_bridge(tmp_path, test)


def test_those_without_a_licence_go_up_apart(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        active, idle = people(2)
        entries = await create_all(bridge, active, {**idle, "active": False})

        assert await calls(bridge) == {"POST": 2, "GET": 2}
        assert [entry.resource["active"] for entry in entries] == [True, False]

    in_bridge(tmp_path, test)


@pytest.mark.parametrize("style", ["keyless", "left_out"])
def test_a_conflict_is_told_to_its_own_client_alone(tmp_path: Path, style: str) -> None:
    settings = UNLIMITED.changed({"bulk_conflict": style})

    async def test(bridge: Bridge) -> None:
        # It exists, and the bridge does not know yet.
        token = (await bridge.control.post("/_sim/token")).json()["access_token"]
        body = {"users": [{"email": "PERSON1@example.com", "firstName": "P", "lastName": "Q"}]}
        url = f"/admin/rest/v1/accounts/{bridge.goto.account_key}/users"
        headers = {"Authorization": f"Bearer {token}"}
        assert (await bridge.control.post(url, json=body, headers=headers)).status_code == 201
        await bridge.forget_journal()

        outcomes = await create_all(bridge, *people(3))

        assert isinstance(outcomes[1], UniquenessException)
        assert outcomes[0].resource["userName"] == "person0@example.com"
        assert outcomes[2].resource["userName"] == "person2@example.com"
        # One that GoTo leaves out is looked for: its reply may have been cut.
        looks = 2 if style == "left_out" else 1
        assert await calls(bridge) == {"POST": 1, "GET": looks}

    in_bridge(tmp_path, test, settings=settings)


def test_one_that_goto_refuses_does_not_take_the_others_along(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        rule = {"match": {"method": "POST", "path": "/users"}, "status": 400, "times": 1}
        await bridge.control.put("/_sim/faults", json={"rules": [rule]})

        outcomes = await create_all(bridge, *people(3))

        assert [entry.resource["userName"] for entry in outcomes] == [
            each["userName"] for each in people(3)
        ]

    in_bridge(tmp_path, test)


def test_a_lost_answer_is_settled_for_each(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        rule = {
            "match": {"method": "POST", "path": "/users"}, "status": 503, "times": 1, "after": True,
        }  # fmt: skip
        await bridge.control.put("/_sim/faults", json={"rules": [rule]})

        outcomes = await create_all(bridge, *people(5))

        assert all(entry.resource["active"] for entry in outcomes)
        emails = Counter(user["email"] for user in (await bridge.state())["users"])
        assert all(emails[each["userName"]] == 1 for each in people(5))

    in_bridge(tmp_path, test)


def test_an_answer_that_never_comes_for_nothing_done_is_trouble(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        rule = {"match": {"method": "POST", "path": "/users"}, "status": 503, "times": 1}
        await bridge.control.put("/_sim/faults", json={"rules": [rule]})

        outcomes = await create_all(bridge, *people(2))

        assert [type(each) for each in outcomes] == [GoToUnavailable, GoToUnavailable]
        assert len((await bridge.state())["users"]) == 25

    in_bridge(tmp_path, test)


def test_that_a_new_user_cannot_be_read_yet_is_no_failure(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        rule = {"match": {"method": "GET", "path": "/users"}, "status": 404, "times": 1}
        await bridge.control.put("/_sim/faults", json={"rules": [rule]})

        (entry,) = await create_all(bridge, *people(1))

        assert entry.resource["active"] is True
        later = await bridge.directory.read("User", entry.key)
        assert later.resource["userName"] == "person0@example.com"

    in_bridge(tmp_path, test)


def test_the_last_seats_are_not_given_twice(tmp_path: Path) -> None:
    async def test(bridge: Bridge) -> None:
        # Seats go outside, after the bridge has counted them.
        meeting = next(r for r in (await bridge.state())["licenses"] if "G2M" in r["products"])
        licenses = bridge.app.state.account.stored.licenses
        key = meeting["key"]
        licenses[key] = replace(licenses[key], seats=meeting["userCount"] + 2)

        outcomes = await create_all(bridge, *people(4))

        refused = [each for each in outcomes if isinstance(each, InvalidValueException)]
        assert len(refused) == 2
        assert f"{meeting['userCount'] + 2} seats in use" in refused[0].detail
        now = next(r for r in (await bridge.state())["licenses"] if r["key"] == key)
        assert now["userCount"] == now["seats"]

    in_bridge(tmp_path, test)


async def begun(bridge: Bridge, count: int) -> None:
    """Wait until so many creates are journaled, after which they join a wave at once."""
    stored = 0
    while stored < count:
        stored = len(await bridge.store.intents(bridge.goto.account_key))


@pytest.mark.parametrize(("count", "posts"), [(5, 1), (50, 1), (51, 2)])
def test_creates_join_those_that_wait_for_the_rate_limit(
    tmp_path: Path, count: int, posts: int
) -> None:
    clock = VirtualClock()
    throttle = Throttle(1, clock=clock, sleep=clock.sleep)

    async def run() -> None:
        async with bridge_over(simulated(), tmp_path, client={"throttle": throttle}) as bridge:
            warming = asyncio.create_task(bridge.directory.warm_up())
            await passing(clock, warming)
            await bridge.forget_journal()
            clock.now += 10
            assert throttle.enter_at_once()
            # The only place is taken: whoever comes now waits, however long ago the first came.
            creates = []
            for number, wanted in enumerate(people(count), 1):
                creates.append(asyncio.create_task(bridge.directory.create("User", wanted)))
                if number % 10 == 1:
                    await begun(bridge, number)
                    await asyncio.sleep(0.01)
            await begun(bridge, count)
            assert not await calls(bridge)
            await passing(clock, *creates)

            assert len({task.result().key for task in creates}) == count
            assert await calls(bridge) == {"POST": posts, "GET": posts}

    asyncio.run(run())


async def passing(clock: VirtualClock, *tasks: asyncio.Task[Any]) -> None:
    """Let time pass whenever somebody waits for it, until the tasks are done."""
    while not all(task.done() for task in tasks):
        await asyncio.wait(tasks, timeout=0.01)
        if clock.is_awaited:
            clock.wake_next()
