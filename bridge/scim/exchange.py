"""One request on its way through: who asks, where, with what, and how the answer is to look."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from scim2_server.conditions import Conditions
from scim2_server.routing import Target
from starlette.requests import Request
from starlette.responses import Response

from bridge.directory import AnyKind, Shown
from bridge.scim.applying import Budget
from bridge.scim.auth import Client
from bridge.scim.body import parsed, read_body
from bridge.scim.costs import refuse_costly_search
from bridge.scim.reading import Reader
from bridge.scim.rendering import (
    Projection,
    json_response,
    location,
    published,
    resource_response,
)
from bridge.scim.workers import LARGE_BODY, LARGE_QUERY, Workers

T = TypeVar("T")
Reading = Callable[[dict[str, Any]], T]


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
    workers: Workers
    budget: Budget = field(default_factory=Budget)

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

    async def read(self, reading: Reading[T], *, large: int = LARGE_BODY) -> T:
        """Return what ``reading`` makes of the JSON object that was sent.

        A large body is read in a thread, so that others are answered meanwhile. ``large`` is the
        number of bytes from which on it is.
        """
        content_type = self.request.headers.get("content-type")
        self.reader.service.ensure_json(content_type)
        content = await read_body(self.request)

        if len(content) <= large:
            return reading(parsed(content))
        return await self.apart(lambda: reading(parsed(content)))

    async def apart(self, work: Callable[[], T]) -> T:
        """Run what takes long in a thread. It must touch nothing that others change."""
        return await self.workers.run(self.client.name, work)

    async def search(self, reading: Callable[[], T], length: int) -> T:
        """Read a search, in a thread where it is a long one."""
        return reading() if length <= LARGE_QUERY else await self.apart(reading)

    async def projection(self, kind: AnyKind) -> Projection | None:
        """Return which attributes the answer is to hold, or None for all of them.

        To be read before anything is written: a request that is refused has changed nothing.
        """
        if not self.query:
            return None
        refuse_costly_search(self.query)

        def read() -> Projection | None:
            parameters = self.reader.parameters(kind, self.query)
            return Projection(self.reader.model(kind), parameters) if parameters else None

        return await self.search(read, sum(map(len, self.query.values())))

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
