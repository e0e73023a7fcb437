"""The URL of a request: its path below the SCIM root, its query, and the root that answers name."""

import re

from starlette.datastructures import Headers
from starlette.types import Scope

# A name or an address, with a port or without; anything else is not repeated in an answer.
HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def path_below_mount(scope: Scope) -> str:
    """Return the path that a SCIM route is looked up by, decoded."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


def raw_query(scope: Scope) -> str:
    """Return the query as it was sent, percent-encoded; it may hold any byte."""
    query: bytes = scope["query_string"]
    return query.decode("latin-1")


def client_address(scope: Scope) -> str:
    """Return the network address of the caller, empty where the server does not tell it."""
    client = scope.get("client")
    return client[0] if client else ""


def normal_path(path: str) -> str:
    """Return a path without doubled and trailing slashes and the ``.scim`` of RFC 7644 §3.8."""
    segments = [segment for segment in path.strip().split("/") if segment]
    return "/" + "/".join(segments).removesuffix(".scim")


def root_url(scope: Scope, public_url: str | None) -> str:
    """Return the URL of the SCIM root as clients call it; ``public_url`` ends before the mount."""
    root_path = str(scope.get("root_path", "")).rstrip("/")
    if public_url is None:
        return f"{scope['scheme']}://{_host(scope)}{root_path}"
    # What a proxy took off the path is in the public URL already.
    mount = root_path.removeprefix(str(scope.get("app_root_path", "")).rstrip("/"))
    return public_url.rstrip("/").removesuffix(mount) + mount


def _host(scope: Scope) -> str:
    named = Headers(scope=scope).get("host", "")
    if HOST.fullmatch(named):
        return named
    host, port = scope.get("server") or ("localhost", None)
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}" if port else shown
