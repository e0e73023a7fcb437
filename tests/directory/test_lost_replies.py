"""Every third reply to a write is lost: clients who ask again on 503 get all that they want.

After that what SCIM shows and what the account holds are the same, nobody is there twice, and no
client was told that its own create, or its own delete, was somebody else's.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.directory.witness import NO_CACHE, NUMBERS, Witness, new_user, witnessed_alone

WRITES = {"method": ["POST", "PUT", "DELETE"], "path": "/accounts/"}
LOSSES: dict[str, tuple[dict[str, Any], int]] = {
    "cut": ({"drop": True, "after": True}, 500),
    "503": ({"status": 503, "after": True}, 100),
    "a page": ({"status": 500, "body": "<html>", "after": True}, 100),
}
TRIES = 6


class Provisioner:
    """A client that does one thing after another, and asks again on 503 as it asked before."""

    def __init__(self, sees: Witness, chance: random.Random, pause: float) -> None:
        self.sees = sees
        self.pause = pause
        self.chance = chance
        self.everybody = sees.somebody(8)
        self.made: list[str] = []
        self.repeated = 0

    async def until_told(self, done: int, ask: Callable[[], Awaitable[httpx.Response]]) -> Any:
        for _ in range(TRIES):
            answer = await ask()
            if answer.status_code != 503:
                break
            self.repeated += 1
            await asyncio.sleep(self.pause)
        assert answer.status_code == done, answer.text
        return answer.json() if answer.content else None

    def somebody(self) -> str:
        return self.chance.choice(self.everybody + self.made[-20:])

    def group(self) -> str:
        return self.chance.choice(list(self.sees.account.stored.groups))

    async def create(self) -> None:
        body = new_user(title="Baker", active=self.chance.random() < 0.8)
        if self.chance.random() < 0.3:
            body["entitlements"] = [{"value": "G2M"}]
        user = await self.until_told(201, lambda: self.sees.ask("POST", "/Users", body))
        assert (user["userName"], user["title"]) == (body["userName"], "Baker")
        self.made.append(user["id"])

    async def rename(self) -> None:
        key, name = self.somebody(), f"Zoë {next(NUMBERS)}"
        values = {"name.givenName": name, "externalId": f"hr-{next(NUMBERS)}"}
        user = await self.until_told(200, lambda: self.sees.replace(f"/Users/{key}", **values))
        assert (user["name"]["givenName"], user["externalId"]) == (name, values["externalId"])

    async def switch(self) -> None:
        key, active = self.somebody(), self.chance.random() < 0.5
        ask = lambda: self.sees.replace(f"/Users/{key}", active=active)  # noqa: E731 - as above
        assert (await self.until_told(200, ask))["active"] is active

    async def move(self) -> None:
        group, users = self.group(), sorted({self.somebody() for _ in range(3)})
        op = self.chance.choice(["add", "add", "remove"])
        await self.until_told(200, lambda: self.sees.members(op, group, *users))

    async def make_group(self) -> None:
        members = [{"value": key} for key in sorted({self.somebody() for _ in range(2)})]
        body = {"displayName": f"Shift {next(NUMBERS)}", "members": members, "externalId": "g"}
        group = await self.until_told(201, lambda: self.sees.ask("POST", "/Groups", body))
        assert group["displayName"] == body["displayName"]

    async def rename_group(self) -> None:
        group, name = self.group(), f"Night {next(NUMBERS)}"
        ask = lambda: self.sees.replace(f"/Groups/{group}", displayName=name)  # noqa: E731 - as above
        assert (await self.until_told(200, ask))["displayName"] == name

    async def delete_group(self) -> None:
        if len(self.sees.account.stored.groups) < 4:
            return
        group = self.group()
        await self.until_told(204, lambda: self.sees.ask("DELETE", f"/Groups/{group}"))

    async def delete(self) -> None:
        if not self.made:
            return
        key = self.made.pop(self.chance.randrange(len(self.made)))
        await self.until_told(204, lambda: self.sees.ask("DELETE", f"/Users/{key}"))

    async def something(self) -> None:
        verbs = [self.create, self.rename, self.switch, self.move]
        rare = [self.make_group, self.rename_group, self.delete_group, self.delete]
        await self.chance.choice(verbs * 2 + rare)()


async def mixed(
    sees: Witness, operations: int, *rules: dict[str, Any], pause: float = 0.0
) -> Provisioner:
    """Do so many things while GoTo is like that, and compare both sides.

    The client waits ``pause`` seconds before it asks again.
    """
    client = Provisioner(sees, random.Random(operations), pause)
    await sees.faults(*rules)
    for number in range(operations):
        await client.something()
        if number % 50 == 0:
            await sees.agree()
    await sees.faults()
    mails = [user.email.casefold() for user in sees.account.stored.users.values()]
    assert len(mails) == len(set(mails))
    await sees.agree()
    await sees.agree(**NO_CACHE)
    return client


@pytest.mark.parametrize(("loss", "operations"), LOSSES.values(), ids=LOSSES)
def test_every_third_reply_to_a_write_lost(
    tmp_path: Path, loss: dict[str, Any], operations: int
) -> None:
    async def test(sees: Witness) -> None:
        client = await mixed(sees, operations, {"match": WRITES, "every": 3, **loss})
        # All of them were found out by looking.
        assert client.repeated == 0

    witnessed_alone(tmp_path, test)


def test_writes_lost_on_the_way_there_and_looks_that_fail(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        client = await mixed(
            sees,
            150,
            {"match": WRITES, "every": 7, "drop": True},
            {"match": WRITES, "every": 3, "drop": True, "after": True},
            {"match": {"method": "GET"}, "every": 3, "status": 502},
        )
        assert client.repeated > 0

    witnessed_alone(tmp_path, test)


def test_replies_lost_while_reads_trail_behind(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        lag_ms = 25
        lag = {"read_after_write_lag_ms": lag_ms}
        await sees.bridge.control.put("/_sim/settings", json=lag)
        rule = {"match": WRITES, "every": 3, "drop": True, "after": True}
        # The bridge's pauses between looks take no time here, so that some reads show too little;
        # the client's do, for six tries of a fast bridge fit into the lag.
        client = await mixed(sees, 150, rule, pause=lag_ms / 1000)
        assert client.repeated > 0

    witnessed_alone(tmp_path, test)
