"""Searches: GET on a collection or the root, POST on ``.search`` (RFC 7644 §3.4.2, §3.4.3)."""

from collections.abc import Mapping
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


class Lists:
    """Serves lists."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def search(self, exchange: Exchange) -> Response:
        """GET with query parameters."""
        return await self._searched(exchange, dialects.search(exchange.query))

    async def search_with_body(self, exchange: Exchange) -> Response:
        """POST with a SearchRequest."""
        return await self._searched(exchange, dialects.search(await exchange.body()))

    async def _searched(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Response:
        service = exchange.reader.service
        resource_types = service.searched_types(exchange.target.endpoint)
        request, position = exchange.reader.search(resource_types, parameters)
        kinds = [kind_of(resource_type) for resource_type in resource_types]
        query = Query(kinds, request, position, exchange.client.name, exchange.live)
        page = await self._directory.search(query)
        envelope = self._envelope(exchange, resource_types, request, page)
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
        exchange: Exchange, kinds: list[AnyKind], request: SearchRequest[Any], page: Page
    ) -> list[dict[str, Any]]:
        projections = {kind: Projection(exchange.reader.model(kind), request) for kind in kinds}
        resources = [published(entry, exchange.base_url) for entry in page.entries]
        return [projections[each["meta"]["resourceType"]](each) for each in resources]
