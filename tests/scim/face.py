"""The SCIM face over a directory, without sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from bridge.scim import Authenticator, Client, scim_application
from tests.conftest import SANDBOX_MAPPING, Bridge, bridge_over

BASE = "http://bridge.test/scim/v2"
TOKEN = "a-token-for-tests"


async def nobody(_: bytes) -> Client | None:
    return None


@asynccontextmanager
async def face_over(
    app: Starlette, folder: Path, *, profile: Any = "lenient", **options: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, Bridge]]:
    """A SCIM client of a bridge over a simulated GoTo, and the bridge."""
    async with bridge_over(app, folder, **options) as bridge:
        scim = scim_application(
            bridge.directory,
            options.get("mapping", SANDBOX_MAPPING),
            Authenticator(nobody, static_token=TOKEN, static_profile=profile),
            secret=b"s" * 32,
        )
        mounted = Starlette(routes=[Mount("/scim/v2", app=scim)])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=mounted),
            base_url=BASE,
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as http:
            yield http, bridge
