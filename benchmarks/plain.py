"""The plain translator: SCIM in front of GoTo as somebody would write it in a day.

``scim2-server`` does SCIM and ``httpx`` the calls; every request becomes GoTo calls, and nothing is
remembered between two of them. It keeps below the rate limit by letting one call go every so often,
and tries again after a 429. ``python -m benchmarks.plain PORT GOTO_URL ACCESS_TOKEN RATE TOKEN``.
"""

import asyncio
import sys
import time
from typing import Any
from urllib.parse import quote

import httpx
import uvicorn
from scim2_models import (
    ETag,
    Filter,
    Group,
    GroupMembership,
    InvalidFilterException,
    InvalidValueException,
    Meta,
    NotFoundException,
    Patch,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimProvider,
    SearchRequest,
    ServiceProviderConfig,
    UnauthorizedException,
    UniquenessException,
    User,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.requests import ScimRequest
from scim2_server.storage import AsyncScimStorage, SearchPage

API = "/admin/rest/v1"
MARGIN = 1.02
PAUSE = 1.0
LARGEST_PAGE = 1000


class GoTo:
    """Calls of the Admin API, at most ``rate`` a second; 0 is no limit."""

    def __init__(self, url: str, token: str, rate: int) -> None:
        self._url, self._token = url, token
        self._gap = MARGIN / rate if rate else 0.0
        self._next = 0.0
        self._http: httpx.AsyncClient | None = None
        self._account = ""

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of the answer, None where it is empty. Raises httpx.HTTPStatusError."""
        if self._http is None:
            headers = {"Authorization": f"Bearer {self._token}"}
            self._http = httpx.AsyncClient(
                base_url=self._url + API, headers=headers, timeout=300, trust_env=False
            )
        if not self._account:
            me = await self._sent("GET", "/me")
            self._account = me.json()["accountKey"]
        answer = await self._sent(method, f"/accounts/{self._account}/{path}", **options)
        return answer.json() if answer.content else None

    async def _sent(self, method: str, path: str, **options: Any) -> httpx.Response:
        assert self._http is not None
        while True:
            await self._turn()
            try:
                answer = await self._http.request(method, path, **options)
            except httpx.TransportError:
                if method != "GET":
                    raise
                continue
            if answer.status_code != 429:
                answer.raise_for_status()
                return answer
            await asyncio.sleep(PAUSE)

    async def _turn(self) -> None:
        if self._gap:
            now = time.monotonic()
            self._next = max(self._next + self._gap, now)
            await asyncio.sleep(self._next - now)


class Translator(AsyncScimStorage):
    """Users and groups of GoTo as SCIM resources."""

    def __init__(self, goto: GoTo) -> None:
        self._goto = goto

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,  # noqa: ARG002
    ) -> Resource[Any]:
        if not resource_id.isdigit():
            raise NotFoundException
        try:
            record = await self._goto.call("GET", f"{_path(resource_type)}/{resource_id}")
        except httpx.HTTPStatusError as error:
            raise _told(error) from error
        return _resource(resource_type, record)

    async def search(
        self,
        resource_types: list[ResourceType],
        search_request: SearchRequest[Any],
        *,
        position: Any = None,  # noqa: ARG002
    ) -> SearchPage:
        (resource_type,) = resource_types
        if search_request.filter is not None:
            records = await self._named(resource_type, search_request.filter.ast)
            return SearchPage(len(records), [_resource(resource_type, each) for each in records])
        offset = search_request.start_index_0 or 0
        count = 100 if search_request.count is None else search_request.count
        records, total = [], offset + 1
        while len(records) < count and offset + len(records) < total:
            size = min(LARGEST_PAGE, count - len(records))
            parameters = {"offset": offset + len(records), "pageSize": size}
            page = await self._goto.call("GET", _path(resource_type), params=parameters)
            total = page["total"]
            records += page.get("results", [])
        return SearchPage(total, [_resource(resource_type, each) for each in records])

    async def _named(self, resource_type: ResourceType, node: Any) -> list[dict[str, Any]]:
        name = str(node.attr_path).lower() if isinstance(node, Comparison) else ""
        by_email = resource_type.id == "User" and name in ("username", "emails.value")
        if not by_email or node.op is not CompareOperator.eq:
            raise InvalidFilterException(detail="GoTo cannot filter by this")
        page = await self._goto.call("GET", _by_email(str(node.value)))
        return list(page.get("results", []))

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        try:
            if isinstance(resource, User):
                key = await self._create_user(resource)
            else:
                body = {"name": getattr(resource, "display_name", None)}
                key = (await self._goto.call("POST", "groups", json=body))["key"]
        except httpx.HTTPStatusError as error:
            raise _told(error) from error
        return await self.get(resource_type, key)

    async def _create_user(self, user: User[Any]) -> str:
        known = await self._goto.call("GET", _by_email(_fields(user)["email"]))
        if known["total"]:
            raise UniquenessException
        body: dict[str, Any] = {"users": [_fields(user)]}
        if user.entitlements:
            body["licenseKeys"] = [entitlement.value for entitlement in user.entitlements]
        answer = await self._goto.call("POST", "users", json=body)
        entry = answer[0] if isinstance(answer, list) else answer["results"][0]
        return str(entry["key"])

    async def update(
        self,
        resource_type: ResourceType,
        resource: Resource[Any],
        *,
        expected_version: str | None = None,  # noqa: ARG002
    ) -> Resource[Any]:
        try:
            if isinstance(resource, User):
                await self._goto.call("PUT", f"users/{resource.id}", json=_fields(resource))
            elif isinstance(resource, Group):
                await self._update_group(resource_type, resource)
        except httpx.HTTPStatusError as error:
            raise _told(error) from error
        return await self.get(resource_type, str(resource.id))

    async def _update_group(self, resource_type: ResourceType, group: Group) -> None:
        before = await self.get(resource_type, str(group.id))
        assert isinstance(before, Group)
        if before.display_name != group.display_name:
            body = {"name": group.display_name}
            await self._goto.call("PUT", f"groups/{group.id}", json=body)
        had = {member.value for member in before.members or ()}
        wanted = {member.value for member in group.members or ()}
        for method, keys in (("PUT", wanted - had), ("DELETE", had - wanted)):
            for key in keys:
                await self._goto.call(method, f"groups/{group.id}/users/{key}")

    async def delete(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        expected_version: str | None = None,  # noqa: ARG002
    ) -> None:
        try:
            await self._goto.call("DELETE", f"{_path(resource_type)}/{resource_id}")
        except httpx.HTTPStatusError as error:
            raise _told(error) from error


def _told(error: httpx.HTTPStatusError) -> Exception:
    if error.response.status_code == 404:
        return NotFoundException()
    if error.response.status_code == 409:
        return UniquenessException()
    return InvalidValueException(detail=error.response.text[:200])


def _path(resource_type: ResourceType) -> str:
    return "users" if resource_type.id == "User" else "groups"


def _by_email(email: str) -> str:
    # Not as httpx writes a query: GoTo takes no plus for a blank.
    text = f'email eq "{email}"'
    return f"users?filter={quote(text)}"


def _fields(user: User[Any]) -> dict[str, Any]:
    email = next((each.value for each in user.emails or () if each.value), user.user_name)
    fields = {"email": email}
    if user.name:
        fields["firstName"] = user.name.given_name
        fields["lastName"] = user.name.family_name
    return {name: value for name, value in fields.items() if value}


def _resource(resource_type: ResourceType, record: dict[str, Any]) -> Resource[Any]:
    meta = Meta(resource_type=resource_type.id)
    if resource_type.id == "Group":
        members = [{"value": key, "type": "User"} for key in record.get("userKeys", ())]
        return Group.model_validate(
            {"id": record["key"], "displayName": record["name"], "members": members, "meta": meta}
        )
    user = User[Any].model_validate(
        {
            "id": record["key"],
            "userName": record["email"],
            "name": {"givenName": record["firstName"], "familyName": record["lastName"]},
            "displayName": f"{record['firstName']} {record['lastName']}",
            "emails": [{"value": record["email"], "primary": True}],
            "locale": record["locale"].replace("_", "-"),
            "timezone": record["timeZone"],
            "active": record["status"] != "SUSPENDED",
            "entitlements": [{"value": key} for key in record.get("licenseKeys", ())],
            "roles": [{"value": role} for role in record.get("adminRoles", ())],
            "meta": meta,
        }
    )
    if group := record.get("groupKey"):
        user.groups = [GroupMembership(value=group, display=record.get("groupName"))]
    return user


class Application(ASGIApplication):
    """The library's own application, with one bearer token."""

    token = ""

    def check_auth(self, request: ScimRequest) -> None:
        if request.header("Authorization") != f"Bearer {self.token}":
            raise UnauthorizedException


def application(goto: GoTo, token: str) -> Application:
    """The translator as an ASGI application, below ``/v2``."""
    config = ServiceProviderConfig(
        patch=Patch(supported=True),
        filter=Filter(supported=True, max_results=1000),
        etag=ETag(supported=False),
        authentication_schemes=[],
    )
    app = Application(Translator(goto), ScimProvider(models=[User, Group], config=config))
    app.token = token
    return app


if __name__ == "__main__":
    port, url, access, rate, token = sys.argv[1:6]
    app = application(GoTo(url, access, int(rate)), token)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)
