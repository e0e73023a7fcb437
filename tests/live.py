"""A bridge over a simulated GoTo on real sockets, in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from bridge.app import SCIM_PATH, create_app
from bridge.cli.http_protocol import http_protocol
from bridge.mapping import load_mapping, shipped
from bridge.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    PERSONAL_ACCESS_TOKEN,
    SimulatorSettings,
    simulated_goto,
)
from bridge.settings import load_settings

TOKEN = "a-token-for-tests"
FASTEST = 1000


@dataclass
class Live:
    """Where it serves; ``scim`` has the base URL and the token, ``goto`` is the control side."""

    url: str
    scim: httpx.Client
    goto: httpx.Client

    def calls(self) -> list[tuple[str, str]]:
        """The calls that reached the simulated GoTo since the journal was forgotten."""
        journal = self.goto.get("/_sim/journal").json()
        return [(c["method"], c["path"]) for c in journal if "/oauth/" not in c["path"]]

    def writes(self) -> list[tuple[str, str]]:
        """Those of them that can change something."""
        return [call for call in self.calls() if call[0] != "GET"]

    def forget(self) -> None:
        """Forget the journal."""
        self.goto.delete("/_sim/journal")

    def account(self) -> dict[str, Any]:
        """The simulated account as it is stored."""
        state: dict[str, Any] = self.goto.get("/_sim/state").json()
        return state


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Serve an application on a free port of the loopback; yields its URL."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=http_protocol(),
        ws="none",
        log_config=None,
        lifespan="on",
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        threading.Event().wait(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)


@contextmanager
def live_bridge(
    folder: Path,
    *,
    users: int = 25,
    groups: int = 5,
    mapping: str = "sandbox",
    max_age: float = 60,
    profile: str = "lenient",
    base_path: str = "",
    public_url: str | None = None,
    pace: float = FASTEST,
    **simulated: Any,
) -> Iterator[Live]:
    """Serve a bridge whose database is in ``folder``, and which asks GoTo ``pace`` times a second
    at most."""
    options = SimulatorSettings(**{"rate_limit": 0, **simulated})
    with served(simulated_goto(users=users, groups=groups, settings=options)) as goto_url:
        settings = load_settings(
            environment={},
            token=TOKEN,
            token_profile=profile,
            goto_api_url=goto_url,
            goto_auth_url=goto_url,
            goto_client_id=CLIENT_ID,
            goto_client_secret=CLIENT_SECRET,
            goto_pat=PERSONAL_ACCESS_TOKEN,
            goto_rate_limit=pace,
            database_url=f"sqlite:///{folder / 'live.db'}",
            snapshot_max_age=max_age,
            base_path=base_path,
            public_url=public_url,
        )
        with (
            served(create_app(settings, load_mapping(shipped(mapping)))) as url,
            httpx.Client(
                base_url=url + base_path + SCIM_PATH,
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=30,
            ) as scim,
            httpx.Client(base_url=goto_url, timeout=30) as goto,
        ):
            yield Live(url, scim, goto)
