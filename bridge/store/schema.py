"""The tables, as the newest migration leaves them.

Moments are whole microseconds since 1970 UTC: both databases keep them exactly, and they sort.
JSON is text, and absent where there is nothing to say, so that most rows stay small.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION_TABLE = "bridge_schema"
"""Where Alembic notes the schema's version; its default name could be taken by another program."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

metadata = MetaData()

resource_state = Table(
    "resource_state",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_modified", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("held", Text),
    Column("parked", Text),
    Column("buried_at", BigInteger),
    sqlite_with_rowid=False,
)

sealed_grant = Table(
    "sealed_grant",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

client_token = Table(
    "client_token",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("name", Text, nullable=False),
    Column("profile", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

# A name may be given again once its token is revoked; two live tokens never share one.
Index(
    "client_token_live_name",
    client_token.c.name,
    unique=True,
    sqlite_where=client_token.c.revoked_at.is_(None),
    postgresql_where=client_token.c.revoked_at.is_(None),
)

# Operations that were begun and not yet ended: what a start after a crash has to settle.
journal = Table(
    "journal",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", Text, nullable=False),
    Column("operation", String(32), nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    # SQLite counts up by itself only where the type is exactly INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("client", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("key", Text, nullable=False),
    Column("detail", Text),
)

Index("audit_by_time", audit.c.account, audit.c.at)

# The last whole pass over an account: GoTo's records, and the JSON that was made of them.
snapshot_pass = Table(
    "snapshot_pass",
    metadata,
    Column("account", Text, primary_key=True),
    # Absent once something was changed after it: it is not to be believed then.
    Column("taken_at", BigInteger),
    Column("made_by", Text, nullable=False),
)

snapshot_record = Table(
    "snapshot_record",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("record", LargeBinary, nullable=False),
    Column("text", LargeBinary),
)


# Which process serves this database. The epoch rises with each new holder.
lease = Table(
    "lease",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("renewals", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)


# How the GoTo of an account behaves: the last finding of each name.
finding = Table(
    "finding",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("source", String(16), nullable=False),
    Column("found_at", BigInteger, nullable=False),
)


# Throwaway users and groups that a probe may have made at GoTo and has yet to remove.
probe_object = Table(
    "probe_object",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", String(255), primary_key=True),
    # Absent while it is not known whether GoTo made it.
    Column("key", Text),
    Column("noted_at", BigInteger, nullable=False),
)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC; a moment without a time zone is a ``TypeError``."""
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
