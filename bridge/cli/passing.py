"""A whole pass over the account for a person who waits: what is read so far, and how it ended.

On a terminal a bar for each list, elsewhere a line when a list is complete.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from bridge.cli.terminal import complain
from bridge.mapping import load_mapping
from bridge.operations import set_up_logs
from bridge.rooms import Rooms, open_rooms
from bridge.settings import Settings

# Nothing that was just read is read again, however long it is then written.
LONG = 86_400.0


@dataclass(frozen=True)
class Passed:
    """A bridge that has just read the whole account, with what that took."""

    rooms: Rooms
    calls: int
    seconds: float


@asynccontextmanager
async def whole_account(settings: Settings, *, quiet: bool = False) -> AsyncIterator[Passed]:
    """Read the account; ``quiet`` tells of it on a terminal alone. Raises a BridgeError of GoTo."""
    set_up_logs("warning", settings.log_format)
    kept = settings.model_copy(update={"snapshot_max_age": LONG})
    began = time.monotonic()
    told = Told(quiet=quiet)
    async with open_rooms(kept, load_mapping(settings.mapping), paged=told.page) as rooms:
        with told.progress:
            await rooms.directory.take_snapshot()
        yield Passed(rooms, rooms.goto.calls, time.monotonic() - began)


class Told:
    """Tells of pages as they come, on standard error."""

    def __init__(self, *, quiet: bool) -> None:
        console = Console(stderr=True)
        self._live = console.is_terminal
        self._quiet = quiet
        self._bars: dict[str, TaskID] = {}
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not self._live,
            transient=quiet,
        )

    def page(self, what: str, seen: int, total: int) -> None:
        """Take note of a page of a list."""
        if self._live:
            if what not in self._bars:
                self._bars[what] = self.progress.add_task(what, total=total)
            self.progress.update(self._bars[what], completed=min(seen, total), total=total)
        elif seen >= total and not self._quiet:
            complain(f"{what}: {total} of {total}")
