"""The two OAuth URLs: a page with an Allow link, and the token endpoint.

Knows HTTP and the shapes of RFC 6749; which grant is good is for ``oauth`` to say.
"""

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bridge.sandbox.answers import answer
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
        return _token(simulation, request)

    return [
        Route("/oauth/authorize", authorize, methods=["GET"]),
        Route("/oauth/token", token, methods=["POST"]),
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


def _token(simulation: Simulation, request: Request) -> Response:
    try:
        simulation.oauth.authenticate(request.headers.get("authorization"))
        reply = simulation.oauth.exchange(_form(request))
    except OAuthRefusal as refusal:
        return _refused(refusal)
    account = simulation.account
    administrator = account.stored.users.get(account.administrator_key)
    reply["principal"] = "" if administrator is None else administrator.email
    response = answer(reply)
    response.headers["Cache-Control"] = "no-store"
    return response


def _form(request: Request) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthRefusal(400, "invalid_request", "the body has to be a form")
    body: bytes = request.scope[BODY]
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _refused(refusal: OAuthRefusal) -> Response:
    said = {"error": refusal.error, "error_description": refusal.description}
    response = answer(said, refusal.status)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="simulated GoTo"'
    return response
