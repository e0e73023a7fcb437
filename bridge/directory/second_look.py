"""Lists that are not believed at once: empty, without the administrator, or half of the last one.

An identity platform reads an empty list as "everybody left". Pure rules and one repetition; what a
list is made of, and what was in the last one, is told by the caller.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

import structlog

from bridge.errors import GoToUnreadable

T = TypeVar("T")

log = structlog.get_logger(__name__)

NO_ADMINISTRATOR = (
    "GoTo's list of users lacks the administrator behind the bridge's own grant, so it is not "
    "believed: try again; if it stays so, check BRIDGE_GOTO_ACCOUNT_KEY and run "
    "`goto-scim-bridge check`."
)


class Listing:
    """The keys of one list as it comes in, held against those of the last one."""

    def __init__(self, what: str, *, administrator: str = "") -> None:
        self.what = what
        self.keys: set[str] = set()
        self._administrator = administrator

    @property
    def lacks_administrator(self) -> bool:
        """Whether the one user who is certainly there is not in the list."""
        return bool(self._administrator) and self._administrator not in self.keys

    def doubt(self, missing: Callable[[Collection[str]], int], known: int) -> str | None:
        """Return why the list is not to be believed at once, or None.

        ``missing`` counts those of the last list, ``known`` in number, that are not in this one.
        """
        if self.lacks_administrator:
            return "the administrator is missing"
        if known and not self.keys:
            return "it is empty"
        if known and 2 * missing(self.keys) > known:
            return "more than half is missing"
        return None


async def believed(
    take: Callable[[], Awaitable[tuple[T, Listing]]],
    *,
    missing: Callable[[Collection[str]], int],
    known: int,
    is_elsewhere: Callable[[], Awaitable[bool]],
) -> T:
    """Return a list, taken a second time where the first one is in doubt.

    What the second one says stands, unless it lacks the administrator, who would then have to be
    a user of another account: ``is_elsewhere``. Raises ``GoToUnreadable`` otherwise.
    """
    rows, listing = await take()
    reason = listing.doubt(missing, known)
    if reason is None:
        return rows
    log.warning(
        "a list of GoTo's is in doubt and taken again",
        what=listing.what,
        reason=reason,
        listed=len(listing.keys),
        before=known,
    )
    rows, listing = await take()
    reason = listing.doubt(missing, known)
    if listing.lacks_administrator and not (listing.keys and await is_elsewhere()):
        log.warning("a list of GoTo's is refused", what=listing.what, reason=reason)
        raise GoToUnreadable(NO_ADMINISTRATOR)
    if reason is not None:
        log.warning(
            "a list of GoTo's is believed, since the second one says the same",
            what=listing.what,
            reason=reason,
            listed=len(listing.keys),
            before=known,
        )
    return rows
