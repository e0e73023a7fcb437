"""The protocol rules as this service keeps them: the library's, with the schemas that are true."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import cast

from scim2_models import (
    ListResponse,
    NotFoundException,
    ResourceType,
    Schema,
    ScimProvider,
    ServiceProviderConfig,
)
from scim2_server.errors import MethodNotAllowedException
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService

from bridge.directory import AnyKind, Assignable
from bridge.directory.provider import with_values
from bridge.scim import announced_limits
from bridge.scim.definitions import Definitions, definitions
from bridge.scim.interop import CONFORMANT, Vocabulary, vocabulary, with_flag


class BridgeService(ScimService):
    """Reads requests with what is accepted, and shows what is published on /Schemas.

    Resource types that are not ``announced`` are served at their endpoints, and neither listed nor
    found by a search of the root. ``conformant`` says so (draft-zollner-scim-interop-profile §4).
    With ``any_case`` a resource type is found by its name in any case.
    """

    def __init__(
        self,
        provider: ScimProvider,
        *,
        published: list[Schema],
        announced: list[ResourceType],
        secret: bytes,
        conformant: bool = False,
        any_case: bool = False,
    ) -> None:
        super().__init__(provider, secret=secret)
        config = ServiceProviderConfig.to_schema()
        described = [Schema.to_schema(), ResourceType.to_schema(), announced_limits.schema()]
        self._published = [*published, *described, with_flag(config) if conformant else config]
        self._announced = announced
        self._conformant = conformant
        self._any_case = any_case
        self._vocabularies = {
            str(each.name): vocabulary(provider, each) for each in provider.resource_types
        }
        self._definitions = {
            str(each.name): definitions(provider, each) for each in provider.resource_types
        }
        self._assignable = Assignable()

    def now_assignable(self, assignable: Assignable) -> None:
        """Let the schema of users say which licences can be given (``canonicalValues``)."""
        if assignable == self._assignable:
            return
        self._assignable = assignable
        licenses = {"value": assignable.licenses, "type": assignable.products}
        values = {"entitlements": licenses}
        self._published = [with_values(schema, values) for schema in self._published]

    def vocabulary(self, resource_type: ResourceType) -> Vocabulary:
        """Return the attributes of a resource type."""
        return self._vocabularies[str(resource_type.name)]

    def definitions(self, resource_type: ResourceType) -> Definitions:
        """Return what requests may say of a resource type."""
        return self._definitions[str(resource_type.name)]

    def service_provider_config(self, location: str, query: Mapping[str, str]) -> ScimResponse:
        """Return what the service is able to do."""
        answer = super().service_provider_config(location, query)
        body = dict(answer.body or {})
        if self._conformant:
            body[CONFORMANT] = True
        if self._conformant or announced_limits.are_asked_for(query):
            body["schemas"] = [*body["schemas"], announced_limits.URN]
            body[announced_limits.URN] = announced_limits.announced()
        return ScimResponse(answer.status, body, answer.headers)

    def searched_types(self, endpoint: str | None) -> list[ResourceType]:
        """Return the resource types that a search covers: of the root, those announced."""
        return super().searched_types(endpoint) if endpoint else list(self._announced)

    def resource_types(self, location: str, query: Mapping[str, str]) -> ScimResponse:
        """Return the resource types that clients can create."""
        self.forbid_filter(query)
        found = [self.locate(each, f"{location}/{each.id}") for each in self._announced]
        return _listed(found)

    def resource_type(
        self, location: str, resource_type_id: str, query: Mapping[str, str]
    ) -> ScimResponse:
        """Return one of them."""
        self.forbid_filter(query)
        asked = resource_type_id.casefold() if self._any_case else resource_type_id
        for each in self._announced:
            name = str(each.id)
            if asked == (name.casefold() if self._any_case else name):
                place = location.removesuffix(resource_type_id) + name
                return self.discovery_response(self.locate(each, place))
        detail = f"There is no resource type {resource_type_id[:200]!r}"
        raise NotFoundException(detail=detail)

    def schemas(self, location: str, query: Mapping[str, str]) -> ScimResponse:
        """Return every schema: those of resources, and those of the discovery documents."""
        self.forbid_filter(query)
        found = [self.locate(each, f"{location}/{each.id}") for each in self._published]
        return _listed(found)

    def schema(self, location: str, schema_id: str, query: Mapping[str, str]) -> ScimResponse:
        """Return one schema, its URN in any case."""
        self.forbid_filter(query)
        for schema in self._published:
            if str(schema.id).casefold() == schema_id.casefold():
                return self.discovery_response(self.locate(schema, location))
        raise NotFoundException(detail=f"There is no schema {schema_id[:200]!r}")


def kind_of(resource_type: ResourceType) -> AnyKind:
    """Return what the directory calls a resource type."""
    return cast(AnyKind, resource_type.name)


def read_only(kind: AnyKind) -> MethodNotAllowedException:
    """Licences and admin roles are GoTo's to make."""
    return MethodNotAllowedException(allowed=["GET"], detail=READ_ONLY[kind])


READ_ONLY: Mapping[str, str] = {
    "License": "Licences can only be read here: give one to a user, or take it away, with the "
    "user's entitlements, and change the licence itself in GoTo",
    "AdminRole": "Admin roles can only be read here: give one to a user, or take it away, with "
    "the user's roles, and change the role itself in GoTo",
}


def _listed(found: Sequence[Schema | ResourceType]) -> ScimResponse:
    response = ListResponse[Schema | ResourceType](
        total_results=len(found), items_per_page=len(found), start_index=1, resources=found
    )
    return ScimResponse(HTTPStatus.OK, response.model_dump())
