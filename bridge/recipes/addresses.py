"""The bridge's address as it is typed into a platform: checked, and with the SCIM path.

Knows URLs; whether anything answers there is not its business.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bridge.errors import BridgeError

SCIM_PATH = "/scim/v2"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
# What stands in JSON, in Terraform and in a Groovy string without being read as anything else.
PLAIN = re.compile(r"[A-Za-z0-9.:/_~%\[\]-]+")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Address:
    """Where SCIM and tokens are served; ``remarks`` are for the person who typed the URL."""

    scim: str
    remarks: tuple[str, ...] = field(default=())

    @property
    def token(self) -> str:
        """The token endpoint of client credentials (RFC 6749 §4.4)."""
        return self.scim.removesuffix(SCIM_PATH) + TOKEN_PATH


def address_of(url: str) -> Address:
    """Return the address that ``url`` means. Raises BridgeError for what is no SCIM base."""
    typed = url.strip().rstrip("/")
    remarks: list[str] = []
    parts = _checked(typed)
    if not typed.endswith(SCIM_PATH):
        typed += SCIM_PATH
        remarks.append(f"--url: taken as {typed}, because SCIM is served below {SCIM_PATH}")
    if parts.scheme.lower() == "http" and parts.hostname not in LOOPBACK:
        remarks.append("--url: without https, tokens and names cross the network in clear")
    return Address(typed, tuple(remarks))


def _checked(typed: str) -> "Parts":
    try:
        split = urlsplit(typed)
        parts = Parts(split.scheme, split.hostname)
        _ = split.port
    except ValueError:
        raise BridgeError(f"--url: {typed[:200]!r} is not a URL.") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise BridgeError(
            f"--url: must be the bridge's SCIM base, such as https://your-host{SCIM_PATH}."
        )
    if "@" in split.netloc:
        raise BridgeError("--url: must hold no user and no password.")
    if not PLAIN.fullmatch(typed):
        raise BridgeError(
            "--url: must hold letters, digits and . : / _ ~ % - alone: no blank, quote, query or "
            "fragment."
        )
    return parts


@dataclass(frozen=True, slots=True)
class Parts:
    """What is looked at of a URL."""

    scheme: str
    hostname: str | None
