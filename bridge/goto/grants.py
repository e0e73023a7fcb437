"""What lets the bridge into GoTo: a refresh token or a personal access token.

Knows the two kinds, what the token endpoint is sent for each, and what a reply changes. Does not
know where a grant is kept, nor when it is used. No secret shows in a ``repr``.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from bridge.errors import GrantRefused
from bridge.goto.token_endpoint import TokenEndpoint, TokenReply

REFRESH_TOKEN_LIFE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A refresh token or a personal access token, and whose it is. Times are UTC.

    ``administrator_key`` and ``account_key`` are ``""`` where nobody has asked GoTo or chosen.
    """

    kind: Literal["refresh_token", "pat"]
    secret: str = field(repr=False)
    obtained_at: datetime
    expires_at: datetime | None = None
    principal: str = ""
    scope: str = ""
    administrator_key: str = ""
    account_key: str = ""

    def form(self) -> dict[str, str]:
        """What the token endpoint is sent (RFC 6749 section 6; ``pat`` is GoTo's own)."""
        if self.kind == "pat":
            return {"grant_type": "personal_access_token", "pat": self.secret}
        return {"grant_type": "refresh_token", "refresh_token": self.secret}

    def after(self, reply: TokenReply, *, now: datetime) -> "Grant":
        """The grant as it stands after ``reply``; a reply without a refresh token keeps the old."""
        grant = replace(
            self, principal=reply.principal or self.principal, scope=reply.scope or self.scope
        )
        if self.kind == "pat" or reply.refresh_token in ("", self.secret):
            return grant
        return replace(
            grant,
            secret=reply.refresh_token,
            obtained_at=now,
            expires_at=now + REFRESH_TOKEN_LIFE,
        )


async def redeem_code(
    endpoint: TokenEndpoint, *, code: str, redirect_uri: str, verifier: str
) -> Grant:
    """The grant that an authorization code stands for (RFC 6749 4.1.3, RFC 7636 4.5).

    Raises ``GrantRefused`` for a code that is spent, expired or of another client.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    reply = await endpoint.ask(form, repeatable=False)
    if not reply.refresh_token:
        raise GrantRefused(
            "GoTo gave no refresh token for this code; check the client's settings at GoTo."
        )
    now = datetime.now(UTC)
    empty = Grant(kind="refresh_token", secret="", obtained_at=now)
    return empty.after(reply, now=now)
