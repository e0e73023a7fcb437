"""``sync`` and ``export``: their options and help."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from bridge.cli.options import CHECK_FAILED, Config


def sync(config: Config = None) -> None:
    """Read the whole account from GoTo, as the service does, and tell how large it is.

    Shows how far it is, and at the end counts, calls and time. What it finds changed since the last
    time is remembered with the date. Exit status 1 where GoTo does not let it.
    """
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import syncing

    if not asyncio.run(syncing.sync(settings)):
        raise typer.Exit(CHECK_FAILED)


def export(
    what: Annotated[Literal["users", "groups"], typer.Argument(help="What to export.")],
    style: Annotated[
        Literal["csv", "json", "xlsx"],
        typer.Option("--format", help="CSV, JSON, or a workbook for spreadsheets."),
    ] = "csv",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write. A file there is replaced when the new one is complete.",
            show_default="standard output",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Write the account's users or groups to a file, as they are at GoTo now.

    Users come with group, licences, roles, status and last change. In CSV a cell that a spreadsheet
    would take for a formula has an apostrophe before it. Exit status 1 where GoTo does not let it,
    or the file could not be written; then there is no file, or the old one.
    """
    if style == "xlsx" and out is None:
        raise typer.BadParameter("a workbook needs a file: --out FILE", param_hint="--format")
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import exporting

    wanted = exporting.Wanted(what=what, style=style, out=out)
    if not asyncio.run(exporting.export(settings, wanted)):
        raise typer.Exit(CHECK_FAILED)
