"""The lease rows: who serves a database, until when, and for which time in a row.

Knows SQL and the database's clock. How a process takes a lease and keeps it is in ``bridge.lease``.
"""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.store.database import Database
from bridge.store.schema import lease

SECOND = 1_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One lease as it is stored. ``seconds_left`` is by the database's clock, 0 once it is free.

    ``epoch`` rises with each holder, ``renewals`` with each renewal by the same one.
    """

    holder: str
    epoch: int
    renewals: int
    seconds_left: float


class Leases:
    """The leases of a database. Every verb raises ``StoreUnavailable`` where it is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(
        self, name: str, holder: str, *, life: float, instead_of: Lease | None = None
    ) -> Lease:
        """Take a lease that is free, and return it; return the other holder's where it is not.

        ``life`` is in seconds. ``instead_of`` is a lease whose holder is known to be dead: it is
        taken as free. Of several processes that know it, one gets the lease.
        """
        async with self._database.write() as connection:
            now = await self._now(connection)
            blank = {"name": name, "holder": "", "epoch": 0, "renewals": 0, "expires_at": 0}
            await connection.execute(
                self._database.insert(lease).values(blank).on_conflict_do_nothing()
            )
            current = (
                await connection.execute(
                    select(lease).where(lease.c.name == name).with_for_update()
                )
            ).one()
            is_dead = instead_of is not None and instead_of.epoch == current.epoch
            if current.expires_at > now and current.holder != holder and not is_dead:
                return _from_row(current, now)
            taken = {
                "holder": holder,
                "epoch": current.epoch + 1,
                "renewals": 0,
                "expires_at": now + int(life * SECOND),
            }
            await connection.execute(update(lease).where(lease.c.name == name).values(taken))
            return Lease(holder, current.epoch + 1, 0, life)

    async def renew(self, name: str, held: Lease, *, life: float) -> bool:
        """Renew a lease for ``life`` seconds; False where another process holds it by now."""
        async with self._database.write() as connection:
            now = await self._now(connection)
            renewed = await connection.execute(
                update(lease)
                .where(
                    lease.c.name == name,
                    lease.c.holder == held.holder,
                    lease.c.epoch == held.epoch,
                )
                .values(renewals=lease.c.renewals + 1, expires_at=now + int(life * SECOND))
            )
            return renewed.rowcount == 1

    async def release(self, name: str, held: Lease) -> None:
        """Give a lease back; one that another process holds by now stays as it is."""
        async with self._database.write() as connection:
            await connection.execute(
                update(lease)
                .where(
                    lease.c.name == name,
                    lease.c.holder == held.holder,
                    lease.c.epoch == held.epoch,
                )
                .values(expires_at=0)
            )

    async def current(self, name: str) -> Lease | None:
        """Return a lease as it is stored, None where nobody ever held it."""
        async with self._database.read() as connection:
            now = await self._now(connection)
            row = (await connection.execute(select(lease).where(lease.c.name == name))).first()
            return None if row is None else _from_row(row, now)

    async def _now(self, connection: AsyncConnection) -> int:
        """Microseconds since 1970 by the clock that all processes of this database share."""
        if self._database.is_sqlite:
            return time.time_ns() // 1000
        seconds = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return int((await connection.execute(seconds)).scalar_one())


def _from_row(row: Row[Any], now: int) -> Lease:
    left = max(0, row.expires_at - now) / SECOND
    return Lease(row.holder, row.epoch, row.renewals, left)
