"""The last whole pass over an account."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshot_pass",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("taken_at", sa.BigInteger),
        sa.Column("made_by", sa.Text, nullable=False),
    )
    op.create_table(
        "snapshot_record",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.LargeBinary),
    )
