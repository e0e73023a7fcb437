"""The commands and their options, with what ``--help`` says of them.

What a command needs is imported when it runs, so that help and wrong options are answered at once.
"""

import asyncio
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import (
    account_commands,
    conformance_commands,
    mapping_commands,
    probe_commands,
    recipe_commands,
    token_commands,
    trail_commands,
)
from bridge.cli.options import CHECK_FAILED, SETTINGS, Config
from bridge.cli.terminal import complain
from bridge.errors import BridgeError

PROGRAM = "goto-scim-bridge"
ONE_WORKER = "--workers: one process holds the snapshot; run one worker."
HIGHEST_PORT = 65535

app = typer.Typer(
    help="A SCIM 2.0 service in front of GoTo's administration API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would show local variables, and so secrets
)

app.add_typer(mapping_commands.app, name="mapping")
app.add_typer(token_commands.app, name="token")
app.command("conformance")(conformance_commands.conformance)
app.command("recipe")(recipe_commands.recipe)
app.command("sync", epilog=SETTINGS)(account_commands.sync)
app.command("export", epilog=SETTINGS)(account_commands.export)
app.command("probe", epilog=SETTINGS)(probe_commands.probe)
app.command("release-brake", epilog=SETTINGS)(trail_commands.release_brake)
app.command("audit", epilog=SETTINGS)(trail_commands.audit)

BasePath = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Serve everything below this path, for a proxy that passes paths on as they came.",
        show_default="BRIDGE_BASE_PATH, else none",
    ),
]
Users = Annotated[int, typer.Option(min=1, help="Users in the simulated account.")]
Groups = Annotated[int, typer.Option(min=0, help="Groups in the simulated account.")]
Seed = Annotated[int, typer.Option(help="The same number gives the same users and groups.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {version(PROGRAM)}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command()
def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=HIGHEST_PORT, help="Port of the bridge; 0 takes a free one.")
    ] = 8080,
    goto_port: Annotated[
        int,
        typer.Option(
            min=0, max=HIGHEST_PORT, help="Port of the simulated GoTo; 0 takes a free one."
        ),
    ] = 8081,
    users: Users = 25,
    groups: Groups = 5,
    token: Annotated[
        str, typer.Option(help="The bearer token that SCIM clients send.")
    ] = "sandbox-token",  # noqa: S107 - opens made-up data on loopback, and is printed
    seed: Seed = 1,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="Keep the bridge's database in this folder. Without it a temporary one is used "
            "and removed at the end.",
        ),
    ] = None,
    base_path: Annotated[
        str,
        typer.Option(metavar="PATH", help="Serve the bridge below this path, such as /goto."),
    ] = "",
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log what the bridge does, not only what is wrong.")
    ] = False,
) -> None:
    """Try the bridge: a simulated GoTo account and the bridge in front of it, on this machine.

    Nothing else is needed, and no setting (BRIDGE_...) of the environment is used. Serves until
    Ctrl-C.
    """
    if not token:
        raise typer.BadParameter("must not be empty", param_hint="--token")
    from bridge.cli import sandbox as work

    wanted = work.Sandbox(
        port=port,
        goto_port=goto_port,
        token=token,
        data=data,
        base_path=base_path,
        seed=work.Seed(users=users, groups=groups, seed=seed),
    )
    work.run_sandbox(wanted, verbose=verbose)


@app.command("goto-simulator")
def goto_simulator(
    port: Annotated[
        int, typer.Option(min=0, max=HIGHEST_PORT, help="Where to listen; 0 takes a free port.")
    ] = 8081,
    host: Annotated[
        str,
        typer.Option(help="Where to listen. The control side asks for no token: stay on loopback."),
    ] = "127.0.0.1",
    users: Users = 25,
    groups: Groups = 5,
    seed: Seed = 1,
) -> None:
    """Serve only the simulated GoTo: its API, its OAuth server and a control side for tests."""
    from bridge.cli import sandbox as work

    work.run_simulator(work.Seed(users=users, groups=groups, seed=seed), host=host, port=port)


@app.command(epilog=SETTINGS)
def serve(
    config: Config = None,
    host: Annotated[
        str | None,
        typer.Option(help="Where to listen.", show_default="BRIDGE_HOST, else 127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Where to listen; 0 takes a free port and logs it.",
            show_default="BRIDGE_PORT, else 8080",
        ),
    ] = None,
    base_path: BasePath = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes that serve. Only one is possible.")
    ] = 1,
) -> None:
    """Serve SCIM in front of a GoTo account, until Ctrl-C, SIGTERM or SIGHUP.

    Exit status 1 where another process serves the same database.
    """
    if workers > 1:
        raise BridgeError(ONE_WORKER)
    from bridge.cli.configuration import settings_from

    settings = settings_from(config, host=host, port=port, base_path=base_path)
    from bridge.cli.service import run_service
    from bridge.lease import LeaseHeld

    try:
        run_service(settings)
    except LeaseHeld as held:
        complain(held.detail)
        raise typer.Exit(CHECK_FAILED) from None


@app.command(epilog=SETTINGS)
def check(config: Config = None) -> None:
    """Check settings, mapping, database, GoTo, and the grant's rights and end: one line each.

    Exit status 0 where all is well, 1 where a check failed, 2 where the settings cannot be used.
    """
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import checking

    if not asyncio.run(checking.check(settings)):
        raise typer.Exit(CHECK_FAILED)


@app.command(epilog=SETTINGS)
def connect(
    paste: Annotated[
        bool,
        typer.Option(
            "--paste",
            help="For a browser on another machine: paste the address that it ends at, or the "
            "code in it.",
        ),
    ] = False,
    pat: Annotated[
        bool,
        typer.Option(
            "--pat",
            help="Use a personal access token instead of a browser. It is asked for, or read from "
            "standard input.",
        ),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=HIGHEST_PORT,
            help="Port of the redirect listener on this machine.",
            show_default="8765, or a free one if that is in use",
        ),
    ] = None,
    redirect_uri: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The redirect address that the OAuth client has at GoTo.",
            show_default="http://127.0.0.1:8765/callback",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Connect the bridge to a GoTo account: an administrator consents in a browser.

    Prints the address to open, waits for the answer, shows who is connected and which rights are
    missing, and stores the grant, sealed. Exit status 0 when it is stored, 1 where GoTo or the
    administrator refused or nobody answered, 2 for wrong usage or settings.
    """
    if pat and (paste or port is not None or redirect_uri is not None):
        raise typer.BadParameter("goes with no other way to connect", param_hint="--pat")
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import connecting

    wanted = connecting.Wanted(paste=paste, pat=pat, port=port, redirect_uri=redirect_uri)
    if not connecting.connect(settings, wanted):
        raise typer.Exit(CHECK_FAILED)
