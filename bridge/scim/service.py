"""The protocol rules as this service keeps them: the library's, with the schemas that are true."""

from collections.abc import Mapping
from http import HTTPStatus

from scim2_models import (
    ListResponse,
    NotFoundException,
    ResourceType,
    Schema,
    ScimProvider,
    ServiceProviderConfig,
)
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService


class BridgeService(ScimService):
    """Reads requests with what is accepted, and shows what is published on /Schemas."""

    def __init__(self, provider: ScimProvider, published: list[Schema], *, secret: bytes) -> None:
        super().__init__(provider, secret=secret)
        described = (Schema, ResourceType, ServiceProviderConfig)
        self._published = [*published, *(model.to_schema() for model in described)]

    def schemas(self, location: str, query: Mapping[str, str]) -> ScimResponse:
        """Return every schema: those of resources, and those of the discovery documents."""
        self.forbid_filter(query)
        count = len(self._published)
        response = ListResponse[Schema](
            total_results=count,
            items_per_page=count,
            start_index=1,
            resources=[self.locate(each, f"{location}/{each.id}") for each in self._published],
        )
        return ScimResponse(HTTPStatus.OK, response.model_dump())

    def schema(self, location: str, schema_id: str, query: Mapping[str, str]) -> ScimResponse:
        """Return one schema, its URN in any case."""
        self.forbid_filter(query)
        for schema in self._published:
            if str(schema.id).casefold() == schema_id.casefold():
                return self.discovery_response(self.locate(schema, location))
        raise NotFoundException(detail=f"There is no schema {schema_id[:200]!r}")
