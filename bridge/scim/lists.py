"""Searches: GET on a collection or the root, POST on ``.search`` (RFC 7644 §3.4.2, §3.4.3)."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import ResourceType, SearchRequest
from scim2_server.storage import SearchPage
from starlette.responses import Response

from bridge.directory import AnyKind, Directory, Page, Query
from bridge.scim import dialects
from bridge.scim.exchange import Exchange
from bridge.scim.rendering import (
    LIST_RESPONSE,
    Projection,
    json_response,
    list_response,
    published,
)
from bridge.scim.service import kind_of

MOST_READINGS = 1000


@dataclass(frozen=True, slots=True)
class _Reading:
    """A search as the library read it; nothing in it is changed afterwards."""

    resource_types: list[ResourceType]
    kinds: Sequence[AnyKind]
    request: SearchRequest[Any]
    position: Any


def _read(exchange: Exchange, parameters: Mapping[str, Any]) -> _Reading:
    resource_types = exchange.reader.service.searched_types(exchange.target.endpoint)
    request, position = exchange.reader.search(resource_types, parameters)
    kinds = tuple(kind_of(resource_type) for resource_type in resource_types)
    return _Reading(resource_types, kinds, request, position)


class Lists:
    """Serves lists."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._readings: dict[Hashable, _Reading] = {}

    async def search(self, exchange: Exchange) -> Response:
        """GET with query parameters."""
        asked = (exchange.client.profile, exchange.target.endpoint, *exchange.query.items())
        reading = self._readings.get(asked)
        if reading is None:
            reading = _read(exchange, dialects.search(exchange.query))
            # A cursor is sealed with its age, and is opened anew each time.
            if reading.request.cursor is None:
                self._remember(asked, reading)
        return await self._searched(exchange, reading)

    async def search_with_body(self, exchange: Exchange) -> Response:
        """POST with a SearchRequest."""
        return await self._searched(
            exchange, _read(exchange, dialects.search(await exchange.body()))
        )

    def _remember(self, asked: Hashable, reading: "_Reading") -> None:
        """Keep what was read: a client that pages or looks up asks in the same words again."""
        if len(self._readings) >= MOST_READINGS:
            self._readings.clear()
        self._readings[asked] = reading

    async def _searched(self, exchange: Exchange, reading: "_Reading") -> Response:
        request, kinds = reading.request, reading.kinds
        query = Query(kinds, request, reading.position, exchange.client.name, exchange.live)
        page = await self._directory.search(query)
        envelope = self._envelope(exchange, reading.resource_types, request, page)
        if not request.attributes and not request.excluded_attributes:
            return list_response(envelope, page.entries, exchange.base_url)
        envelope["Resources"] = self._projected(exchange, kinds, request, page)
        return json_response(envelope)

    @staticmethod
    def _envelope(
        exchange: Exchange,
        resource_types: list[ResourceType],
        request: SearchRequest[Any],
        page: Page,
    ) -> dict[str, Any]:
        envelope: dict[str, Any] = {
            "schemas": [LIST_RESPONSE],
            "totalResults": page.total,
            "itemsPerPage": len(page.entries),
        }
        if request.cursor is None:
            return {**envelope, "startIndex": request.start_index or 1}
        # The library seals positions into cursors; the resources are rendered here.
        positions = SearchPage(page.total, [], page.next, page.previous)
        service = exchange.reader.service
        sealed = service.search_response(exchange.base_url, resource_types, positions, request)
        for name in ("nextCursor", "previousCursor"):
            if sealed.body and sealed.body.get(name):
                envelope[name] = sealed.body[name]
        return envelope

    @staticmethod
    def _projected(
        exchange: Exchange, kinds: Sequence[AnyKind], request: SearchRequest[Any], page: Page
    ) -> list[dict[str, Any]]:
        projections = {kind: Projection(exchange.reader.model(kind), request) for kind in kinds}
        resources = [published(entry, exchange.base_url) for entry in page.entries]
        return [projections[each["meta"]["resourceType"]](each) for each in resources]
