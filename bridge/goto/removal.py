"""Taking a user out of one group, at a GoTo that may only know how to take it out of all.

Knows the two removals and which of them this GoTo has. The first rule: the removal that hits every
group is sent only while the user's group is still the one to leave. The second: a removal that did
not happen is an error. The witnesses are the user's record and the group's own.
"""

from collections.abc import Awaitable, Callable

from bridge.errors import GoToRejected, GoToUnavailable, PathNotFound, RecordNotFound
from bridge.goto.account import Account
from bridge.goto.behavior import AccountBehavior
from bridge.goto.bodies import record_reader
from bridge.goto.records import GroupRecord, UserRecord, read_key
from bridge.goto.throttle import Priority

NO_REMOVAL = (
    "GoTo has no call that takes this user out of the group, so the user is still in it: take the "
    "user out in GoTo's own console."
)
NOT_REMOVED = "GoTo did not take the user out of the group, and shows it there still: try again."


class GroupRemoval:
    """Removals in ``account``; remembers when the path of the narrow one is not there."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._narrow = True

    def adapt(self, behavior: AccountBehavior) -> None:
        """Begin with the removal that was found to work."""
        self._narrow = behavior.removal != "all-only"

    async def take_out(
        self,
        *,
        group_key: str,
        user_key: str,
        just_read: bool = False,
        is_alone: Callable[[], Awaitable[bool]] | None = None,
    ) -> bool:
        """Whether GoTo removed anything; False for a user who was not in the group.

        ``just_read`` says that the caller saw the user in this group right now; ``is_alone`` finds
        out whether it is in no other one, where a user may be in several. Raises
        ``RecordNotFound`` where the user is unknown, ``GoToUnavailable`` where the user stays in
        the group, and ``GoToRejected`` where this GoTo has no removal that fits.
        """
        asked = self._narrow
        if asked and await self._narrowly(group_key, user_key):
            return True
        shown = group_key if just_read and not asked else await self._group_of(user_key)
        is_listed = None
        if shown != group_key or self._narrow:
            # The user's record shows one group, and GoTo denied a removal that it knows.
            is_listed = await self._lists(group_key, user_key)
            if shown != group_key and not is_listed:
                return False
        if shown != group_key:
            # In several groups: the removal from all of them would hit the others.
            raise _not_removed(not self._narrow)
        if is_listed is False:
            raise _not_removed(False)
        if is_alone is not None and not await is_alone():
            raise _not_removed(True)
        await self._widely(user_key)
        return True

    async def _narrowly(self, group_key: str, user_key: str) -> bool:
        path = f"groups/{group_key}/users/{user_key}"
        try:
            await self._account.write("DELETE", path, about="groups")
        except GoToRejected as refusal:
            if refusal.status not in (404, 405):
                raise
            self._narrow = refusal.status == 404 and not isinstance(refusal, PathNotFound)
            return False
        return True

    async def _widely(self, user_key: str) -> None:
        try:
            await self._account.write("DELETE", f"users/{user_key}/groups", about="groups")
        except GoToRejected as refusal:
            if refusal.status == 405 or isinstance(refusal, PathNotFound):
                raise _not_removed(True) from None
            raise

    async def _group_of(self, user_key: str) -> str | None:
        read = record_reader(UserRecord, user_key)
        user = await self._account.read(f"users/{user_key}", read, about="users")
        return user.group_key

    async def _lists(self, group_key: str, user_key: str) -> bool:
        """Whether the group's own record shows the user."""
        read = record_reader(GroupRecord, group_key)
        try:
            group = await self._account.read(f"groups/{group_key}", read, about="groups")
        except RecordNotFound:
            return False
        if len(group.user_keys) == group.member_count:
            return user_key in group.user_keys
        path = f"groups/{group_key}/users"
        rows = await self._account.list(path, about="groups", priority=Priority.INTERACTIVE)
        return any(read_key(row["key"]) == user_key for row in rows)


def _not_removed(is_impossible: bool) -> GoToRejected | GoToUnavailable:
    if is_impossible:
        return GoToRejected(NO_REMOVAL, status=501)
    return GoToUnavailable(NOT_REMOVED)
