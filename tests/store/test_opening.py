"""Opening: the schema is made and moved at start, by however many start, or it is said why not."""

import asyncio
import multiprocessing
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from bridge.errors import BridgeError
from bridge.store import ResourceState, Sealer, Store, StoreUnavailable, saving
from bridge.store.database import open_database
from bridge.store.migrate import migrate
from bridge.store.schema import VERSION_TABLE, metadata
from tests.store.conftest import KEY, NOW, OpenStore

STARTERS = 6


LOG_FILES = ("bridge.db-shm", "bridge.db-wal")


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def _start(url: str, mark: str) -> None:
    async def scenario() -> None:
        store = await Store.open(url, sealer=Sealer([KEY]))
        await store.ping()
        await store.write([saving("acc", "User", [ResourceState(mark, NOW, NOW, "v")])])
        await store.close()

    asyncio.run(scenario())


def test_processes_that_start_at_once_all_start(url: str, open_store: OpenStore) -> None:
    spawn = multiprocessing.get_context("spawn")
    starters = [spawn.Process(target=_start, args=(url, str(n))) for n in range(STARTERS)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert [starter.exitcode for starter in starters] == [0] * STARTERS

    async def scenario() -> None:
        async with open_store() as store:
            assert len(await store.states("acc", "User")) == STARTERS

    asyncio.run(scenario())


def test_the_migrations_make_the_tables_that_the_code_expects(url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async def scenario() -> None:
        database = await open_database(url)
        await migrate(database)
        async with database.read() as connection:
            assert await connection.run_sync(differences) == []
        await database.close()

    asyncio.run(scenario())


def test_a_database_of_a_newer_version_is_left_alone(url: str, open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store():
            pass
        database = await open_database(url)
        async with database.write() as connection:
            await connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
        await database.close()
        with pytest.raises(BridgeError, match=r"9999.*newer version"):
            async with open_store():
                pass

    asyncio.run(scenario())


def test_ping_answers_while_the_database_does(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            await store.ping()

    asyncio.run(scenario())


def test_a_folder_that_is_not_there_is_told_by_the_settings_name(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"BRIDGE_DATABASE_URL: .*nowhere.*No such file"):
        asyncio.run(Store.open(f"sqlite:///{tmp_path}/nowhere/b.db", sealer=Sealer([KEY])))


def test_a_file_that_is_no_database_is_told_by_the_settings_name(tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("shopping list" * 100)
    with pytest.raises(BridgeError, match=r"BRIDGE_DATABASE_URL: .*not a database"):
        asyncio.run(Store.open(f"sqlite:///{tmp_path}/b.db", sealer=Sealer([KEY])))


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://u:geheim@h/db", "postgres://u:geheim@h:x/db", "sqlite://"]
)
def test_a_url_for_something_else_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BridgeError, match="BRIDGE_DATABASE_URL") as raised:
        asyncio.run(Store.open(url, sealer=Sealer([KEY])))
    assert "geheim" not in str(raised.value)


def test_a_postgresql_that_does_not_answer_is_reported_without_its_password() -> None:
    pytest.importorskip("asyncpg", reason="the postgres extra is not installed")
    with pytest.raises(StoreUnavailable, match="BRIDGE_DATABASE_URL") as raised:
        asyncio.run(Store.open("postgresql://u:geheim@127.0.0.1:1/db", sealer=Sealer([KEY])))
    assert "geheim" not in str(raised.value)


def test_the_sqlite_file_is_the_owners_and_keeps_a_log_ahead(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"

    async def scenario() -> None:
        store = await Store.open(f"sqlite:///{path}", sealer=Sealer([KEY]))
        await store.save_grant("goto", {})
        assert _modes(tmp_path) == {"bridge.db": 0o600, **dict.fromkeys(LOG_FILES, 0o600)}
        await store.close()

    asyncio.run(scenario())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_every_sqlite_commit_is_flushed_and_references_are_checked(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await open_database(f"sqlite:///{tmp_path}/bridge.db")
        async with database.write() as connection:
            pragmas = [
                (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                for name in ("synchronous", "foreign_keys", "busy_timeout")
            ]
        await database.close()
        assert pragmas == [2, 1, 10_000]

    asyncio.run(scenario())


def test_a_second_opening_in_one_process_keeps_the_log_from_other_processes(tmp_path: Path) -> None:
    """Another process that ends must not take itself for the last one and remove the log."""
    url = f"sqlite:///{tmp_path}/bridge.db"

    async def scenario() -> None:
        first = await Store.open(url, sealer=Sealer([KEY]))
        second = await Store.open(url, sealer=Sealer([KEY]))
        await second.write([saving("acc", "User", [ResourceState("1", NOW, NOW, "v")])])
        context = multiprocessing.get_context("spawn")
        other = context.Process(target=_start, args=(url, "2"))
        other.start()
        other.join()
        assert (tmp_path / "bridge.db-wal").exists()
        await first.write([saving("acc", "User", [ResourceState("3", NOW, NOW, "v")])])
        assert set(await second.states("acc", "User")) == {"1", "2", "3"}
        await first.close()
        await second.close()

    asyncio.run(scenario())
