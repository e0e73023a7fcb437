"""Admin roles: GoTo's own, which are always there, and the role sets that an account made.

Role sets can be read here, and not given: which users have one is nothing that GoTo's users show.
"""

from collections.abc import Mapping

import structlog

from bridge.directory.core import Core
from bridge.directory.offers import OfferEntry, offer
from bridge.errors import PathNotFound, RecordNotFound, RightsMissing
from bridge.goto import read_key

log = structlog.get_logger(__name__)

KNOWN: Mapping[str, str] = {
    "SUPER_USER": "Everything that an administrator can do in the account",
    "MANAGE_USERS": "Manage users",
    "MANAGE_SEATS": "Manage licences and their seats",
    "MANAGE_SETTINGS": "Manage settings",
    "MANAGE_GROUPS": "Manage groups",
    "RUN_REPORTS": "Run reports",
    "ADD_USERS": "Add users",
    "MANAGE_ACCOUNT": "Manage the account",
}
"""GoTo's names for its roles, and what each is about."""


class Roles:
    """Reads admin roles; raises the GoToError of a look that failed."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._sets: dict[str, str] = {}
        self._looked_at: float | None = None
        self._are_refused = False

    async def all(self, *, live: bool = False) -> list[OfferEntry]:
        """Return every role, by one call where the role sets were looked at too long ago."""
        await self._not_older_than(self._core.oldest_allowed(live=live))
        names = self.names()
        fixed = [self._fixed(name) for name in names]
        return fixed + [_custom(key, name) for key, name in self._sets.items() if key not in names]

    async def find(self, key: str, *, live: bool = False) -> OfferEntry | None:
        """Return one role, or None; GoTo's own need no call."""
        if key in self.names():
            return self._fixed(key)
        return next((each for each in await self.all(live=live) if each.key == key), None)

    def names(self) -> dict[str, None]:
        """Return GoTo's names for the roles that there are, as far as they are known."""
        core = self._core
        # Few have any, and to read a record takes its time.
        some = (user for user in core.snapshot.users.values() if b'"adminRoles"' in user.raw)
        had = {role for user in some for role in user.record.admin_roles}
        return dict.fromkeys((*KNOWN, *core.mapping.grantable_roles, *sorted(had)))

    def _fixed(self, name: str) -> OfferEntry:
        content = {
            "displayName": role_name(name),
            "description": KNOWN.get(name, f"GoTo's role {name}"),
            "grantable": name in self._core.mapping.grantable_roles,
            "custom": False,
        }
        return offer("AdminRole", name, content)

    async def _not_older_than(self, moment: float) -> None:
        if self._is_young(moment):
            return
        async with self._core.locks.hold("role sets"):
            if not self._is_young(moment):
                await self._look()

    def _is_young(self, moment: float) -> bool:
        return self._looked_at is not None and self._looked_at >= moment

    async def _look(self) -> None:
        asked_at = self._core.clock()
        try:
            found = await self._core.goto.role_sets()
        except (PathNotFound, RecordNotFound, RightsMissing) as refusal:
            # An account without them is whole all the same.
            if not self._are_refused:
                log.warning("GoTo shows no role sets", reason=refusal.detail)
            self._are_refused, found = True, []
        else:
            self._are_refused = False
        self._sets = {
            read_key(each["id"]): str(each.get("name") or each["id"])
            for each in found
            if each.get("id")
        }
        self._looked_at = asked_at


def role_name(name: str) -> str:
    """Return GoTo's name of a role for people: ``MANAGE_USERS`` is "Manage users"."""
    return name.replace("_", " ").capitalize()


def _custom(key: str, name: str) -> OfferEntry:
    content = {
        "displayName": name,
        "description": "A role set that was made in this account; give it and take it in GoTo",
        "grantable": False,
        "custom": True,
    }
    return offer("AdminRole", key, content)
