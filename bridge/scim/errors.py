"""Errors as SCIM answers them (RFC 7644 §3.12): one table from the bridge's errors to statuses."""

import structlog
from pydantic import ValidationError
from scim2_models import Error, SCIMException
from scim2_server.errors import MethodNotAllowedException
from starlette.responses import Response

from bridge.errors import (
    BrakeHolds,
    BridgeError,
    GoToBusy,
    GoToRejected,
    GoToUnavailable,
    GoToUnreadable,
    WriteNotTaken,
)
from bridge.scim.auth import BASIC_CHALLENGE, CHALLENGE
from bridge.scim.rendering import json_response
from bridge.scim.sign_ins import TooManySignIns
from bridge.scim.validation_errors import plain_exception

log = structlog.get_logger(__name__)

RETRY_AFTER = 30

# The first that fits. GoTo's 401 and 403 for the bridge's own grant are no client's fault: 503.
STATUSES: tuple[tuple[type[BridgeError], int], ...] = (
    (BrakeHolds, 429),
    (GoToBusy, 429),
    (GoToUnavailable, 503),
    (GoToUnreadable, 502),
    (WriteNotTaken, 502),
    (GoToRejected, 502),
    (BridgeError, 503),
)


def error_of(exception: Exception) -> Error:
    """Return the SCIM error of anything raised while a request was served."""
    if isinstance(exception, SCIMException):
        cause = exception.__cause__
        plain = plain_exception(cause) if isinstance(cause, ValidationError) else exception
        return plain.to_error()
    if isinstance(exception, ValidationError):
        return plain_exception(exception).to_error()
    if isinstance(exception, BridgeError):
        status = next(status for kind, status in STATUSES if isinstance(exception, kind))
        return Error(status=status, detail=exception.detail)
    if isinstance(exception, RecursionError):
        return Error(status=400, scim_type="invalidSyntax", detail="The request is nested too deep")
    log.exception("a request failed for a reason nobody thought of", exc_info=exception)
    return Error(status=500, detail="The bridge failed; its log says why")


def error_response(exception: Exception) -> Response:
    """Return the answer to a request that failed."""
    error = error_of(exception)
    response = json_response(error.model_dump(), status=error.status or 500)
    if error.status == 401:
        # In one line: some clients see only the last of several.
        response.headers["WWW-Authenticate"] = f"{CHALLENGE}, {BASIC_CHALLENGE}"
    if isinstance(exception, MethodNotAllowedException):
        response.headers["Allow"] = ", ".join(_with_head(exception.allowed))
    if isinstance(exception, GoToUnavailable | BrakeHolds | TooManySignIns):
        response.headers["Retry-After"] = str(exception.retry_after)
    elif error.status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _with_head(methods: list[str]) -> list[str]:
    return sorted({*methods, "HEAD"}) if "GET" in methods else methods
