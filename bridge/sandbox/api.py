"""The Admin API: which path and method is which verb of the account, and who may call it.

Knows URLs, tokens and rights. The rules are the account's, the shape of lists is ``listing``'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bridge.sandbox import answers
from bridge.sandbox.account import Account
from bridge.sandbox.gate import BODY
from bridge.sandbox.records import View
from bridge.sandbox.rows import NoPath, Refusal
from bridge.sandbox.settings import SimulatorSettings
from bridge.sandbox.simulation import Simulation

BASE = "/admin/rest/v1"


@dataclass(frozen=True, slots=True)
class Call:
    """One authorized call of the API."""

    account: Account
    settings: SimulatorSettings
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def view(self) -> View:
        """What a read is answered from."""
        account = self.account
        return View(account.reading, account.clock.now_ms(), self.settings)

    def json(self) -> dict[str, Any]:
        """The body, which has to be a JSON object."""
        try:
            body = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Refusal(400, "request.invalid", "body") from None
        if not isinstance(body, dict):
            raise Refusal(400, "request.invalid", "body")
        return body

    def key(self, name: str) -> str:
        """A key in the path; GoTo's gateway fails at one that is no number."""
        key = self.path[name]
        if not (key.isascii() and key.isdigit()):
            raise Refusal(self.settings.non_numeric_key_status, "request.invalid", name)
        return key


Verb = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Method:
    """A verb, and the admin roles of which the caller needs one (SUPER_USER has all)."""

    verb: Verb
    rights: frozenset[str] = frozenset()


class Endpoint:
    """Answers one path; an ASGI application."""

    def __init__(self, simulation: Simulation, methods: Mapping[str, Method]) -> None:
        self._simulation = simulation
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = self._answer(scope)
        except Refusal as refusal:
            response = answers.error(refusal)
        except NoPath:
            response = answers.no_path()
        await response(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        method = self._methods.get(scope["method"])
        all_rights = self._authorized(Headers(scope=scope).get("authorization", ""))
        if method is None:
            raise Refusal(405, "method.not.allowed", scope["method"])
        simulation = self._simulation
        path = scope["path_params"]
        if path.get("account", simulation.account.key) != simulation.account.key:
            raise Refusal(simulation.settings.unknown_account_status, "account.not.found")
        if not all_rights:
            self._permitted(method)
        call = Call(
            account=simulation.account,
            settings=simulation.settings,
            path=path,
            query=self._query(scope["query_string"]),
            body=scope[BODY],
        )
        return method.verb(call)

    def _authorized(self, header: str) -> bool:
        """Whether the token has all rights; refuses one that opens nothing."""
        scheme, _, token = header.partition(" ")
        access = self._simulation.oauth.access(token.strip())
        account = self._simulation.account
        gone = account.administrator_key not in account.stored.users
        if scheme.lower() != "bearer" or access is None or (gone and not access.all_rights):
            raise Refusal(self._simulation.settings.bad_token_status, "token.invalid")
        if not (access.all_rights or self._simulation.settings.identity_scope):
            raise Refusal(401, "not.authenticated")
        return access.all_rights

    def _permitted(self, method: Method) -> None:
        if not self._simulation.settings.enforce_rights:
            return
        account = self._simulation.account
        roles = set(account.user(account.administrator_key).admin_roles)
        if "SUPER_USER" not in roles and not (roles & method.rights if method.rights else roles):
            raise Refusal(403, "permission.denied")

    def _query(self, raw: bytes) -> Mapping[str, str]:
        if b"+" in raw and self._simulation.settings.plus_in_query == "refuse":
            raise Refusal(400, "request.invalid", "+")
        return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


def route(simulation: Simulation, path: str, methods: Mapping[str, Method]) -> Route:
    """A route below the API's base."""
    return Route(BASE + path, Endpoint(simulation, methods))
