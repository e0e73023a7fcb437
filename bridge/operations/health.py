"""``/health/live`` and ``/health/ready``: one entry for each thing that the bridge depends on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.errors import BridgeError

PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found: ``ready``, or why not; ``facts`` are numbers worth knowing."""

    ready: bool
    detail: str = ""
    facts: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the entry as it is shown."""
        shown: dict[str, Any] = {"status": "ok" if self.ready else "failing"}
        if self.detail:
            shown["detail"] = self.detail
        return {**shown, **(self.facts or {})}


class Health:
    """Asks every check at once, and waits for none longer than some seconds."""

    def __init__(self, checks: Mapping[str, Callable[[], Awaitable[Check]]]) -> None:
        self._checks = checks

    def routes(self) -> list[Route]:
        """Return the routes of both questions."""
        return [
            Route("/health/live", self._live, methods=["GET"]),
            Route("/health/ready", self._ready, methods=["GET"]),
        ]

    async def _live(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _ready(self, _: Request) -> Response:
        found = await asyncio.gather(*(_asked(check) for check in self._checks.values()))
        ready = all(check.ready for check in found)
        body = {
            "status": "ready" if ready else "not ready",
            "checks": {
                name: check.as_json() for name, check in zip(self._checks, found, strict=True)
            },
        }
        return JSONResponse(body, status_code=200 if ready else 503)


async def _asked(check: Callable[[], Awaitable[Check]]) -> Check:
    try:
        return await asyncio.wait_for(check(), PATIENCE)
    except TimeoutError:
        return Check(ready=False, detail=f"no answer within {PATIENCE:.0f} seconds")
    except BridgeError as error:
        return Check(ready=False, detail=error.detail)
