"""``mapping check`` and ``mapping show``: their options and help."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import CHECK_FAILED, Config

app = typer.Typer(
    help="Check a mapping file, or show what the mapping comes to.", no_args_is_help=True
)

MappingFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        exists=True,
        dir_okay=False,
        help="A mapping file; without it the one of BRIDGE_MAPPING, else the shipped one.",
    ),
]


@app.command("check")
def mapping_check(file: MappingFile = None, config: Config = None) -> None:
    """Check a mapping file; each mistake is told with file and line, and the exit status is 1."""
    from bridge.cli import mapping

    if not mapping.check_mapping(file, config=config):
        raise typer.Exit(CHECK_FAILED)


@app.command("show")
def mapping_show(file: MappingFile = None, config: Config = None) -> None:
    """Show the effective mapping: which SCIM attribute is which field of GoTo, and how."""
    from bridge.cli import mapping

    mapping.show_mapping(file, config=config)
