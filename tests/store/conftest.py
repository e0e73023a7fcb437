"""One suite, two databases: SQLite always, PostgreSQL where BRIDGE_TEST_POSTGRES_URL names one."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.store import Sealer, Store

NOW = datetime(2026, 3, 1, 12, 30, 15, 123457, tzinfo=UTC)
KEY = bytes(range(32))

OpenStore = Callable[..., AbstractAsyncContextManager[Store]]
DATABASES = ["sqlite", *(["postgresql"] if "BRIDGE_TEST_POSTGRES_URL" in os.environ else [])]


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of its own for each test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bridge.db"
        return
    server = os.environ["BRIDGE_TEST_POSTGRES_URL"]
    schema = "t" + secrets.token_hex(8)
    asyncio.run(_execute(server, f"CREATE SCHEMA {schema}"))
    yield f"{server}{'&' if '?' in server else '?'}search_path={schema}"
    asyncio.run(_execute(server, f"DROP SCHEMA {schema} CASCADE"))


@pytest.fixture
def open_store(url: str) -> OpenStore:
    """Open the test's database, as often as the test likes, and close it again."""

    @asynccontextmanager
    async def opened(keys: tuple[bytes, ...] = (KEY,)) -> AsyncIterator[Store]:
        store = await Store.open(url, sealer=Sealer(keys))
        try:
            yield store
        finally:
            await store.close()

    return opened


async def _execute(server: str, statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
