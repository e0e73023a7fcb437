"""A bridge that is killed in the middle of a verb: at its next start nothing is half done."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from scim2_models import UniquenessException

from bridge.directory import UserEntry
from bridge.sandbox import SimulatorSettings, simulated_goto
from tests.directory.kills import Verb, When, directory_at, killed
from tests.live import served

WHENS: tuple[When, ...] = ("goes on", "stops")
SUSPENDED = {"active": False}
ACTIVE = {"active": True}
EVERY = 1
SOME = 3


class Account:
    """The simulated account, and one of its users who has a licence and a role."""

    def __init__(self) -> None:
        self.app = simulated_goto(users=5, groups=2, settings=SimulatorSettings(rate_limit=0))
        self.stored = self.app.state.account.stored
        self.key = next(
            key
            for key, user in self.stored.users.items()
            if user.license_keys and "SUPER_USER" not in user.admin_roles
        )
        roles = ("MANAGE_GROUPS", "RUN_REPORTS")
        self.stored.users[self.key] = replace(self.user, admin_roles=roles)
        self.licenses = sorted(self.user.license_keys)

    @property
    def user(self) -> Any:
        return self.stored.users[self.key]

    def has_everything(self) -> bool:
        return (sorted(self.user.license_keys), sorted(self.user.admin_roles)) == (
            self.licenses,
            ["MANAGE_GROUPS", "RUN_REPORTS"],
        )

    def has_nothing(self) -> bool:
        return not self.user.license_keys and not self.user.admin_roles


def at_every_step(
    folder: Path,
    url: str,
    verb: Callable[[], Verb],
    after: Callable[[Any], Coroutine[Any, Any, None]],
    *,
    stride: int = EVERY,
) -> int:
    """Kill the verb at each step until it comes to its end; after each look at what is left."""
    deaths = 0
    for when in WHENS:
        at = 0
        while killed(url, folder, verb(), at=at, when=when):
            deaths += 1
            asyncio.run(_restarted(folder, url, after))
            at += stride
        asyncio.run(_restarted(folder, url, after))
    return deaths


async def _restarted(
    folder: Path, url: str, after: Callable[[Any], Coroutine[Any, Any, None]]
) -> None:
    async with directory_at(url, folder) as directory:
        await directory.open()
        await after(directory)


async def set_active(directory: Any, key: str, wanted: bool) -> UserEntry:
    entry: UserEntry = await directory.replace(
        "User", key, lambda _: {"active": wanted, "title": "Baker"}
    )
    return entry


def test_a_user_whose_suspension_is_killed_has_everything_or_gets_it_back(tmp_path: Path) -> None:
    account = Account()

    async def after(directory: Any) -> None:
        found = await directory.read("User", account.key, live=True)
        assert found.resource["title"] == "Baker"
        if found.resource["active"]:
            assert account.has_everything()
            assert found.state.parked is None
        else:
            assert account.has_nothing()
        await set_active(directory, account.key, False)
        assert account.has_nothing()
        assert (await set_active(directory, account.key, True)).resource["active"]
        assert account.has_everything()

    with served(account.app) as url:
        asyncio.run(_restarted(tmp_path, url, _titled(account.key)))
        verb = Verb("replace", account.key, {"active": False, "title": "Baker"})
        assert at_every_step(tmp_path, url, lambda: verb, after) > 10


def _titled(key: str) -> Callable[[Any], Coroutine[Any, Any, None]]:
    async def titled(directory: Any) -> None:
        await directory.replace("User", key, lambda _: {"title": "Baker"})

    return titled


def test_a_user_whose_activation_is_killed_is_suspended_or_has_everything(tmp_path: Path) -> None:
    account = Account()

    async def after(directory: Any) -> None:
        found = await directory.read("User", account.key, live=True)
        if found.resource["active"]:
            assert account.has_everything()
            assert found.state.parked is None
            await set_active(directory, account.key, False)
        else:
            assert account.has_nothing()
            await set_active(directory, account.key, True)
            assert account.has_everything()
            await set_active(directory, account.key, False)
        assert account.has_nothing()

    async def suspended(directory: Any) -> None:
        await set_active(directory, account.key, False)

    with served(account.app) as url:
        asyncio.run(_restarted(tmp_path, url, suspended))
        verb = Verb("replace", account.key, {"active": True})
        assert at_every_step(tmp_path, url, lambda: verb, after, stride=SOME) > 3


def test_a_create_that_is_killed_is_completed_by_its_repeat(tmp_path: Path) -> None:
    account = Account()
    number = 0

    def _create() -> Verb:
        return Verb("create", wanted=wanted())

    def wanted() -> dict[str, Any]:
        mail = f"killed{number}@example.com"
        return {"userName": mail, "externalId": f"e{number}", "title": "Baker"}

    async def after(directory: Any) -> None:
        nonlocal number
        mails = [user.email for user in account.stored.users.values()]
        assert mails.count(wanted()["userName"]) <= 1
        await directory.warm_up()
        assert _holds(directory) == (wanted()["userName"] in mails)
        with suppress(UniquenessException):  # it was done and noted, only its client was not told
            await directory.create("User", wanted())
        mails = [user.email for user in account.stored.users.values()]
        assert mails.count(wanted()["userName"]) == 1
        assert _holds(directory)
        number += 1

    def _holds(directory: Any) -> bool:
        users = directory._done.core.snapshot.users.values()
        return any(entry.resource.get("externalId") == f"e{number}" for entry in users)

    with served(account.app) as url:
        asyncio.run(_restarted(tmp_path, url, _titled(account.key)))
        assert at_every_step(tmp_path, url, _create, after, stride=SOME) > 3
