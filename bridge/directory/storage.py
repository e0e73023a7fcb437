"""The directory as the SCIM library's storage: models in, models out.

The SCIM face does without models where it answers; this is the port that bulk requests and the
library's own contract suite use.
"""

from typing import Any

import orjson
from scim2_models import (
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimProvider,
    SearchRequest,
)
from scim2_server.storage import AsyncScimStorage, SearchPage

from bridge.directory.directory import Directory
from bridge.directory.entries import Entry, Guard, Kind, clients_own
from bridge.directory.offers import Shown
from bridge.directory.provider import models
from bridge.directory.search import Query
from bridge.mapping.lists import WRITABLE_LISTS


class DirectoryStorage(AsyncScimStorage):
    """Follows the library's rules for storages; errors are its own and ``bridge.errors``."""

    supports_cursors = True

    def __init__(self, directory: Directory, provider: ScimProvider) -> None:
        self._directory = directory
        self._provider = provider

    def _model(self, entry: Shown) -> Resource[Any]:
        return model_of(entry, self._provider)

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,  # noqa: ARG002 - whole is right
    ) -> Resource[Any]:
        """Return a resource."""
        return self._model(await self._directory.read(_kind(resource_type), resource_id))

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,
    ) -> SearchPage:
        """Return one page of the matching resources."""
        kinds = [_kind(resource_type) for resource_type in resource_types]
        page = await self._directory.search(Query(kinds, search_request, position))
        found = [self._model(entry) for entry in page.entries]
        return SearchPage(page.total, found, page.next, page.previous)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Create a resource and return it as it then is."""
        wanted = wanted_of(resource)
        return self._model(await self._directory.create(_kind(resource_type), wanted))

    async def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,
    ) -> Resource[Any]:
        """Make the stored resource what ``resource`` says."""
        wanted = wanted_of(resource)
        if resource_type.name == "Group":
            wanted.setdefault("members", [])
        guard = _guard(expected_version)

        def change(entry: Entry) -> dict[str, Any]:
            guard(entry)
            return _without_echo(wanted, entry)

        kind = _kind(resource_type)
        return self._model(await self._directory.replace(kind, str(resource.id), change))

    async def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,
    ) -> None:
        """Delete a resource."""
        await self._directory.delete(
            _kind(resource_type), resource_id, guard=_guard(expected_version)
        )


def model_of(entry: Shown, provider: ScimProvider) -> Resource[Any]:
    """Return an entry as a model of the service."""
    resource = orjson.loads(orjson.dumps(entry.resource))  # a copy: it is the library's to change
    model = models(provider)[resource["meta"]["resourceType"]]
    return model.model_validate(resource, scim_provider=provider)


def _without_echo(wanted: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """Leave out an address that nobody chose and that is as it was: it may follow the userName.

    Whoever updates by this port changes a resource that was read, and means what is different.
    """
    is_echo = wanted.get("emails") == entry.resource.get("emails")
    if is_echo and not entry.state.held.get("emails"):
        return {name: value for name, value in wanted.items() if name != "emails"}
    return wanted


def _guard(expected_version: str | None) -> Guard[Entry]:
    def check(entry: Entry) -> None:
        if expected_version is not None and entry.version != expected_version:
            raise PreconditionFailedException

    return check


def wanted_of(resource: Resource[Any]) -> dict[str, Any]:
    """Return a resource that a client wants as SCIM JSON, without what is the server's to say."""
    wanted = clients_own(resource.model_dump())
    for name in ("members", *WRITABLE_LISTS):
        if getattr(resource, name, None) == []:
            # An empty list says something that a missing one does not.
            wanted[name] = []
    return wanted


def _kind(resource_type: ResourceType) -> Kind:
    return "User" if resource_type.name == "User" else "Group"
