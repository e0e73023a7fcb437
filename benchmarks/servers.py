"""The processes that are measured: how each is started, and what it used of the machine.

CPU seconds of the server's process are the steadier figure where the load generator and the
simulated GoTo share a few cores with it.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN

TOKEN = "token-of-the-benchmark"
FASTEST = 100_000
ROOT = Path(__file__).parent.parent
PATIENCE = 120.0
# Longer than the bridge puts off storing a snapshot.
IDLE = 6.0


@dataclass(frozen=True)
class Server:
    """A running service; ``log`` is the file of what it wrote."""

    url: str
    pid: int
    log: Path

    def cpu(self) -> float:
        """Seconds of CPU that it used so far, in all its threads."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def wait_until_idle(self) -> None:
        """Wait until it does nothing more by itself."""
        until = time.monotonic() + PATIENCE
        before = -1.0
        while time.monotonic() < until and (now := self.cpu()) > before + IDLE * 0.05:
            before = now
            time.sleep(IDLE)

    def memory(self) -> int:
        """Bytes that are resident."""
        return int(psutil.Process(self.pid).memory_info().rss)


@contextmanager
def upstream(*, users: int, groups: int, rate: int, folder: Path) -> Iterator[Server]:
    """The simulated GoTo."""
    port = free_port()
    arguments = ["-m", "benchmarks.upstream", *map(str, (port, users, groups, rate))]
    with _running(
        arguments, port=port, ready="/_bench/calls", name="upstream", folder=folder
    ) as it:
        yield it


@contextmanager
def bare(answers: Path, *, folder: Path) -> Iterator[Server]:
    """Starlette with answers that are ready."""
    port = free_port()
    arguments = ["-m", "benchmarks.bare", str(port), str(answers), TOKEN]
    with _running(arguments, port=port, ready="/", name="bare", folder=folder) as it:
        yield it


@contextmanager
def plain(goto: Server, *, rate: int, folder: Path) -> Iterator[Server]:
    """The plain translator."""
    port = free_port()
    access = httpx.post(f"{goto.url}/_sim/token", trust_env=False).json()["access_token"]
    arguments = ["-m", "benchmarks.plain", str(port), goto.url, access, str(rate), TOKEN]
    with _running(arguments, port=port, ready="/", name="plain", folder=folder) as it:
        yield it


@contextmanager
def bridge(
    goto: Server,
    *,
    rate: int,
    folder: Path,
    max_age: float = 3600,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """The bridge as an operator runs it, its database in ``folder``.

    A ``rate`` of 0 is no limit that it could reach. Ready when it answers, not when its snapshot is
    there.
    """
    port = free_port()
    environment = {
        "BRIDGE_PORT": str(port),
        "BRIDGE_TOKEN": TOKEN,
        "BRIDGE_DATABASE_URL": f"sqlite:///{folder / 'bridge.db'}",
        "BRIDGE_GOTO_API_URL": goto.url,
        "BRIDGE_GOTO_AUTH_URL": goto.url,
        "BRIDGE_GOTO_CLIENT_ID": CLIENT_ID,
        "BRIDGE_GOTO_CLIENT_SECRET": CLIENT_SECRET,
        "BRIDGE_GOTO_PAT": PERSONAL_ACCESS_TOKEN,
        "BRIDGE_GOTO_RATE_LIMIT": str(rate or FASTEST),
        "BRIDGE_SNAPSHOT_MAX_AGE": str(max_age),
        **(settings or {}),
    }
    arguments = ["-m", "bridge", "serve"]
    with _running(
        arguments,
        port=port,
        ready="/health/live",
        name="bridge",
        folder=folder,
        environment=environment,
    ) as it:
        yield it


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def _running(
    arguments: list[str],
    *,
    port: int,
    ready: str,
    name: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    log = folder / f"{name}.log"
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("BRIDGE_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**inherited, "no_proxy": "127.0.0.1", **(environment or {})},
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url + ready, process, log)
        yield Server(url, process.pid, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < until:
            if process.poll() is not None:
                raise RuntimeError(f"a server ended at once: {log.read_text()[-2000:]}")
            try:
                client.get(url)
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            return
    raise RuntimeError(f"{url} did not answer in {PATIENCE} seconds")
