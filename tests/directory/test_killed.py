"""A bridge that is killed in the middle of a verb: at its next start nothing is half done."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from scim2_models import NotFoundException, UniquenessException

from bridge.directory import UserEntry
from bridge.sandbox import SimulatorSettings, simulated_goto
from tests.directory.kills import Verb, When, directory_at, killed
from tests.live import served

WHENS: tuple[When, ...] = ("goes on", "stops")
SUSPENDED = {"active": False}
ACTIVE = {"active": True}
EVERY = 1
SOME = 7
FEW = 7


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
        while killed(url, folder, meant := verb(), at=at, when=when):
            deaths += 1
            asyncio.run(_restarted(folder, url, after, suspending=meant.suspending))
            at += stride
        asyncio.run(_restarted(folder, url, after, suspending=meant.suspending))
    return deaths


async def _restarted(
    folder: Path,
    url: str,
    after: Callable[[Any], Coroutine[Any, Any, None]],
    *,
    suspending: bool = False,
) -> None:
    async with directory_at(url, folder, suspending=suspending) as directory:
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


def test_a_group_whose_create_is_killed_is_filled_by_its_repeat(tmp_path: Path) -> None:
    account = Account()
    members = [
        key for key in account.stored.users if key != account.app.state.account.administrator_key
    ]
    number = 0

    def _create() -> Verb:
        return Verb("create group", wanted=wanted())

    def wanted() -> dict[str, Any]:
        values = [{"value": key} for key in members[:2]]
        return {"displayName": f"Shift {number}", "externalId": f"g{number}", "members": values}

    def made() -> list[str]:
        name = wanted()["displayName"]
        return [key for key, group in account.stored.groups.items() if group.name == name]

    async def after(directory: Any) -> None:
        nonlocal number
        assert len(made()) <= 1
        with suppress(UniquenessException):  # it was done and noted, only its client was not told
            await directory.create("Group", wanted())
        (key,) = made()
        found = await directory.read("Group", key, live=True)
        assert found.resource["externalId"] == f"g{number}"
        assert set(account.stored.members(key)) == set(members[:2]) == set(found.members)
        assert directory._done.core.journal.all() == []
        number += 1

    with served(account.app) as url:
        asyncio.run(_restarted(tmp_path, url, _titled(account.key)))
        assert at_every_step(tmp_path, url, _create, after, stride=FEW) > 3


def test_a_group_whose_rename_is_killed_has_both_name_and_id_or_gets_neither(
    tmp_path: Path,
) -> None:
    account = Account()
    group = next(iter(account.stored.groups))
    number = 0

    def wanted() -> dict[str, Any]:
        return {"displayName": f"Shift {number}", "externalId": f"g{number}"}

    def rename() -> Verb:
        return Verb("replace group", group, wanted=wanted())

    async def after(directory: Any) -> None:
        nonlocal number
        found = (await directory.read("Group", group, live=True)).resource
        shown = {name: found[name] for name in ("displayName", "externalId")}
        assert found["displayName"] == account.stored.groups[group].name
        assert int(found["externalId"][1:]) in (number, number - 1)
        assert shown["displayName"].split() == ["Shift", shown["externalId"][1:]]
        await directory.replace("Group", group, lambda _: wanted())
        assert directory._done.core.journal.all() == []
        number += 1

    async def named(directory: Any) -> None:
        await directory.replace("Group", group, lambda _: wanted())

    with served(account.app) as url:
        asyncio.run(_restarted(tmp_path, url, named))
        number = 1
        assert at_every_step(tmp_path, url, rename, after, stride=3) > 3


def test_who_is_deleted_by_suspension_is_a_user_or_gone_though_it_is_killed(tmp_path: Path) -> None:
    account = Account()
    group = next(iter(account.stored.groups))
    account.stored.users[account.key] = replace(account.user, group_keys=(group,))
    whole = account.user

    async def after(directory: Any) -> None:
        begins_whole = account.has_everything()
        assert begins_whole or account.has_nothing()
        seen = await _seen(directory, account.key)
        assert seen == begins_whole
        assert (account.user.group_key == group) == begins_whole
        if seen:
            assert (await directory.read("User", account.key)).resource["title"] == "Baker"
        with suppress(NotFoundException):  # it was done, only its client was not told
            await directory.delete("User", account.key)
        assert account.has_nothing()
        assert account.user.group_key is None
        assert not await _seen(directory, account.key)
        assert directory._done.core.journal.all() == []
        back = await directory.create("User", {"userName": whole.email, "title": "Baker"})
        assert (back.key, back.resource["title"]) == (account.key, "Baker")
        account.stored.users[account.key] = whole

    with served(account.app) as url:
        asyncio.run(_restarted(tmp_path, url, _titled(account.key)))
        verb = Verb("delete", account.key, suspending=True)
        assert at_every_step(tmp_path, url, lambda: verb, after, stride=FEW) > 3


def test_who_comes_back_is_gone_or_a_user_though_it_is_killed(tmp_path: Path) -> None:
    account = Account()
    wanted = {
        "userName": account.user.email,
        "name": {"givenName": account.user.first_name, "familyName": account.user.last_name},
        "externalId": "e-1",
    }

    async def after(directory: Any) -> None:
        if await _seen(directory, account.key):
            found = await directory.read("User", account.key, live=True)
            assert (found.resource["active"], found.resource["externalId"]) == (True, "e-1")
        else:
            assert not await _seen(directory, account.key)
        with suppress(UniquenessException):  # it was done and noted, only its client was not told
            assert (await directory.create("User", wanted)).key == account.key
        found = await directory.read("User", account.key, live=True)
        assert (found.resource["active"], found.resource["externalId"]) == (True, "e-1")
        assert directory._done.core.journal.all() == []
        await directory.delete("User", account.key)
        assert not await _seen(directory, account.key)

    async def gone(directory: Any) -> None:
        await directory.delete("User", account.key)

    with served(account.app) as url:
        asyncio.run(_restarted(tmp_path, url, gone, suspending=True))
        verb = Verb("create", wanted=wanted, suspending=True)
        assert at_every_step(tmp_path, url, lambda: verb, after, stride=FEW) > 3


async def _seen(directory: Any, key: str) -> bool:
    try:
        await directory.read("User", key, live=True)
    except NotFoundException:
        return False
    return True
