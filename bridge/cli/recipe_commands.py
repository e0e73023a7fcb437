"""``recipe``: its options and help."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def recipe(
    platform: Annotated[
        Literal[
            "eic",
            "entra",
            "okta",
            "sailpoint",
            "midpoint",
            "one-identity",
            "onelogin",
            "jumpcloud",
            "ping",
            "keycloak",
            "authentik",
        ],
        typer.Argument(
            metavar="NAME",
            case_sensitive=False,
            help="The platform: eic (Saviynt EIC), entra (Microsoft Entra ID), okta, sailpoint, "
            "midpoint, one-identity (One Identity Manager), onelogin, jumpcloud, ping (PingOne, "
            "PingFederate), keycloak or authentik.",
        ),
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
            help="For eic, how it signs in: with a token as it is, with access tokens of an hour "
            "that it asks for, or with name and token as password."
        ),
    ] = "token",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the files are written: eic has several and needs it; of the others it is "
            "NAME.md, and without it the text is shown. Those of an earlier run are renewed, "
            "unless they were changed.",
        ),
    ] = None,
    package: Annotated[
        bool, typer.Option("--package", help="For eic, write its transport package (a zip), too.")
    ] = False,
) -> None:
    """Tell what an identity platform needs to be given, without secrets.

    A page for each: what to type where, the attributes, what to switch on and off, licences and
    roles, leavers, and how to try it. eic: the eleven files of a REST connection, an incremental
    import, Terraform, and the steps.
    """
    from bridge.cli import recipes

    if platform == "eic":
        recipes.write_eic(url, authentication=auth, out=out, package=package)
    else:
        recipes.tell(platform, url, authentication=auth, out=out, package=package)
