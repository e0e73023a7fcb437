"""One who sees both sides: what SCIM clients are told, and what the simulated account holds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.sandbox import Account
from tests.conftest import Bridge, simulated
from tests.scim.face import face_over

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUP_EXTENSION = "urn:scim:schemas:extension:goto:1:Group"
NO_CACHE = {"Cache-Control": "no-cache"}
MAX_AGE = 60.0
NUMBERS = count(1)


class Clock:
    """Moved by hand, and a little whenever it is looked at: no two moments are the same."""

    now = 1000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now

    def grow_old(self) -> None:
        """Let everything that was seen be too old."""
        self.now += 2 * MAX_AGE

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, without waiting."""
        self.now += seconds
        await asyncio.sleep(0)


class Delayed:
    """A GoTo of which a test can keep an answer back: what it says is from before."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.state = app.state  # type: ignore[attr-defined] # Starlette's
        self._kept: list[tuple[str, str, asyncio.Event, asyncio.Event]] = []

    @asynccontextmanager
    async def answering_late(
        self, path: str, asking: Any, method: str
    ) -> AsyncIterator["asyncio.Task[Any]"]:
        """Ask; the first answer about such a path comes at the end of the block."""
        arrived, release = asyncio.Event(), asyncio.Event()
        self._kept.append((method, path, arrived, release))
        task = asyncio.ensure_future(asking)
        arriving = asyncio.ensure_future(arrived.wait())
        await asyncio.wait([task, arriving], return_when=asyncio.FIRST_COMPLETED)
        assert arrived.is_set(), "the request was over without the call"
        try:
            yield task
            assert not task.done()
        finally:
            release.set()
        await task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_kept(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        _, _, arrived, release = self._kept.pop()
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, keep)
        arrived.set()
        await release.wait()
        for message in answer:
            await send(message)

    def _is_kept(self, method: str, path: str) -> bool:
        return any(kept[0] == method and kept[1] in path for kept in self._kept)


@dataclass
class Witness:
    """A SCIM client of a bridge, and the account behind it."""

    http: httpx.AsyncClient
    bridge: Bridge
    clock: Clock

    @property
    def account(self) -> Account:
        """The simulated account, to be looked at and changed behind the bridge's back."""
        account: Account = self.bridge.app.state.account
        return account

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.http.request(method, path, json=body, headers=headers)

    async def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The body of a request that has to succeed."""
        answer = await self.ask(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def patch(self, path: str, *operations: dict[str, Any]) -> Any:
        return self.ask("PATCH", path, {"schemas": [PATCH_OP], "Operations": operations})

    def replace(self, path: str, **values: Any) -> Any:
        return self.patch(path, {"op": "replace", "value": values})

    def members(self, op: str, group: str, *users: str) -> Any:
        value = [{"value": key} for key in users]
        return self.patch(f"/Groups/{group}", {"op": op, "path": "members", "value": value})

    async def ids(self, path: str, **headers: str) -> list[str]:
        """The ids in a list."""
        listed = await self.done("GET", path, **headers)
        return [resource["id"] for resource in listed["Resources"]]

    async def calls(self) -> list[str]:
        """What reached GoTo since last asked, such as ``GET users``."""
        calls = [
            f"{call['method']} {call['path'].partition(self.account.key)[2].strip('/')}"
            for call in await self.bridge.journal()
        ]
        await self.bridge.forget_journal()
        return calls

    def late(self, path: str, asking: Any, *, method: str = "GET") -> Any:
        """Ask for something; GoTo's first answer about ``path`` comes after the block."""
        goto: Delayed = self.bridge.app  # type: ignore[assignment] # as witness_over made it
        return goto.answering_late(path, asking, method)

    async def faults(self, *rules: dict[str, Any]) -> None:
        """What goes wrong from now on."""
        await self.bridge.control.put("/_sim/faults", json={"rules": rules})

    def new_at_goto(self, email: str, **shared: Any) -> str:
        """A user made behind the bridge's back."""
        user = {"email": email, "firstName": "Noor", "lastName": "Haddad"}
        return self.account.create_users({"users": [user], **shared})[0]["key"]

    def stored(self, key: str) -> Any:
        """A user's row in the account."""
        return self.account.stored.users[key]

    def somebody(self, number: int = 1, *, grouped: bool | None = None) -> list[str]:
        """Users who are active, not locked, and not the administrator."""
        found = [
            user.key
            for user in self.account.stored.users.values()
            if user.key != self.account.administrator_key
            and user.license_keys
            and not (user.name_locked or user.email_locked or user.identity_read_only)
            and (grouped is None or grouped == (user.group_key is not None))
        ]
        assert len(found) >= number
        return found[:number]

    async def agree(self, **headers: str) -> None:
        """Check that a list shows exactly what the account holds, groups as users tell them."""
        listed = (await self.done("GET", "/?count=1000", **headers))["Resources"]
        users = [each for each in listed if each["meta"]["resourceType"] == "User"]
        groups = [each for each in listed if each["meta"]["resourceType"] == "Group"]
        stored = self.account.stored
        assert {u["id"]: _seen_user(u) for u in users} == {
            key: _stored_user(user, stored) for key, user in stored.users.items()
        }
        assert {g["id"]: _seen_group(g) for g in groups} == {
            key: (group.name, sorted(stored.members(key)), len(stored.members(key)))
            for key, group in stored.groups.items()
        }
        assert len(listed) == len(stored.users) + len(stored.groups)

    async def start_anew(self, *, users: int = 12, groups: int = 3) -> None:
        """Seed another account behind the bridge, with keys that it has never seen."""
        await self.faults()
        seed = {"users": users, "groups": groups, "seed": next(NUMBERS) + 1000}
        await self.bridge.control.post("/_sim/reset", json=seed)
        await self.bridge.control.put("/_sim/settings", json={"read_after_write_lag_ms": 0})
        # What was written to the account before is not looked for in this one.
        self.clock.grow_old()
        await self.agree(**NO_CACHE)
        await self.bridge.forget_journal()


def _seen_user(user: dict[str, Any]) -> Any:
    return (
        user["emails"][0]["value"],
        user["name"]["givenName"],
        user["name"]["familyName"],
        user["active"],
        sorted(each["value"] for each in user.get("entitlements", [])),
        sorted(each["value"] for each in user.get("roles", [])),
        [(group["value"], group["display"]) for group in user.get("groups", [])],
    )


def _stored_user(user: Any, stored: Any) -> Any:
    group = stored.groups.get(user.group_key)
    return (
        user.email,
        user.first_name,
        user.last_name,
        bool(user.license_keys or user.admin_roles),
        sorted(user.license_keys),
        sorted(user.admin_roles),
        [(group.key, group.name)] if group else [],
    )


def _seen_group(group: dict[str, Any]) -> Any:
    members = sorted(each["value"] for each in group.get("members", []))
    return group["displayName"], members, group[GROUP_EXTENSION]["memberCount"]


def new_user(**attributes: Any) -> dict[str, Any]:
    """A user whom nobody has yet."""
    number = next(NUMBERS)
    return {
        "userName": f"ada{number}@example.com",
        "name": {"givenName": "Ada", "familyName": "Byron"},
        **attributes,
    }


Test = Callable[[Witness], Awaitable[None]]


class Run(Protocol):
    """Runs a test with the bridge that all share, over an account of its own."""

    def __call__(self, test: Test, *, users: int = 12, groups: int = 3) -> None: ...


@asynccontextmanager
async def witness_over(folder: Path, *, app: Any = None, **options: Any) -> AsyncIterator[Witness]:
    """Open a bridge over a small account; its GoTo client never really waits."""
    clock = Clock()
    client = {"clock": clock, "sleep": clock.sleep, **options.pop("client", {})}
    goto: Any = Delayed(app or simulated(users=12, groups=3))
    async with face_over(goto, folder, clock=clock, client=client, **options) as (http, bridge):
        yield Witness(http, bridge, clock)


def witnessed_alone(folder: Path, test: Test, **options: Any) -> None:
    """Run a test with a bridge of its own."""

    async def run() -> None:
        async with witness_over(folder, **options) as witness:
            await test(witness)

    asyncio.run(run())
