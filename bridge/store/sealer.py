"""Sealing of what is stored, and secrets derived from the same key.

Knows AES-GCM and keys; knows neither where keys come from nor what it seals.
A sealed value is one byte of format, a 12-byte nonce, and AES-256-GCM's output (RFC 5116).
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bridge.errors import BridgeError

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = b"\x01"


class Sealer:
    """Seals under the first of ``keys`` and opens under any of them, so that keys can rotate."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise BridgeError(f"BRIDGE_SECRET_KEY must be one or more keys of {KEY_BYTES} bytes.")
        self._root = keys[0]
        self._ciphers = [AESGCM(_derived(key, "seal")) for key in keys]

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Seal ``plain``; it opens only with the same ``context``, so rows cannot be swapped."""
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + nonce + self._ciphers[0].encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Give back what was sealed, or raise ``BridgeError`` where no key opens it."""
        nonce, box = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] == FORMAT and len(nonce) == NONCE_BYTES:
            for cipher in self._ciphers:
                try:
                    return cipher.decrypt(nonce, box, context.encode())
                except InvalidTag:
                    continue
        raise BridgeError(
            "What the bridge has stored cannot be opened with its key: set BRIDGE_SECRET_KEY to "
            "the key it was sealed with (after a rotation, list the old key behind the new one)."
        )

    def derive(self, purpose: str) -> bytes:
        """Give a 32-byte secret for ``purpose`` from the first key, the same at every start."""
        return _derived(self._root, "derive/" + purpose)


def _derived(key: bytes, purpose: str) -> bytes:
    """One key, one use each (HKDF-SHA256, RFC 5869)."""
    info = b"goto-scim-bridge/" + purpose.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
