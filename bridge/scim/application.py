"""The ASGI application: authenticates, routes, and turns every failure into a SCIM error."""

import re
from collections.abc import Awaitable, Callable

from scim2_models import NotFoundException, NotImplementedException, ScimPolicy
from scim2_server.errors import MethodNotAllowedException
from scim2_server.responses import ScimResponse
from scim2_server.routing import Operation, Target, match
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bridge.directory import Directory, Kind
from bridge.directory.provider import (
    LENIENT,
    STRICT,
    accepting_provider,
    published_schemas,
)
from bridge.mapping import Mapping
from bridge.scim import dialects
from bridge.scim.auth import Authenticator, Client, Profile
from bridge.scim.bulk import BulkRequests
from bridge.scim.errors import error_response
from bridge.scim.exchange import Exchange
from bridge.scim.lists import Lists
from bridge.scim.reading import Reader
from bridge.scim.rendering import json_response
from bridge.scim.service import BridgeService
from bridge.scim.verbs import Verbs

HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
ANONYMOUS = Client("anonymous")
ON_RESOURCES = {
    Operation.create, Operation.query, Operation.replace, Operation.patch, Operation.delete,
}  # fmt: skip


def scim_application(
    directory: Directory,
    mapping: Mapping,
    authenticator: Authenticator,
    *,
    secret: bytes,
    public_url: str | None = None,
) -> "ScimApplication":
    """Return the SCIM service; ``secret`` seals cursors, ``public_url`` is what clients call."""
    published = published_schemas(mapping)
    policies: dict[Profile, ScimPolicy] = {"lenient": LENIENT, "strict": STRICT}
    readers = {
        profile: Reader(
            BridgeService(accepting_provider(mapping, policy), published, secret=secret), profile
        )
        for profile, policy in policies.items()
    }
    return ScimApplication(directory, authenticator, readers, public_url)


class ScimApplication:
    """Serves everything below its mount point; mount it at ``/scim/v2``."""

    def __init__(
        self,
        directory: Directory,
        authenticator: Authenticator,
        readers: dict[Profile, Reader],
        public_url: str | None,
    ) -> None:
        self._authenticator = authenticator
        self._readers = readers
        self._public_url = public_url.rstrip("/") if public_url else None
        self._verbs = Verbs(directory)
        self._lists = Lists(directory)
        self._bulk = BulkRequests(self._verbs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        try:
            response = await self._serve(request)
        except Exception as exception:
            response = error_response(exception)
        await response(scope, receive, send)

    async def _serve(self, request: Request) -> Response:
        path, raw_query = dialects.flag_before_path(
            _path_below_mount(request.scope), _raw_query(request.scope)
        )
        path = path.strip().removesuffix(".scim")
        client, target = await self._admitted(request, path)
        exchange = Exchange(
            request=request,
            base_url=self._base_url(request),
            path=path,
            query=dialects.query(raw_query),
            client=client,
            reader=self._readers[client.profile],
            target=target,
        )
        return await self._dispatched(exchange)

    async def _admitted(self, request: Request, path: str) -> tuple[Client, Target]:
        """Return who asks and for what: a stranger learns nothing, not even which paths exist."""
        try:
            target = match(request.method, path)
        except (NotFoundException, MethodNotAllowedException):
            await self._authenticator.client(request.headers.get("authorization"))
            raise
        if target.operation is Operation.service_provider_config:
            return ANONYMOUS, target
        client = await self._authenticator.client(request.headers.get("authorization"))
        return client, target

    def _base_url(self, request: Request) -> str:
        mount = str(request.scope.get("root_path", "")).rstrip("/")
        if self._public_url:
            return self._public_url + mount
        return f"{request.scope['scheme']}://{_host(request)}{mount}"

    async def _dispatched(self, exchange: Exchange) -> Response:
        target = exchange.target
        if target.me:
            raise NotImplementedException(
                detail="/Me is not supported: a bearer token stands for a client, not for a user"
            )
        if target.operation in ON_RESOURCES:
            return await self._on_resource(exchange, target)
        by_operation: dict[Operation, Callable[[Exchange], Awaitable[Response]]] = {
            Operation.search: self._lists.search,
            Operation.search_with_body: self._lists.search_with_body,
            Operation.bulk: self._bulk.run,
        }
        if target.operation in by_operation:
            return await by_operation[target.operation](exchange)
        return _as_response(_discovered(exchange, target))

    async def _on_resource(self, exchange: Exchange, target: Target) -> Response:
        kind = _kind(exchange.reader, str(target.endpoint))
        if target.operation is Operation.create:
            return await self._verbs.create(exchange, kind)
        verb = {
            Operation.query: self._verbs.read,
            Operation.replace: self._verbs.replace,
            Operation.patch: self._verbs.patch,
            Operation.delete: self._verbs.delete,
        }[target.operation]
        return await verb(exchange, kind, str(target.resource_id))


def _path_below_mount(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def _raw_query(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return query.decode("latin-1")


def _host(request: Request) -> str:
    """Return what the client calls this host; the address it reached where that is no name."""
    named = request.headers.get("host", "")
    if HOST.fullmatch(named):
        return named
    host, port = request.scope.get("server") or ("localhost", None)
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown


def _kind(reader: Reader, endpoint: str) -> Kind:
    return "User" if reader.service.resource_type_at(endpoint).name == "User" else "Group"


def _discovered(exchange: Exchange, target: Target) -> ScimResponse:
    service = exchange.reader.service
    location = f"{exchange.base_url}/{exchange.path.strip('/')}"
    if target.operation is Operation.service_provider_config:
        return service.service_provider_config(location, exchange.query)
    if target.operation is Operation.resource_types:
        return service.resource_types(location, exchange.query)
    if target.operation is Operation.schemas:
        return service.schemas(location, exchange.query)
    identifier = str(target.resource_id)
    if target.operation is Operation.resource_type:
        return service.resource_type(location, identifier, exchange.query)
    return service.schema(location, identifier, exchange.query)


def _as_response(answer: ScimResponse) -> Response:
    response = json_response(answer.body, status=int(answer.status))
    response.headers.update(answer.headers)
    return response
