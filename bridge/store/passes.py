"""The last whole pass over an account, as rows: what a restart goes on from.

Knows the columns and the statements; what a record or a text says is the directory's business.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.store.database import Database
from bridge.store.schema import from_micros, snapshot_pass, snapshot_record, to_micros

TOGETHER = 250
"""Rows that one statement writes, before others have their turn."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One of GoTo's records as JSON, and the resource made of it where that is kept."""

    key: str
    record: bytes
    text: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredPass:
    """A whole pass: when it began, what made its texts, and the records by kind."""

    taken_at: datetime
    made_by: str
    records: Mapping[str, Sequence[StoredRecord]]


@dataclass(frozen=True, slots=True)
class PassChange:
    """What is different since the pass that is stored; ``gone`` holds keys, by kind too.

    ``is_whole`` says that nothing is known of the stored one: all of it is replaced.
    """

    taken_at: datetime
    made_by: str
    changed: Mapping[str, Sequence[StoredRecord]] = field(default_factory=dict)
    gone: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_whole: bool = False


async def read_pass(
    connection: AsyncConnection, account: str, *, since: datetime | None, made_by: str | None
) -> StoredPass | None:
    """Give the stored pass, None where there is none or something was changed after it.

    Of one that began before ``since``, or was made by something else, no record is read.
    """
    row = (
        await connection.execute(select(snapshot_pass).where(snapshot_pass.c.account == account))
    ).one_or_none()
    if row is None or row.taken_at is None or made_by not in (None, row.made_by):
        return None
    if since is not None and row.taken_at < to_micros(since):
        return None
    found = await connection.execute(
        select(
            snapshot_record.c.kind,
            snapshot_record.c.key,
            snapshot_record.c.record,
            snapshot_record.c.text,
        ).where(snapshot_record.c.account == account)
    )
    records: dict[str, list[StoredRecord]] = {}
    for kind, key, record, text in found:
        records.setdefault(kind, []).append(StoredRecord(key, record, text))
    return StoredPass(from_micros(row.taken_at), row.made_by, records)


async def write_pass(
    database: Database, connection: AsyncConnection, account: str, change: PassChange
) -> None:
    """Bring the stored pass up to another one."""
    if change.is_whole:
        await connection.execute(
            delete(snapshot_record).where(snapshot_record.c.account == account)
        )
    columns = ("account", "kind", "key", "record", "text")
    upsert, names = database.spelled(database.upsert(snapshot_record), columns)
    assert tuple(names) == columns
    for kind, records in change.changed.items():
        for some in _portions(records):
            rows = [(account, kind, each.key, each.record, each.text) for each in some]
            await connection.exec_driver_sql(upsert, rows)
    for kind, keys in change.gone.items():
        if keys:
            statement = delete(snapshot_record).where(
                snapshot_record.c.account == account,
                snapshot_record.c.kind == kind,
                snapshot_record.c.key == bindparam("gone_key"),
            )
            await connection.execute(statement, [{"gone_key": key} for key in keys])
    row = {
        "account": account,
        "taken_at": to_micros(change.taken_at),
        "made_by": change.made_by,
    }
    await connection.execute(database.upsert(snapshot_pass), [row])


def doubt_pass(connection: Connection, account: str) -> None:
    """Say that something was changed after the stored pass."""
    connection.execute(
        update(snapshot_pass).where(snapshot_pass.c.account == account).values(taken_at=None)
    )


def _portions(records: Sequence[StoredRecord]) -> Iterable[Sequence[Any]]:
    return (records[at : at + TOGETHER] for at in range(0, len(records), TOGETHER))
