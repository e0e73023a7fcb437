"""The simulated OAuth server: codes, refresh tokens, access tokens and their lives. No HTTP.

It knows one client and one personal access token, and every grant belongs to the account's
administrator. Times are seconds of the simulator's clock.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.clock import Clock
from bridge.sandbox.settings import SimulatorSettings

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - made up, opens nothing but a simulator
PERSONAL_ACCESS_TOKEN = "sandbox-personal-access-token"  # noqa: S105 - made up likewise
SCOPE = "identity: identity:scim.org"
OTHER_SCOPE = "identity:scim.org"
"""What is granted to a client that lacks the scope of the Admin API."""

_CODE_TTL = 600
_MOST_TOKENS = 10_000


class OAuthRefusal(Exception):
    """An error of RFC 6749 section 5.2, with its HTTP status."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that waits for its one use."""

    expires_at: float
    redirect_uri: str | None
    challenge: str | None
    method: str


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token opens; ``all_rights`` asks for no role of the administrator."""

    expires_at: float
    all_rights: bool = False
    family: str = ""
    """The refresh token that it came with, if any: both are revoked together."""


class OAuthServer:
    """Issues and checks tokens."""

    def __init__(self, *, settings: SimulatorSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, float] = {}
        self._access: dict[str, Access] = {}

    @property
    def scope(self) -> str:
        """The scopes that a grant has now."""
        return SCOPE if self.settings.identity_scope else OTHER_SCOPE

    def code(
        self, *, redirect_uri: str | None, challenge: str | None = None, method: str = "plain"
    ) -> str:
        """A new code; it works once, for ten minutes."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(self._clock.now() + _CODE_TTL, redirect_uri, challenge, method)
        return code

    def master_token(self) -> str:
        """An access token with all rights that does not run out (``POST /_sim/token``)."""
        return self._issue(Access(float("inf"), all_rights=True))

    def access(self, token: str) -> Access | None:
        """What this access token opens; None when it is unknown or has run out."""
        access = self._access.get(token)
        return access if access is not None and self._clock.now() < access.expires_at else None

    def authenticate(self, header: str | None, form: Mapping[str, str]) -> None:
        """Check who asks, by ``Authorization: Basic`` or the form (RFC 6749 section 2.3.1)."""
        sent = (header or "").partition(" ")[2].strip()
        if header is None and "client_secret" in form:
            pair = f"{form.get('client_id', '')}:{form['client_secret']}"
            header, sent = "Basic", base64.b64encode(pair.encode()).decode()
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode())
        known = hmac.compare_digest(sent.encode(), expected)
        if (header or "").partition(" ")[0].lower() != "basic" or not known:
            raise OAuthRefusal(401, "invalid_client", "unknown client or wrong secret")

    def introspect(self, token: str) -> dict[str, Any]:
        """What is known of a token (RFC 7662 section 2.2); a bad one is not active."""
        now = self._clock.now()
        access = self._access.get(token)
        ends = self._refresh.get(token, 0.0) if access is None else access.expires_at
        if ends <= now:
            return {"active": False}
        kind = {} if access is None else {"token_type": "Bearer"}
        known = {"active": True, "scope": self.scope, "client_id": CLIENT_ID, **kind}
        return known if ends == float("inf") else {**known, "exp": int(ends)}

    def revoke(self, token: str) -> None:
        """End a token, and with a refresh token its access tokens (RFC 7009 section 2.1)."""
        self._access.pop(token, None)
        if self._refresh.pop(token, None) is not None:
            self._access = {t: a for t, a in self._access.items() if a.family != token}

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A grant for tokens: authorization code, refresh token or personal access token."""
        match form.get("grant_type"):
            case "authorization_code":
                self._use_code(form)
                fresh = self._new_refresh_token()
                return self._reply(fresh, family=fresh)
            case "refresh_token":
                sent = form.get("refresh_token", "")
                renewed = self._renewed(sent)
                return self._reply(renewed, family=renewed or sent)
            case "personal_access_token":
                if form.get("pat") != PERSONAL_ACCESS_TOKEN:
                    raise OAuthRefusal(400, "invalid_grant", "unknown personal access token")
                brings = self.settings.pat_refresh_token
                new = self._new_refresh_token() if brings else None
                return self._reply(new, family=new or "")
            case _:
                raise OAuthRefusal(400, "unsupported_grant_type", "unknown grant_type")

    def _use_code(self, form: Mapping[str, str]) -> None:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires_at <= self._clock.now():
            raise OAuthRefusal(400, "invalid_grant", "unknown, used or expired code")
        if code.redirect_uri is not None and form.get("redirect_uri") != code.redirect_uri:
            raise OAuthRefusal(400, "invalid_grant", "redirect_uri differs from the one authorized")
        if code.challenge is not None:
            verifier = form.get("code_verifier", "")
            if _challenge(verifier, code.method) != code.challenge:
                raise OAuthRefusal(400, "invalid_grant", "code_verifier does not fit")

    def _new_refresh_token(self) -> str:
        self._tidy()
        token = secrets.token_urlsafe(32)
        self._refresh[token] = self._clock.now() + self.settings.refresh_token_ttl_s
        return token

    def _renewed(self, token: str) -> str | None:
        """The refresh token to answer with: usually none or the same, near its end a new one."""
        left = self._refresh.get(token, 0) - self._clock.now()
        if left <= 0:
            raise OAuthRefusal(400, "invalid_grant", "unknown or expired refresh token")
        if left > self.settings.refresh_token_ttl_s * self.settings.refresh_rotation_share:
            return token if self.settings.refresh_reply == "repeat" else None
        if self.settings.refresh_rotation_revokes:
            del self._refresh[token]
        return self._new_refresh_token()

    def _reply(self, refresh_token: str | None, *, family: str) -> dict[str, Any]:
        lifetime = self.settings.access_token_ttl_s
        reply: dict[str, Any] = {
            "access_token": self._issue(Access(self._clock.now() + lifetime, family=family)),
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": self.scope,
        }
        return reply if refresh_token is None else {**reply, "refresh_token": refresh_token}

    def _issue(self, access: Access) -> str:
        self._tidy()
        token = secrets.token_urlsafe(32)
        self._access[token] = access
        return token

    def _tidy(self) -> None:
        now = self._clock.now()
        if len(self._access) >= _MOST_TOKENS:
            self._access = {t: a for t, a in self._access.items() if a.expires_at > now}
        if len(self._refresh) >= _MOST_TOKENS:
            self._refresh = {t: ends for t, ends in self._refresh.items() if ends > now}


def _challenge(verifier: str, method: str) -> str:
    """The challenge that belongs to a verifier (RFC 7636 section 4.2)."""
    if method != "S256":
        return verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
