"""``recipe``: its options and help."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def recipe(
    platform: Annotated[
        Literal["eic"], typer.Argument(metavar="NAME", help="The platform: eic (Saviynt EIC).")
    ],
    url: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The bridge's SCIM base as the platform reaches it: https://your-host/scim/v2",
            show_default=False,
        ),
    ] = "",
    auth: Annotated[
        Literal["token", "client-credentials", "basic"],
        typer.Option(
            help="How the platform signs in: with a token as it is, with access tokens of an hour "
            "that it asks for, or with name and token as password."
        ),
    ] = "token",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the files are written. Those of an earlier run are renewed, unless they "
            "were changed.",
        ),
    ] = None,
    package: Annotated[
        bool, typer.Option("--package", help="Write EIC's transport package (a zip), too.")
    ] = False,
) -> None:
    """Write what an identity platform needs to be given, without secrets.

    eic: the eleven files of a REST connection, an incremental import, Terraform, and the steps.
    """
    from bridge.cli import recipes

    recipes.WRITERS[platform](url, authentication=auth, out=out, package=package)
