"""Serves an application below a path, as a proxy needs it that passes paths on as they came.

Knows the path and nothing of what is served below it.
"""

from starlette.types import ASGIApp, Receive, Scope, Send


class BelowPath:
    """An ASGI application that serves another one below ``base_path``, and nothing beside it.

    What is asked for elsewhere is left to ``otherwise``. The inner application sees the path as a
    mounted one does (``root_path``), so that what it says of itself begins with it.
    """

    def __init__(self, app: ASGIApp, *, base_path: str, otherwise: ASGIApp) -> None:
        self._app = app
        self._base_path = base_path
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root_path = scope.get("root_path", "") + self._base_path
        if not f"{scope['path']}/".startswith(f"{root_path}/"):
            await self._otherwise(scope, receive, send)
            return
        await self._app({**scope, "root_path": root_path}, receive, send)
