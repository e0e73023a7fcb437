"""``serve`` in front of a simulated GoTo, each a process of its own on a real socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN
from tests.cli.processes import Server, serving

SERVING = '"serving"'
TOKEN = "a-token-for-tests"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class Service:
    """A service that a client asks; ``goto`` is the simulator's control side."""

    server: Server
    folder: Path
    settings: dict[str, str]
    url: str
    goto: httpx.Client

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request on a connection of its own."""
        return httpx.request(method, self.url + path, json=body, headers=HEADERS, timeout=30)

    def account(self) -> Any:
        """The simulated account as it is stored."""
        return self.goto.get("/_sim/state").json()

    def active_users(self) -> list[str]:
        """The ids of users who can be taken away: active, and not the administrator."""
        listed = self.ask("GET", "/Users?count=1000").json()["Resources"]
        return [user["id"] for user in listed if user["active"] and not user.get("roles")]


@contextmanager
def simulator(folder: Path, *, users: int = 12, groups: int = 3) -> Iterator[dict[str, str]]:
    """Serve a simulated GoTo; yields the settings of a bridge before it."""
    options = ["--port", "0", "--users", str(users), "--groups", str(groups)]
    with serving("goto-simulator", *options, folder=folder, ready="Ctrl-C") as server:
        goto_url = server.after("Simulated GoTo")
        yield {
            "BRIDGE_GOTO_API_URL": goto_url,
            "BRIDGE_GOTO_AUTH_URL": goto_url,
            "BRIDGE_GOTO_CLIENT_ID": CLIENT_ID,
            "BRIDGE_GOTO_CLIENT_SECRET": CLIENT_SECRET,
            "BRIDGE_GOTO_PAT": PERSONAL_ACCESS_TOKEN,
            "BRIDGE_TOKEN": TOKEN,
        }


@contextmanager
def service(folder: Path, settings: dict[str, str]) -> Iterator[Service]:
    """Serve a bridge with its database in ``folder``."""
    with (
        serving("serve", "--port", "0", folder=folder, ready=SERVING, settings=settings) as server,
        httpx.Client(base_url=settings["BRIDGE_GOTO_API_URL"], timeout=30) as goto,
    ):
        url = str(json.loads(server.wait_for(SERVING))["url"])
        yield Service(server, folder, settings, url, goto)
