"""``token create``, ``list`` and ``revoke``: their options and help."""

import asyncio
from typing import Annotated, Literal

import typer

from bridge.cli.options import Config

app = typer.Typer(help="The bearer tokens of SCIM clients.", no_args_is_help=True)

ClientName = Annotated[str, typer.Argument(metavar="NAME", help="The client's name.")]


@app.command("create")
def token_create(
    name: ClientName,
    profile: Annotated[
        Literal["lenient", "strict"],
        typer.Option(
            help="lenient takes the departures from SCIM that clients are known for; strict "
            "refuses them."
        ),
    ] = "lenient",
    config: Config = None,
) -> None:
    """Make a bearer token for a SCIM client. It is shown this once; only its hash is stored.

    The token stands alone on standard output. A running bridge knows it at once, where it uses the
    same database (BRIDGE_DATABASE_URL).
    """
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import tokens

    asyncio.run(tokens.create(settings, name, profile=profile))


@app.command("list")
def token_list(config: Config = None) -> None:
    """List the clients that have or had a token in the database (BRIDGE_DATABASE_URL)."""
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import tokens

    asyncio.run(tokens.list_all(settings))


@app.command("revoke")
def token_revoke(name: ClientName, config: Config = None) -> None:
    """Revoke a client's token: a running bridge refuses it within 5 seconds."""
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import tokens

    asyncio.run(tokens.revoke(settings, name))
