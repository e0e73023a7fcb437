"""Grants: sealed on disk, replaced whole, opened only with their key."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.errors import BridgeError
from bridge.store import Sealer, Store
from tests.store.conftest import KEY, NOW, OpenStore

GRANT = {"refresh_token": "rt-4711-secret", "account": "9", "expires_at": 1.5}
OTHER_KEY = b"o" * 32


def test_a_grant_survives_a_restart(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            assert await store.grant("goto") is None
            await store.save_grant("goto", GRANT)
        async with open_store() as store:
            assert await store.grant("goto") == GRANT
            assert await store.grant("other") is None

    asyncio.run(scenario())


def test_a_new_grant_replaces_the_old_one_whole(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.save_grant("goto", GRANT)
            await store.save_grant("goto", {"pat": "p"})
            assert await store.grant("goto") == {"pat": "p"}

    asyncio.run(scenario())


def test_the_wrong_key_is_told_by_the_settings_name(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.save_grant("goto", GRANT)
        async with open_store(keys=(OTHER_KEY,)) as store:
            with pytest.raises(BridgeError, match="BRIDGE_SECRET_KEY") as raised:
                await store.grant("goto")
            assert "rt-4711" not in str(raised.value)

    asyncio.run(scenario())


def test_a_rotated_key_opens_what_the_old_one_sealed(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.save_grant("goto", GRANT)
        async with open_store(keys=(OTHER_KEY, KEY)) as store:
            assert await store.grant("goto") == GRANT
            await store.save_grant("goto", GRANT)
        async with open_store(keys=(OTHER_KEY,)) as store:
            assert await store.grant("goto") == GRANT

    asyncio.run(scenario())


def test_no_secret_reaches_the_disk(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"

    async def scenario() -> str:
        store = await Store.open(url, sealer=Sealer([KEY]))
        await store.save_grant("goto", GRANT)
        token = await store.create_client_token("eic", now=NOW)
        await store.close()
        return token

    token = asyncio.run(scenario())
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"rt-4711" not in stored
    assert token.encode() not in stored
    assert token[4:].encode() not in stored


def test_a_grant_is_committed_before_saving_returns(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"

    async def scenario() -> None:
        store = await Store.open(f"sqlite:///{path}", sealer=Sealer([KEY]))
        await store.save_grant("goto", GRANT)
        with closing(sqlite3.connect(path)) as elsewhere:
            assert elsewhere.execute("SELECT count(*) FROM sealed_grant").fetchone() == (1,)
        await store.close()

    asyncio.run(scenario())
