"""The composition root: puts the rooms together as one ASGI application.

The only file that knows all rooms; it decides nothing that a room could decide.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from scim2_models import NotFoundException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from bridge.directory import Directory
from bridge.errors import BridgeError, GrantRefused
from bridge.goto import AccessTokens, GoToClient, Grant, Throttle, open_http
from bridge.mapping import Mapping, load_mapping
from bridge.operations import Check, Health, Metrics, Watched
from bridge.scim import Authenticator, Client, error_response, scim_application
from bridge.settings import Settings
from bridge.store import Sealer, Store, secret_keys

log = structlog.get_logger(__name__)

SCIM_PATH = "/scim/v2"
GRANT = "goto"
NO_GRANT = (
    "The bridge has no grant for GoTo: run `goto-scim-bridge connect`, or set BRIDGE_GOTO_PAT or "
    "BRIDGE_GOTO_REFRESH_TOKEN"
)


@dataclass(frozen=True)
class Rooms:
    """The rooms of a bridge that is open."""

    store: Store
    sealer: Sealer
    goto: GoToClient
    tokens: AccessTokens
    directory: Directory


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[tuple[Store, Sealer]]:
    """Open the database, with the key that seals what is in it."""
    keys = secret_keys(settings.secret_keys, database_url=settings.database_url)
    if keys.warning:
        log.warning(keys.warning)
    sealer = Sealer(keys.keys)
    store = await Store.open(settings.database_url, sealer=sealer)
    try:
        yield store, sealer
    finally:
        await store.close()


@asynccontextmanager
async def open_rooms(settings: Settings, mapping: Mapping) -> AsyncIterator[Rooms]:
    """Open everything that the bridge stands on; GoTo itself is asked when it is first needed."""
    async with AsyncExitStack() as stack:
        store, sealer = await stack.enter_async_context(open_store(settings))
        api = await stack.enter_async_context(open_http(settings.goto_api_url))
        oauth = await stack.enter_async_context(open_http(settings.goto_auth_url))
        tokens = AccessTokens(
            oauth,
            auth_url=settings.goto_auth_url,
            client_id=settings.goto_client_id or "",
            client_secret=_secret(settings.goto_client_secret),
            grant=await current_grant(settings, store),
            store=lambda grant: keep_grant(settings, store, grant),
            reload=lambda: stored_grant(settings, store),
        )
        goto = GoToClient(
            api,
            grant=tokens,
            throttle=Throttle(settings.goto_rate_limit),
            account_key=settings.goto_account_key,
        )

        async def connect() -> str:
            if not tokens.grant.secret:
                raise GrantRefused(NO_GRANT)
            return (await goto.connect()).key

        directory = Directory(
            goto, store, mapping, connect=connect, max_age=settings.snapshot_max_age
        )
        stack.push_async_callback(directory.close)
        yield Rooms(store, sealer, goto, tokens, directory)


async def current_grant(settings: Settings, store: Store) -> Grant:
    """Return the grant to begin with: a configured PAT, the stored one, a configured token."""
    now = datetime.now(UTC)
    if settings.goto_pat is not None:
        return Grant(kind="pat", secret=_secret(settings.goto_pat), obtained_at=now)
    if stored := await stored_grant(settings, store):
        return stored
    return Grant(kind="refresh_token", secret=_secret(settings.goto_refresh_token), obtained_at=now)


async def stored_grant(settings: Settings, store: Store) -> Grant | None:
    """Return the grant that was stored last; None where there is none, or a PAT is configured."""
    if settings.goto_pat is not None:
        return None
    fields = await store.grant(GRANT)
    if fields is None:
        return None
    moments = {
        name: datetime.fromisoformat(fields[name]) if fields.get(name) else None
        for name in ("obtained_at", "expires_at")
    }
    return Grant(**{**fields, **moments})


async def keep_grant(settings: Settings, store: Store, grant: Grant) -> None:
    """Store a grant, sealed, before its token is used; a configured PAT stays where it is."""
    if settings.goto_pat is not None:
        return
    fields: dict[str, Any] = {
        "kind": grant.kind,
        "secret": grant.secret,
        "obtained_at": grant.obtained_at.isoformat(),
        "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
        "principal": grant.principal,
        "scope": grant.scope,
    }
    await store.save_grant(GRANT, fields)


def _secret(value: Any) -> str:
    return value.get_secret_value() if value is not None else ""


def create_app(settings: Settings, mapping: Mapping | None = None) -> Starlette:
    """Return the bridge as an ASGI application; its lifespan opens and closes the rooms."""
    compiled = mapping or load_mapping(settings.mapping)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_rooms(settings, compiled) as rooms:
            app.state.rooms = rooms
            app.router.routes[:] = _routes(settings, compiled, rooms, metrics)
            _show_snapshot(metrics, rooms.directory)
            warming = asyncio.create_task(_warm_up(rooms.directory), name="warm up")
            yield
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)

    app = Starlette(
        lifespan=lifespan,
        exception_handlers={404: _not_found, 405: _not_found},
    )
    app.router.redirect_slashes = False
    return app


def _routes(settings: Settings, mapping: Mapping, rooms: Rooms, metrics: Metrics) -> list[Any]:
    token = settings.token.get_secret_value() if settings.token else None

    async def find_client(digest: bytes) -> Client | None:
        found = await rooms.store.client_by_token_hash(digest)
        if found is None:
            return None
        return Client(found.name, "strict" if found.profile == "strict" else "lenient")

    scim = scim_application(
        rooms.directory,
        mapping,
        Authenticator(find_client, static_token=token, static_profile=settings.token_profile),
        secret=rooms.sealer.derive("cursors"),
        public_url=settings.public_url,
    )
    health = Health(
        {
            "database": lambda: _database(rooms.store),
            "goto": lambda: _grant(rooms),
            "snapshot": lambda: _snapshot(rooms.directory),
        }
    )
    return [
        *health.routes(),
        metrics.route(),
        Mount(SCIM_PATH, app=Watched(scim, metrics)),
    ]


async def _database(store: Store) -> Check:
    await store.ping()
    return Check(ready=True)


async def _grant(rooms: Rooms) -> Check:
    await rooms.directory.open()
    await rooms.tokens.token()
    return Check(ready=True, facts={"principal_known": bool(rooms.tokens.grant.principal)})


async def _snapshot(directory: Directory) -> Check:
    age = directory.snapshot_age
    if age is None:
        return Check(ready=True, detail="none yet; the first list takes one")
    return Check(ready=True, facts={"age_seconds": round(age, 1), **_counted(directory)})


def _counted(directory: Directory) -> dict[str, Any]:
    return {"users": directory.counts["User"], "groups": directory.counts["Group"]}


def _show_snapshot(metrics: Metrics, directory: Directory) -> None:
    metrics.gauge(
        "bridge_snapshot_age_seconds",
        "Age of the snapshot, -1 before the first",
        lambda: -1 if directory.snapshot_age is None else directory.snapshot_age,
    )
    metrics.gauge("bridge_users", "Users in the snapshot", lambda: directory.counts["User"])
    metrics.gauge("bridge_groups", "Groups in the snapshot", lambda: directory.counts["Group"])


async def _warm_up(directory: Directory) -> None:
    try:
        await directory.warm_up()
    except BridgeError as error:
        log.warning("GoTo cannot be used yet", reason=error.detail)


async def _not_found(request: Request, _: Exception) -> Response:
    detail = f"There is nothing at {request.url.path[:200]!r}: SCIM is served below {SCIM_PATH}"
    return error_response(NotFoundException(detail=detail))
