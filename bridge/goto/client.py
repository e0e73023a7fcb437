"""The verbs of GoTo's Admin API on one account: what is asked, and what comes back.

Knows the paths and the bodies, and that a key which is not all digits is answered with 502. Knows
nothing of tokens, retries and the rate limit, and nothing of who uses the records.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import httpx

from bridge.errors import GoToUnreadable, GrantRefused, RecordNotFound
from bridge.goto.access_tokens import AccessTokens
from bridge.goto.account import Account, Paged
from bridge.goto.behavior import AccountBehavior
from bridge.goto.bodies import (
    read_administrator,
    read_created_users,
    read_new_key,
    record_reader,
)
from bridge.goto.breaker import Breaker
from bridge.goto.joined import MOST, UserReads
from bridge.goto.lookups import EmailLookup, users_by_key
from bridge.goto.paging import read_page
from bridge.goto.projection import Projection
from bridge.goto.records import (
    Administrator,
    CreatedUser,
    GroupRecord,
    LicenseRecord,
    NewUser,
    UserRecord,
)
from bridge.goto.removal import GroupRemoval
from bridge.goto.throttle import Priority, Throttle
from bridge.goto.transport import Transport

T = TypeVar("T")

LARGEST_CREATE = 50
LARGEST_LOOKUP = MOST
"""Users that one create takes; GoTo's own limit is unknown."""


class GoToClient:
    """GoTo's Admin API for one account.

    Errors are those of ``bridge.errors``. Reads are repeated within ``patience`` seconds; a write
    whose answer is lost raises ``OutcomeUnknown`` and is not repeated. Call ``connect()`` first
    where ``account_key`` is not given. ``paged`` is told of each page of a list that was read.
    ``trusts_projection`` says that GoTo is known to answer ``attributes`` in full.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        grant: AccessTokens,
        throttle: Throttle,
        breaker: Breaker | None = None,
        account_key: str | None = None,
        attempts: int = 4,
        patience: float = 25.0,
        page_size: int = 1000,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        paged: Paged = lambda _what, _seen, _total: None,
        trusts_projection: bool = False,
    ) -> None:
        transport = Transport(
            http,
            grant=grant,
            throttle=throttle,
            breaker=breaker or Breaker(clock=clock),
            attempts=attempts,
            patience=patience,
            clock=clock,
            sleep=sleep,
        )
        self._throttle = throttle
        self._account = Account(
            transport, key=account_key or "", page_size=page_size, sleep=sleep, paged=paged
        )
        self._projection = Projection(self._account, is_trusted=trusts_projection)
        self._users = UserReads(self._account)
        self._by_email = EmailLookup(self._account)
        self._removal = GroupRemoval(self._account)

    def adapt(self, behavior: AccountBehavior) -> None:
        """Begin with what was found out about the account; what differs is noticed as before."""
        self._projection.adapt(behavior)
        self._removal.adapt(behavior)
        self._by_email.adapt(behavior)
        self._users.adapt(behavior)

    @property
    def account_key(self) -> str:
        """The account that every verb acts on; ``""`` before ``connect()`` has settled it."""
        return self._account.key

    @property
    def calls(self) -> int:
        """How many requests were sent to the Admin API so far, those tried again too."""
        return self._account.calls

    def raise_priority(self, asker: str) -> None:
        """Let the background calls of an asker take turns with interactive ones from now on."""
        self._throttle.raise_priority(asker)

    def restore_priority(self, asker: str) -> None:
        """Let later background calls of an asker wait for interactive ones again."""
        self._throttle.restore_priority(asker)

    async def connect(self, *, chosen: str = "") -> Administrator:
        """Read who is behind the grant, and settle which account is meant.

        ``chosen`` is the account that was chosen with the grant; one given to the constructor goes
        before it. Raises ``GrantRefused`` naming BRIDGE_GOTO_ACCOUNT_KEY where that is not clear.
        """
        administrator = await self.me()
        keys = [key for key, _ in administrator.accounts] or [administrator.account_key]
        choice = ", ".join(keys)
        if wanted := self.account_key or chosen:
            if wanted not in (*keys, administrator.account_key):
                raise GrantRefused(
                    f"The bridge's administrator does not belong to the account {wanted}; set "
                    f"BRIDGE_GOTO_ACCOUNT_KEY to one of {choice}."
                )
            self._account.key = wanted
        elif len(keys) > 1:
            raise GrantRefused(
                "The bridge's administrator belongs to several GoTo accounts; set "
                f"BRIDGE_GOTO_ACCOUNT_KEY to one of {choice}."
            )
        elif not keys[0]:
            raise GoToUnreadable("GoTo does not say which account the administrator belongs to.")
        else:
            self._account.key = keys[0]
        return administrator

    async def me(self) -> Administrator:
        """The administrator behind the grant (``GET /me``)."""
        return await self._account.me(read_administrator)

    async def users(
        self, *, fields: Sequence[str] | None = None, priority: Priority = Priority.BACKGROUND
    ) -> list[UserRecord]:
        """Every user of the account, complete or not at all; ``fields`` asks for those alone."""
        return await self.users_as(lambda record: record, fields=fields, priority=priority)

    async def user_count(self) -> int:
        """How many users the account has, as the shortest page of the list states it."""
        return await self._account.read(
            "users?offset=0&pageSize=1",
            lambda body: read_page(body).total,
            about="users",
        )

    async def users_as(
        self,
        make: Callable[[UserRecord], T],
        *,
        fields: Sequence[str] | None = None,
        priority: Priority = Priority.BACKGROUND,
    ) -> list[T]:
        """What ``make`` makes of every user, page by page: a large account is never all records."""

        async def listing(made: Callable[[dict[str, Any]], T], query: str) -> list[T]:
            return list(
                await self._account.list_of(
                    made, "users", about="users", priority=priority, query=query
                )
            )

        return await self._projection.listed(fields, lambda row: make(UserRecord(row)), listing)

    async def user(self, key: str) -> UserRecord:
        """One user; ``RecordNotFound`` where there is none.

        Where the rate limit makes it wait, it may share a call with others of the same client.
        """
        return await self._users.read(_digits(key))

    @property
    def ignores_filters(self) -> bool:
        """Whether GoTo was seen to answer a filter with users who do not match."""
        return self._by_email.is_ignored

    async def users_by_email(self, email: str) -> list[UserRecord]:
        """The users with this address, whatever its case; GoTo's own match is not trusted."""
        return await self._by_email.find(email)

    async def users_by_key(self, keys: Sequence[str]) -> list[UserRecord]:
        """Those of these users that are there, up to ``LARGEST_CREATE``, by one call."""
        if len(keys) > LARGEST_CREATE:
            raise ValueError(f"one look-up takes at most {LARGEST_CREATE} keys")
        return await users_by_key(self._account, [_digits(key) for key in keys])

    async def users_shown(self, keys: Sequence[str]) -> list[UserRecord]:
        """Those of up to ``LARGEST_LOOKUP`` users that one call shows; others may be there too."""
        return await self._users.several([_digits(key) for key in keys])

    async def create_users(
        self,
        users: Sequence[NewUser],
        *,
        license_keys: Sequence[str] = (),
        admin_roles: Sequence[str] = (),
        group_key: str | None = None,
        all_or_nothing: bool = True,
        suppress_email: bool = False,
    ) -> list[CreatedUser]:
        """Create up to ``LARGEST_CREATE`` users that share licences, roles and group.

        ``RecordConflict`` (409) where one exists and ``all_or_nothing``; else that one comes back
        without a key. Sources disagree about existing users: confirm by reading.
        """
        return await self.create_gathered(
            lambda: users,
            license_keys=license_keys,
            admin_roles=admin_roles,
            group_key=group_key,
            all_or_nothing=all_or_nothing,
            suppress_email=suppress_email,
        )

    async def create_gathered(
        self,
        gather: Callable[[], Sequence[NewUser]],
        *,
        license_keys: Sequence[str] = (),
        admin_roles: Sequence[str] = (),
        group_key: str | None = None,
        all_or_nothing: bool | None = None,
        suppress_email: bool = False,
    ) -> list[CreatedUser]:
        """As ``create_users``, of those that ``gather`` gives when the rate limit lets them go.

        ``all_or_nothing`` is then true for a single one, unless it is said.
        """
        shared: dict[str, Any] = {}
        if license_keys:
            shared["licenseKeys"] = list(license_keys)
        if admin_roles:
            shared["adminRoles"] = list(admin_roles)
        if group_key is not None:
            shared["groupKey"] = _digits(group_key)
        if suppress_email:
            shared["suppressEmail"] = True

        def gathered() -> tuple[str, dict[str, Any]]:
            users = gather()
            if len(users) > LARGEST_CREATE:
                raise ValueError(f"one create takes at most {LARGEST_CREATE} users")
            whole = len(users) == 1 if all_or_nothing is None else all_or_nothing
            query = f"allOrNothing={'true' if whole else 'false'}"
            return query, {"users": [dict(user.fields) for user in users], **shared}

        return await self._account.write_gathered(
            "POST", "users", read_created_users, about="users", gather=gathered
        )

    async def update_user(self, key: str, fields: Mapping[str, Any]) -> None:
        """Change the fields sent, leave the rest; a list that is sent replaces the old one."""
        body = {name: value for name, value in fields.items() if name != "key"}
        await self._account.write("PUT", f"users/{_digits(key)}", about="users", body=body)

    async def delete_user(self, key: str) -> None:
        """Remove the user and its history."""
        await self._account.write("DELETE", f"users/{_digits(key)}", about="users")

    async def groups(self, *, priority: Priority = Priority.BACKGROUND) -> list[GroupRecord]:
        """Every group of the account, complete or not at all."""
        rows = await self._account.list("groups", about="groups", priority=priority)
        return [GroupRecord(row) for row in rows]

    async def group(self, key: str) -> GroupRecord:
        """One group; ``RecordNotFound`` where there is none."""
        return await self._account.read(
            f"groups/{_digits(key)}", record_reader(GroupRecord, key), about="groups"
        )

    async def group_users(
        self, key: str, *, priority: Priority = Priority.INTERACTIVE
    ) -> list[UserRecord]:
        """Every member of the group, complete or not at all."""
        path = f"groups/{_digits(key)}/users"
        rows = await self._account.list(path, about="groups", priority=priority)
        return [UserRecord(row) for row in rows]

    async def create_group(self, name: str) -> str:
        """The new group's key; ``RecordConflict`` where the name is taken."""
        return await self._account.write_and_read(
            "POST", "groups", read_new_key, about="groups", body={"name": name}
        )

    async def rename_group(self, key: str, name: str) -> None:
        """Give the group another name; ``RecordConflict`` where it is taken."""
        path = f"groups/{_digits(key)}"
        await self._account.write("PUT", path, about="groups", body={"name": name})

    async def delete_group(self, key: str) -> None:
        """Remove the group. What becomes of its members is GoTo's to say: read them back."""
        await self._account.write("DELETE", f"groups/{_digits(key)}", about="groups")

    async def put_in_group(self, group_key: str, user_key: str) -> None:
        """Put the user in the group, out of the one it was in."""
        await self._account.write("PUT", _membership(group_key, user_key), about="groups")

    async def take_out_of_group(
        self,
        group_key: str,
        user_key: str,
        *,
        just_read: bool = False,
        is_alone: Callable[[], Awaitable[bool]] | None = None,
    ) -> bool:
        """Take the user out of this group and no other; whether anything was removed.

        ``just_read`` says that the caller saw the user in this group right now, which saves a read
        where GoTo only knows how to take a user out of all groups. True where GoTo took the
        removal, which it may also do for a user who was not in the group. ``is_alone`` is asked
        before a removal from all groups whether the user is in no other one.
        """
        return await self._removal.take_out(
            group_key=_digits(group_key),
            user_key=_digits(user_key),
            just_read=just_read,
            is_alone=is_alone,
        )

    async def licenses(self, *, priority: Priority = Priority.INTERACTIVE) -> list[LicenseRecord]:
        """Every licence of the account, with its seats."""
        rows = await self._account.list(
            "licenses", about="licenses", priority=priority, may_lack_total=True
        )
        return [LicenseRecord(row) for row in rows]

    async def role_sets(self, *, priority: Priority = Priority.INTERACTIVE) -> list[dict[str, Any]]:
        """The account's own roles (``id``, ``name``), beside GoTo's fixed ones."""
        rows = await self._account.list(
            "rolesets", about="rolesets", priority=priority, may_lack_total=True, key="id"
        )
        return list(rows)


def _digits(key: str) -> str:
    # GoTo answers 502 to a key that is not all digits, which would read as its being down.
    if not (key.isascii() and key.isdigit()):
        raise RecordNotFound("GoTo's keys are digits only, so it has no such record.", status=404)
    return key


def _membership(group_key: str, user_key: str) -> str:
    return f"groups/{_digits(group_key)}/users/{_digits(user_key)}"
