"""``probe``: its options and help."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import CHECK_FAILED, Config


def probe(
    read_only: Annotated[
        bool,
        typer.Option("--read-only", help="Stop before the first write; steps that need one wait."),
    ] = False,
    license_key: Annotated[
        str | None,
        typer.Option(
            "--license",
            metavar="KEY",
            help="The licence, by key or product code, of which two free seats may be used.",
            show_default="the one with the most free seats",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Write to the account without asking first.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a report in Markdown to this file, and in JSON to FILE.json. It holds no "
            "value of a person.",
            show_default="no report",
        ),
    ] = None,
    clean: Annotated[
        bool,
        typer.Option("--clean", help="Remove what an earlier probe could not remove, and stop."),
    ] = False,
    config: Config = None,
) -> None:
    """Find out how the GoTo of the connected account behaves, and let the bridge adapt.

    Makes two users scim-probe-...@your-domain and two groups, without invitations, tries each kind
    of change on them, and removes them. Sends two requests a second at most, and takes about two
    minutes. Asks before the first write. Exit status 0 where all steps ended, 1 where one could
    not, 2 for wrong usage or settings.
    """
    if clean and (read_only or license_key is not None or out is not None):
        raise typer.BadParameter("goes with --yes and --config alone", param_hint="--clean")
    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"{out.parent} is not a folder", param_hint="--out")
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import probing

    wanted = probing.Wanted(
        read_only=read_only, license_key=license_key, yes=yes, out=out, clean=clean
    )
    if not probing.probe(settings, wanted):
        raise typer.Exit(CHECK_FAILED)
