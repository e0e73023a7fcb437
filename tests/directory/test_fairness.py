"""Clients share GoTo's rate limit: who asks for one thing does not wait for who asks for many."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scim2_models import SearchRequest

from bridge.directory import Entry, MembershipChange, Query, acting_for
from bridge.goto import Throttle
from tests.conftest import Bridge, bridge_over, simulated

RATE = 10
SLOW = 4
LOCKS = ("identityReadOnly", "nameLocked")


def named(name: str) -> Any:
    """A change of a user's given name."""

    def change(entry: Entry) -> Mapping[str, Any]:
        resource = entry.resource
        return {**resource, "name": {**resource["name"], "givenName": name}}

    return change


async def written(bridge: Bridge) -> list[str]:
    return [call["path"] for call in await bridge.journal() if call["method"] == "PUT"]


def test_a_change_of_one_client_passes_most_changes_of_another(tmp_path: Path) -> None:
    async def scenario() -> None:
        throttle = Throttle(RATE)
        app = simulated(users=60)
        async with bridge_over(app, tmp_path, client={"throttle": throttle}) as bridge:
            await bridge.directory.warm_up()
            users = (await bridge.state())["users"]
            keys = [user["key"] for user in users if not any(map(user.get, LOCKS))]
            await bridge.forget_journal()
            with acting_for("importer"):
                changes = [
                    asyncio.create_task(bridge.directory.replace("User", key, named("New")))
                    for key in keys[:25]
                ]
            # What the warm-up left of the first second has gone up; the others wait.
            await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)
            with acting_for("helpdesk"):
                await bridge.directory.replace("User", keys[25], named("Newer"))
            before = len(await written(bridge)) - 1
            await asyncio.gather(*changes)

            paths = await written(bridge)
            assert len(paths) == 26
            place = next(at for at, path in enumerate(paths) if path.endswith(keys[25]))
            assert place <= before < 25, "it did not wait for all that came before it"
            assert place <= RATE + 1

    asyncio.run(scenario())


class Moved:
    """A clock that a test moves, and a little whenever it is looked at."""

    now = 1000.0

    def __call__(self) -> float:
        self.now += 0.0001
        return self.now


def test_a_list_takes_turns_with_the_reads_of_another_client(tmp_path: Path) -> None:
    async def scenario() -> None:
        throttle, clock = Throttle(SLOW), Moved()
        options: dict[str, Any] = {"client": {"throttle": throttle}, "clock": clock}
        async with bridge_over(simulated(users=800, groups=1), tmp_path, **options) as bridge:
            await bridge.directory.warm_up()
            group = (await bridge.directory.create("Group", {"displayName": "Nobody"})).key
            strangers = [user["key"] for user in (await bridge.state())["users"]][:700]
            clock.now += 2 * 60
            await bridge.forget_journal()
            with acting_for("importer"):
                # Each is read, since it may be in the group by now: fifty by a call that waits.
                removal = asyncio.create_task(
                    bridge.directory.change_members(
                        group, lambda _: MembershipChange(remove=strangers)
                    )
                )
            for _ in range(1000):
                if len(await bridge.journal()) > 2:
                    break
                await asyncio.sleep(0.01)
            with acting_for("helpdesk"):
                await bridge.directory.search(Query(("User",), SearchRequest(count=1)))
            await removal
            ends = [call["path"].rpartition("/")[2] for call in await bridge.journal()]
            assert len(ends) >= 4 + len(strangers) // 50
            # A refresh ends with the groups; without turns, all other calls come before that.
            assert len(ends) - ends.index("groups") > 4, ends

    asyncio.run(scenario())
