"""``sandbox`` and ``goto-simulator``: the simulated GoTo, with or without the bridge before it.

Knows how the two are put together; everything listens on loopback and is made up.
"""

import asyncio
import base64
import os
import secrets
import shlex
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bridge.app import HEALTH_PATH, SCIM_PATH, create_app
from bridge.cli.serving import Site, listen, run_until_stopped, serve, url_of
from bridge.cli.terminal import label, say
from bridge.errors import BridgeError
from bridge.mapping import load_mapping, shipped
from bridge.operations import set_up_logs
from bridge.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    PERSONAL_ACCESS_TOKEN,
    SimulatorSettings,
    simulated_goto,
)
from bridge.settings import Settings, load_settings

LOOPBACK = "127.0.0.1"
GRACE = 5
HURRIED = 1000
CONTROLS = ("journal", "faults", "settings", "token", "reset")


@dataclass(frozen=True, kw_only=True)
class Seed:
    """What the simulated account begins with."""

    users: int
    groups: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What the options of ``sandbox`` say; ``data`` is None for a temporary folder."""

    port: int
    goto_port: int
    token: str
    data: Path | None
    base_path: str = ""
    seed: Seed


def run_sandbox(wanted: Sandbox, *, verbose: bool) -> None:
    """Serve a simulated GoTo and the bridge in front of it until a signal comes."""
    set_up_logs("info" if verbose else "warning")
    run_until_stopped(partial(_serve_sandbox, wanted))


def run_simulator(seed: Seed, *, host: str, port: int) -> None:
    """Serve a simulated GoTo alone until a signal comes."""
    set_up_logs("warning")
    run_until_stopped(partial(_serve_simulator, seed, host, port))


async def in_sandbox(
    wanted: Sandbox,
    stop: asyncio.Event,
    *,
    begin: Callable[[str, str], object],
    hurried: bool = False,
) -> None:
    """Serve both until ``stop``; ``begin`` gets the SCIM base URL and GoTo's when they do.

    ``hurried`` leaves out GoTo's rate limit.
    """
    _go_past_proxies()
    with ExitStack() as stack:
        goto = stack.enter_context(listen(LOOPBACK, wanted.goto_port, named="--goto-port"))
        bridge = stack.enter_context(listen(LOOPBACK, wanted.port, named="--port"))
        settings = _settings(
            wanted,
            goto_url=url_of(goto),
            folder=_folder(wanted, stack),
            pace=HURRIED if hurried else None,
        )
        simulator = _simulator(wanted.seed, goto, limited=not hurried)
        app = create_app(settings, load_mapping(shipped("sandbox")))
        health = settings.base_path + HEALTH_PATH
        await serve(
            [simulator, Site(app=app, socket=bridge, grace=GRACE, health=health)],
            stop=stop,
            announce=lambda: begin(url_of(bridge) + settings.base_path + SCIM_PATH, url_of(goto)),
        )


async def _serve_sandbox(wanted: Sandbox, stop: asyncio.Event) -> None:
    await in_sandbox(wanted, stop, begin=partial(_announce_sandbox, wanted.token))


async def _serve_simulator(seed: Seed, host: str, port: int, stop: asyncio.Event) -> None:
    with listen(host, port, named="--port") as listening:
        await serve(
            [_simulator(seed, listening)],
            stop=stop,
            announce=lambda: _announce_simulator(url_of(listening)),
        )


def _simulator(seed: Seed, listening: socket.socket, *, limited: bool = True) -> Site:
    options = SimulatorSettings() if limited else SimulatorSettings(rate_limit=0)
    app = simulated_goto(users=seed.users, groups=seed.groups, seed=seed.seed, settings=options)
    return Site(app=app, socket=listening, grace=GRACE)


def _settings(wanted: Sandbox, *, goto_url: str, folder: Path, pace: int | None = None) -> Settings:
    # Nothing of the environment: its BRIDGE_* may belong to a real account.
    return load_settings(
        environment={},
        token=wanted.token,
        base_path=wanted.base_path,
        database_url=f"sqlite:///{folder / 'bridge.db'}",
        secret_key=None if wanted.data else base64.b64encode(secrets.token_bytes(32)).decode(),
        goto_api_url=goto_url,
        goto_auth_url=goto_url,
        goto_client_id=CLIENT_ID,
        goto_client_secret=CLIENT_SECRET,
        goto_pat=PERSONAL_ACCESS_TOKEN,
        goto_rate_limit=pace,
    )


def _folder(wanted: Sandbox, stack: ExitStack) -> Path:
    if wanted.data is None:
        return Path(stack.enter_context(TemporaryDirectory(prefix="goto-scim-bridge-")))
    try:
        wanted.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BridgeError(f"--data: {wanted.data} cannot be made ({error.strerror}).") from error
    return wanted.data.resolve()


def _go_past_proxies() -> None:
    """See that the environment's proxy is not asked for what is on loopback."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = f"{given},{LOOPBACK}" if given else LOOPBACK


def _announce_sandbox(token: str, base_url: str, goto_url: str) -> None:
    header = shlex.quote(f"Authorization: Bearer {token}")
    _say_each(
        ("SCIM base URL", base_url),
        ("Bearer token", token),
        ("Simulated GoTo", goto_url),
        ("Its control side", f"{goto_url}/_sim/state"),
    )
    say()
    say(label("Try it:"))
    say(f"curl -H {header} {shlex.quote(f'{base_url}/Users?count=2')}")
    say()
    say("Ctrl-C ends both.")


def _announce_simulator(url: str) -> None:
    _say_each(
        ("Simulated GoTo", url),
        ("Client id", CLIENT_ID),
        ("Client secret", CLIENT_SECRET),
        ("Personal access token", PERSONAL_ACCESS_TOKEN),
        ("Control side", f"{url}/_sim/state"),
        *(("", f"{url}/_sim/{name}") for name in CONTROLS),
    )
    say()
    say("Ctrl-C ends it.")


def _say_each(*lines: tuple[str, str]) -> None:
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        say(label(name, width=width), value)
