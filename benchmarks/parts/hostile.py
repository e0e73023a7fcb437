"""Hostile requests, one at a time, and how long `/health/live` takes to answer meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from benchmarks import account, servers
from benchmarks.hostile_requests import CORE, Account, Pieces, requests, values
from benchmarks.report import Found
from benchmarks.servers import Server
from benchmarks.size import Size

MOST_MS = 250
MOST_MB = 64
EVERY = 0.01
PATIENCE = 120.0
MIB = 1024 * 1024


@dataclass
class Watch:
    """Asks for a page over and over on one connection, and keeps the longest time it took."""

    address: tuple[str, int]
    longest: float = 0.0
    _ended: Event = field(default_factory=Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch until the end of the block."""
        thread = Thread(target=self._ask, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _ask(self) -> None:
        request = b"GET /health/live HTTP/1.1\r\nHost: bridge\r\n\r\n"
        with socket.create_connection(self.address, timeout=PATIENCE) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self._ended.is_set():
                began = time.perf_counter()
                line.sendall(request)
                if not line.recv(65536).startswith(b"HTTP/1.1 200"):
                    raise RuntimeError("/health/live did not answer 200")
                self.longest = max(self.longest, time.perf_counter() - began)
                time.sleep(EVERY)


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows."""
    with (
        servers.upstream(users=size.users, groups=size.groups, rate=0, folder=folder) as goto,
        servers.bridge(goto, rate=0, folder=folder) as bridge,
    ):
        hostile = requests(_account(bridge))
        bridge.wait_until_idle()
        address = _address(bridge)
        watch = Watch(address)
        with watch.running():
            time.sleep(1)
        found.note("longest answer of /health/live while nothing is sent", _ms(watch.longest))
        first = bridge.memory()
        longest = 0.0
        for name, pieces in hostile.items():
            longest = max(longest, _row(found, name, pieces, bridge))
        grown = (bridge.memory() - first) / MIB
        found.below("longest answer of /health/live in all", longest * 1000, MOST_MS,
                    shown=_ms(longest), unit="ms")  # fmt: skip
        found.below("memory after all hostile requests", grown, MOST_MB,
                    shown=f"{grown:+.0f} MB", unit="MB")  # fmt: skip


def _row(found: Found, name: str, pieces: Pieces, bridge: Server) -> float:
    before = bridge.memory()
    address, began = _address(bridge), time.perf_counter()
    watch = Watch(address)
    with watch.running():
        time.sleep(5 * EVERY)
        status = sent(address, pieces)
        took = time.perf_counter() - began - 5 * EVERY
        time.sleep(5 * EVERY)
    grown = (bridge.memory() - before) / MIB
    shown = f"{_ms(watch.longest)} ({status} after {took:.2f} s, {grown:+.0f} MB)"
    found.below(name, watch.longest * 1000, MOST_MS, shown=shown, unit="ms")
    return watch.longest


def sent(address: tuple[str, int], pieces: Pieces) -> str:
    """Send a request and return the status of the answer. What is refused early is not sent on."""
    with socket.create_connection(address, timeout=PATIENCE) as line:
        try:
            for piece in pieces():
                line.sendall(piece)
        except OSError:
            pass  # refused before it was all there; the answer may be there all the same
        try:
            answer = line.recv(65536)
        except OSError:
            return "closed"
    return answer[9:12].decode() or "closed"


def _account(bridge: Server) -> Account:
    with account.scim(account.place_of(bridge)) as client:
        account.wait_for_snapshot(client)
        listed = client.get("/Users", params={"count": 100}).json()["Resources"]
        users = [each["id"] for each in listed]
        group = client.get("/Groups", params={"count": 1}).json()["Resources"][0]["id"]
        full = {
            "schemas": [CORE + "User"],
            "userName": "full@example.com",
            "phoneNumbers": values("t", 1000),
        }
        made = client.post("/Users", json=full).raise_for_status()
    host = urlsplit(bridge.url).netloc
    return Account(host, servers.TOKEN, users[0], made.json()["id"], users[1:], group)


def _address(bridge: Server) -> tuple[str, int]:
    parts = urlsplit(bridge.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
