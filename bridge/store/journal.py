"""The write-ahead journal's rows: what was begun, so that a start after a crash can settle it.

Knows the columns; what an operation's ``payload`` says is the directory's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import Row

from bridge.store.schema import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class Intent:
    """An operation that was begun; ``payload`` is JSON that says how to settle it."""

    id: str
    operation: str
    begun_at: datetime
    payload: Mapping[str, Any]


def new_intent(operation: str, payload: Mapping[str, Any], *, at: datetime) -> Intent:
    return Intent(uuid4().hex, operation, at, payload)


def intent_to_row(intent: Intent, *, account: str) -> dict[str, Any]:
    return {
        "id": intent.id,
        "account": account,
        "operation": intent.operation,
        "begun_at": to_micros(intent.begun_at),
        "payload": orjson.dumps(dict(intent.payload)).decode(),
    }


def intent_from_row(row: Row[Any]) -> Intent:
    return Intent(row.id, row.operation, from_micros(row.begun_at), orjson.loads(row.payload))
