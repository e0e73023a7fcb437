"""Who asks: bearer tokens (RFC 6750), the configured one and those of ``token create``.

A client may send its token as it is, as the password beside its name (RFC 7617), or exchange it for
access tokens that end by themselves (``access_tokens``). Revoking the one ends all three.
"""

import binascii
import re
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from scim2_models import InvalidSyntaxException, UnauthorizedException

from bridge.scim.access_tokens import PREFIX, AccessTokens
from bridge.scim.sign_ins import SignInFailed, SignInLimiter

Profile = Literal["lenient", "strict"]
STATIC = "BRIDGE_TOKEN"
# A revoked token is refused this many seconds later at the latest.
TRUSTED_FOR = 5.0
MOST_TRUSTED = 1000
# A token that is made after it was refused is accepted this many seconds later at the latest.
REFUSED_FOR = 2.0
MOST_REFUSED = 10_000
JOINED = re.compile(r"\s*,\s*(?=(?:bearer|basic)\s)", re.IGNORECASE)


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
        access_tokens: AccessTokens | None = None,
        limiter: SignInLimiter | None = None,
    ) -> None:
        self._limiter = limiter or SignInLimiter(clock=clock)
        self._find = find
        self._static = _digest(static_token) if static_token else None
        self._static_client = Client(STATIC, static_profile)
        self._clock = clock
        self._access_tokens = access_tokens
        self._trusted: dict[bytes, tuple[float, Client]] = {}
        # In the order in which they were refused.
        self._refused: dict[bytes, float] = {}

    async def client(self, authorization: str | None, *, address: str = "") -> Client:
        """Return who sent this Authorization header. Raises SignInFailed, TooManySignIns."""
        with self._limited(address):
            return await self._client(authorization)

    @contextmanager
    def _limited(self, address: str) -> Iterator[None]:
        try:
            yield
        except SignInFailed as failed:
            self._limiter.record(failed, address=address)
            raise

    async def _client(self, authorization: str | None) -> Client:
        scheme, _, sent = (authorization or "").strip().partition(" ")
        sent = sent.strip()
        if scheme.casefold() == "bearer" and sent:
            return await self._bearer(sent)
        if scheme.casefold() == "basic" and sent:
            return await self._named(*credentials(sent))
        raise SignInFailed("unreadable" if authorization else "missing", MISSING)

    def at_hand(self, authorization: str) -> Client | None:
        """Return who sent a bearer token, where that is known without a look into the store.

        None says nothing: ``client`` finds out.
        """
        scheme, _, sent = authorization.partition(" ")
        if scheme != "Bearer" or not sent or sent.startswith(PREFIX):
            return None
        digest = _digest(sent)
        return self._static_client if self._is_static(digest) else self._remembered(digest)

    async def _named(self, name: str, token: str) -> Client:
        try:
            client = await self._known(_digest(token))
        except SignInFailed as failed:
            failed.claimed = name
            raise
        if not compare_digest(_digest(name), _digest(client.name)):
            raise SignInFailed("wrong_name", UNKNOWN, claimed=name)
        return client

    async def exchanged(self, name: str, token: str, *, address: str = "") -> str:
        """Return a new access token for a client. Raises SignInFailed, TooManySignIns."""
        with self._limited(address):
            await self._named(name, token)
        if self._access_tokens is None:
            raise UnauthorizedException(detail=UNKNOWN)
        return self._access_tokens.issued(_digest(token))

    async def _bearer(self, token: str) -> Client:
        if self._access_tokens is None or not token.startswith(PREFIX):
            return await self._known(_digest(token))
        digest = self._access_tokens.digest_in(token)
        if digest is None:
            raise SignInFailed("expired", ENDED)
        return await self._known(digest)

    async def _known(self, digest: bytes) -> Client:
        if self._is_static(digest):
            return self._static_client
        return await self._stored(digest)

    def _is_static(self, digest: bytes) -> bool:
        return self._static is not None and compare_digest(digest, self._static)

    def _remembered(self, digest: bytes) -> Client | None:
        seen_at, client = self._trusted.get(digest, (float("-inf"), None))
        return client if self._clock() - seen_at < TRUSTED_FOR else None

    async def _stored(self, digest: bytes) -> Client:
        client = self._remembered(digest)
        if client is not None:
            return client
        self._trusted.pop(digest, None)
        if self._clock() - self._refused.get(digest, float("-inf")) < REFUSED_FOR:
            raise SignInFailed("unknown", UNKNOWN)
        found = await self._find(digest)
        if found is None:
            self._refuse(digest)
            raise SignInFailed("unknown", UNKNOWN)
        if len(self._trusted) >= MOST_TRUSTED:
            self._trusted.clear()
        self._trusted[digest] = (self._clock(), found)
        return found

    def _refuse(self, digest: bytes) -> None:
        self._refused.pop(digest, None)
        self._refused[digest] = self._clock()
        if len(self._refused) > MOST_REFUSED:
            del self._refused[next(iter(self._refused))]


def authorization_of(values: Iterable[str]) -> str | None:
    """Return the one Authorization header of a request, None without any.

    Several that are equal are one. Raises InvalidSyntaxException where they differ, whether they
    came in lines of their own or in one with a comma: which of them counts is not ours to guess.
    """
    sent = {each.strip() for value in values for each in JOINED.split(value)}
    if len(sent) > 1:
        raise InvalidSyntaxException(detail=SEVERAL)
    return sent.pop() if sent else None


def credentials(encoded: str) -> tuple[str, str]:
    """Return name and password of a Basic header (RFC 7617). Raises SignInFailed."""
    try:
        name, colon, password = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon or not password:
        raise SignInFailed("unreadable", UNREADABLE)
    return name, password


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


MISSING = "invalid_token: the request has no token, send the header 'Authorization: Bearer …'"
UNKNOWN = (
    "invalid_token: this bearer token is not known here or was revoked, "
    "make one with `goto-scim-bridge token create`"
)
ENDED = (
    "invalid_token: this access token has ended or is not one of this bridge, "
    "ask for a new one at /oauth/token"
)
UNREADABLE = (
    "invalid_token: the Basic credentials cannot be read, "
    "send the client's name and its token as the password"
)
SEVERAL = "The request has several different Authorization headers; send one"
CHALLENGE = 'Bearer realm="SCIM", error="invalid_token"'
BASIC_CHALLENGE = 'Basic realm="SCIM", charset="UTF-8"'
