"""Reads writes back that GoTo answered with 2xx: what GoTo does not show is an error.

Knows where each kind of write shows. Which writes are read back is decided by ``WriteVerifier``.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from bridge.directory.core import PAUSES, Core
from bridge.directory.write_verification import WriteKind, kinds_of_update, took
from bridge.errors import WriteNotTaken
from bridge.goto import GroupRecord, UserRecord

FIRST_PAUSES = (*PAUSES, 2.0, 3.0, 4.0)
"""Seconds between the looks at a kind of write that is not known to fail: reads may be late."""

Look = Callable[[Sequence[float]], Awaitable[bool]]

EMAIL_KEPT = (
    '; change it in GoTo, or leave the address as it is (with direction = "read" for emails in the '
    "mapping, the bridge drops what clients send)"
)


async def verified(
    core: Core, kinds: Collection[WriteKind], look: Look, *, doubted: bool = False
) -> None:
    """Read a write of these kinds back where that is due. Raises WriteNotTaken.

    ``doubted`` says that a read did not show it, so that it is due in any case.
    """
    verifier = core.verifier
    if not doubted and not verifier.due(kinds):
        return
    async with verifier.claimed(kinds) as claimed:
        due = frozenset(kinds) if doubted else claimed
        if not due:
            return
        shown = await look(PAUSES if verifier.is_distrusted(due) else FIRST_PAUSES)
        await verifier.found(due, took=shown)
    if not shown:
        raise not_taken(due)


async def verify_update(
    core: Core, before: UserRecord, fields: Mapping[str, Any], *, doubted: bool = False
) -> tuple[UserRecord, float] | None:
    """Read back a change of a user, and return what was seen and when; None where nothing was.

    Raises WriteNotTaken, and then what GoTo has is known, and RecordNotFound.
    """
    key = before.key
    seen: tuple[UserRecord, float] | None = None

    async def read() -> UserRecord:
        nonlocal seen
        began = core.clock()
        record = await core.goto.user(key)
        seen = record, began
        return record

    async def look(pauses: Sequence[float]) -> bool:
        def is_done(record: UserRecord, at: float) -> bool:
            newest = core.recent.newest(record, at)
            return newest is not None and took(before, fields, newest)

        record = await core.settled(read, is_done, key, pauses=pauses)
        if took(before, fields, record):
            return True
        if seen is not None:
            await core.see_user(record, seen_at=seen[1])
        return False

    await verified(core, kinds_of_update(before, fields), look, doubted=doubted)
    return seen


async def verify_added(core: Core, group_key: str, user_key: str, *, origin: str | None) -> None:
    """Read back that a user was put in a group, and see what became of the one it was in."""
    known = core.groups_per_user
    if origin and not known.is_known and core.verifier.policy != "never":
        await known.found(several=not await _has_left(core, origin, user_key), source="write")

    async def look(pauses: Sequence[float]) -> bool:
        async def is_in() -> bool:
            user = await core.user_there(user_key)
            if user is None or user.group_key == group_key:
                return True
            # The user's record shows one group, also where the user is in several.
            return user_key in await core.group_keys(group_key)

        return await core.settled(is_in, lambda shown, _: shown, user_key, pauses=pauses)

    await verified(core, (WriteKind.GROUP_ADD,), look)


async def _has_left(core: Core, group_key: str, user_key: str) -> bool:
    async def is_out() -> bool:
        return user_key not in await core.group_keys(group_key)

    return await core.settled(is_out, lambda out, _: out, user_key)


async def verify_removed(core: Core, group_key: str, user_key: str) -> None:
    """Read back that a user was taken out of a group."""

    async def look(pauses: Sequence[float]) -> bool:
        async def is_out() -> bool:
            # The group's record shows it also where the user is in several.
            return user_key not in await core.group_keys(group_key)

        return await core.settled(is_out, lambda out, _: out, user_key, pauses=pauses)

    await verified(core, (WriteKind.GROUP_REMOVE,), look)


async def verify_deleted(
    core: Core, kind: WriteKind, is_there: Callable[[Sequence[float]], Awaitable[bool]]
) -> None:
    """Read back that a user or a group was deleted."""

    async def look(pauses: Sequence[float]) -> bool:
        return not await is_there(pauses)

    await verified(core, (kind,), look)


async def verify_renamed(core: Core, group: GroupRecord) -> None:
    """Read back that a group has another name."""

    async def look(pauses: Sequence[float]) -> bool:
        def is_done(record: GroupRecord, at: float) -> bool:
            newest = core.recent.newest(record, at)
            return newest is not None and newest.name != group.name

        now = await core.settled(
            lambda: core.goto.group(group.key), is_done, group.key, pauses=pauses
        )
        return now.name != group.name

    await verified(core, (WriteKind.GROUP_RENAME,), look)


def not_taken(kinds: Collection[WriteKind]) -> WriteNotTaken:
    """Say that GoTo accepted a write and does not show it."""
    words = " and ".join(sorted(kind.words for kind in kinds))
    more = EMAIL_KEPT if WriteKind.EMAIL_CHANGE in kinds else ""
    return WriteNotTaken(
        f"GoTo accepted the change ({words}) and does not show it, so it is not taken as done: "
        f"look at the user or group in GoTo, and try again{more}"
    )
