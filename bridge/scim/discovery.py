"""What the service tells of itself (RFC 7644 §4): its capabilities, resource types and schemas."""

from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation
from starlette.responses import Response

from bridge.directory import Directory
from bridge.scim.exchange import Exchange
from bridge.scim.rendering import json_response


class Discovery:
    """Serves the discovery endpoints; they answer while GoTo is away, too."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def answer(self, exchange: Exchange) -> Response:
        """GET of a discovery endpoint, or of one document below it."""
        answer = await self._answered(exchange)
        response = json_response(answer.body, status=int(answer.status))
        response.headers.update(answer.headers)
        return response

    async def _answered(self, exchange: Exchange) -> ScimResponse:
        service, operation = exchange.reader.service, exchange.target.operation
        location = exchange.base_url + exchange.path
        if operation is Operation.service_provider_config:
            return service.service_provider_config(location, exchange.query)
        if operation is Operation.resource_types:
            return service.resource_types(location, exchange.query)
        identifier = str(exchange.target.resource_id)
        if operation is Operation.resource_type:
            return service.resource_type(location, identifier, exchange.query)
        service.now_assignable(await self._directory.assignable())
        if operation is Operation.schemas:
            return service.schemas(location, exchange.query)
        return service.schema(location, identifier, exchange.query)
