"""One request on its way through: who asks, where, with what, and how the answer is to look."""

from dataclasses import dataclass
from typing import Any

from scim2_server.conditions import Conditions
from scim2_server.routing import Target
from starlette.requests import Request
from starlette.responses import Response

from bridge.directory import AnyKind, Shown
from bridge.scim.auth import Client
from bridge.scim.body import parsed, read_body
from bridge.scim.reading import Reader
from bridge.scim.rendering import (
    Projection,
    json_response,
    location,
    published,
    resource_response,
)


def conditions(if_match: str | None, if_none_match: str | None = None) -> Conditions:
    """Return the conditions of a request; the library reads long runs of blanks at leisure."""
    return Conditions(
        *(" ".join(text.split()) if text else None for text in (if_match, if_none_match))
    )


@dataclass(frozen=True)
class Exchange:
    """A request that was authenticated and routed."""

    request: Request
    base_url: str
    path: str
    query: dict[str, str]
    client: Client
    reader: Reader
    target: Target

    @property
    def conditions(self) -> Conditions:
        """The conditional headers (RFC 7644 §3.14)."""
        return conditions(self._listed("if-match"), self._listed("if-none-match"))

    def _listed(self, name: str) -> str | None:
        """A header that is a list, whether it came in one line or in several (RFC 9110 §5.3)."""
        return ", ".join(self.request.headers.getlist(name)) or None

    @property
    def live(self) -> bool:
        """Whether the client wants GoTo asked now (Cache-Control: no-cache)."""
        return "no-cache" in self.request.headers.get("cache-control", "").casefold()

    async def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent."""
        content_type = self.request.headers.get("content-type")
        self.reader.service.ensure_json(content_type)
        return parsed(await read_body(self.request))

    def projection(self, kind: AnyKind) -> Projection | None:
        """Return which attributes the answer is to hold, or None for all of them.

        To be read before anything is written: a request that is refused has changed nothing.
        """
        parameters = self.reader.parameters(kind, self.query)
        return Projection(self.reader.model(kind), parameters) if parameters else None

    def answer(self, entry: Shown, projection: Projection | None, *, status: int = 200) -> Response:
        """Return the answer that carries a resource, with its ETag and locations."""
        if projection is None:
            response = resource_response(entry, self.base_url, status=status)
        else:
            kept = projection(published(entry, self.base_url))
            response = json_response(kept, status=status)
        response.headers["ETag"] = entry.version
        response.headers["Content-Location"] = location(entry, self.base_url)
        if status == 201:
            response.headers["Location"] = location(entry, self.base_url)
        return response
