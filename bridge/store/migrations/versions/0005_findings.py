"""Findings: how the GoTo of an account behaves, as a probe or a write showed it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finding",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("found_at", sa.BigInteger, nullable=False),
    )
