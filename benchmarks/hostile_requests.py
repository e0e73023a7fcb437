"""Requests that are meant to cost much: one client's, or a stranger's, each within a few lines.

Each is written to a socket as pieces of bytes, so that a head of 128 MiB is never in memory whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
MIB = 1024 * 1024

Pieces = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Account:
    """Whom the requests are about, and how they are signed."""

    host: str
    token: str
    user: str
    full_user: str
    users: list[str]
    group: str


def requests(account: Account) -> dict[str, Pieces]:
    """Return the requests by what is hostile in them."""
    user, full = f"/Users/{account.user}", f"/Users/{account.full_user}"
    sent: dict[str, tuple[str, str, Any]] = {
        "PATCH path of 45,000 terms": ("PATCH", user, patch(removal(terms(45_000)))),
        "PATCH path of 250 terms": ("PATCH", user, patch(removal(terms(250)))),
        "PATCH paths of 64 KiB": (
            "PATCH", user, patch(*[removal(terms(240) + f' or value eq "{n}"') for n in range(16)]),
        ),
        "PATCH that adds 25,000 values": (
            "PATCH", user, patch(*[adding(f"{n}", 100) for n in range(250)]),
        ),
        "PATCH of 20,000 values": ("PATCH", user, patch(adding("v", 20_000))),
        "PATCH of 250 selecting operations": ("PATCH", user, patch(*selecting(250))),
        "the same on 1,000 values": ("PATCH", full, patch(*selecting(250))),
        "the most of them on 1,000 values": ("PATCH", full, patch(*selecting(35))),
        "PATCH that removes 20,000 values": (
            "PATCH", full,
            patch({"op": "remove", "path": "phoneNumbers", "value": values("r", 20_000)}),
        ),
        "PATCH of 60,000 unknown names": (
            "PATCH", user, patch({"op": "add", "value": {f"k{n}": "v" for n in range(60_000)}}),
        ),
        "Bulk of six such PATCHes": ("POST", "/Bulk", bulk(account, 6, patch(*selecting(250)))),
        "Bulk of 1,000 PATCHes": (
            "POST", "/Bulk",
            bulk(account, 1000, patch({"op": "add", "path": "title", "value": "x"})),
        ),
        "POST of 60,000 unknown names": (
            "POST", "/Users", {**new_user(), **{f"k{n}": 1 for n in range(60_000)}},
        ),
        "POST of a text of 1 MiB": ("POST", "/Users", {**new_user(), "title": "x" * (MIB - 500)}),
        "POST of a group of 25,000 strangers": (
            "POST", "/Groups",
            {
                "schemas": [CORE + "Group"],
                "displayName": "New",
                "members": [{"value": f"x{n}", "y": "z"} for n in range(25_000)],
            },
        ),
        "80,000 names in attributes": (
            "POST", "/Users/.search", search(attributes=[f"a{n}" for n in range(80_000)]),
        ),
        "filter of 250 terms": ("GET", f"/Users?filter={quote(terms(250, 'title co'))}", None),
        "filter of 250 attributes with several values": (
            "GET", f"/Users?filter={quote(terms(150, 'not (phoneNumbers.value co', ')'))}", None,
        ),
        "filter of 1 MiB": ("POST", "/Users/.search", search(filter=terms(45_000))),
        "cursor of 1 MiB": ("POST", "/Users/.search", search(cursor="A" * (MIB - 500))),
    }  # fmt: skip
    found = {name: _in_scim(account, *each) for name, each in sent.items()}
    for name, content in (
        ("1 MiB of [", b"[" * MIB),
        ('1 MiB of {"a":', b'{"a":' * (MIB // 5)),
        ("600,000 empty lists", b'{"x":[' + b"[]," * (MIB // 3 - 100) + b"[]]}"),
        ("a number of 1 MiB", b'{"x":' + b"9" * (MIB - 100) + b"}"),
    ):
        found[name] = _pieces(account, "POST", "/Users", content)
    return found | strangers(account)


def strangers(account: Account) -> dict[str, Pieces]:
    """Return requests that come without a token."""
    block = b"x" * MIB

    def target() -> Iterator[bytes]:
        yield b"GET /"
        yield from [block] * 128
        yield f" HTTP/1.1\r\nHost: {account.host}\r\n\r\n".encode()

    def header() -> Iterator[bytes]:
        yield f"GET /scim/v2/Users HTTP/1.1\r\nHost: {account.host}\r\nX-Long: ".encode()
        yield from [block] * 128
        yield b"\r\n\r\n"

    def body() -> Iterator[bytes]:
        yield (
            f"POST /scim/v2/Users HTTP/1.1\r\nHost: {account.host}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {128 * MIB}\r\n\r\n"
        ).encode()
        yield from [block] * 128

    def upgrade() -> Iterator[bytes]:
        yield (
            f"POST /scim/v2/Users HTTP/1.1\r\nHost: {account.host}\r\nUpgrade: h2c\r\n"
            f"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"
            f"Content-Length: {MIB}\r\n\r\n"
        ).encode()
        yield block

    return {
        "no token: target of 128 MiB": target,
        "no token: header of 128 MiB": header,
        "no token: body of 128 MiB": body,
        "no token: upgrade with a body of 1 MiB": upgrade,
    }


def terms(count: int, head: str = "type eq", tail: str = "") -> str:
    return " or ".join(f'{head} "{n}x"{tail}' for n in range(count))


def patch(*operations: Any) -> dict[str, Any]:
    return {"schemas": [MESSAGES + "PatchOp"], "Operations": list(operations)}


def removal(selection: str) -> dict[str, str]:
    return {"op": "remove", "path": f"phoneNumbers[{selection}]"}


def values(name: str, count: int) -> list[dict[str, str]]:
    return [{"value": f"{name}-{n}"} for n in range(count)]


def adding(name: str, count: int) -> dict[str, Any]:
    return {"op": "add", "path": "phoneNumbers", "value": values(name, count)}


def selecting(count: int) -> list[dict[str, str]]:
    return [
        {"op": "replace", "path": f'phoneNumbers[type eq "t{n}"].value', "value": "x"}
        for n in range(count)
    ]


def bulk(account: Account, count: int, data: Any) -> dict[str, Any]:
    users = account.users
    operations = [
        {"method": "PATCH", "path": f"/Users/{users[n % len(users)]}", "data": data}
        for n in range(count)
    ]
    return {"schemas": [MESSAGES + "BulkRequest"], "Operations": operations}


def new_user() -> dict[str, Any]:
    return {"schemas": [CORE + "User"], "userName": "hostile@example.com"}


def search(**parameters: Any) -> dict[str, Any]:
    return {"schemas": [MESSAGES + "SearchRequest"], **parameters}


def _in_scim(account: Account, method: str, path: str, body: Any) -> Pieces:
    return _pieces(account, method, path, b"" if body is None else orjson.dumps(body))


def _pieces(account: Account, method: str, path: str, content: bytes) -> Pieces:
    head = (
        f"{method} /scim/v2{path} HTTP/1.1\r\nHost: {account.host}\r\n"
        f"Authorization: Bearer {account.token}\r\nContent-Type: application/scim+json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode()

    def pieces() -> Iterator[bytes]:
        yield head
        yield content

    return pieces
