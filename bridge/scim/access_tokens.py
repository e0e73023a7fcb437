"""Access tokens of client credentials (RFC 6749 §4.4): sealed, and stored nowhere.

One holds the digest of the client's own token and when it ends. Whoever has it can read neither,
and it opens nothing once the client's token is revoked.
"""

import binascii
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

from bridge.errors import BridgeError

PREFIX = "gsa_"
LIFE = 3600
"""Seconds that an access token is good for."""

DIGEST_BYTES = 32
MOMENT_BYTES = 8


class AccessTokens:
    """Issues access tokens and reads them; ``seal`` and ``opened`` hold the bridge's key."""

    def __init__(
        self,
        *,
        seal: Callable[[bytes], bytes],
        opened: Callable[[bytes], bytes],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._seal = seal
        self._opened = opened
        self._clock = clock

    def issued(self, digest: bytes) -> str:
        """Return a new access token for the client whose token has this SHA-256."""
        ends_at = int(self._clock()) + LIFE
        sealed = self._seal(digest + ends_at.to_bytes(MOMENT_BYTES, "big"))
        return PREFIX + urlsafe_b64encode(sealed).decode().rstrip("=")

    def digest_in(self, token: str) -> bytes | None:
        """Return the digest in an access token, None where it has ended or was not made here."""
        encoded = token.removeprefix(PREFIX)
        try:
            sealed = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            plain = self._opened(sealed)
        except (BridgeError, binascii.Error, ValueError):
            return None
        ends_at = int.from_bytes(plain[DIGEST_BYTES:], "big")
        return plain[:DIGEST_BYTES] if self._clock() < ends_at else None
