"""The OAuth URLs: a page with an Allow link, the token endpoint, and what is said about tokens.

Knows HTTP and the shapes of RFC 6749, 7009, 7662 and 8414.
Which grant is good is for ``oauth`` to say.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bridge.sandbox.answers import answer, done
from bridge.sandbox.gate import BODY
from bridge.sandbox.oauth import CLIENT_ID, OAuthRefusal
from bridge.sandbox.simulation import Simulation

_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{text}"
)


def routes(simulation: Simulation) -> list[Route]:
    async def authorize(request: Request) -> Response:
        return _authorize(simulation, request)

    async def token(request: Request) -> Response:
        return _asked(simulation, request, _exchanged)

    async def introspect(request: Request) -> Response:
        return _asked(simulation, request, _introspected)

    async def revoke(request: Request) -> Response:
        return _asked(simulation, request, _revoked)

    async def metadata(request: Request) -> Response:
        return answer(_metadata(str(request.base_url).rstrip("/")))

    return [
        Route("/oauth/authorize", authorize, methods=["GET"]),
        Route("/oauth/token", token, methods=["POST"]),
        Route("/oauth/introspect", introspect, methods=["POST"]),
        Route("/oauth/revoke", revoke, methods=["POST"]),
        Route("/.well-known/oauth-authorization-server", metadata, methods=["GET"]),
    ]


def _authorize(simulation: Simulation, request: Request) -> Response:
    query = dict(request.query_params)
    redirect_uri = query.get("redirect_uri")
    if query.get("client_id") != CLIENT_ID:
        return _page("Unknown client", "<p>This client_id is not known here.</p>", 400)
    if redirect_uri is not None and not _usable(redirect_uri):
        return _page("Unusable redirect", "<p>redirect_uri is no http or https URL.</p>", 400)
    if query.get("response_type") != "code":
        return _back(redirect_uri, {"error": "unsupported_response_type"}, query)
    if query.get("deny") == "1":
        return _back(redirect_uri, {"error": "access_denied"}, query)
    if query.get("auto") == "1":
        code = simulation.oauth.code(
            redirect_uri=redirect_uri,
            challenge=query.get("code_challenge"),
            method=query.get("code_challenge_method", "plain"),
        )
        return _back(redirect_uri, {"code": code}, query)
    return _question(query)


def _question(query: Mapping[str, str]) -> Response:
    allow, deny = (escape("?" + urlencode({**query, choice: "1"})) for choice in ("auto", "deny"))
    text = (
        "<p>A program asks to administer the simulated GoTo account.</p>"
        f'<p><a id="allow" href="{allow}">Allow</a> &nbsp; <a id="deny" href="{deny}">Deny</a></p>'
    )
    return _page("Simulated GoTo", text)


def _back(redirect_uri: str | None, said: Mapping[str, str], query: Mapping[str, str]) -> Response:
    """Back to the program; without a redirect the answer stands on the page, to be copied."""
    if redirect_uri is None:
        name, value = next(iter(said.items()))
        return _page("Simulated GoTo", f"<p>{name}: <code>{escape(value)}</code></p>")
    state = {"state": query["state"]} if "state" in query else {}
    mark = "&" if urlsplit(redirect_uri).query else "?"
    return RedirectResponse(f"{redirect_uri}{mark}{urlencode({**said, **state})}", 302)


def _usable(redirect_uri: str) -> bool:
    try:
        parts = urlsplit(redirect_uri)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.fragment


def _page(title: str, text: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=title, text=text), status)


def _metadata(base: str) -> dict[str, Any]:
    """The metadata of RFC 8414; GoTo's issuer is its other name, here there is one alone."""
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
    }


Asked = Callable[[Simulation, Mapping[str, str]], Response]


def _asked(simulation: Simulation, request: Request, verb: Asked) -> Response:
    """Answer a known client's form."""
    try:
        is_form, form = _form(request)
        simulation.oauth.authenticate(request.headers.get("authorization"), form)
        if not is_form:
            raise OAuthRefusal(400, "invalid_request", "the body has to be a form")
        response = verb(simulation, form)
    except OAuthRefusal as refusal:
        return _refused(refusal)
    response.headers["Cache-Control"] = "no-store"
    return response


def _exchanged(simulation: Simulation, form: Mapping[str, str]) -> Response:
    return answer({**simulation.oauth.exchange(form), "principal": _principal(simulation)})


def _introspected(simulation: Simulation, form: Mapping[str, str]) -> Response:
    known = simulation.oauth.introspect(form.get("token", ""))
    if known["active"]:
        known["username"] = _principal(simulation)
    return answer(known)


def _revoked(simulation: Simulation, form: Mapping[str, str]) -> Response:
    simulation.oauth.revoke(form.get("token", ""))
    return done(200)


def _principal(simulation: Simulation) -> str:
    account = simulation.account
    administrator = account.stored.users.get(account.administrator_key)
    return "" if administrator is None else administrator.email


def _form(request: Request) -> tuple[bool, Mapping[str, str]]:
    """Whether the body says that it is a form, and its fields."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return False, {}
    body: bytes = request.scope[BODY]
    return True, dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _refused(refusal: OAuthRefusal) -> Response:
    said = {"error": refusal.error, "error_description": refusal.description}
    response = answer(said, refusal.status)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="simulated GoTo"'
    return response
