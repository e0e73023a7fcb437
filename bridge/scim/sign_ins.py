"""Failed sign-ins: a log line and a count for each, and a limit for an address that guesses.

Knows addresses, reasons and time; how a credential is checked is in ``auth``. No secret is logged.
"""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Literal

import structlog
from scim2_models import SCIMException, UnauthorizedException

Reason = Literal["missing", "unreadable", "unknown", "wrong_name", "expired"]
REASONS: tuple[Reason, ...] = ("missing", "unreadable", "unknown", "wrong_name", "expired")

ALLOWED = 20
"""Failed sign-ins of one address within ``WINDOW`` that are answered with 401."""
WINDOW = 60.0
"""Seconds."""
MOST_ADDRESSES = 10_000
LONGEST_CLAIM = 100
TOKEN_PREFIX = "gsb_"  # noqa: S105 - how tokens begin, none itself
IPV6_NETWORK = 64
"""Bits of an IPv6 address that one host cannot choose (RFC 4291 §2.5.4)."""

log = structlog.get_logger(__name__)


class SignInFailed(UnauthorizedException):
    """A credential that is not taken: 401. ``claimed`` is the client's name, where one was sent."""

    def __init__(self, reason: Reason, detail: str, *, claimed: str = "") -> None:
        super().__init__(detail=detail)
        self.reason = reason
        self.claimed = claimed


class TooManySignIns(SCIMException):
    """An address whose sign-ins failed too often: 429. ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            detail=f"More than {ALLOWED} sign-ins from this address failed within "
            f"{WINDOW:.0f} seconds; correct the credential and try again in {retry_after} seconds"
        )
        self.retry_after = retry_after


@dataclass(eq=False, slots=True)
class _Failures:
    """The failures of one address: when those within the window were, and whether 429 was sent."""

    times: deque[float] = field(default_factory=deque)
    is_limited: bool = False


class SignInLimiter:
    """Counts the failed sign-ins of each address. A good credential is never held up.

    ``count`` is called with the reason of each failure; ``clock`` is monotonic, in seconds.
    """

    def __init__(
        self,
        *,
        count: Callable[[Reason], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._clock = clock
        # The address that failed last stands last; the first one is forgotten where room is needed.
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def record(self, failed: SignInFailed, *, address: str) -> None:
        """Take note of a failure. Raises ``TooManySignIns`` where the address has too many."""
        self._count(failed.reason)
        if failed.reason == "missing":
            # A client that waits for the challenge (RFC 7617) sends no credential at first.
            return
        if not address:
            # Over a local socket all clients look alike: none of them pays for another one.
            _log_failure(failed, address)
            return
        failures = self._failures_of(_network(address))
        now = self._clock()
        while failures.times and failures.times[0] <= now - WINDOW:
            failures.times.popleft()
        if len(failures.times) < ALLOWED:
            failures.times.append(now)
            failures.is_limited = False
            _log_failure(failed, address)
            return
        if not failures.is_limited:
            # One line stands for all that follow: a flood must not fill the disk.
            failures.is_limited = True
            log.warning("sign_ins_limited", address=address, allowed=ALLOWED, seconds=WINDOW)
        raise TooManySignIns(max(1, math.ceil(failures.times[0] + WINDOW - now)))

    def _failures_of(self, network: str) -> "_Failures":
        failures = self._failures.setdefault(network, _Failures())
        self._failures.move_to_end(network)
        if len(self._failures) > MOST_ADDRESSES:
            self._failures.popitem(last=False)
        return failures


def _log_failure(failed: SignInFailed, address: str) -> None:
    log.warning(
        "sign_in_failed",
        address=address,
        claimed_client=_claim(failed.claimed),
        reason=failed.reason,
    )


def _network(address: str) -> str:
    """Return the part of an address that a sender cannot choose freely."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(int(parsed) >> (128 - IPV6_NETWORK))


def _claim(claimed: str) -> str:
    """Return the name that a client gave itself, unless it is a token in the wrong place."""
    return "(a token)" if claimed.startswith(TOKEN_PREFIX) else claimed[:LONGEST_CLAIM]
