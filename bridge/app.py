"""The composition root: puts the rooms together as one ASGI application.

Knows all rooms, with ``rooms`` for those below the SCIM face; decides nothing that a room could.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from scim2_models import NotFoundException
from scim2_server.errors import MethodNotAllowedException
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bridge.connect import Grants, Keeper, Rhythm, grant_age, grant_facts, grant_left
from bridge.directory import Directory
from bridge.errors import BridgeError
from bridge.goto import circuit_open
from bridge.mapping import Mapping, load_mapping
from bridge.operations import BelowPath, Check, Health, Metrics, Straight, Watched
from bridge.rooms import Rooms, open_rooms
from bridge.scim import (
    REASONS,
    AccessTokens,
    Authenticator,
    Client,
    SignInLimiter,
    TokenEndpoint,
    error_response,
    scim_application,
)
from bridge.settings import Settings
from bridge.store import Store, probed_in_words

log = structlog.get_logger(__name__)

SCIM_PATH = "/scim/v2"
HEALTH_PATH = "/health/"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path


def create_app(
    settings: Settings, mapping: Mapping | None = None, *, rhythm: Rhythm | None = None
) -> Straight:
    """Return the bridge as an ASGI application; its lifespan opens and closes the rooms.

    ``rhythm`` is the time that the grant is kept alive by.
    """
    compiled = mapping or load_mapping(settings.mapping)
    lived = rhythm or Rhythm()
    metrics = Metrics(auth_failure_reasons=REASONS)

    @asynccontextmanager
    async def lifespan(app: Straight) -> AsyncIterator[None]:
        opening = open_rooms(
            settings,
            compiled,
            ended=metrics.count_refresh,
            contended=metrics.count_contention,
            members_ignored=metrics.count_ignored_members,
            dropped=metrics.count_dropped_write,
            clock=lived.clock,
        )
        async with opening as rooms:
            await Grants(settings, rooms.store).seal_anew()
            app.state.rooms = rooms
            app.router.routes[:] = _routes(settings, compiled, rooms, metrics, lived.clock)
            mount = next(route for route in app.router.routes if isinstance(route, Mount))
            app.lead_to(mount.app, path=SCIM_PATH, base_path=settings.base_path)
            _show_snapshot(metrics, rooms)
            _show_grant(metrics, rooms, lived.clock)
            _show_circuit(metrics, rooms)
            _show_brake(metrics, rooms)
            keeper = Keeper(rooms.tokens, looked=rooms.look_after, rhythm=lived)
            tasks = (
                asyncio.create_task(_warm_up(rooms.directory), name="warm up"),
                asyncio.create_task(keeper.run(), name="keep the grant"),
            )
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    app = Straight(
        lifespan=lifespan,
        exception_handlers={404: _not_found, 405: _not_allowed},
        middleware=_middleware(settings.base_path),
    )
    app.router.redirect_slashes = False
    return app


def _middleware(base_path: str) -> list[Middleware]:
    async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"There is nothing at {scope['path'][:200]!r}: everything is below {base_path}"
        await error_response(NotFoundException(detail=detail))(scope, receive, send)

    return [Middleware(BelowPath, base_path=base_path, otherwise=elsewhere)] if base_path else []


def _routes(
    settings: Settings,
    mapping: Mapping,
    rooms: Rooms,
    metrics: Metrics,
    clock: Callable[[], float],
) -> list[Any]:
    token = settings.token.get_secret_value() if settings.token else None

    async def find_client(digest: bytes) -> Client | None:
        found = await rooms.store.client_by_token_hash(digest)
        if found is None:
            return None
        return Client(found.name, "strict" if found.profile == "strict" else "lenient")

    authenticator = Authenticator(
        find_client,
        static_token=token,
        static_profile=settings.token_profile,
        access_tokens=AccessTokens(
            seal=partial(rooms.sealer.seal, context=TOKEN_PATH),
            opened=partial(rooms.sealer.open, context=TOKEN_PATH),
        ),
        limiter=SignInLimiter(count=metrics.count_auth_failure),
    )

    def face(directory: Directory) -> ASGIApp:
        return scim_application(
            directory,
            mapping,
            authenticator,
            secret=rooms.sealer.derive("cursors"),
            public_url=_public_url(settings),
        )

    health = Health(
        {
            "database": lambda: _database(rooms.store),
            "goto": lambda: _grant(rooms, clock),
            "snapshot": lambda: _snapshot(rooms.directory),
            "brake": lambda: _brake(rooms.directory),
            "probe": lambda: _probe(rooms),
        }
    )
    return [
        *health.routes(),
        metrics.route(),
        Route(TOKEN_PATH, TokenEndpoint(authenticator), methods=["POST"]),
        Mount(SCIM_PATH, app=Watched(_Face(rooms, face), metrics)),
    ]


def _public_url(settings: Settings) -> str | None:
    """The URL that clients use, with the base path where it names only a host."""
    url = settings.public_url
    if url is None or urlsplit(url).path:
        return url
    return url + settings.base_path


class _Face:
    """The SCIM service over the directory of whoever is connected now."""

    def __init__(self, rooms: Rooms, face: Callable[[Directory], ASGIApp]) -> None:
        self._rooms = rooms
        self._face = face
        self._directory = rooms.directory
        self._app = face(rooms.directory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._directory is not self._rooms.directory:
            self._directory = self._rooms.directory
            self._app = self._face(self._directory)
        await self._app(scope, receive, send)


async def _database(store: Store) -> Check:
    await store.ping()
    return Check(ready=True)


async def _grant(rooms: Rooms, clock: Callable[[], float]) -> Check:
    tokens = rooms.tokens
    try:
        await rooms.directory.open()
        await tokens.token()
        detail = tokens.refusal.detail if tokens.refusal else _out_of_reach(rooms)
    except BridgeError as error:
        detail = error.detail
    return Check(ready=not detail, detail=detail, facts=grant_facts(tokens.grant, clock()))


def _out_of_reach(rooms: Rooms) -> str:
    seconds = rooms.breaker.open_for
    return "" if seconds is None else circuit_open(seconds).detail


async def _snapshot(directory: Directory) -> Check:
    age = directory.snapshot_age
    if age is None:
        return Check(ready=True, detail="none yet; the first list takes one")
    return Check(ready=True, facts={"age_seconds": round(age, 1), **_counted(directory)})


async def _brake(directory: Directory) -> Check:
    brake = directory.brake
    if brake is None:
        return Check(ready=True)
    if brake.holds:
        await brake.look()
    # One that holds is no reason to send clients elsewhere: all that takes nobody away goes on.
    facts = {"destructive_operations": brake.count, "allowed": brake.limit}
    return Check(ready=True, detail=brake.told if brake.holds else "", facts=facts)


async def _probe(rooms: Rooms) -> Check:
    # A fact and no dependency: it never keeps clients away.
    try:
        findings = await rooms.store.findings.of(rooms.goto.account_key)
    except BridgeError as error:
        return Check(ready=True, detail=error.detail)
    return Check(ready=True, detail=probed_in_words(findings.values()))


def _counted(directory: Directory) -> dict[str, Any]:
    return {"users": directory.counts["User"], "groups": directory.counts["Group"]}


def _show_snapshot(metrics: Metrics, rooms: Rooms) -> None:
    def age() -> float:
        age = rooms.directory.snapshot_age
        return -1 if age is None else age

    metrics.gauge("bridge_snapshot_age_seconds", "Age of the snapshot, -1 before the first", age)
    metrics.gauge("bridge_users", "Users in the snapshot", lambda: rooms.directory.counts["User"])
    metrics.gauge(
        "bridge_groups", "Groups in the snapshot", lambda: rooms.directory.counts["Group"]
    )


def _show_grant(metrics: Metrics, rooms: Rooms, clock: Callable[[], float]) -> None:
    metrics.gauge(
        "bridge_grant_age_seconds",
        "Seconds since GoTo gave the grant, NaN without one",
        lambda: grant_age(rooms.tokens.grant, clock()),
    )
    metrics.gauge(
        "bridge_grant_expires_seconds",
        "Seconds until the grant runs out, NaN where GoTo does not tell",
        lambda: grant_left(rooms.tokens.grant, clock()),
    )


def _show_circuit(metrics: Metrics, rooms: Rooms) -> None:
    text = "1 while calls to GoTo fail at once, because it has not answered for a while, else 0"
    metrics.gauge("bridge_goto_circuit_open", text, lambda: rooms.breaker.open_for is not None)


def _show_brake(metrics: Metrics, rooms: Rooms) -> None:
    def count() -> float:
        return rooms.directory.brake.count if rooms.directory.brake else 0

    def holds() -> float:
        return float(rooms.directory.brake.holds) if rooms.directory.brake else 0

    text = "Suspensions and deletions of users in the last hour that the brake counts"
    metrics.gauge("bridge_destructive_operations", text, count)
    metrics.gauge("bridge_brake", "1 while the brake stops further ones, else 0", holds)


async def _warm_up(directory: Directory) -> None:
    try:
        await directory.warm_up()
    except BridgeError as error:
        log.warning("GoTo cannot be used yet", reason=error.detail)


async def _not_allowed(_: Request, refused: Exception) -> Response:
    headers = refused.headers if isinstance(refused, HTTPException) else None
    allowed = (headers or {}).get("Allow", "GET").split(", ")
    return error_response(MethodNotAllowedException(allowed=allowed))


async def _not_found(request: Request, _: Exception) -> Response:
    detail = f"There is nothing at {request.url.path[:200]!r}: SCIM is served below {SCIM_PATH}"
    return error_response(NotFoundException(detail=detail))
