"""``serve``: the bridge as a service, once everything that it needs was looked at."""

import asyncio
import gc
from contextlib import AsyncExitStack
from functools import partial

import structlog

from bridge.app import HEALTH_PATH, SCIM_PATH, create_app
from bridge.cli.configuration import mapping_mistakes
from bridge.cli.serving import Site, listen, run_until_stopped, serve, url_of
from bridge.cli.terminal import NO_CLIENT
from bridge.connect import Grants
from bridge.errors import BridgeError
from bridge.lease import LeaseHeld, lease_held
from bridge.operations import set_up_logs
from bridge.rooms import open_store
from bridge.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

RARELY = (50_000, 100, 10)
"""After how many new objects Python looks for cycles, and how often among older ones. An account is
a million objects that stay and are in no cycle; with Python's own numbers (700, 10, 10) a pass over
it spends a fifth of its time on looking through them. Older ones not before a pass over 400,000
users is done, after which the snapshot takes its own out of sight."""


def run_service(settings: Settings) -> None:
    """Serve until a signal comes. What cannot be used is a BridgeError before anything starts."""
    gc.set_threshold(*RARELY)
    gc.freeze()  # what was imported stays
    set_up_logs(settings.log_level, settings.log_format)
    for warning in settings.warnings:
        log.warning(warning)
    run_until_stopped(partial(_serve, settings))


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    wrong = [*mapping_mistakes(settings.mapping), *await _store_mistakes(settings)]
    if wrong:
        raise SettingsError(wrong)
    lost = asyncio.Event()

    def on_loss() -> None:
        lost.set()
        stop.set()

    async with AsyncExitStack() as stack:
        store, _ = await stack.enter_async_context(open_store(settings))
        await stack.enter_async_context(lease_held(store.leases, on_loss=on_loss))
        listening = stack.enter_context(listen(settings.host, settings.port, named="BRIDGE_PORT"))
        await serve(
            [
                Site(
                    app=create_app(settings),
                    socket=listening,
                    health=settings.base_path + HEALTH_PATH,
                )
            ],
            stop=stop,
            announce=lambda: log.info(
                "serving", url=url_of(listening) + settings.base_path + SCIM_PATH
            ),
        )
    if lost.is_set():
        raise LeaseHeld("Another process took over this database: the log says which.")


async def _store_mistakes(settings: Settings) -> list[str]:
    """Open what the service will open, so that it never fails half started."""
    try:
        async with open_store(settings) as (store, _):
            await Grants(settings, store).current()
            clients = await store.client_tokens()
            if not settings.token and all(client.revoked_at for client in clients):
                log.warning(NO_CLIENT)
    except BridgeError as error:
        return [error.detail]
    return []
