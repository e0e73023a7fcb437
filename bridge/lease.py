"""One process serves a database: it takes the lease before it starts and renews it while it lives.

Knows when a lease may be taken and when it is lost. Rows and clocks are in ``bridge.store.leases``.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import orjson
import structlog

from bridge.errors import BridgeError
from bridge.store import Lease, Leases, StoreUnavailable

log = structlog.get_logger(__name__)

SERVICE = "service"
LIFE = 15.0
"""Seconds after which the lease of a dead process is free."""
RENEWED_EVERY = 2.0
LOOKED_EVERY = 0.25

PROC = Path("/proc")


class LeaseHeld(BridgeError):
    """Another process serves this database."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process: ``scope`` is the boot and the PID namespace in which ``pid`` means something.

    ``started`` tells two processes with one number apart. Both are empty where the system has no
    ``/proc``.
    """

    host: str
    pid: int
    scope: str = ""
    started: str = ""

    @classmethod
    def this_process(cls) -> Self:
        """Return the process that runs."""
        pid = os.getpid()
        return cls(socket.gethostname(), pid, _scope(), _started(pid))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the holder that ``text`` was made of."""
        return cls(**orjson.loads(text))

    @property
    def text(self) -> str:
        """The form in which the database has it."""
        return orjson.dumps(asdict(self)).decode()

    @property
    def is_dead(self) -> bool:
        """Whether the process is known to have ended; False where that cannot be known."""
        return bool(self.scope) and self.scope == _scope() and self.started != _started(self.pid)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def _scope() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{(PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """The start of a process in clock ticks since the boot, empty where there is none."""
    try:
        # The name in parentheses may hold blanks; the start is the 22nd field (proc(5)).
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


@asynccontextmanager
async def lease_held(
    leases: Leases,
    *,
    on_loss: Callable[[], object],
    holder: Holder | None = None,
    life: float = LIFE,
    every: float = RENEWED_EVERY,
) -> AsyncIterator[Lease]:
    """Hold the lease while the block runs. Raises ``LeaseHeld`` where another process has it.

    ``on_loss`` is called where another process takes the lease meanwhile. Times are in seconds.
    """
    held = await acquire(leases, holder or Holder.this_process(), life=life)
    renewal = asyncio.create_task(
        _renew(leases, held, life=life, every=every, on_loss=on_loss), name="renew the lease"
    )
    try:
        yield held
    finally:
        renewal.cancel()
        await asyncio.gather(renewal, return_exceptions=True)
        # Where the database is away the lease ends by itself.
        with suppress(StoreUnavailable):
            await leases.release(SERVICE, held)


async def acquire(
    leases: Leases,
    holder: Holder,
    *,
    life: float = LIFE,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Lease:
    """Take the lease: at once where it is free or its holder is dead, else once it has run out.

    A holder that renews it meanwhile is alive: ``LeaseHeld``.
    """
    lease = await leases.acquire(SERVICE, holder.text, life=life)
    first = lease
    deadline = time.monotonic() + life + RENEWED_EVERY
    while lease.holder != holder.text:
        current = Holder.read(lease.holder)
        if current.is_dead:
            lease = await leases.acquire(SERVICE, holder.text, life=life, instead_of=lease)
            continue
        lives = bool(current.scope) and current.scope == holder.scope
        renewed = (lease.epoch, lease.renewals) != (first.epoch, first.renewals)
        if lives or renewed or time.monotonic() > deadline:
            raise LeaseHeld(
                f"BRIDGE_DATABASE_URL: this database is held by {current}. One process serves a "
                f"database: stop that one first; if it has died, its lease ends within {life:.0f} "
                "seconds."
            )
        await sleep(LOOKED_EVERY)
        lease = await leases.acquire(SERVICE, holder.text, life=life)
    return lease


async def _renew(
    leases: Leases, held: Lease, *, life: float, every: float, on_loss: Callable[[], object]
) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            if await leases.renew(SERVICE, held, life=life):
                continue
            current = await leases.current(SERVICE)
        except StoreUnavailable as error:
            log.warning("lease_not_renewed", reason=error.detail)
            continue
        log.error(
            "lease_lost",
            held_by=str(Holder.read(current.holder)) if current and current.holder else "nobody",
            what_to_do="run one process on a database",
        )
        on_loss()
        return
