"""What a client is told where GoTo or the mapping refuses what it asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scim2_models import (
    ConflictException,
    InvalidValueException,
    MutabilityException,
    NotFoundException,
    SCIMException,
    UniquenessException,
)

from bridge.directory.activation import SUSPENDED, is_suspended
from bridge.errors import (
    GoToError,
    GoToRejected,
    GoToUnavailable,
    GoToUnreadable,
    OutcomeUnknown,
    RecordConflict,
    ReplyUnreadable,
)
from bridge.goto import UserRecord
from bridge.mapping import Removed, ValueRefused

# In the codes of what GoTo keeps from being changed.
FIXED = ("lock", "readonly", "immutable")
SEATS_EXHAUSTED = "license.seats.exhausted"
LOST = "GoTo did not answer, and the change has not happened: try again"
NOT_MADE = (
    "GoTo's answer could not be read, and GoTo does not show what was to be created: try again, to "
    "be sure"
)
LOST_SO_FAR = "GoTo did not answer, and does not show the change: try again, to be sure"
PROTECTED = (
    "This user is the administrator behind the bridge's own connection to GoTo, and cannot be "
    "deactivated or deleted through it, nor its admin roles changed"
)


def lost_so_far() -> GoToUnavailable:
    """A create or delete is not seen to be done; it may be, since GoTo's reads trail behind.

    The journal keeps it open, so that a client who asks again gets the answer to it.
    """
    error = GoToUnavailable(LOST_SO_FAR)
    error.unsettled = True
    return error


def not_made(lost: OutcomeUnknown) -> GoToError:
    """A create is not seen to be done, after an answer that was lost or could not be read."""
    if not isinstance(lost, ReplyUnreadable):
        return lost_so_far()
    error = GoToUnreadable(NOT_MADE)
    error.unsettled = True
    return error


def not_found(kind: str, key: str) -> NotFoundException:
    """There is no such resource; what was asked for is repeated, cut short."""
    return NotFoundException(detail=f"There is no {kind} with the id {key[:64]!r}")


def taken(attribute: str, value: str) -> UniquenessException:
    """Another resource has the value already."""
    detail = f"Another resource has the {attribute} {value[:120]!r} already: use another one"
    return UniquenessException(attribute=attribute, value=value, detail=detail)


def refuse_untakable(record: UserRecord) -> None:
    """Refuse a suspension that leaves a user a role that the bridge cannot take: 409."""
    if record.role_sets:
        held = f"the custom role {', '.join(record.role_sets)}"
    elif record.status and record.status != SUSPENDED and is_suspended(record):
        held = "a role that GoTo does not show to the bridge's administrator"
    else:
        return
    raise ConflictException(
        detail=f"This user has {held}, which cannot be taken through this service, and could still "
        "sign in: take it in GoTo first, then deactivate the user"
    )


def locked(attribute: str, reason: str) -> MutabilityException:
    """GoTo keeps the attribute of this user from being changed."""
    return MutabilityException(
        attribute=attribute,
        detail=f"{attribute} of this user cannot be changed: GoTo says {reason}, so change it "
        "where the user's identity is kept",
    )


@contextmanager
def mapping_refusals() -> Iterator[None]:
    """Turn what the mapping refuses into SCIM errors."""
    try:
        yield
    except (ValueRefused, Removed) as error:
        raise InvalidValueException(attribute=error.attribute, detail=str(error)) from None


@contextmanager
def goto_refusals(
    attribute_of: Callable[[str], str], conflicting: str, value: str
) -> Iterator[None]:
    """Turn what GoTo refuses into SCIM errors; ``conflicting`` is the attribute of a 409."""
    try:
        yield
    except RecordConflict:
        raise taken(attribute_of(conflicting), value) from None
    except GoToRejected as error:
        if error.status == 404:
            raise
        raise refused(error) from None


def refused(error: GoToRejected) -> SCIMException:
    """GoTo refuses a value for a reason of its own."""
    if error.code and any(word in error.code.casefold() for word in FIXED):
        return MutabilityException(detail=f"GoTo refuses the change: {error.detail}")
    return InvalidValueException(detail=f"GoTo refuses the change: {error.detail}")
