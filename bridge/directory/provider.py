"""The SCIM service as its library needs it described: schemas, resource types, capabilities."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Pagination,
    Patch,
    Resource,
    ResourceType,
    Schema,
    SchemaExtension,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)

from bridge.directory.entries import Kind
from bridge.directory.offers import OFFERS, AnyKind, offer_schemas
from bridge.limits import LARGEST_BODY, MOST_OPERATIONS
from bridge.mapping import Mapping as AttributeMapping
from bridge.mapping import Translation

MOST_RESULTS = 1000
CURSOR_LIFE = 3600
ENDPOINTS: Mapping[AnyKind, str] = {
    "User": "/Users",
    "Group": "/Groups",
    "License": "/Licenses",
    "AdminRole": "/AdminRoles",
}
DOCUMENTATION = "https://datatracker.ietf.org/doc/html/rfc7644"

LENIENT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
STRICT = ScimPolicy()


def accepting_provider(mapping: AttributeMapping, policy: ScimPolicy = LENIENT) -> ScimProvider:
    """Describe the service for reading requests: what can be derived is not required."""
    schemas = [*mapping.users.accepted, *mapping.groups.accepted, *offer_schemas()]
    types = [each.model_dump() for each in (*resource_types(mapping), *_offer_types())]
    described = _described(orjson.dumps(schemas), orjson.dumps(types))
    return ScimProvider(described.models, described.resource_types, capabilities(), policy)


@lru_cache(maxsize=8)
def _described(schemas: bytes, types: bytes) -> ScimProvider:
    """Build the models of the same schemas once: that is most of what opening a service takes."""
    return ScimProvider.from_discovery(
        [Schema.model_validate(schema) for schema in orjson.loads(schemas)],
        [ResourceType.model_validate(each) for each in orjson.loads(types)],
    )


def published_schemas(mapping: AttributeMapping) -> list[Schema]:
    """Return the schemas that /Schemas shows."""
    schemas = [*mapping.users.published, *mapping.groups.published, *offer_schemas()]
    grantable = {"roles": {"value": mapping.grantable_roles}}
    return [with_values(Schema.model_validate(each), grantable) for each in schemas]


def with_values(schema: Schema, values: Mapping[str, Mapping[str, Sequence[str]]]) -> Schema:
    """Return a schema with these ``canonicalValues``, by attribute and sub-attribute.

    A schema that has none of the attributes is returned as it is.
    """
    if not any(attribute.name in values for attribute in schema.attributes or ()):
        return schema
    changed = schema.model_copy(deep=True)
    for attribute in changed.attributes or ():
        wanted = values.get(attribute.name or "", {})
        for sub in attribute.sub_attributes or ():
            if sub.name and sub.name in wanted:
                sub.canonical_values = list(wanted[sub.name]) or None
    return changed


def resource_types(mapping: AttributeMapping) -> list[ResourceType]:
    """Return what /ResourceTypes shows: Users and Groups with their extensions.

    Licences and admin roles are served, and not announced: a client creates what is announced.
    """
    return [
        _resource_type("User", "A user of the GoTo account", mapping.users),
        _resource_type("Group", "A group of the GoTo account", mapping.groups),
    ]


def _resource_type(kind: Kind, description: str, translation: Translation) -> ResourceType:
    core, *extensions = translation.published
    return ResourceType(
        id=kind,
        name=kind,
        description=description,
        endpoint=ENDPOINTS[kind],
        schema_=core["id"],
        schema_extensions=[
            SchemaExtension(schema_=extension["id"], required=False) for extension in extensions
        ]
        or None,
    )


def _offer_types() -> list[ResourceType]:
    return [
        ResourceType(id=kind, name=kind, endpoint=ENDPOINTS[kind], schema_=schema)
        for kind, schema in OFFERS.items()
    ]


def models(provider: ScimProvider) -> dict[AnyKind, type[Resource[Any]]]:
    """Return the model that each type's requests are read with."""
    found: dict[AnyKind, type[Resource[Any]]] = {}
    for kind in ENDPOINTS:
        model = provider.model_for(kind)
        assert isinstance(model, type)
        assert issubclass(model, Resource)
        found[kind] = model
    return found


def capabilities() -> ServiceProviderConfig:
    """Return what the service announces (RFC 7643 §5, RFC 9865 §4), and keeps."""
    return ServiceProviderConfig(
        documentation_uri=DOCUMENTATION,
        patch=Patch(supported=True),
        bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=LARGEST_BODY),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        pagination=Pagination(
            cursor=True,
            index=True,
            default_pagination_method=Pagination.DefaultPaginationMethod.index,
            default_page_size=MOST_RESULTS,
            max_page_size=MOST_RESULTS,
            cursor_timeout=CURSOR_LIFE,
        ),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token of this bridge in the Authorization header (RFC 6750)",
                spec_uri="https://datatracker.ietf.org/doc/html/rfc6750",
                primary=True,
            ),
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauth2,
                name="Client credentials",
                description="Access tokens from /oauth/token (RFC 6749 section 4.4): the client's "
                "name is client_id, its token client_secret",
                spec_uri="https://datatracker.ietf.org/doc/html/rfc6749",
            ),
            AuthenticationScheme(
                type=AuthenticationScheme.Type.httpbasic,
                name="HTTP Basic",
                description="The client's name, and its token as the password (RFC 7617)",
                spec_uri="https://datatracker.ietf.org/doc/html/rfc7617",
            ),
        ],
    )
