"""Taking a user out of one group, at a GoTo that may only know how to take it out of all.

Knows the two removals and which of them this GoTo has. The one rule: the removal that hits every
group is sent only while the user's group is still the one to leave.
"""

from bridge.errors import GoToRejected, RecordNotFound
from bridge.goto.account import Account
from bridge.goto.bodies import record_reader
from bridge.goto.records import UserRecord, read_key
from bridge.goto.throttle import Priority


class GroupRemoval:
    """Removals in ``account``; remembers when the path of the narrow one is not there."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._narrow = True

    async def take_out(self, *, group_key: str, user_key: str, just_read: bool = False) -> bool:
        """Whether GoTo removed anything; ``RecordNotFound`` where the user is unknown.

        ``just_read`` says that the caller saw the user in this group right now.
        """
        asked = self._narrow
        if asked and await self._narrowly(group_key, user_key):
            return True
        if (asked or not just_read) and await self._group_of(user_key) != group_key:
            return False
        if asked and self._narrow:
            # 404 though the user reads as a member: the path is missing, or the read was stale and
            # the user is in another group by now. Only a second witness settles it for good.
            if not await self._has_member(group_key, user_key):
                return False
            self._narrow = False
        await self._account.write("DELETE", f"users/{user_key}/groups", about="groups")
        return True

    async def _narrowly(self, group_key: str, user_key: str) -> bool:
        path = f"groups/{group_key}/users/{user_key}"
        try:
            await self._account.write("DELETE", path, about="groups")
        except GoToRejected as refusal:
            if refusal.status not in (404, 405):
                raise
            self._narrow = refusal.status == 404
            return False
        return True

    async def _group_of(self, user_key: str) -> str | None:
        read = record_reader(UserRecord, user_key)
        user = await self._account.read(f"users/{user_key}", read, about="users")
        return user.group_key

    async def _has_member(self, group_key: str, user_key: str) -> bool:
        path = f"groups/{group_key}/users"
        try:
            rows = await self._account.list(path, about="groups", priority=Priority.INTERACTIVE)
        except RecordNotFound:
            return False
        return any(read_key(row["key"]) == user_key for row in rows)
