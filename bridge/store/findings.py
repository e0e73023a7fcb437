"""Findings: how the GoTo of an account behaves, as a probe or a write showed it.

Knows rows and SQL; what a finding means to the bridge is the directory's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select

from bridge.store.database import Database
from bridge.store.schema import finding, from_micros, to_micros

Source = Literal["probe", "write", "read"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``outcome`` is a word, ``effect`` says what the bridge does because of it.

    ``source`` is ``probe``, or the kind of call that showed it; ``found_at`` is UTC.
    """

    name: str
    outcome: str
    effect: str
    source: Source
    found_at: datetime


def probed_in_words(findings: Iterable[Finding]) -> str:
    """Return ``probed on DATE``, or ``not probed``."""
    dates = [each.found_at for each in findings if each.source == "probe"]
    return f"probed on {max(dates):%Y-%m-%d}" if dates else "not probed"


class Findings:
    """The findings of a database. Every verb raises ``StoreUnavailable`` where it is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account: str) -> dict[str, Finding]:
        """Return the last finding of each name."""
        query = select(finding).where(finding.c.account == account).order_by(finding.c.name)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return {
                row.name: Finding(
                    row.name, row.outcome, row.effect, row.source, from_micros(row.found_at)
                )
                for row in rows
            }

    async def save(self, account: str, findings: Sequence[Finding]) -> None:
        """Store findings in the place of those with the same names, all or none."""
        if not findings:
            return
        rows = [
            {
                "account": account,
                "name": each.name,
                "outcome": each.outcome,
                "effect": each.effect,
                "source": each.source,
                "found_at": to_micros(each.found_at),
            }
            for each in findings
        ]
        async with self._database.write() as connection:
            await connection.execute(self._database.upsert(finding), rows)

    async def forget(self, account: str) -> None:
        """Remove all findings of an account."""
        async with self._database.write() as connection:
            await connection.execute(delete(finding).where(finding.c.account == account))
