"""Reads of single users that wait for the rate limit, joined into one call while they wait.

Knows the two calls: one user by its path, several by a filter on their keys. GoTo's filter is not
trusted to say that a user is missing: one that it does not give is asked for alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from bridge.errors import GoToRejected, GoToUnreadable
from bridge.goto.account import Account
from bridge.goto.behavior import AccountBehavior
from bridge.goto.bodies import record_reader
from bridge.goto.breaker import is_insisting
from bridge.goto.lookups import any_key
from bridge.goto.paging import read_page
from bridge.goto.records import UserRecord
from bridge.goto.throttle import asker

MOST = 50
"""Users that one call looks for."""

Found = dict[str, UserRecord]


@dataclass(eq=False)
class _Look:
    task: "asyncio.Task[Found] | None" = None
    keys: dict[str, None] = field(default_factory=dict)


class UserReads:
    """Reads users of ``account``; those of one client (``asking_for``) may share a call."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._waiting: dict[str, _Look] = {}
        self._joins = True

    def adapt(self, behavior: AccountBehavior) -> None:
        """Ask for each user alone where GoTo was found to ignore or refuse filters."""
        self._joins = behavior.filters not in ("ignored", "refused")

    async def read(self, key: str) -> UserRecord:
        """One user; ``RecordNotFound`` where there is none."""
        if not self._joins or not self._account.has_to_wait or is_insisting():
            return await self._alone(key)
        client = asker()
        look = self._waiting.get(client)
        if look is None:
            look = self._waiting[client] = _Look()
            look.task = asyncio.create_task(self._look(client, look), name="read users")
        look.keys[key] = None
        if len(look.keys) >= MOST:
            self._close(client, look)
        assert look.task is not None
        # Who hangs up does not take the answer from the others.
        found = await asyncio.shield(look.task)
        return found[key] if key in found else await self._alone(key)

    async def several(self, keys: Sequence[str]) -> list[UserRecord]:
        """Those of at most ``MOST`` users that one call shows; one that it leaves out may be there.

        None where this GoTo does not look for several at once.
        """
        if not self._joins or len(keys) < 2:
            return []
        look = _Look(keys=dict.fromkeys(keys))
        return list((await self._look(asker(), look)).values())

    async def _alone(self, key: str) -> UserRecord:
        return await self._account.read(
            f"users/{key}", record_reader(UserRecord, key), about="users"
        )

    async def _look(self, client: str, look: _Look) -> Found:
        def gather() -> str:
            self._close(client, look)
            keys = list(look.keys)
            if len(keys) == 1:
                return f"users/{keys[0]}"
            return f"users?filter={quote(any_key(keys), safe='')}&offset=0&pageSize={MOST}"

        def found(body: bytes) -> Found:
            if len(look.keys) == 1:
                (key,) = look.keys
                return {key: record_reader(UserRecord, key)(body)}
            users = [UserRecord(row) for row in read_page(body).rows]
            if any(user.key not in look.keys for user in users):
                # This GoTo ignores the filter: the page is of anybody.
                self._joins = False
            return {user.key: user for user in users if user.key in look.keys}

        try:
            return await self._account.read_gathered("users", found, about="users", gather=gather)
        except (GoToRejected, GoToUnreadable) as error:
            if len(look.keys) == 1:
                raise
            if isinstance(error, GoToRejected) and error.status == 400:
                # This GoTo does not look for several at once.
                self._joins = False
        finally:
            self._close(client, look)
        return {}

    def _close(self, client: str, look: _Look) -> None:
        if self._waiting.get(client) is look:
            del self._waiting[client]
