"""What the bridge keeps of one resource, and its row.

Knows the columns; what is in ``held`` and ``parked`` is the directory's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row

from bridge.store.schema import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class ResourceState:
    """One resource's state; ``key`` is GoTo's, moments are UTC to the microsecond.

    ``held`` is SCIM JSON (an explicit None: removed by a client); ``parked`` is what a suspended
    user had, ``{"licenseKeys": [...], "adminRoles": [...]}``.
    """

    key: str
    first_seen: datetime
    last_modified: datetime
    version: str
    held: Mapping[str, Any] = field(default_factory=dict)
    parked: Mapping[str, Any] | None = None


def state_to_row(state: ResourceState, *, account: str, kind: str) -> dict[str, Any]:
    return {
        "account": account,
        "kind": kind,
        "key": state.key,
        "first_seen": to_micros(state.first_seen),
        "last_modified": to_micros(state.last_modified),
        "version": state.version,
        "held": to_json(state.held) if state.held else None,
        "parked": None if state.parked is None else to_json(state.parked),
        "buried_at": None,
    }


def state_from_row(row: Row[Any]) -> ResourceState:
    return ResourceState(
        key=row.key,
        first_seen=from_micros(row.first_seen),
        last_modified=from_micros(row.last_modified),
        version=row.version,
        held={} if row.held is None else orjson.loads(row.held),
        parked=None if row.parked is None else orjson.loads(row.parked),
    )


def to_json(value: Mapping[str, Any]) -> str:
    """Write what is held or parked as its column has it."""
    return orjson.dumps(dict(value)).decode()
