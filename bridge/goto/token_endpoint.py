"""GoTo's OAuth server: the authorize URL and the token endpoint (RFC 6749 sections 4.1, 5, 6).

Knows the form that goes up and what its answers mean. Keeps no token: what comes back is handed on.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import orjson

from bridge.errors import GoToError, GoToUnavailable, GoToUnreadable, GrantRefused
from bridge.goto.bounded import TOKENS
from bridge.goto.errors import error_code
from bridge.goto.exchange import AnswerLost, NeverSent, backoff, exchange

ACCESS_TOKEN_LIFE = 3600.0
"""Seconds an access token lives where the reply does not say (GoTo: 60 minutes)."""
LONGEST_LIFE = 30 * 86_400.0
"""Seconds; a reply that promises more, or less than one, is not believed."""


@dataclass(frozen=True)
class TokenReply:
    """What the token endpoint gave; ``expires_in`` in seconds, texts ``""`` where absent."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float
    principal: str
    scope: str


class TokenEndpoint:
    """The token endpoint below ``auth_url``, asked as one OAuth client (Basic)."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        auth_url: str,
        client_id: str,
        client_secret: str,
        attempts: int = 4,
        patience: float = 15.0,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        # Not percent-encoded first, as RFC 6749 section 2.3.1 has it: GoTo documents it plain.
        credentials = f"{client_id}:{client_secret}"
        self._http = http
        self._url = auth_url.rstrip("/") + "/oauth/token"
        self._headers = {
            "Authorization": "Basic " + b64encode(credentials.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        self._attempts = attempts
        self._patience = patience
        self._sleep = sleep

    async def ask(self, form: Mapping[str, str], *, repeatable: bool = True) -> TokenReply:
        """Exchange ``form`` for tokens.

        ``repeatable`` is false for an authorization code, which works once. Raises ``GrantRefused``
        when the server says no, ``GoToUnavailable`` when it cannot be asked and ``GoToUnreadable``
        when its answer is not one.
        """
        give_up = time.monotonic() + self._patience
        failures = 0
        while True:
            left = give_up - time.monotonic()
            reply, again = await self._once(form, seconds=max(left, 0.001))
            if isinstance(reply, TokenReply):
                return reply
            failures += 1
            pause = backoff(failures)
            if not (again or (repeatable and not isinstance(reply, GrantRefused))):
                raise reply
            if failures >= self._attempts or time.monotonic() + pause >= give_up:
                raise reply
            await self._sleep(pause)

    async def _once(
        self, form: Mapping[str, str], *, seconds: float
    ) -> tuple[TokenReply | GoToError, bool]:
        request = self._http.build_request(
            "POST", self._url, content=urlencode(form).encode(), headers=self._headers
        )
        try:
            status, body = await exchange(self._http, request, seconds=seconds, limit=TOKENS)
        except NeverSent:
            return _unreachable(), True
        except AnswerLost:
            return _unreachable(), False
        if 200 <= status < 300:
            return _read_reply(body), False
        return _refusal(status, body), status == 429


def authorize_url(
    auth_url: str, *, client_id: str, redirect_uri: str, state: str, challenge: str
) -> str:
    """Where an administrator consents; ``challenge`` is PKCE's S256 (RFC 7636 section 4.2)."""
    query = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{auth_url.rstrip('/')}/oauth/authorize?{urlencode(query, quote_via=quote)}"


def _unreachable() -> GoToUnavailable:
    return GoToUnavailable(
        "GoTo's OAuth server did not answer; check the network and BRIDGE_GOTO_AUTH_URL."
    )


def _read_reply(body: bytes) -> TokenReply | GoToUnreadable:
    unreadable = GoToUnreadable(
        "The answer of GoTo's OAuth server could not be read; check BRIDGE_GOTO_AUTH_URL."
    )
    try:
        reply: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return unreadable
    access_token = reply.get("access_token") if isinstance(reply, dict) else None
    if not (
        isinstance(access_token, str) and access_token.isascii() and access_token.isprintable()
    ):
        return unreadable
    if not access_token:
        return unreadable
    return TokenReply(
        access_token=access_token,
        refresh_token=_text(reply.get("refresh_token")),
        expires_in=_seconds(reply.get("expires_in")),
        principal=_text(reply.get("principal")),
        scope=_text(reply.get("scope")),
    )


def _seconds(value: object) -> float:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 1 <= value <= LONGEST_LIFE:  # type: ignore[operator]  # it is a number
        return float(value)  # type: ignore[arg-type]  # as above
    return ACCESS_TOKEN_LIFE


def _text(value: object) -> str:
    # Of anything else the text would be stored, and sent to GoTo in place of the grant.
    return value if isinstance(value, str) else ""


def _refusal(status: int, body: bytes) -> GoToError:
    if status == 429 or status >= 500:
        return GoToUnavailable(f"GoTo's OAuth server failed ({status}); try again shortly.")
    code = _oauth_code(body)
    because = f"{status}, {code}" if code else str(status)
    if code == "invalid_client" or (status == 401 and code != "invalid_grant"):
        return GrantRefused(
            f"GoTo's OAuth server does not accept the bridge as a client ({because}): check "
            "BRIDGE_GOTO_CLIENT_ID and BRIDGE_GOTO_CLIENT_SECRET, then run "
            "`goto-scim-bridge connect`."
        )
    if status in (400, 401, 403):
        return GrantRefused(
            f"GoTo does not accept the bridge's grant ({because}); run "
            "`goto-scim-bridge connect` (with `--pat` for a personal access token)."
        )
    return GoToUnavailable(
        f"GoTo's OAuth server answered {because}; check BRIDGE_GOTO_AUTH_URL.", retry_after=60
    )


def _oauth_code(body: bytes) -> str | None:
    try:
        code: Any = orjson.loads(body)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return error_code(body)
    return error_code(orjson.dumps({"errors": [{"code": code}]}))
