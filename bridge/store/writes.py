"""What is written together: the rows of one change, and the transaction that takes several of them.

Knows which tables a change touches and in which order; what the rows mean is in ``states``,
``journal`` and ``audit``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, null, update
from sqlalchemy.sql.dml import UpdateBase

from bridge.store.audit import AuditEntry, entry_to_row
from bridge.store.database import Database
from bridge.store.journal import Intent, intent_to_row
from bridge.store.schema import audit, journal, resource_state, to_micros
from bridge.store.states import ResourceState, state_to_row, to_json

Row = dict[str, Any]

_BURY = (
    update(resource_state)
    .where(
        resource_state.c.account == bindparam("buried_account"),
        resource_state.c.kind == bindparam("buried_kind"),
        resource_state.c.key == bindparam("buried_key"),
        resource_state.c.buried_at.is_(None),
    )
    .values(held=null(), parked=bindparam("kept"), buried_at=bindparam("at"))
)
_BEGIN = insert(journal)
_NOTE = insert(audit)
_END = delete(journal).where(
    journal.c.account == bindparam("ended_account"), journal.c.id == bindparam("ended_id")
)


@dataclass(frozen=True, slots=True)
class Write:
    """One change, as rows: all of it is written, or nothing."""

    states: Sequence[Row] = ()
    buried: Sequence[Row] = ()
    begun: Sequence[Row] = ()
    audited: Sequence[Row] = ()
    ended: Sequence[Row] = ()

    def __bool__(self) -> bool:
        return bool(self.states or self.buried or self.begun or self.audited or self.ended)


def saving(
    account: str,
    kind: str,
    states: Sequence[ResourceState],
    *,
    audited: Sequence[AuditEntry] = (),
    ended: Sequence[Intent] = (),
) -> Write:
    """States to be inserted or replaced; a buried key comes back to life."""
    rows = [state_to_row(state, account=account, kind=kind) for state in states]
    return Write(states=rows, **_beside(account, audited, ended))


def burying(
    account: str,
    kind: str,
    keys: Sequence[str],
    *,
    at: datetime,
    parked: Mapping[str, Any] | None = None,
    audited: Sequence[AuditEntry] = (),
    ended: Sequence[Intent] = (),
) -> Write:
    """A tombstone of each key, and nothing held any more: re-created, it starts clean.

    A tombstone that keeps something ``parked`` is that of a user who is suspended and not gone.
    """
    kept = None if parked is None else to_json(parked)
    row = {"buried_account": account, "buried_kind": kind, "at": to_micros(at), "kept": kept}
    rows = [{**row, "buried_key": key} for key in keys]
    return Write(buried=rows, **_beside(account, audited, ended))


def beginning(account: str, intents: Sequence[Intent]) -> Write:
    """What is about to be done."""
    return Write(begun=[intent_to_row(intent, account=account) for intent in intents])


def noting(
    account: str, *, audited: Sequence[AuditEntry] = (), ended: Sequence[Intent] = ()
) -> Write:
    """Lines of the audit trail, and the end of intents; one that was never begun is no matter."""
    return Write(**_beside(account, audited, ended))


def _beside(
    account: str, audited: Sequence[AuditEntry], ended: Sequence[Intent]
) -> dict[str, list[Row]]:
    return {
        "audited": [entry_to_row(entry, account=account) for entry in audited],
        "ended": [{"ended_account": account, "ended_id": intent.id} for intent in ended],
    }


def execute(connection: Connection, writes: Sequence[Write], *, database: Database) -> None:
    """Leave what the writes leave when they are made one after the other."""
    last: dict[tuple[str, ...], tuple[Row, bool]] = {}
    saved: dict[tuple[str, ...], Row] = {}
    for write in writes:
        for row in write.states:
            place = (row["account"], row["kind"], row["key"])
            saved[place] = row
            last[place] = (row, True)
        for row in write.buried:
            last[row["buried_account"], row["buried_kind"], row["buried_key"]] = (row, False)
    # In one order everywhere, so that two who save the same rows never wait in a ring.
    buried = [row for _, (row, lives) in sorted(last.items(), key=_place) if not lives]
    steps: Sequence[tuple[UpdateBase, Sequence[Row]]] = (
        (database.upsert(resource_state), [row for _, row in sorted(saved.items(), key=_place)]),
        (_BURY, buried),
        (_BEGIN, [row for write in writes for row in write.begun]),
        (_NOTE, [row for write in writes for row in write.audited]),
        (_END, [row for write in writes for row in write.ended]),
    )
    for statement, rows in steps:
        if rows:
            text, names = database.spelled(statement, tuple(rows[0]))
            connection.exec_driver_sql(text, [tuple([row[n] for n in names]) for row in rows])


def _place(item: tuple[tuple[str, ...], Any]) -> tuple[str, ...]:
    return item[0]
