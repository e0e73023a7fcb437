"""The token endpoint (RFC 6749 §3.2): a client's name and token for an access token of an hour.

Knows one grant, ``client_credentials``: there are no users here to consent to anything.
"""

from urllib.parse import parse_qsl, unquote_plus

from scim2_models import InvalidSyntaxException, UnauthorizedException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bridge.scim.access_tokens import LIFE
from bridge.scim.auth import BASIC_CHALLENGE, Authenticator, authorization_of, credentials
from bridge.scim.body import read_body
from bridge.scim.errors import error_response
from bridge.scim.sign_ins import TooManySignIns
from bridge.scim.urls import client_address

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 20
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenRefused(Exception):
    """An error answer of RFC 6749 §5.2."""

    def __init__(
        self, error: str, description: str, *, status: int = 400, retry_after: int | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.retry_after = retry_after
        self.answer = {"error": error, "error_description": description}


class TokenEndpoint:
    """An ASGI application that answers POST."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        try:
            response = await self._served(request)
        except ClientDisconnect:
            return
        except TokenRefused as refused:
            response = _refusal(refused)
        except Exception as exception:
            response = error_response(exception)
        await response(scope, receive, send)

    async def _served(self, request: Request) -> Response:
        fields = _fields(request.headers.get("content-type", ""), await read_body(request))
        grant = fields.get("grant_type")
        if not grant:
            raise TokenRefused("invalid_request", "Send grant_type=client_credentials")
        if grant != "client_credentials":
            raise TokenRefused(
                "unsupported_grant_type", "The only grant_type here is client_credentials"
            )
        try:
            name, token = _client(_authorization(request), fields)
            access_token = await self._authenticator.exchanged(
                name, token, address=client_address(request.scope)
            )
        except UnauthorizedException:
            raise TokenRefused("invalid_client", UNKNOWN, status=401) from None
        except TooManySignIns as limited:
            raise TokenRefused(
                "temporarily_unavailable",
                limited.detail,
                status=429,
                retry_after=limited.retry_after,
            ) from None
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": LIFE,
            "scope": "scim",
        }
        return JSONResponse(answer, headers=NOT_STORED)


def _fields(content_type: str, body: bytes) -> dict[str, str]:
    """Read a form. Raises TokenRefused, as for a field that is sent twice (RFC 6749 §3.2)."""
    if content_type.partition(";")[0].strip().casefold() != FORM:
        raise TokenRefused("invalid_request", f"Send the fields as {FORM}")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise TokenRefused("invalid_request", "The form cannot be read") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise TokenRefused("invalid_request", "Send each field once")
    return fields


def _authorization(request: Request) -> str:
    try:
        return authorization_of(request.headers.getlist("authorization")) or ""
    except InvalidSyntaxException as refused:
        raise TokenRefused("invalid_request", str(refused.detail)) from None


def _client(authorization: str, fields: dict[str, str]) -> tuple[str, str]:
    """Return who asks: from a Basic header, whose parts are encoded as in a form, or the form."""
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.casefold() == "basic":
        name, token = credentials(encoded.strip())
        return unquote_plus(name), unquote_plus(token)
    return fields.get("client_id", ""), fields.get("client_secret", "")


def _refusal(refused: TokenRefused) -> Response:
    response = JSONResponse(refused.answer, status_code=refused.status, headers=NOT_STORED)
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = BASIC_CHALLENGE
    if refused.retry_after is not None:
        response.headers["Retry-After"] = str(refused.retry_after)
    return response


UNKNOWN = (
    "No client has this name and token: client_id is the NAME of goto-scim-bridge token create, "
    "client_secret the token that it printed"
)
