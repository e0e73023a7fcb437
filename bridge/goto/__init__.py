"""GoTo's Admin API and OAuth server, spoken by a client that knows nothing of who uses it."""

from bridge.goto.access_tokens import NO_GRANT, AccessTokens, Outcome
from bridge.goto.account import Paged
from bridge.goto.behavior import AccountBehavior
from bridge.goto.breaker import Breaker, circuit_open, insisting
from bridge.goto.client import LARGEST_CREATE, LARGEST_LOOKUP, GoToClient
from bridge.goto.connection import open_http
from bridge.goto.grants import Grant, redeem_code
from bridge.goto.records import (
    Administrator,
    CreatedUser,
    GroupRecord,
    LicenseRecord,
    NewUser,
    UserRecord,
    read_key,
)
from bridge.goto.throttle import Priority, Throttle, asking_for
from bridge.goto.token_endpoint import TokenEndpoint, authorize_url

__all__ = [
    "LARGEST_CREATE",
    "LARGEST_LOOKUP",
    "NO_GRANT",
    "AccessTokens",
    "AccountBehavior",
    "Administrator",
    "Breaker",
    "CreatedUser",
    "GoToClient",
    "Grant",
    "GroupRecord",
    "LicenseRecord",
    "NewUser",
    "Outcome",
    "Paged",
    "Priority",
    "Throttle",
    "TokenEndpoint",
    "UserRecord",
    "asking_for",
    "authorize_url",
    "circuit_open",
    "insisting",
    "open_http",
    "read_key",
    "redeem_code",
]
