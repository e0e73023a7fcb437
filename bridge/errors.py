"""The few errors that cross rooms: what GoTo, or the way to it, did not do.

``bridge.goto`` raises them, the directory settles those it can, and the SCIM face turns the rest
into answers. What a SCIM client did wrong is said with the exceptions of ``scim2_models`` instead.
Every ``detail`` is one sentence for a person, says what to do, and holds no token, no body of GoTo
and no stack trace.
"""


class BridgeError(Exception):
    """An error whose text may be shown to a client or an operator."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class BrakeHolds(BridgeError):
    """Too many users were suspended or deleted within an hour: an operator has to let them through.

    ``retry_after`` is in seconds.
    """

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class GoToError(BridgeError):
    """GoTo did not do what it was asked.

    ``unsettled`` says that a write went before, and that nobody knows yet what became of it.
    """

    unsettled = False


class GoToUnavailable(GoToError):
    """GoTo could not be reached, timed out, or answered 5xx; the request had no effect.

    ``retry_after`` is in seconds.
    """

    def __init__(self, detail: str, *, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class OutcomeUnknown(GoToUnavailable):
    """A write was sent and its answer never came: it may or may not have had its effect."""


class ReplyUnreadable(OutcomeUnknown):
    """A write was answered 2xx with a body that cannot be read: it most likely had its effect."""


class GoToBusy(GoToUnavailable):
    """GoTo's rate limit was hit for longer than a client waits (it sends no Retry-After)."""


class GrantRefused(GoToUnavailable):
    """GoTo refuses the bridge's own grant, or it lacks the rights: an operator has to act."""


class RightsMissing(GrantRefused):
    """GoTo takes the grant, and does not let its administrator do this (403)."""


class WriteNotTaken(GoToError):
    """GoTo answered a write with 2xx, and does not show its effect when it is read back.

    It may show later, so what became of the write stays open.
    """

    unsettled = True


class GoToUnreadable(GoToError):
    """GoTo's answer could not be read: not JSON, cut off, or not the promised shape."""


class GoToRejected(GoToError):
    """GoTo refuses the request itself (4xx). ``code`` is GoTo's error code, where it gave one."""

    def __init__(self, detail: str, *, status: int, code: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class RecordNotFound(GoToRejected):
    """GoTo has no record with this key (404)."""


class PathNotFound(GoToRejected):
    """GoTo has no such path (404): it says nothing about any record."""


class RecordConflict(GoToRejected):
    """GoTo has another record with this unique value (409)."""
