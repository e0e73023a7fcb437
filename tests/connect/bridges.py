"""Whole bridges over sockets whose grant is a stored one, and a simulated GoTo that is watched."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import httpx
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from bridge.app import SCIM_PATH, create_app
from bridge.connect import Grants, Rhythm
from bridge.goto import Grant
from bridge.mapping import load_mapping, shipped
from bridge.rooms import open_store
from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, SimulatorSettings, simulated_goto
from bridge.settings import Settings
from tests.connect.grants import refresh_token, settings_in
from tests.live import FASTEST, TOKEN, served

PATIENCE = 20.0
NO = {"error": "invalid_grant", "error_description": "not any more"}


@dataclass
class Watched:
    """A simulated GoTo as an ASGI application that notes every token it asks for and gives out."""

    app: Starlette
    before_api: Callable[[], None] = lambda: None
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        path = scope.get("path", "")
        if path.startswith("/admin/"):
            self.before_api()
        if path != "/oauth/token":
            await self.app(scope, receive, send)
            return

        async def hear() -> Message:
            message = await receive()
            form = parse_qs(message.get("body", b"").decode())
            if form:
                self.asked.append({name: values[0] for name, values in form.items()})
            return message

        async def note(message: Message) -> None:
            if body := message.get("body"):
                self.given.append(json.loads(body))
            await send(message)

        await self.app(scope, hear, note)


@dataclass
class Moved:
    """The time of a bridge: the real one, and what a test adds to it."""

    by: float = 0.0

    def clock(self) -> float:
        return time.time() + self.by


@dataclass
class Whole:
    """A bridge that serves, the simulated GoTo behind it, and its time."""

    url: str
    scim: httpx.Client
    goto: httpx.Client
    simulated: Starlette
    settings: Settings
    time: Moved

    def ready(self) -> httpx.Response:
        return httpx.get(f"{self.url}/health/ready", trust_env=False, timeout=30)

    def goto_entry(self) -> dict[str, Any]:
        """What is told of the grant."""
        entry: dict[str, Any] = self.ready().json()["checks"]["goto"]
        return entry

    def metric(self, line: str) -> float:
        text = httpx.get(f"{self.url}/metrics", trust_env=False).text
        (value,) = (row.split()[-1] for row in text.splitlines() if row.startswith(f"{line} "))
        return float(value)

    def exchanges(self) -> int:
        """How often the token endpoint was asked since the journal was forgotten."""
        journal = self.goto.get("/_sim/journal").json()
        return sum(call["path"] == "/oauth/token" for call in journal)

    def refuse_grants(self) -> None:
        rule = {"match": {"path": "/oauth/token"}, "status": 400, "body": NO}
        self.goto.put("/_sim/faults", json={"rules": [rule]}).raise_for_status()

    def accept_grants(self) -> None:
        self.goto.put("/_sim/faults", json={"rules": []}).raise_for_status()

    def set(self, **settings: Any) -> None:
        self.goto.put("/_sim/settings", json=settings).raise_for_status()

    def put(self, grant: Grant) -> None:
        """Store a grant as another process does."""
        asyncio.run(put(self.settings, grant))


def eventually(question: Callable[[], bool]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


async def put(settings: Settings, grant: Grant) -> None:
    async with open_store(settings) as (store, _):
        await Grants(settings, store).put(grant)


def new_grant(goto_url: str, **fields: Any) -> Grant:
    """A refresh token of the simulated GoTo, by an authorization code."""
    query = {"client_id": CLIENT_ID, "response_type": "code", "auto": "1", "redirect_uri": goto_url}
    redirect = httpx.get(f"{goto_url}/oauth/authorize", params=query, trust_env=False)
    code = httpx.URL(redirect.headers["location"]).params["code"]
    reply = httpx.post(
        f"{goto_url}/oauth/token",
        auth=(CLIENT_ID, CLIENT_SECRET),
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": goto_url},
        trust_env=False,
    ).json()
    return refresh_token(**{"secret": reply["refresh_token"], **fields})


@contextmanager
def whole_bridge(
    folder: Path, *, connected: bool = True, max_age: float = 60, **simulated: Any
) -> Iterator[Whole]:
    """Serve a bridge whose grant is stored, unless it is not ``connected`` yet."""
    options = SimulatorSettings(**{"rate_limit": 0, **simulated})
    app = simulated_goto(users=8, groups=2, settings=options)
    with served(app) as goto_url:
        settings = settings_in(
            folder,
            token=TOKEN,
            goto_api_url=goto_url,
            goto_auth_url=goto_url,
            goto_rate_limit=FASTEST,
            snapshot_max_age=max_age,
        )
        if connected:
            asyncio.run(put(settings, new_grant(goto_url)))
        moved = Moved()
        rhythm = Rhythm(clock=moved.clock, sleep=lambda _: asyncio.sleep(0.02))
        bridge = create_app(settings, load_mapping(shipped("sandbox")), rhythm=rhythm)
        with (
            served(bridge) as url,
            httpx.Client(
                base_url=url + SCIM_PATH,
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=30,
                trust_env=False,
            ) as scim,
            httpx.Client(base_url=goto_url, timeout=30, trust_env=False) as goto,
        ):
            yield Whole(url, scim, goto, app, settings, moved)


@contextmanager
def watched_goto(**simulated: Any) -> Iterator[tuple[str, Watched]]:
    """Serve a simulated GoTo and watch its tokens; the URL, and what was seen."""
    options = SimulatorSettings(**{"rate_limit": 0, **simulated})
    watched = Watched(simulated_goto(users=8, groups=2, settings=options))
    with served(cast(Starlette, watched)) as url:
        yield url, watched
