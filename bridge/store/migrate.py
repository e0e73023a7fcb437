"""Brings a database to today's schema, at every start, whoever else starts at the same time.

Knows Alembic and the two databases' locks; the steps themselves are in ``migrations/versions``.
"""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bridge.errors import BridgeError
from bridge.store.database import Database, open_database
from bridge.store.schema import VERSION_TABLE

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x60705C13


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema that a database has, None for no table at all, and the one of this version."""

    current: str | None
    newest: str

    @property
    def is_newest(self) -> bool:
        """Whether a start has nothing to migrate."""
        return self.current == self.newest


async def schema_state(url: str) -> SchemaState:
    """Read which schema a database has, and change nothing. Raises ``BridgeError``."""
    database = await open_database(url)
    try:
        async with database.read() as connection:
            return await connection.run_sync(_state)
    finally:
        await database.close()


async def migrate(database: Database) -> None:
    """Move the schema up in one transaction: wholly, or not at all."""
    async with database.write() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # SQLite's write transactions exclude one another already.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
    if _state(connection).is_newest:
        return
    config = migration_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _state(connection: Connection) -> SchemaState:
    script = ScriptDirectory.from_config(migration_config())
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    state = SchemaState(context.get_current_revision(), str(script.get_current_head()))
    known = {revision.revision for revision in script.walk_revisions()}
    if state.current is not None and state.current not in known:
        raise BridgeError(
            f"The database has schema {state.current}, and this version of the bridge knows up to "
            f"{state.newest}: install the newer version again, or restore a backup from before it."
        )
    return state


def migration_config() -> Config:
    config = Config()
    # Alembic interpolates its options, so a per cent sign in the path is doubled.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
