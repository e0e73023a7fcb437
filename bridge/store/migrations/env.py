"""Runs the steps on the connection that ``bridge.store.migrate`` hands over, in its transaction."""

from alembic import context

from bridge.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
