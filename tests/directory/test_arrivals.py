"""What a pass sees for the first time is stored while it goes on, whatever becomes of it."""

import asyncio
from pathlib import Path

import pytest

from bridge.directory import arrivals
from bridge.errors import GoToUnavailable
from tests.conftest import Bridge, bridge_over, simulated

NO_GROUPS = {"match": {"method": "GET", "path": "/groups"}, "status": 503}
USERS = arrivals.TOGETHER + 200


async def faults(bridge: Bridge, *rules: object) -> None:
    answer = await bridge.control.put("/_sim/faults", json={"rules": rules})
    assert answer.status_code < 300, answer.text


def test_what_was_seen_is_stored_though_the_pass_fails_and_keeps_its_dates(tmp_path: Path) -> None:
    async def run() -> None:
        async with bridge_over(simulated(users=USERS), tmp_path) as bridge:
            directory = bridge.directory
            await faults(bridge, {**NO_GROUPS, "times": 100})
            with pytest.raises(GoToUnavailable):
                await directory.warm_up()
            seen = await bridge.store.states(bridge.goto.account_key, "User")
            assert len(seen) == arrivals.TOGETHER
            assert directory.counts == {"User": 0, "Group": 0}

            await faults(bridge)
            await directory.warm_up()
            assert directory.counts["User"] == USERS
            stored = await bridge.store.states(bridge.goto.account_key, "User")
            assert len(stored) == USERS
            assert {key: stored[key] for key in seen} == seen

    asyncio.run(run())
