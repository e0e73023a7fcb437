"""Requests that clients send, changed at random: bodies, paths, filters, headers and methods.

The same seed makes the same requests, whatever the answers are.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

ODD: Sequence[Any] = [
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 10**40, "", " ", "true", "\x00", "\ud800",
    "x" * 9000, "a@example.com", "https://x.example/y", "bulkId:x", "2026-01-01T00:00:00", "AAEC=",
    [], {}, [[]], [{}], [None], {"": ""}, {"value": None}, {"$ref": None}, ["x"] * 1200,
    [{"value": str(number)} for number in range(1200)], {f"k{number}": 1 for number in range(1200)},
    "[" * 500, '"' * 500, "\\" * 500, {"op": "add"}, {"schemas": [{}]},
]  # fmt: skip
FILTERS = [
    'userName eq "ada@example.com"',
    'emails[type eq "work" and value co "@"].value',
    f'{ENTERPRISE}:department sw "R" or not (active eq true)',
    'meta.lastModified gt "2026-01-31T00:00:00Z" and (title pr or name.familyName ew "n")',
    'members[value eq "42"]',
    "id pr",
]
PARTS = [
    '"', "\\", "(", ")", "[", "]", ".", ":", " ", " eq ", " and ", " or ", "not (", " pr", "urn:",
    "title", "emails", "members", "$ref", "true", "1e999", "\u00eb", "\x00", "'", "\u201c", ",",
    "%", "manager", "value eq ", "-", "&", "=", "/", "#", "+",
]  # fmt: skip
HEADERS: Sequence[tuple[bytes, Sequence[bytes]]] = [
    (b"if-match", [b"*", b'W/"x"', b'"' * 300, b",,," * 100, b"\xff"]),
    (b"if-none-match", [b"*", b'"a", W/"b"', b" " * 500]),
    (b"content-type", [b"text/plain", b"", b"application/json; charset=x", b"\xff" * 20]),
    (b"content-encoding", [b"gzip", b"identity", b"\xff"]),
    (b"content-length", [b"1", b"-1", b"9" * 30, b"x"]),
    (b"accept", [b"*/*", b"text/html", b"\xff"]),
    (b"cache-control", [b"no-cache"]),
    (b"prefer", [b"return=minimal", b"\xff"]),
    (b"host", [b"", b"[", b"a b", b"x" * 300]),
    (b"x-request-id", [b"x" * 500, b"\x00"]),
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"]


@dataclass(frozen=True)
class Request:
    """A request as bytes; its target stands below the SCIM base."""

    method: str
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


class Mutations:
    """An endless row of requests about some users and groups."""

    def __init__(self, seed: int, users: Sequence[str], groups: Sequence[str]) -> None:
        self._random = Random(seed)
        self._users = users
        self._groups = groups
        self._made = 0

    def next(self) -> Request:
        """Return the next request."""
        random = self._random
        method, path, query, body = random.choice(self._templates())()
        if random.random() < 0.05:
            method = random.choice(METHODS)
        if random.random() < 0.15:
            path = self._spliced(path)
        names = [*query]
        if random.random() < 0.05:
            query["attributes"] = ",".join(["title"] * random.choice([1, 300, 3000]))
        for name in names:
            if random.random() < 0.6:
                query[name] = self._spliced(query[name])
        text = "&".join(f"{quote(k)}={quote(v, errors='replace')}" for k, v in query.items())
        target = quote(path, safe="/:?%", errors="replace") + (f"?{text}" if text else "")
        headers = []
        if random.random() < 0.2:
            name, values = random.choice(HEADERS)
            headers.append((name, random.choice(values)))
        content = b"" if body is None else self._written(body)
        return Request(method, target.encode("latin-1", "replace"), headers, content)

    def _templates(self) -> list[Callable[[], tuple[str, str, dict[str, str], Any]]]:
        random = self._random
        user, group = random.choice(self._users), random.choice(self._groups)
        some = random.choice(FILTERS)
        return [
            lambda: ("GET", f"/Users/{user}", {}, None),
            lambda: ("GET", "/Users", {"filter": some, "sortBy": "userName", "count": "3"}, None),
            lambda: ("GET", "/Groups", {"filter": some, "startIndex": "2"}, None),
            lambda: ("GET", random.choice(["/Schemas", "/", "/Licenses"]), {"cursor": ""}, None),
            lambda: ("POST", "/Users/.search", {}, self._search(some)),
            lambda: ("POST", "/.search", {}, self._search(some)),
            lambda: ("POST", "/Users", {}, self._user()),
            lambda: ("POST", "/Groups", {}, self._group()),
            lambda: ("PUT", f"/Users/{user}", {}, self._user()),
            lambda: ("PUT", f"/Groups/{group}", {}, self._group()),
            lambda: ("PATCH", f"/Users/{user}", {}, self._patch(self._user())),
            lambda: ("PATCH", f"/Users/{user}", {}, self._patch(self._user())),
            lambda: ("PATCH", f"/Groups/{group}", {}, self._patch(self._group())),
            lambda: ("POST", "/Bulk", {}, self._bulk(user, group)),
        ]

    def _user(self) -> dict[str, Any]:
        self._made += 1
        return {
            "schemas": [CORE + "User", ENTERPRISE],
            "userName": f"user{self._made % 40}@example.com",
            "name": {"givenName": "Ada", "familyName": "Byron"},
            "emails": [{"value": f"user{self._made % 40}@example.com", "primary": True}],
            "phoneNumbers": [{"value": "+1", "type": "work"}],
            "active": True,
            "title": "Lead",
            "externalId": str(self._made),
            ENTERPRISE: {"department": "R&D", "manager": {"value": self._users[0]}},
        }

    def _group(self) -> dict[str, Any]:
        members = [{"value": key} for key in self._random.sample(self._users, 2)]
        return {
            "schemas": [CORE + "Group"],
            "displayName": f"Group {self._random.randrange(20)}",
            "members": members,
        }

    def _search(self, some: str) -> dict[str, Any]:
        return {
            "schemas": [MESSAGES + "SearchRequest"],
            "filter": self._spliced(some),
            "attributes": ["userName", "title"],
            "sortBy": "title",
            "count": 2,
        }

    def _patch(self, resource: dict[str, Any]) -> dict[str, Any]:
        random = self._random
        operations = []
        for _ in range(random.choice([1, 1, 2, 3, 300])):
            name = random.choice([*resource])
            path = random.choice([name, random.choice(FILTERS), f"{name}[value pr].type", None])
            operation: dict[str, Any] = {"op": random.choice(["add", "replace", "remove"])}
            if path is not None:
                operation["path"] = self._spliced(path) if random.random() < 0.3 else path
            if operation["op"] != "remove":
                operation["value"] = resource[name] if path else {name: resource[name]}
            operations.append(operation)
        return {"schemas": [MESSAGES + "PatchOp"], "Operations": operations}

    def _bulk(self, user: str, group: str) -> dict[str, Any]:
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": "a", "data": self._user()},
            {"method": "PATCH", "path": f"/Users/{user}", "data": self._patch(self._user())},
            {"method": "PUT", "path": f"/Groups/{group}", "data": self._group()},
        ]
        return {"schemas": [MESSAGES + "BulkRequest"], "Operations": operations}

    def _spliced(self, text: str) -> str:
        """Cut, insert or repeat something at a random place."""
        random = self._random
        for _ in range(random.choice([1, 1, 2, 5])):
            at = random.randrange(len(text) + 1)
            kind = random.randrange(4)
            if kind == 0:
                text = text[:at] + random.choice(PARTS) + text[at:]
            elif kind == 1:
                text = text[:at] + text[at + random.randrange(8) :]
            elif kind == 2:
                text = text[:at] + text[at : at + 9] * random.choice([2, 3, 40]) + text[at:]
            elif random.random() < 0.1:
                text = text[:at] + random.choice(PARTS) * random.choice([300, 3000]) + text[at:]
        return text

    def _written(self, body: Any) -> bytes:
        random = self._random
        for _ in range(random.choice([0, 1, 1, 2])):
            body = self._changed(body)
        text = json.dumps(body, ensure_ascii=random.random() < 0.8)
        content = text.encode("utf-8", "surrogatepass")
        if random.random() < 0.1:
            at = random.randrange(len(content) + 1)
            broken = [
                content[:at],
                content[:at] + bytes([random.randrange(256)]) + content[at:],
                b"\xef\xbb\xbf" + content,
                text.encode("utf-16", "surrogatepass"),
                content.replace(b"{", b'{"schemas":1,', 1),
                b"[" * random.choice([10, 100_000]) + content,
            ]
            content = random.choice(broken)
        return content

    def _changed(self, value: Any) -> Any:
        """Change something at a random place of a JSON value."""
        random = self._random
        if isinstance(value, dict) and value and random.random() < 0.85:
            name = random.choice([*value])
            kind = random.randrange(6)
            inner = value[name]
            rest = {key: each for key, each in value.items() if key != name}
            if kind == 0:
                return rest
            if kind == 1:
                return {**rest, random.choice([name.upper(), self._spliced(name)]): inner}
            if kind == 2:
                return {**value, self._spliced(name): random.choice(ODD)}
            return {**value, name: self._changed(inner)}
        if isinstance(value, list) and value and random.random() < 0.8:
            at = random.randrange(len(value))
            if random.random() < 0.2:
                return [*value, *value]
            return [*value[:at], self._changed(value[at]), *value[at + 1 :]]
        if isinstance(value, str) and random.random() < 0.4:
            return self._spliced(value)
        return random.choice([[value], {"value": value}, random.choice(ODD)])
