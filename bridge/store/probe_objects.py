"""Throwaway objects of a probe: stored before GoTo is asked to make them, removed when it is rid.

Knows rows and SQL; how an object is found and removed at GoTo is the probe's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select

from bridge.store.database import Database
from bridge.store.schema import from_micros, probe_object, to_micros

Kind = Literal["user", "group"]


@dataclass(frozen=True, slots=True)
class ProbeObject:
    """A user by its e-mail or a group by its name; ``key`` is None while GoTo has not told it."""

    kind: Kind
    name: str
    noted_at: datetime
    key: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ProbeObjects:
    """The throwaway objects of a database; every verb raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account: str) -> list[ProbeObject]:
        """Return what may still be there, the oldest first."""
        query = (
            select(probe_object)
            .where(probe_object.c.account == account)
            .order_by(probe_object.c.noted_at, probe_object.c.name)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [
                ProbeObject(row.kind, row.name, from_micros(row.noted_at), row.key) for row in rows
            ]

    async def save(self, account: str, noted: ProbeObject) -> None:
        """Store an object, or the key of one that is stored."""
        row = {
            "account": account,
            "kind": noted.kind,
            "name": noted.name,
            "key": noted.key,
            "noted_at": to_micros(noted.noted_at),
        }
        async with self._database.write() as connection:
            await connection.execute(self._database.upsert(probe_object), [row])

    async def forget(self, account: str, kind: Kind, names: Sequence[str]) -> None:
        """Remove objects that GoTo does not have any more."""
        gone = (
            probe_object.c.account == account,
            probe_object.c.kind == kind,
            probe_object.c.name.in_(names),
        )
        async with self._database.write() as connection:
            await connection.execute(delete(probe_object).where(*gone))
