"""The simulated GoTo as a process of its own, with a count of what it was asked.

``python -m benchmarks.upstream PORT USERS GROUPS RATE``; a RATE of 0 is no limit. The count is kept
outside the simulator, whose journal holds every body and is too dear to read between two rounds.
"""

import gc
import sys
from collections import Counter

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from bridge.sandbox import SimulatorSettings, simulated_goto

COUNT = "/_bench/calls"
A_DAY = 86_400


class Counting:
    """Counts the calls of the Admin API by method, and those refused for the rate limit."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._calls: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == COUNT:
            await JSONResponse(dict(self._calls))(scope, receive, send)
        elif scope["path"].startswith("/admin/"):
            await self._counted(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                refused = message["status"] == 429
                self._calls["refused" if refused else scope["method"]] += 1
            await send(message)

        await self._app(scope, receive, noting)


def main(port: int, users: int, groups: int, rate: int) -> None:
    """Serve until a signal comes."""
    settings = SimulatorSettings(rate_limit=rate, access_token_ttl_s=A_DAY)
    app = simulated_goto(users=users, groups=groups, settings=settings)
    gc.freeze()  # its account is not what is measured, nor is Python's looking through it
    uvicorn.run(
        Counting(app),
        host="127.0.0.1",
        port=port,
        log_level="error",
        access_log=False,
        timeout_keep_alive=75,  # longer than a contestant waits for its turn
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:5]))
