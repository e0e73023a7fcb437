"""Bearer tokens of SCIM clients (RFC 6750): how they look, and what is kept of them.

Only the SHA-256 is kept. That is enough for a random token of 256 bits, which no list of likely
words can hit, and it can be looked up by index; a slow hash is for passwords that people choose.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from bridge.errors import BridgeError
from bridge.store.schema import from_micros

PREFIX = "gsb_"
"""Lets scanners for leaked secrets know one when they see it."""

PROFILES = ("lenient", "strict")
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A SCIM client's token without the token; moments are UTC."""

    name: str
    profile: str
    created_at: datetime
    revoked_at: datetime | None = None


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Give the digest that a token is stored and looked up by."""
    return sha256(token.encode()).digest()


def check_client(name: str, *, profile: str) -> None:
    """Raise ``BridgeError`` for a name or a profile that cannot be given to a client."""
    if name != name.strip() or not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise BridgeError(
            f"A client's name has 1 to {LONGEST_NAME} printable characters and no blank at "
            "either end."
        )
    if profile not in PROFILES:
        raise BridgeError(f"A client's profile is {' or '.join(PROFILES)}.")


def token_from_row(row: Row[Any]) -> ClientToken:
    return ClientToken(
        name=row.name,
        profile=row.profile,
        created_at=from_micros(row.created_at),
        revoked_at=None if row.revoked_at is None else from_micros(row.revoked_at),
    )
