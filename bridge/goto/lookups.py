"""Looking users up by their address or keys, in whichever filter dialect GoTo understands.

Knows the two dialects. Does not trust GoTo's match: what comes back is checked on this side.
"""

import re
from collections.abc import Sequence
from unicodedata import normalize
from urllib.parse import quote

from bridge.case_mapping import case_mapped
from bridge.errors import GoToRejected
from bridge.goto.account import Account
from bridge.goto.behavior import AccountBehavior
from bridge.goto.records import UserRecord
from bridge.goto.throttle import Priority


class EmailLookup:
    """Users of ``account`` by address; remembers a dialect that GoTo refused.

    ``is_ignored`` tells that GoTo answered a filter with a user who does not match.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._equality = True
        self.is_ignored = False

    def adapt(self, behavior: AccountBehavior) -> None:
        """Begin with the dialect that was found to work."""
        self._equality = behavior.filter_dialect != "regex"
        self.is_ignored = self.is_ignored or behavior.filters == "ignored"

    async def find(self, email: str) -> list[UserRecord]:
        """The users with this address, whatever its case and its Unicode form."""
        for form in written(email):
            if found := await self._find(form):
                return found
        return []

    async def _find(self, email: str) -> list[UserRecord]:
        if self._equality:
            try:
                return await self._matches(email, _equals(email))
            except GoToRejected as refusal:
                if refusal.status != 400:
                    raise
            found = await self._matches(email, _pattern(email))
            self._equality = False
            return found
        return await self._matches(email, _pattern(email))

    async def _matches(self, email: str, condition: str) -> list[UserRecord]:
        rows = await self._account.list(
            "users",
            about="users",
            priority=Priority.INTERACTIVE,
            query=f"filter={quote(condition, safe='')}&",
        )
        wanted = case_mapped(email)
        found = [(case_mapped((user := UserRecord(row)).email), user) for row in rows]
        # A pattern may match a part of an address.
        if any(wanted not in address for address, _ in found):
            self.is_ignored = True
        return [user for address, user in found if address == wanted]


async def users_by_key(account: Account, keys: Sequence[str]) -> list[UserRecord]:
    """Those of these users that are there, by one call; GoTo's own match is not trusted."""
    condition = any_key(keys)
    rows = await account.list(
        "users",
        about="users",
        priority=Priority.INTERACTIVE,
        query=f"filter={quote(condition, safe='')}&",
    )
    wanted = set(keys)
    return [user for row in rows if (user := UserRecord(row)).key in wanted]


def written(email: str) -> Sequence[str]:
    """The ways in which GoTo may have an address: composed, as the bridge sends it, or not."""
    return list(dict.fromkeys(normalize(form, email) for form in ("NFC", "NFD")))


def any_key(keys: Sequence[str]) -> str:
    """The filter that users with one of these keys meet."""
    return "|".join(f'(key="{key}")' for key in keys)


def _equals(email: str) -> str:
    literal = email.replace("\\", "\\\\").replace('"', '\\"')
    return f'email eq "{literal}"'


def _pattern(email: str) -> str:
    # A Java regular expression; it takes a backslash before any character that is no letter.
    literal = re.escape(email).replace('"', '\\"')
    return f'(email="(?i){literal}")'
