"""Who asks: bearer tokens (RFC 6750), the configured one and those of ``token create``."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from scim2_models import UnauthorizedException

Profile = Literal["lenient", "strict"]
STATIC = "BRIDGE_TOKEN"
# A revoked token is refused this many seconds later at the latest.
TRUSTED_FOR = 5.0
MOST_TRUSTED = 1000


@dataclass(frozen=True, slots=True)
class Client:
    """A caller: its name, and how much it may depart from the RFCs."""

    name: str
    profile: Profile = "lenient"


FindClient = Callable[[bytes], Awaitable[Client | None]]


class Authenticator:
    """Knows a client by its token's SHA-256; tokens themselves are not kept."""

    def __init__(
        self,
        find: FindClient,
        *,
        static_token: str | None = None,
        static_profile: Profile = "lenient",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._static = _digest(static_token) if static_token else None
        self._static_client = Client(STATIC, static_profile)
        self._clock = clock
        self._trusted: dict[bytes, tuple[float, Client]] = {}

    async def client(self, authorization: str | None) -> Client:
        """Return who sent this Authorization header. Raises UnauthorizedException."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        token = token.strip()
        if scheme.casefold() != "bearer" or not token:
            raise UnauthorizedException(detail=MISSING)
        digest = _digest(token)
        if self._static is not None and compare_digest(digest, self._static):
            return self._static_client
        return await self._stored(digest)

    async def _stored(self, digest: bytes) -> Client:
        seen_at, client = self._trusted.get(digest, (float("-inf"), None))
        if client is not None and self._clock() - seen_at < TRUSTED_FOR:
            return client
        self._trusted.pop(digest, None)
        found = await self._find(digest)
        if found is None:
            raise UnauthorizedException(detail=UNKNOWN)
        if len(self._trusted) >= MOST_TRUSTED:
            self._trusted.clear()
        self._trusted[digest] = (self._clock(), found)
        return found


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


MISSING = (
    "invalid_token: the request has no bearer token, send the header 'Authorization: Bearer …'"
)
UNKNOWN = (
    "invalid_token: this bearer token is not known here or was revoked, "
    "make one with `goto-scim-bridge token create`"
)
CHALLENGE = 'Bearer realm="SCIM", error="invalid_token"'
