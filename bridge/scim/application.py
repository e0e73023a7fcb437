"""The ASGI application: authenticates, routes, and turns every failure into a SCIM error."""

from collections.abc import Awaitable, Callable
from functools import lru_cache

from scim2_models import (
    NotFoundException,
    NotImplementedException,
    ScimPolicy,
    UnauthorizedException,
)
from scim2_server.errors import MethodNotAllowedException
from scim2_server.routing import Operation, Target, match
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bridge.directory import Directory, Kind, acting_for, is_offer, record_kind
from bridge.directory.provider import (
    LENIENT,
    STRICT,
    accepting_provider,
    published_schemas,
    resource_types,
)
from bridge.errors import BridgeError
from bridge.mapping import Mapping
from bridge.scim import dialects, urls
from bridge.scim.auth import Authenticator, Client, Profile, authorization_of
from bridge.scim.bulk import BulkRequests
from bridge.scim.discovery import Discovery
from bridge.scim.errors import error_response
from bridge.scim.exchange import Exchange
from bridge.scim.lists import Lists
from bridge.scim.plain_reads import PlainReads
from bridge.scim.reading import Reader
from bridge.scim.service import BridgeService, kind_of, read_only
from bridge.scim.sign_ins import TooManySignIns
from bridge.scim.verbs import Verbs
from bridge.scim.workers import Workers

ANONYMOUS = Client("anonymous")
LONGEST_REMEMBERED = 100
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
    published, announced = published_schemas(mapping), resource_types(mapping)
    policies: dict[Profile, ScimPolicy] = {"lenient": LENIENT, "strict": STRICT}
    readers = {
        profile: Reader(
            BridgeService(
                accepting_provider(mapping, policy),
                published=published,
                announced=announced,
                secret=secret,
                # A DELETE that only deactivates is not the profile's (its §6.6).
                conformant=profile == "strict" and mapping.on_delete == "delete",
                any_case=profile == "lenient",
            ),
            profile,
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
        self._public_url = public_url
        self._workers = Workers()
        self._verbs = Verbs(directory)
        self._lists = Lists(directory)
        self._discovery = Discovery(directory)
        self._bulk = BulkRequests(self._verbs)
        self._plain = PlainReads(directory, self._lists, authenticator, readers, public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        try:
            if scope["method"] == "GET" and (answer := await self._plain.answer(scope)):
                await answer.send(send)
                return
            response = await self._serve(request)
        except ClientDisconnect:
            # Nobody is left to be told anything.
            return
        except Exception as exception:
            response = error_response(exception)
        if request.method == "HEAD":
            # Its headers, Content-Length among them, are those of the GET (RFC 9110 §9.3.2).
            response.body = b""
        await response(scope, receive, send)

    async def _serve(self, request: Request) -> Response:
        path, raw_query = dialects.flag_before_path(
            urls.path_below_mount(request.scope), urls.raw_query(request.scope)
        )
        path = urls.normal_path(path)
        client, target = await self._admitted(request, path)
        exchange = Exchange(
            request=request,
            base_url=urls.root_url(request.scope, self._public_url),
            path=path,
            query=dialects.query(raw_query),
            client=client,
            reader=self._readers[client.profile],
            target=target,
            workers=self._workers,
        )
        with acting_for(client.name):
            return await self._dispatched(exchange)

    async def _admitted(self, request: Request, path: str) -> tuple[Client, Target]:
        """Return who asks and for what: a stranger learns nothing, not even which paths exist."""
        try:
            target = _target("GET" if request.method == "HEAD" else request.method, path)
        except (NotFoundException, MethodNotAllowedException):
            await self._signed_in(request)
            raise
        if target.operation is Operation.service_provider_config:
            return await self._known_or_anonymous(request), target
        return await self._signed_in(request), target

    async def _signed_in(self, request: Request) -> Client:
        return await self._authenticator.client(
            _authorization(request), address=urls.client_address(request.scope)
        )

    async def _known_or_anonymous(self, request: Request) -> Client:
        """Return who asks for what needs no token: a strict client is told what holds for it."""
        if not _authorization(request):
            return ANONYMOUS
        try:
            return await self._signed_in(request)
        except (UnauthorizedException, TooManySignIns, BridgeError):
            return ANONYMOUS

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
        return await self._discovery.answer(exchange)

    async def _on_resource(self, exchange: Exchange, target: Target) -> Response:
        kind = kind_of(exchange.reader.service.resource_type_at(str(target.endpoint)))
        if is_offer(kind):
            if target.operation is not Operation.query:
                raise read_only(kind)
            return await self._verbs.read(exchange, kind, str(target.resource_id))
        return await self._on_record(exchange, target, record_kind(kind))

    async def _on_record(self, exchange: Exchange, target: Target, kind: Kind) -> Response:
        if target.operation is Operation.create:
            return await self._verbs.create(exchange, kind)
        verb = {
            Operation.query: self._verbs.read,
            Operation.replace: self._verbs.replace,
            Operation.patch: self._verbs.patch,
            Operation.delete: self._verbs.delete,
        }[target.operation]
        return await verb(exchange, kind, str(target.resource_id))


def _authorization(request: Request) -> str | None:
    return authorization_of(request.headers.getlist("authorization"))


def _target(method: str, path: str) -> Target:
    """Route a request. What a stranger sends is not kept where it is long."""
    return _remembered(method, path) if len(path) <= LONGEST_REMEMBERED else match(method, path)


@lru_cache(maxsize=4096)
def _remembered(method: str, path: str) -> Target:
    """Route a request; the library tries one pattern after the other."""
    return match(method, path)
