"""One SQLAlchemy engine for either database: URLs, pragmas, transactions, errors.

Knows how SQLite and PostgreSQL want to be opened and locked; knows nothing of what is stored.
"""

import asyncio
import errno
import functools
import importlib
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    closing,
    contextmanager,
    nullcontext,
    suppress,
)
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from bridge.errors import BridgeError
from bridge.store.one_thread import OneThread

Insert = sqlite.Insert | postgresql.Insert

BUSY_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 60.0
WAL_ATTEMPTS = 100


class StoreUnavailable(BridgeError):
    """The database did not answer, or refused: nothing was changed."""


class Database:
    """Transactions on one database. A write transaction excludes every other from its start."""

    def __init__(self, engine: AsyncEngine, *, in_a_thread: OneThread | None = None) -> None:
        self._engine = engine
        self._in_a_thread = in_a_thread
        # Of the few statements that there are.
        self._spelled: dict[tuple[UpdateBase, tuple[str, ...]], tuple[str, Sequence[str]]] = {}
        self._writer = engine.execution_options(bridge_writes=True)
        # SQLite has one writer; waiting here is fair and free, waiting in SQLite is polling.
        self._turn: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        with _reported():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is on disk when the block ends, or had no effect."""
        async with self._turn:
            with _reported():
                async with self._writer.begin() as connection:
                    yield connection

    async def transact(self, change: Callable[[Connection], None]) -> None:
        """A transaction as ``write`` makes it, all of whose statements are known before."""
        if self._in_a_thread is None:
            async with self.write() as connection:
                await connection.run_sync(change)
            return
        async with self._turn:
            with _reported():
                await self._in_a_thread.run(change)

    def insert(self, table: Table) -> Insert:
        """Give an insert with ``on_conflict_do_…``, which both dialects have but SQL has not."""
        return _insert(table, self.is_sqlite)

    def upsert(self, table: Table) -> Insert:
        """Give an insert that replaces every other column where the primary key is there."""
        return _upsert(table, self.is_sqlite)

    def spelled(self, statement: UpdateBase, columns: Sequence[str]) -> tuple[str, Sequence[str]]:
        """Give a statement as the driver's own text, and the names of its values in their order.

        For rows of what the driver takes as it is, with these columns: SQLAlchemy would look at
        each value of each row.
        """
        asked = (statement, tuple(columns))
        if asked not in self._spelled:
            keys = list(columns) if statement.is_insert else None
            compiled = statement.compile(dialect=self._engine.dialect, column_keys=keys)
            assert isinstance(compiled, SQLCompiler)
            assert compiled.positiontup is not None
            self._spelled[asked] = str(compiled), compiled.positiontup
        return self._spelled[asked]

    async def close(self) -> None:
        if self._in_a_thread is not None:
            await self._in_a_thread.close()
        await self._engine.dispose()


def _insert(table: Table, is_sqlite: bool) -> Insert:
    return sqlite.insert(table) if is_sqlite else postgresql.insert(table)


@functools.cache
def _upsert(table: Table, is_sqlite: bool) -> Insert:
    insert = _insert(table, is_sqlite)
    keys = [column.name for column in table.primary_key]
    replaced = {c.name: insert.excluded[c.name] for c in table.c if c.name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=replaced)


async def open_database(url: str) -> Database:
    """Open ``sqlite:///…`` or ``postgresql://…``; what is wrong with it is a ``BridgeError``."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return await _open_sqlite(parsed)
    return Database(_postgres_engine(parsed))


def sqlite_path(url: str) -> Path | None:
    """Give the file of an SQLite URL, None for any other database."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise BridgeError(
            "BRIDGE_DATABASE_URL names no file: a database in memory would lose the grant at "
            "every restart. Use sqlite:///./bridge.db."
        )
    return Path(parsed.database)


def _parsed(url: str) -> URL:
    try:
        # SQLAlchemy no longer knows the short scheme that hosting services hand out.
        parsed = make_url("postgresql" + url[8:] if url.startswith("postgres:") else url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BridgeError(
            "BRIDGE_DATABASE_URL must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    return parsed


async def _open_sqlite(url: URL) -> Database:
    path = sqlite_path(url.render_as_string(hide_password=False))
    assert path is not None
    try:
        _make_file(path)
    except OSError as error:
        raise BridgeError(
            f"BRIDGE_DATABASE_URL: {path} cannot be opened for writing ({error.strerror}). Name a "
            "file in a folder that exists and that the bridge may write to."
        ) from error
    try:
        await asyncio.to_thread(_choose_wal, path)
    except sqlite3.Error as error:
        raise BridgeError(
            f"BRIDGE_DATABASE_URL: {path} cannot be used as a database ({error})."
        ) from error
    options: Any = {"hide_parameters": True, "connect_args": {"timeout": BUSY_TIMEOUT_S}}
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), **options)
    direct = create_engine(url.set(drivername="sqlite"), **options)
    _set_up(engine.sync_engine)
    _set_up(direct)
    return Database(engine, in_a_thread=OneThread(direct.execution_options(bridge_writes=True)))


def _make_file(path: Path) -> None:
    """Make a database file that only its owner can read; -wal and -shm follow suit.

    A file that exists is not opened: to close it would drop the locks that SQLite holds on it in
    this process (POSIX fcntl locks), and another process could then remove the write-ahead log.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    if not path.is_file() or not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _set_up(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions begin late and never IMMEDIATE; _begin_sqlite begins them.
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: a grant or a suspended user's licences must survive a power cut, and at ten writes a
    # second the flush costs nothing (docs/decisions/0001).
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails when another wrote in between.
    writes = connection.get_execution_options().get("bridge_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _choose_wal(path: Path) -> None:
    """Switch to write-ahead logging; SQLite does not wait for its lock here, so this does."""
    for attempt in range(WAL_ATTEMPTS):
        try:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == WAL_ATTEMPTS - 1:
                raise
            time.sleep(BUSY_TIMEOUT_S / WAL_ATTEMPTS)


def _postgres_engine(url: URL) -> AsyncEngine:
    driver = _asyncpg()
    if driver is None:
        raise BridgeError(
            "BRIDGE_DATABASE_URL names PostgreSQL, whose driver is not installed: "
            'pip install "goto-scim-bridge[postgres]".'
        )
    # The driver reads the URL itself, so that sslmode and the rest mean what they mean to libpq.
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=functools.partial(
            driver.connect, dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S
        ),
        hide_parameters=True,
        pool_pre_ping=True,
    )


@contextmanager
def _reported() -> Iterator[None]:
    """Translate what the drivers raise. The text names no host and no value."""
    try:
        yield
    except _database_errors() as error:
        wrapped = getattr(error, "orig", None) or error
        cause = wrapped.__cause__ or wrapped
        raise StoreUnavailable(
            f"The bridge's database did not answer ({type(cause).__name__}): "
            "see that BRIDGE_DATABASE_URL can be reached and has room."
        ) from error


def _database_errors() -> tuple[type[Exception], ...]:
    """What asyncpg raises while it connects does not pass through SQLAlchemy's translation."""
    driver = _asyncpg()
    if driver is None:
        return (SQLAlchemyError, OSError)
    own = (driver.PostgresError, driver.InterfaceError, driver.InternalClientError)
    return (SQLAlchemyError, OSError, *own)


@functools.cache
def _asyncpg() -> Any:
    """Give PostgreSQL's driver, None where the ``postgres`` extra is not installed."""
    try:
        return importlib.import_module("asyncpg")
    except ModuleNotFoundError:
        return None
