"""``release-brake`` and ``audit``: what an operator says to the audit trail, and reads in it.

Opens the store and nothing else, so that both work while GoTo is away.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from rich.markup import escape
from rich.table import Table

from bridge.cli.terminal import complain, say, show
from bridge.errors import BridgeError
from bridge.operations import set_up_logs
from bridge.rooms import open_store
from bridge.settings import Settings
from bridge.store import LONGEST_RELEASE, RELEASED, AuditEntry

OPERATOR = "operator"
NO_ACCOUNT = (
    "The database knows no account yet, so there is no brake to release: see that "
    "BRIDGE_DATABASE_URL is the one that the service uses."
)
COUNTS_ANEW = (
    "Released: from {at} on the brake counts anew, and lets as many deactivations and deletions "
    "through as limits.destructive_per_hour allows."
)
OPEN_UNTIL = (
    "Released: until {until} every deactivation and deletion passes. After that the brake counts "
    "anew."
)
TAKEN_UP = "A running bridge takes this up by itself within seconds."
NOTHING = "Nothing was changed through the bridge in that time."


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of the audit trail is asked for."""

    since: timedelta
    user: str | None
    style: Literal["table", "json"]


async def release_brake(settings: Settings, time: timedelta | None) -> None:
    """Let suspensions and deletions through: as many again, or all of them for some ``time``."""
    if time is not None and time > LONGEST_RELEASE:
        raise BridgeError("--for: at most 24 hours; the brake is there for the days after, too.")
    set_up_logs("warning", settings.log_format)
    now = datetime.now(UTC)
    until = now + time if time else None
    detail = {"until": until.isoformat()} if until else None
    async with open_store(settings) as (store, _):
        accounts = await store.accounts()
        for account in accounts:
            await store.audit(account, [AuditEntry(now, OPERATOR, RELEASED, detail=detail)])
    if not accounts:
        raise BridgeError(NO_ACCOUNT)
    at = _moment(now)
    say(OPEN_UNTIL.format(until=_moment(until)) if until else COUNTS_ANEW.format(at=at))
    say(TAKEN_UP)


async def audit(settings: Settings, wanted: Wanted) -> None:
    """Write the audit trail to standard output, the oldest line first."""
    try:
        since = datetime.now(UTC) - wanted.since
    except OverflowError:
        raise BridgeError("--since: the audit trail goes back 90 days.") from None
    set_up_logs("warning", settings.log_format)
    async with open_store(settings) as (store, _):
        entries = [
            entry
            for account in await store.accounts()
            for entry in await store.audited(account, since=since)
            if wanted.user is None or (entry.kind, entry.key) == ("User", wanted.user)
        ]
    entries.sort(key=lambda entry: entry.at)
    if wanted.style == "json":
        for entry in entries:
            say(_line(entry))
    elif entries:
        _show(entries)
    else:
        complain(NOTHING)


def _show(entries: Sequence[AuditEntry]) -> None:
    table = Table("at", "client", "action", "resource", "detail", box=None)
    for entry in entries:
        detail = "; ".join(
            f"{name}: {_told(value)}" for name, value in (entry.detail or {}).items()
        )
        resource = f"{entry.kind} {entry.key}".strip()
        client = escape(entry.client)
        table.add_row(_moment(entry.at), client, entry.action, resource, escape(detail))
    show(table)


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _line(entry: AuditEntry) -> str:
    return json.dumps(
        {
            "at": entry.at.isoformat(),
            "client": entry.client,
            "action": entry.action,
            "kind": entry.kind,
            "key": entry.key,
            "detail": dict(entry.detail or {}),
        }
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
