"""Settings that can be used and that an operator should hear of: each is a sentence.

Knows what a setting exposes; whether a setting can be used at all is in ``model`` and ``values``.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from bridge.settings.model import Settings

SHORTEST_TOKEN = 32
"""Characters of a token that cannot be guessed; ``token create`` makes longer ones."""


def risks(settings: Settings) -> list[str]:
    """Return one sentence for each setting that leaves the service open to strangers."""
    return [*_short_token(settings), *_plain_http(settings), *_open_host(settings)]


def is_plain_http_elsewhere(url: str) -> bool:
    """Whether a URL is ``http://`` to a host other than this machine's loopback."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine (RFC 6761 §6.3, RFC 5735 §3)."""
    name = host.casefold().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _short_token(settings: Settings) -> Iterator[str]:
    if settings.token and len(settings.token.get_secret_value()) < SHORTEST_TOKEN:
        yield (
            f"BRIDGE_TOKEN has fewer than {SHORTEST_TOKEN} characters and can be guessed: make one "
            "with `goto-scim-bridge token create NAME`."
        )


def _plain_http(settings: Settings) -> Iterator[str]:
    urls = {
        "BRIDGE_GOTO_API_URL": settings.goto_api_url,
        "BRIDGE_GOTO_AUTH_URL": settings.goto_auth_url,
    }
    for name, url in urls.items():
        if is_plain_http_elsewhere(url):
            yield (
                f"{name} is http:// to another machine: the bridge sends GoTo's grant over https "
                "only, so GoTo cannot be used. Write https://."
            )


def _open_host(settings: Settings) -> Iterator[str]:
    has_proxy = (settings.public_url or "").startswith("https://")
    if not is_loopback(settings.host) and not has_proxy:
        yield (
            f"BRIDGE_HOST {settings.host} is reached from other machines without TLS: put a proxy "
            "with TLS before the bridge, and set BRIDGE_PUBLIC_URL to its https:// address."
        )
