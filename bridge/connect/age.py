"""How old a grant is, and when it runs out, for whoever has to know in time.

Knows that GoTo tells the end of a refresh token (30 days) and not that of a personal access token.
Moments are given in seconds since the epoch.
"""

from datetime import UTC, datetime, timedelta
from math import nan
from typing import Any

from bridge.goto import Grant

WARNED_FROM = timedelta(days=7)
UNKNOWN = nan


def grant_age(grant: Grant, now: float) -> float:
    """Seconds since GoTo gave the grant; not a number where there is none."""
    return now - grant.obtained_at.timestamp() if grant.secret else UNKNOWN


def grant_left(grant: Grant, now: float) -> float:
    """Seconds until the grant runs out, negative afterwards; not a number where nobody knows."""
    known = bool(grant.secret) and grant.expires_at is not None
    return grant.expires_at.timestamp() - now if known and grant.expires_at else UNKNOWN


def ends_soon(grant: Grant, now: float) -> bool:
    """Whether it is time to warn: seven days before the end, and from then on."""
    return grant_left(grant, now) <= WARNED_FROM.total_seconds()


def grant_facts(grant: Grant, now: float) -> dict[str, Any]:
    """What ``/health/ready`` shows of a grant; nothing of it is secret."""
    if not grant.secret:
        return {}
    remaining = grant_left(grant, now)
    return {
        "kind": grant.kind,
        "principal": grant.principal or None,
        "obtained_at": _shown(grant.obtained_at),
        "expires_at": _shown(grant.expires_at),
        "expires_in_days": None if remaining != remaining else round(remaining / 86_400, 1),
    }


def grant_told(grant: Grant, now: float) -> str:
    """A grant's kind, age and end, as half a sentence for a person."""
    obtained = (
        f"obtained {grant.obtained_at:%Y-%m-%d %H:%M} UTC ({_days(grant_age(grant, now))} ago)"
    )
    if grant.kind == "pat":
        return "a personal access token; GoTo does not tell when it ends"
    if grant.expires_at is None:
        return "a refresh token; when it ends is not known yet"
    remaining = grant_left(grant, now)
    moment = f"{grant.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if remaining <= 0:
        return f"a refresh token that ran out {moment}, {obtained}"
    return f"a refresh token, good until {moment} ({_days(remaining)}), {obtained}"


def _days(seconds: float) -> str:
    days = int(seconds // 86_400)
    return f"{days} day{'' if days == 1 else 's'}"


def _shown(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
