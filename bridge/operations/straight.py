"""Starlette, with a straight way to one application below a path.

Its own layers (error pages, routes, one after the other) cost as much as the bridge's read of a
resource, and the SCIM face turns every failure into an answer by itself. Knows no SCIM.
"""

from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send


class Straight(Starlette):
    """Hands requests below ``lead_to``'s path to its application, as a ``Mount`` would."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._app_root = self._path = self._prefix = ""
        self._app: ASGIApp | None = None

    def lead_to(self, app: ASGIApp, *, path: str, base_path: str = "") -> None:
        """Serve ``app`` below ``base_path`` and ``path``."""
        self._app, self._app_root, self._path = app, base_path, base_path + path
        self._prefix = f"{self._path}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if (
            self._app is not None
            and scope["type"] == "http"
            # One that a server or a proxy below it has mounted finds its way by the routes.
            and not scope.get("root_path")
            and (scope["path"].startswith(self._prefix) or scope["path"] == self._path)
        ):
            mounted = {**scope, "app_root_path": self._app_root, "root_path": self._path}
            await self._app(mounted, receive, send)
        else:
            await super().__call__(scope, receive, send)
