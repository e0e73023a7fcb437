"""``conformance``: its options and help."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.options import CHECK_FAILED

NO_ARGUMENT = (
    "must be -: the token is read from standard input, so that no list of processes shows it"
)


def conformance(
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The SCIM base URL of the service to check: https://your-host/scim/v2",
            show_default="a sandbox of its own",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="-", help="Always -, for the bearer token is read from standard input."
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Do it: needed with --url, because users and groups are made there, and removed.",
        ),
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Check only this platform; may be given several times."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", dir_okay=False, help="Write the report as a page of its own, too."
        ),
    ] = None,
) -> None:
    """Check a SCIM service with what identity platforms send, and with scim2-tester.

    Prints a table by platform, and what failed. Without --url it checks the bridge in a sandbox of
    its own. Exit status 0 where everything passed, 1 where something failed, 2 for wrong usage.
    """
    if (url is None) != (token is None):
        raise typer.BadParameter("goes with --token -, and that with it", param_hint="--url")
    if token not in (None, "-"):
        raise typer.BadParameter(NO_ARGUMENT, param_hint="--token")
    from bridge.cli import conformance as work

    if not work.run(work.Wanted(url=url, yes=yes, only=tuple(only or ()), html=html)):
        raise typer.Exit(CHECK_FAILED)
