"""Searches: GET on a collection or the root, POST on ``.search`` (RFC 7644 §3.4.2, §3.4.3)."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import ResourceType, SearchRequest
from scim2_server.storage import SearchPage
from starlette.responses import Response

from bridge.directory import AnyKind, Directory, Page, Query, Shown
from bridge.scim import dialects
from bridge.scim.costs import refuse_costly_search
from bridge.scim.exchange import Exchange
from bridge.scim.reading import Reader
from bridge.scim.rendering import (
    LIST_RESPONSE,
    Projection,
    in_json,
    json_body,
    list_body,
    list_response,
    published,
)
from bridge.scim.service import kind_of

MOST_READINGS = 1000
LONGEST_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Reading:
    """A search as the library read it; nothing in it is changed afterwards.

    ``projections`` say what of each type is shown, None where all is.
    """

    resource_types: list[ResourceType]
    kinds: Sequence[AnyKind]
    request: SearchRequest[Any]
    position: Any
    projections: Mapping[AnyKind, Projection] | None


def _read(
    reader: Reader, endpoint: str | None, parameters: Mapping[str, Any], base_url: str
) -> Reading:
    refuse_costly_search(parameters)
    resource_types = reader.service.searched_types(endpoint)
    request, position = reader.search(resource_types, parameters, root=base_url)
    kinds = tuple(kind_of(resource_type) for resource_type in resource_types)
    projections = None
    if request.attributes or request.excluded_attributes:
        projections = {kind: Projection(reader.model(kind), request) for kind in kinds}
    return Reading(resource_types, kinds, request, position, projections)


class Lists:
    """Serves lists."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._readings: dict[Hashable, Reading] = {}

    async def search(self, exchange: Exchange) -> Response:
        """GET with query parameters."""
        reader, endpoint, query = exchange.reader, exchange.target.endpoint, exchange.query
        base_url = exchange.base_url
        asked = base_url, endpoint, *query.items()
        length = sum(map(len, query.values()))
        reading = await exchange.search(
            lambda: self.reading(reader, endpoint, query, asked, base_url=base_url, length=length),
            length,
        )
        return await self._searched(exchange, reading)

    async def search_with_body(self, exchange: Exchange) -> Response:
        """POST with a SearchRequest."""
        reader, endpoint = exchange.reader, exchange.target.endpoint
        base_url = exchange.base_url
        parameters = await exchange.read(dialects.search)
        texts = (value for value in parameters.values() if isinstance(value, str | list))
        reading = await exchange.search(
            lambda: _read(reader, endpoint, parameters, base_url), sum(map(len, texts))
        )
        return await self._searched(exchange, reading)

    def known(self, reader: Reader, asked: Hashable) -> Reading | None:
        """Return what was read of a search that was asked for in these words before."""
        return self._readings.get((reader.profile, asked))

    def reading(
        self,
        reader: Reader,
        endpoint: str | None,
        query: Mapping[str, str],
        asked: Hashable,
        *,
        base_url: str,
        length: int = 0,
    ) -> Reading:
        """Return what is searched, and keep it by what was ``asked``: a client that pages or looks
        up asks in the same words again, at the same URL. One of great ``length`` takes too much
        room."""
        reading = self.known(reader, asked)
        if reading is None:
            reading = _read(reader, endpoint, dialects.search(query), base_url)
            # A cursor is sealed with its age, and is opened anew each time.
            if reading.request.cursor is None and length <= LONGEST_KEPT:
                if len(self._readings) >= MOST_READINGS:
                    self._readings.clear()
                self._readings[reader.profile, asked] = reading
        return reading

    async def page(
        self, reading: Reading, *, client: str, base_url: str, root: bytes, live: bool = False
    ) -> bytes:
        """Return the body of one page of a walk by index. ``root`` is ``base_url`` within JSON."""
        request = reading.request
        whole = reading.projections is None
        query = Query(reading.kinds, request, reading.position, client, live, whole)
        page = self._directory.next_page(query)
        if page is None:
            page = await self._directory.search(query)
        envelope = {**_counted(page), "startIndex": request.start_index or 1}
        return _body(reading, envelope, page, base_url, root)

    async def _searched(self, exchange: Exchange, reading: Reading) -> Response:
        request, base_url = reading.request, exchange.base_url
        client, live, root = exchange.client.name, exchange.live, in_json(base_url)
        if request.cursor is None:
            body = await self.page(reading, client=client, base_url=base_url, root=root, live=live)
            return list_response(body)
        query = Query(reading.kinds, request, reading.position, client, live)
        page = await self._directory.search(query)
        # The library seals positions into cursors; the resources are rendered here.
        positions = SearchPage(page.total, [], page.next, page.previous)
        service = exchange.reader.service
        sealed = service.search_response(base_url, reading.resource_types, positions, request)
        envelope = _counted(page)
        for name in ("nextCursor", "previousCursor"):
            if sealed.body and sealed.body.get(name):
                envelope[name] = sealed.body[name]
        return list_response(_body(reading, envelope, page, base_url, root))


def is_whole(reading: Reading) -> bool:
    """Whether what is found is shown from the first on, however little that is."""
    request = reading.request
    return request.cursor is None and request.count != 0 and (request.start_index or 1) <= 1


def found_body(reading: Reading, found: Shown | None, *, base_url: str, root: bytes) -> bytes:
    """Return the body of a list of what a lookup found, one resource or none."""
    page = Page(1, [found]) if found is not None else Page(0)
    return _body(reading, {**_counted(page), "startIndex": 1}, page, base_url, root)


def _counted(page: Page) -> dict[str, Any]:
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": page.total,
        "itemsPerPage": page.size,
    }


def _body(
    reading: Reading, envelope: dict[str, Any], page: Page, base_url: str, root: bytes
) -> bytes:
    if reading.projections is None:
        return list_body(envelope, page.texts or [each.text for each in page.entries], root)
    resources = [published(entry, base_url) for entry in page.entries]
    envelope["Resources"] = [
        reading.projections[each["meta"]["resourceType"]](each) for each in resources
    ]
    return json_body(envelope)
