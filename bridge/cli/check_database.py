"""The database as ``check`` looks at it: read, and never made, migrated or given a key.

Knows which database and key a start would make, and what stands in for them during a check.
"""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from bridge.errors import BridgeError
from bridge.settings import Settings
from bridge.store import existing_keys, schema_state
from bridge.store.database import sqlite_path
from bridge.store.sealer import KEY_BYTES


@dataclass(frozen=True, slots=True)
class CheckedDatabase:
    """The outcome of the look at a database.

    ``settings`` are those to check the rest with. ``is_empty`` says that they name a temporary
    database, because the first start has yet to make the real one.
    """

    settings: Settings
    text: str
    is_empty: bool = False


@asynccontextmanager
async def checked_database(settings: Settings) -> AsyncIterator[CheckedDatabase]:
    """Look at the database and its key without a change to either. Raises ``BridgeError``."""
    keys = existing_keys(settings.secret_keys, database_url=settings.database_url)
    name = settings.database_url.partition(":")[0]
    path = sqlite_path(settings.database_url)
    if path is None or path.exists():
        state = await schema_state(settings.database_url)
        if state.current is not None:
            text = f"{name} can be used"
            if not state.is_newest:
                text += f"; the next start moves its schema from {state.current} to {state.newest}"
            yield CheckedDatabase(settings if keys else _with_key(settings), text)
            return
        text = f"{name} can be used; the first start makes the tables"
    else:
        _check_folder(path)
        text = f"{path} does not exist yet; the first start makes it"
    with TemporaryDirectory(prefix="goto-scim-bridge-") as folder:
        url = f"sqlite:///{Path(folder) / 'bridge.db'}"
        temporary = _with_key(settings).model_copy(update={"database_url": url})
        yield CheckedDatabase(temporary, text, is_empty=True)


def _with_key(settings: Settings) -> Settings:
    """Return settings with a key for this check alone; nothing is sealed with it that stays."""
    if settings.secret_keys:
        return settings
    key = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    return settings.model_copy(update={"secret_key": SecretStr(key)})


def _check_folder(path: Path) -> None:
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise BridgeError(
            f"BRIDGE_DATABASE_URL: {path} cannot be made. Name a file in a folder that exists and "
            "that the bridge may write to."
        )
