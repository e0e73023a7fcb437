"""The key that seals what is stored: the one that was set, or one made beside the database.

Knows the key file and its rights; what keys are used for is in ``sealer``, and how one is written
into BRIDGE_SECRET_KEY in ``bridge.settings``.
"""

import base64
import binascii
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bridge.errors import BridgeError
from bridge.store.database import sqlite_path
from bridge.store.sealer import KEY_BYTES


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """The keys for a ``Sealer``; ``warning`` is for the operator, where a key was just made."""

    keys: tuple[bytes, ...] = field(repr=False)
    warning: str | None = None


def secret_keys(configured: Sequence[bytes], *, database_url: str) -> SecretKeys:
    """Give the configured keys; without any, the key file's, which the first start makes.

    Starters at the same moment agree on one key. No key is made beside a database that holds
    something sealed: a new key could not open it. Raises ``BridgeError``.
    """
    if (existing := existing_keys(configured, database_url=database_url)) is not None:
        return existing
    path = _key_file(database_url)
    with _usable(path):
        made = _make(path)
    key = _readable(path)
    if not made:
        return SecretKeys((key,))
    return SecretKeys(
        (key,),
        f"BRIDGE_SECRET_KEY is not set: a key was made in {path}. Back it up; without it the "
        "stored grant cannot be opened.",
    )


def existing_keys(configured: Sequence[bytes], *, database_url: str) -> SecretKeys | None:
    """Give the keys that there are, and make none; None where the first start makes a key.

    Raises ``BridgeError``, as where the database holds something sealed and its key is missing.
    """
    if configured:
        return SecretKeys(tuple(configured))
    path = _key_file(database_url)
    if path.exists():
        return SecretKeys((_readable(path),))
    database = sqlite_path(database_url)
    if database is not None and database.exists() and _holds_sealed(database):
        raise BridgeError(
            f"{database} holds a grant that is sealed, and its key file {path} is missing. Restore "
            "the file from a backup, or set BRIDGE_SECRET_KEY to the key. If the key is lost, set "
            "BRIDGE_SECRET_KEY to a new one and run `goto-scim-bridge connect`."
        )
    return None


def _readable(path: Path) -> bytes:
    with _usable(path):
        return _read(path)


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BridgeError(
            f"BRIDGE_SECRET_KEY is not set, and the key file {path} cannot be used "
            f"({error.strerror}): set the one, or make the other's folder writable."
        ) from error


def _key_file(database_url: str) -> Path:
    database = sqlite_path(database_url)
    if database is None:
        raise BridgeError("BRIDGE_SECRET_KEY is required with PostgreSQL.")
    return database.with_name(database.name + ".key")


def _holds_sealed(database: Path) -> bool:
    """Whether an SQLite file holds a sealed value. Reads only; another file holds none."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as file:
            return file.execute("SELECT 1 FROM sealed_grant LIMIT 1").fetchone() is not None
    except sqlite3.DatabaseError:
        return False


def _make(path: Path) -> bool:
    """Put a new key at ``path`` unless there is one; True where this call put it there."""
    if path.exists():
        return False
    # Written whole under another name first, so that nobody ever reads half a key; a link,
    # unlike a rename, refuses to replace the key of another starter.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _read(path: Path) -> bytes:
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise BridgeError(
            f"The key file {path} holds no key of {KEY_BYTES} bytes: restore it from a backup, or "
            "remove it to start with a new key and connect the bridge again."
        )
    return key
