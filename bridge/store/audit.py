"""The audit trail's rows: who changed what, and when. No addresses, no values, no secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Row

from bridge.store.schema import from_micros, to_micros

RELEASED = "release-brake"
"""The action of an operator who lets suspensions and deletions through; what the ``detail`` of such
an entry has as ``until`` (ISO 8601) is the moment until which they are not counted."""
LONGEST_RELEASE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done: ``client`` did ``action`` to the resource ``kind`` ``key``."""

    at: datetime
    client: str
    action: str
    kind: str = ""
    key: str = ""
    detail: Mapping[str, Any] | None = None


def entry_to_row(entry: AuditEntry, *, account: str) -> dict[str, Any]:
    return {
        "account": account,
        "at": to_micros(entry.at),
        "client": entry.client,
        "action": entry.action,
        "kind": entry.kind,
        "key": entry.key,
        "detail": None if entry.detail is None else orjson.dumps(dict(entry.detail)).decode(),
    }


def entry_from_row(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        at=from_micros(row.at),
        client=row.client,
        action=row.action,
        kind=row.kind,
        key=row.key,
        detail=None if row.detail is None else orjson.loads(row.detail),
    )
