"""The one table from GoTo's answers to the errors of ``bridge.errors``.

Knows statuses, GoTo's error body and the words for an operator. Does not decide what is tried
again. No text here holds a body of GoTo, a token or an address; an error code is let through after
everything but ``[a-z0-9._-]`` is taken out of it.
"""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from bridge.errors import (
    GoToBusy,
    GoToError,
    GoToRejected,
    GoToUnavailable,
    GoToUnreadable,
    GrantRefused,
    OutcomeUnknown,
    PathNotFound,
    RecordConflict,
    RecordNotFound,
    ReplyUnreadable,
    RightsMissing,
)

READS = frozenset({"GET", "HEAD"})
_NOT_IN_A_CODE = re.compile(r"[^a-z0-9._-]+")
_LONGEST_CODE = 64

_RIGHTS = {
    "users": "MANAGE_USERS",
    "groups": "MANAGE_GROUPS",
    "licenses": "MANAGE_SEATS",
    "rolesets": "MANAGE_USERS",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Admin API; ``about`` is the family of its path, such as ``users``."""

    method: str
    path: str
    about: str
    body: bytes | None = None

    @property
    def writes(self) -> bool:
        return self.method not in READS

    def __str__(self) -> str:
        return f"{self.method} {self.about}"


class NotSent(GoToUnavailable):
    """The request never left: even a write may be tried again."""


def not_sent() -> NotSent:
    return NotSent("GoTo could not be reached; check the network and BRIDGE_GOTO_API_URL.")


def lost(call: Call) -> GoToUnavailable:
    """The request may have arrived and its answer did not: timed out, or the connection was cut."""
    if call.writes:
        return OutcomeUnknown(
            f"GoTo's answer to {call} never came, so it may or may not have been done; "
            "read the resource again before repeating it."
        )
    return GoToUnavailable(f"GoTo did not answer {call} in time; try again shortly.")


def unreadable(call: Call) -> GoToError:
    """A 2xx whose body cannot be read: of a write that needs its body, the outcome is unknown."""
    if call.writes:
        return ReplyUnreadable(
            f"GoTo's answer to {call} could not be read, so its outcome is unknown; "
            "read the resource again before repeating it."
        )
    return GoToUnreadable(
        f"GoTo's answer to {call} could not be read; try again, and check BRIDGE_GOTO_API_URL "
        "if it stays so."
    )


def too_many_waiting(seconds: int) -> GoToBusy:
    return GoToBusy(
        f"GoTo's rate limit leaves no room for this request; try again in {seconds} seconds.",
        retry_after=seconds,
    )


def error_code(body: bytes) -> str | None:
    """GoTo's first error code (``{"errors":[{"code":…}]}``), safe to show, or ``None``."""
    try:
        parsed: Any = orjson.loads(body)
        code = parsed["errors"][0]["code"]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        return None
    if not isinstance(code, str):
        return None
    return _NOT_IN_A_CODE.sub("", code.lower())[:_LONGEST_CODE] or None


def from_status(call: Call, *, status: int, body: bytes) -> GoToError:
    """The error that a status other than 2xx stands for."""
    if status >= 500:
        return _broken(call, status=status)
    if status == 429:
        return too_many_waiting(2)
    if status in (401, 403):
        return _refused(call, status=status, code=error_code(body))
    if status < 400:
        return GoToUnreadable(
            f"GoTo's address answered {call} with a redirection ({status}); "
            "check BRIDGE_GOTO_API_URL."
        )
    code = error_code(body)
    because = f"{status}, {code}" if code else str(status)
    if status == 404:
        return _not_found(call, code)
    if status == 409:
        return RecordConflict(
            f"GoTo refused {call}: another record already has this value ({because}).",
            status=status,
            code=code,
        )
    return GoToRejected(
        f"GoTo refused {call} ({because}); correct the values sent.", status=status, code=code
    )


def _not_found(call: Call, code: str | None) -> GoToError:
    # The API names the record that it lacks; a gateway that lacks the path names none.
    if code is None:
        return PathNotFound(
            f"GoTo does not know the path of {call} (404); check BRIDGE_GOTO_API_URL.", status=404
        )
    if code.startswith("account."):
        return RightsMissing(
            f"GoTo does not show the account to the bridge's administrator (404, {code}); "
            "check BRIDGE_GOTO_ACCOUNT_KEY."
        )
    return RecordNotFound(f"GoTo has no record for {call} (404, {code}).", status=404, code=code)


def _broken(call: Call, *, status: int) -> GoToUnavailable:
    if call.writes:
        return OutcomeUnknown(
            f"GoTo failed at {call} ({status}), so it may or may not have been done; "
            "read the resource again before repeating it."
        )
    return GoToUnavailable(f"GoTo failed at {call} ({status}); try again shortly.")


def token_refused(call: str, code: str | None = None) -> GrantRefused:
    """GoTo refuses an access token that it has just given."""
    because = f"401, {code}" if code else "401"
    return GrantRefused(
        f"GoTo does not accept the bridge's token for {call} ({because}): give the OAuth client "
        "the scope `identity:` at GoTo if it lacks it, then run `goto-scim-bridge connect`.",
        retry_after=30,
    )


def _refused(call: Call, *, status: int, code: str | None) -> GrantRefused:
    if status == 401:
        return token_refused(str(call), code)
    if call.body is not None and b'"adminRoles"' in call.body:
        return RightsMissing(
            f"GoTo does not let the bridge's administrator do {call} with admin roles (403): let "
            "a super admin connect the bridge, or make `roles` read-only in the mapping."
        )
    right = _RIGHTS.get(call.about)
    lacking = f"the right {right} for it" if right else "the rights for it"
    return RightsMissing(
        f"GoTo does not let the bridge's administrator do {call} (403): give that administrator "
        f"{lacking}, check BRIDGE_GOTO_ACCOUNT_KEY, or run `goto-scim-bridge connect` as another."
    )
