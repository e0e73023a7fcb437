"""Throwaway users and groups that a probe has yet to remove."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "probe_object",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("key", sa.Text),
        sa.Column("noted_at", sa.BigInteger, nullable=False),
    )
