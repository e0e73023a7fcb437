"""The store's verbs, each one transaction.

Knows which rows a verb reads; how those of a change are written is in ``writes``, how rows look in
``states`` and ``tokens``, how the database is reached in ``database``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

import orjson
from sqlalchemy import Connection, delete, select, union, update

from bridge.errors import BridgeError
from bridge.store.audit import AuditEntry, entry_from_row
from bridge.store.database import Database, open_database
from bridge.store.findings import Findings
from bridge.store.journal import Intent, intent_from_row
from bridge.store.leases import Leases
from bridge.store.migrate import migrate
from bridge.store.passes import PassChange, StoredPass, doubt_pass, read_pass, write_pass
from bridge.store.probe_objects import ProbeObjects
from bridge.store.schema import (
    audit,
    client_token,
    journal,
    resource_state,
    sealed_grant,
    to_micros,
)
from bridge.store.sealer import Sealer
from bridge.store.states import ResourceState, state_from_row
from bridge.store.tokens import (
    ClientToken,
    check_client,
    hash_token,
    new_token,
    token_from_row,
)
from bridge.store.uninterrupted import uninterrupted
from bridge.store.writes import Write, execute, noting

_TOKEN_COLUMNS = [column for column in client_token.c if column.name != "digest"]


class Store:
    """What must outlive a restart. Every verb raises ``StoreUnavailable`` where it is away."""

    def __init__(self, database: Database, *, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self.leases = Leases(database)
        self.findings = Findings(database)
        self.probe_objects = ProbeObjects(database)

    @classmethod
    async def open(cls, url: str, *, sealer: Sealer, migrates: bool = True) -> Self:
        """Open the database and bring its schema to today's; a ``BridgeError`` says why not.

        Without ``migrates`` the schema stays as it is; only grants and clients can be read then.
        """
        database = await open_database(url)
        try:
            if migrates:
                await migrate(database)
        except BaseException:
            await database.close()
            raise
        return cls(database, sealer=sealer)

    async def close(self) -> None:
        await self._database.close()

    @uninterrupted
    async def ping(self) -> None:
        """Read from the database, as readiness wants to know whether one can."""
        async with self._database.read() as connection:
            await connection.execute(select(sealed_grant.c.name).limit(1))

    @uninterrupted
    async def states(self, account: str, kind: str) -> dict[str, ResourceState]:
        """Give every live resource of a kind (``User``, ``Group``) by its key."""
        wanted = (
            resource_state.c.account == account,
            resource_state.c.kind == kind,
            resource_state.c.buried_at.is_(None),
        )
        async with self._database.read() as connection:
            found = await connection.execute(select(resource_state).where(*wanted))
            return {row.key: state_from_row(row) for row in found}

    @uninterrupted
    async def write(self, writes: Sequence[Write], *, doubting: str | None = None) -> None:
        """Make several changes by one transaction, as if one after the other: all, or none.

        ``doubting`` names an account whose stored pass is not the newest any more.
        """
        if not any(writes):
            return

        def change(connection: Connection) -> None:
            execute(connection, writes, database=self._database)
            if doubting is not None:
                doubt_pass(connection, doubting)

        await self._database.transact(change)

    @uninterrupted
    async def stored_pass(
        self, account: str, *, since: datetime | None = None, made_by: str | None = None
    ) -> StoredPass | None:
        """Give the last whole pass, None where there is none or something was changed after it.

        One that began before ``since``, or was made by something else, is none either.
        """
        async with self._database.read() as connection:
            return await read_pass(connection, account, since=since, made_by=made_by)

    @uninterrupted
    async def store_pass(self, account: str, change: PassChange) -> None:
        """Bring the stored pass up to another one, wholly or not at all."""
        async with self._database.write() as connection:
            await write_pass(self._database, connection, account, change)

    @uninterrupted
    async def doubt_pass(self, account: str) -> None:
        """Say that something was changed after the stored pass."""
        await self._database.transact(lambda connection: doubt_pass(connection, account))

    @uninterrupted
    async def parted(self, account: str, kind: str) -> dict[str, Mapping[str, Any]]:
        """Give what is parked under tombstones, by key."""
        wanted = (
            resource_state.c.account == account,
            resource_state.c.kind == kind,
            resource_state.c.buried_at.is_not(None),
            resource_state.c.parked.is_not(None),
        )
        columns = (resource_state.c.key, resource_state.c.parked)
        async with self._database.read() as connection:
            found = await connection.execute(select(*columns).where(*wanted))
            return {row.key: orjson.loads(row.parked) for row in found}

    @uninterrupted
    async def intents(self, account: str) -> list[Intent]:
        """Give what was begun and not ended, the oldest first."""
        order = (journal.c.begun_at, journal.c.id)
        async with self._database.read() as connection:
            statement = select(journal).where(journal.c.account == account).order_by(*order)
            return [intent_from_row(row) for row in await connection.execute(statement)]

    async def audit(self, account: str, entries: Sequence[AuditEntry]) -> None:
        """Add to the audit trail."""
        await self.write([noting(account, audited=entries)])

    @uninterrupted
    async def audited(
        self, account: str, *, since: datetime, actions: Sequence[str] = ()
    ) -> list[AuditEntry]:
        """Give the audit trail from a moment on, the oldest first; ``actions`` picks some."""
        wanted = [audit.c.account == account, audit.c.at >= to_micros(since)]
        if actions:
            wanted.append(audit.c.action.in_(actions))
        async with self._database.read() as connection:
            found = await connection.execute(
                select(audit).where(*wanted).order_by(audit.c.at, audit.c.id)
            )
            return [entry_from_row(row) for row in found]

    @uninterrupted
    async def accounts(self) -> list[str]:
        """Give every account that something is remembered of."""
        known = union(select(resource_state.c.account), select(audit.c.account))
        async with self._database.read() as connection:
            return sorted(await connection.scalars(known))

    @uninterrupted
    async def forget_audit(self, account: str, *, before: datetime) -> None:
        """Drop the audit trail before a moment."""
        statement = delete(audit).where(audit.c.account == account, audit.c.at < to_micros(before))
        async with self._database.write() as connection:
            await connection.execute(statement)

    @uninterrupted
    async def save_grant(self, name: str, grant: Mapping[str, Any]) -> None:
        """Seal a grant and replace the one of this name; it is on disk when this returns."""
        sealed = self._sealer.seal(orjson.dumps(dict(grant)), context=_grant_context(name))
        async with self._database.write() as connection:
            statement = self._database.upsert(sealed_grant)
            await connection.execute(statement, {"name": name, "sealed": sealed})

    @uninterrupted
    async def grant(self, name: str) -> Mapping[str, Any] | None:
        """Give a stored grant, None where there is none; a wrong key is a ``BridgeError``."""
        async with self._database.read() as connection:
            statement = select(sealed_grant.c.sealed).where(sealed_grant.c.name == name)
            sealed: bytes | None = await connection.scalar(statement)
        if sealed is None:
            return None
        grant: dict[str, Any] = orjson.loads(
            self._sealer.open(sealed, context=_grant_context(name))
        )
        return grant

    @uninterrupted
    async def create_client_token(
        self, name: str, *, profile: str = "lenient", now: datetime
    ) -> str:
        """Make a client's token and give it, this once; a name in use is a ``BridgeError``."""
        check_client(name, profile=profile)
        token = new_token()
        row = {
            "digest": hash_token(token),
            "name": name,
            "profile": profile,
            "created_at": to_micros(now),
        }
        async with self._database.write() as connection:
            statement = self._database.insert(client_token).values(row)
            made = await connection.execute(statement.on_conflict_do_nothing())
            if made.rowcount == 0:
                raise BridgeError(
                    f"A client named {name} has a token already: revoke it first, or take "
                    "another name."
                )
        return token

    @uninterrupted
    async def client_tokens(self) -> list[ClientToken]:
        """Give every token ever made, revoked ones too, the oldest first."""
        order = (client_token.c.created_at, client_token.c.name)
        async with self._database.read() as connection:
            found = await connection.execute(select(*_TOKEN_COLUMNS).order_by(*order))
            return [token_from_row(row) for row in found]

    @uninterrupted
    async def revoke_client_token(self, name: str, *, now: datetime) -> bool:
        """Revoke the live token of this name; False where there is none."""
        statement = (
            update(client_token)
            .where(client_token.c.name == name, client_token.c.revoked_at.is_(None))
            .values(revoked_at=to_micros(now))
        )
        async with self._database.write() as connection:
            revoked = await connection.execute(statement)
            return revoked.rowcount > 0

    @uninterrupted
    async def client_by_token_hash(self, digest: bytes) -> ClientToken | None:
        """Give the client whose live token has this ``hash_token``."""
        live = (client_token.c.digest == digest, client_token.c.revoked_at.is_(None))
        async with self._database.read() as connection:
            found = await connection.execute(select(*_TOKEN_COLUMNS).where(*live))
            row = found.one_or_none()
        return None if row is None else token_from_row(row)


def _grant_context(name: str) -> str:
    return f"grant:{name}"
