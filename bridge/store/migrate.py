"""Brings a database to today's schema, at every start, whoever else starts at the same time.

Knows Alembic and the two databases' locks; the steps themselves are in ``migrations/versions``.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bridge.errors import BridgeError
from bridge.store.database import Database
from bridge.store.schema import VERSION_TABLE

MIGRATIONS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x60705C13


async def migrate(database: Database) -> None:
    """Move the schema up in one transaction: wholly, or not at all."""
    async with database.write() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # SQLite's write transactions exclude one another already.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
    config = migration_config()
    script = ScriptDirectory.from_config(config)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    current, newest = context.get_current_revision(), script.get_current_head()
    if current == newest:
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise BridgeError(
            f"The database has schema {current}, and this version of the bridge knows up to "
            f"{newest}: install the newer version again, or restore a backup from before it."
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def migration_config() -> Config:
    config = Config()
    # Alembic interpolates its options, so a per cent sign in the path is doubled.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
