"""The commands and their options, with what ``--help`` says of them.

What a command needs is imported when it runs, so that help and wrong options are answered at once.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

PROGRAM = "goto-scim-bridge"
HIGHEST_PORT = 65535

app = typer.Typer(
    help="A SCIM 2.0 service in front of GoTo's administration API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would show local variables, and so secrets
)

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
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log what the bridge does, not only what is wrong.")
    ] = False,
) -> None:
    """Try the bridge: a simulated GoTo account and the bridge in front of it, on this machine.

    Nothing else is needed, and no setting (BRIDGE_...) of the environment is used. Serves until
    Ctrl-C.
    """
    from bridge.cli import sandbox as work

    if not token:
        raise typer.BadParameter("must not be empty", param_hint="--token")
    wanted = work.Sandbox(
        port=port,
        goto_port=goto_port,
        token=token,
        data=data,
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
