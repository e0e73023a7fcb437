"""``export``: the account's users or groups as a file, whole or not at all.

Knows where it is written to; what a row is, is in ``columns``, and how it is written in ``tables``.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scim2_models import SearchRequest

from bridge.cli.columns import COLUMNS, Row, What, row
from bridge.cli.passing import whole_account
from bridge.cli.tables import WRITERS, Format
from bridge.cli.terminal import complain
from bridge.directory import Directory, Kind, Query
from bridge.errors import BridgeError, GoToError
from bridge.settings import Settings

KINDS: dict[What, Kind] = {"users": "User", "groups": "Group"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is exported; ``out`` is None for standard output."""

    what: What
    style: Format
    out: Path | None


async def export(settings: Settings, wanted: Wanted) -> bool:
    """Read the account and write it; False where GoTo did not let it, or it could not be written.

    Raises a BridgeError for a place that cannot be written to, before GoTo is asked.
    """
    if wanted.out is not None:
        _look_at(wanted.out)
    try:
        async with whole_account(settings, quiet=True) as passed:
            rows = await _rows(passed.rooms.directory, wanted.what)
    except GoToError as error:
        complain(error.detail)
        return False

    def write(file: IO[bytes]) -> None:
        WRITERS[wanted.style](file, list(COLUMNS[wanted.what]), rows)

    try:
        _write(wanted.out, write)
    except BrokenPipeError:
        # Whoever read the output has had enough; nothing more can be told to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    except OSError as error:
        complain(f"--out: {wanted.out or 'standard output'} was not written ({error.strerror}).")
        return False
    if wanted.out is not None:
        complain(f"{len(rows)} {wanted.what} in {wanted.out}")
    return True


async def _rows(directory: Directory, what: What) -> list[Row]:
    page = await directory.search(Query(kinds=[KINDS[what]], request=SearchRequest()))
    return [row(what, entry.resource) for entry in page.entries]


def _look_at(out: Path) -> None:
    if out.is_dir():
        raise BridgeError(f"--out: {out} is a folder; name a file.")
    if not out.absolute().parent.is_dir():
        raise BridgeError(f"--out: there is no folder {out.absolute().parent}.")


def _write(out: Path | None, write: Callable[[IO[bytes]], None]) -> None:
    if out is None:
        write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    # Beside the file, so that it takes its place at once; readable by its owner alone.
    handle, name = tempfile.mkstemp(dir=out.absolute().parent, prefix=f".{out.name}.")
    try:
        with open(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, out)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
