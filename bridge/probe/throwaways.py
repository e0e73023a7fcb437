"""Throwaway users and groups: stored before GoTo is asked to make them, and removed for certain.

Knows the names that a probe gives, how an object is found when the reply to its create was lost,
and that nothing is removed but what has such a name and was stored under it.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bridge.errors import BridgeError, GoToError, GoToUnavailable
from bridge.goto import read_key
from bridge.probe.calls import Calls, Reply
from bridge.store import ProbeObject, ProbeObjects

NAME = re.compile(r"scim-probe-[0-9a-f]{16}(@[^@\s]+)?")
SHOWN_WITHIN = 20.0
"""Seconds after which an object that GoTo said to have made is looked for no more."""
SETTLED_AFTER = timedelta(seconds=15)
"""Age from which an object that no list shows is believed never to have been made."""
PAGE = 1000


class NotMade(BridgeError):
    """GoTo did not make a throwaway object."""


@dataclass(frozen=True, slots=True)
class Throwaway:
    """A user (``name`` is the e-mail) or a group that the probe made."""

    name: str
    key: str


class Throwaways:
    """The throwaway objects of one account; ``lags`` are seconds until a new one was shown."""

    def __init__(
        self,
        calls: Calls,
        stored: ProbeObjects,
        *,
        account_key: str,
        domain: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._calls = calls
        self._stored = stored
        self._account = account_key
        self._domain = domain
        self._now = now
        self._users: dict[int, Throwaway] = {}
        self._groups: dict[int, Throwaway] = {}
        self._own: set[str] = set()
        self.lags: list[float] = []

    async def user(self, number: int) -> Throwaway:
        """Return the user with this number; the first time it is made."""
        if number not in self._users:
            self._users[number] = await self.create_user(await self.new_address())
        return self._users[number]

    async def group(self, number: int) -> Throwaway:
        """Return the group with this number; the first time it is made."""
        if number not in self._groups:
            self._groups[number] = await self._create_group()
        return self._groups[number]

    def renamed(self, number: int, name: str) -> None:
        """Take note that a user has another address now."""
        self._users[number] = replace(self._users[number], name=name)

    async def new_address(self, key: str | None = None) -> str:
        """Return an address that nobody has, stored for the user with ``key`` where it is known."""
        address = f"{_new_name()}@{self._domain}"
        self._own.add(address)
        await self._stored.save(self._account, ProbeObject("user", address, self._now(), key))
        return address

    async def create_user(self, address: str) -> Throwaway:
        """Create a user with an address of ``new_address``."""
        try:
            reply = await self._calls.send("POST", "users", new_user(address))
        except GoToUnavailable:
            keys = await self._settled("user", address)
        else:
            if not reply.ok:
                raise NotMade(f"GoTo refused to create a throwaway user ({reply})")
            keys = _created_keys(reply) or await self._settled("user", address)
        if not keys:
            raise NotMade("GoTo did not create a throwaway user")
        return await self._kept("user", address, keys[0], f"users/{keys[0]}")

    async def _create_group(self) -> Throwaway:
        name = _new_name()
        self._own.add(name)
        await self._stored.save(self._account, ProbeObject("group", name, self._now()))
        try:
            reply = await self._calls.send("POST", "groups", {"name": name})
        except GoToUnavailable:
            keys = await self._settled("group", name)
        else:
            if not reply.ok:
                raise NotMade(f"GoTo refused to create a throwaway group ({reply})")
            keys = _keys(reply.body) or await self._settled("group", name)
        if not keys:
            raise NotMade("GoTo did not create a throwaway group")
        return await self._kept("group", name, keys[0], f"groups/{keys[0]}")

    async def _kept(self, kind: str, name: str, key: str, path: str) -> Throwaway:
        """Store the key, and wait until GoTo shows the object."""
        made = ProbeObject("user" if kind == "user" else "group", name, self._now(), key)
        await self._stored.save(self._account, made)
        began = self._calls.clock()
        is_first = True
        while not (await self._calls.get(path)).ok:
            is_first = False
            if self._calls.clock() - began > SHOWN_WITHIN:
                raise NotMade(f"GoTo did not show a new {kind} within {SHOWN_WITHIN:.0f} seconds")
            await self._calls.sleep(0.25)
        self.lags.append(0.0 if is_first else self._calls.clock() - began)
        return Throwaway(name, key)

    async def _settled(self, kind: str, name: str) -> list[str]:
        """Return the keys of an object whose create was not answered, when reads have caught up."""
        found: list[str] = []

        async def is_there() -> bool:
            found[:] = await (self._users_named if kind == "user" else self._groups_named)(name)
            return bool(found)

        await self._calls.until(is_there)
        return found

    async def left(self) -> list[ProbeObject]:
        """Return what may still be there."""
        return await self._stored.of(self._account)

    async def remove_own(self) -> list[ProbeObject]:
        """Remove what this run made; return what of it GoTo still has, or may have."""
        await self._remove([each for each in await self.left() if each.name in self._own])
        return [each for each in await self.left() if each.name in self._own]

    async def remove_all(self) -> list[ProbeObject]:
        """Remove what any run left; return what GoTo still has, or may have."""
        await self._remove(await self.left())
        return await self.left()

    async def _remove(self, objects: list[ProbeObject]) -> None:
        noted = [each for each in objects if NAME.fullmatch(each.name)]
        addresses = {each.name.casefold() for each in noted if each.kind == "user"}
        for each in sorted(noted, key=lambda each: each.kind, reverse=True):
            try:
                if await self._is_removed(each, addresses):
                    await self._stored.forget(self._account, each.kind, [each.name])
            except GoToError:
                continue

    async def _is_removed(self, noted: ProbeObject, addresses: set[str]) -> bool:
        """Whether GoTo has the object no more, after it was removed where it was there."""
        is_user = noted.kind == "user"
        find = self._users_named if is_user else self._groups_named
        keys = await find(noted.name)
        while not keys and noted.key is None and self._now() - noted.noted_at < SETTLED_AFTER:
            await self._calls.sleep(2.0)
            keys = await find(noted.name)
        gone = True
        for key in dict.fromkeys([*keys, *([noted.key] if noted.key else [])]):
            path = f"{'users' if is_user else 'groups'}/{key}"
            gone = await self._is_gone(path, addresses if is_user else {noted.name}) and gone
        return gone

    async def _is_gone(self, path: str, names: set[str]) -> bool:
        """Whether nothing is there after a removal; what has another name is left alone."""
        shown = await self._calls.get(path)
        if shown.status == 404:
            return True
        if not shown.ok:
            return False
        name = str(shown.fields.get("email" if path.startswith("users") else "name") or "")
        if not (NAME.fullmatch(name) and (name in names or name.casefold() in names)):
            return True  # not the probe's any more, so not the probe's to remove
        await self._calls.send("DELETE", path)

        async def is_absent() -> bool:
            return (await self._calls.get(path)).status == 404

        return await self._calls.until(is_absent)

    async def _users_named(self, address: str) -> list[str]:
        wanted = address.casefold()
        for condition in (f'email eq "{address}"', f'(email="(?i){re.escape(address)}")'):
            reply = await self._calls.get(f"users?filter={quote(condition, safe='')}&pageSize=100")
            if not reply.ok:
                continue
            found = [row for row in reply.rows if _text(row, "email").casefold() == wanted]
            if found or not reply.rows:
                return [read_key(row.get("key")) for row in found]
            break  # rows that do not match: this GoTo ignores filters
        return await self._walked("users", "email", wanted)

    async def _groups_named(self, name: str) -> list[str]:
        return await self._walked("groups", "name", name.casefold())

    async def _walked(self, path: str, field: str, wanted: str) -> list[str]:
        keys, offset = [], 0
        while True:
            page = await self._calls.get(f"{path}?offset={offset}&pageSize={PAGE}")
            if not page.ok:
                raise GoToUnavailable(f"GoTo does not list its {path} ({page}).")
            rows = page.rows
            keys += [read_key(row["key"]) for row in rows if _text(row, field).casefold() == wanted]
            offset += len(rows)
            if not rows or offset >= page.total:
                return keys


def new_user(address: str) -> dict[str, object]:
    """Return the body that creates a throwaway user."""
    user = {"email": address, "firstName": "Probe", "lastName": "Throwaway"}
    return {"users": [user], "suppressEmail": True}


def _new_name() -> str:
    return f"scim-probe-{secrets.token_hex(8)}"


def _text(row: dict[str, object], field: str) -> str:
    value = row.get(field)
    return value if isinstance(value, str) else ""


def _created_keys(reply: Reply) -> list[str]:
    entries = reply.body if isinstance(reply.body, list) else []
    return [key for each in entries if isinstance(each, dict) for key in _keys(each.get("key"))]


def _keys(value: object) -> list[str]:
    text = str(value) if type(value) in (str, int) else ""
    return [text] if text.isdigit() and text.isascii() else []
