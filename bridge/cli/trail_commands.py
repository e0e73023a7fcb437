"""``release-brake`` and ``audit``: their options and help."""

import asyncio
from datetime import timedelta
from typing import Annotated, Literal

import typer

from bridge.cli.durations import duration
from bridge.cli.options import Config


def _duration(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def release_brake(
    time: Annotated[
        timedelta | None,
        typer.Option(
            "--for",
            parser=_duration,
            metavar="DURATION",
            help="Let all of them through for so long (30m, 2h; at most 24h). Without it the count "
            "begins anew.",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Let deactivations and deletions of users through that the brake stopped with 429.

    A running bridge takes this up by itself, where it uses the same database (BRIDGE_DATABASE_URL).
    """
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import trail

    asyncio.run(trail.release_brake(settings, time))


def audit(
    since: Annotated[
        timedelta,
        typer.Option(parser=_duration, metavar="DURATION", help="How far back: 30m, 24h, 7d."),
    ] = "24h",  # type: ignore[assignment] # parsed, as what is typed
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only of this user.")] = None,
    style: Annotated[
        Literal["table", "json"],
        typer.Option("--format", help="A table, or a line of JSON for each change."),
    ] = "table",
    config: Config = None,
) -> None:
    """Show what was changed through the bridge, by which client: the last 90 days are kept.

    Users and groups are told by their ids; no address and no name is in it.
    """
    from bridge.cli.configuration import settings_from

    settings = settings_from(config)
    from bridge.cli import trail

    asyncio.run(trail.audit(settings, trail.Wanted(since=since, user=user, style=style)))
