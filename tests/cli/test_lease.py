"""One ``serve`` on a database: a second one says who has it, and a dead one does not keep it."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from bridge.lease import Holder
from tests.cli.processes import PATIENCE, Server, run, serving
from tests.cli.services import SERVING, simulator

OPTIONS = ["--port", "0"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with simulator(tmp_path_factory.mktemp("goto")) as settings:
        yield settings


def serve(folder: Path, settings: dict[str, str]) -> AbstractContextManager[Server]:
    return serving("serve", *OPTIONS, folder=folder, ready=SERVING, settings=settings)


def lease_of(folder: Path) -> tuple[str, int, int]:
    """Holder, epoch and renewals as the database has them."""
    with closing(sqlite3.connect(folder / "bridge.db")) as database:
        row = database.execute("SELECT holder, epoch, renewals FROM lease").fetchone()
    return row[0], row[1], row[2]


def test_a_second_service_says_who_holds_the_database(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with serve(tmp_path, settings) as first:
        second = run("serve", *OPTIONS, folder=tmp_path, settings=settings)
        assert second.returncode == 1
        assert f"held by process {first.process.pid} on " in second.stderr
        assert "Traceback" not in second.stderr
        # The first one goes on, and gives the database back at its end.
        assert first.process.poll() is None
        assert first.end(signal.SIGTERM) == 0
    with serve(tmp_path, settings) as third:
        assert lease_of(tmp_path)[1] == 2
        assert third.end(signal.SIGHUP) == 0


def test_a_killed_service_is_followed_at_once_on_its_machine(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with serve(tmp_path, settings) as first:
        first.process.kill()
        first.process.wait()
    with serve(tmp_path, settings) as second:
        assert Holder.read(lease_of(tmp_path)[0]).pid == second.process.pid
        assert second.end(signal.SIGTERM) == 0


def held_elsewhere(folder: Path, *, seconds: float) -> None:
    """Let a process of another machine hold the database for so many seconds more."""
    holder = Holder("elsewhere", 7, scope="another boot", started="1").text
    until = time.time_ns() // 1000 + int(seconds * 1e6)
    with closing(sqlite3.connect(folder / "bridge.db", timeout=10)) as database:
        database.execute(
            "UPDATE lease SET holder = ?, epoch = epoch + 1, expires_at = ?", (holder, until)
        )
        database.commit()


def test_the_lease_of_a_machine_that_is_gone_runs_out(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with serve(tmp_path, settings) as first:
        assert first.end(signal.SIGTERM) == 0
    held_elsewhere(tmp_path, seconds=3)
    with serve(tmp_path, settings) as second:
        holder, epoch, _ = lease_of(tmp_path)
        assert (Holder.read(holder).pid, epoch) == (second.process.pid, 3)
        assert second.end(signal.SIGTERM) == 0


def test_a_service_that_lost_its_database_to_another_one_ends(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with serve(tmp_path, settings) as first:
        held_elsewhere(tmp_path, seconds=60)
        assert first.process.wait(PATIENCE) == 1
        assert '"held_by":"process 7 on elsewhere"' in first.text()


def test_a_process_knows_itself_and_a_dead_one() -> None:
    me = Holder.this_process()
    assert Holder.read(me.text) == me
    assert not me.is_dead
    assert Holder(me.host, me.pid, me.scope, "1").is_dead, "another process had this number before"
    assert not Holder(me.host, me.pid, "another boot", "1").is_dead, "nobody knows"
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    assert Holder(me.host, int(ended.stdout), me.scope, "12345").is_dead
