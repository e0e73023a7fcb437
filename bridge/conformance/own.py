"""Keeps a check from harming the service that it checks: it writes to what it made, and removes it.

A transport under the check's HTTP client. Knows SCIM's URLs and ids, and nothing of the checks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx

WRITES = {"PUT", "PATCH", "DELETE"}
# Nothing there is anybody's: that it cannot be written is one of the checks.
DISCOVERY = {"serviceproviderconfig", "resourcetypes", "schemas", "me", ""}
QUOTED = re.compile(r'value\s+eq\s+"([^"]+)"', re.IGNORECASE)


class NotOurs(httpx.RequestError):
    """The check would have changed what somebody else made; the request was not sent."""


class OwnOnly(httpx.BaseTransport):
    """Sends requests on, except writes to resources that the check did not make itself.

    A write to what does not exist is sent on: how that is refused is one of the checks.
    """

    def __init__(self, inner: httpx.BaseTransport, *, base_url: str) -> None:
        self._inner = inner
        self._base_url = httpx.URL(base_url)
        self._headers: dict[str, str] = {}
        # Each resource made, by its lower-case path below the base: its URL, in order.
        self._made: dict[str, httpx.URL] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises NotOurs instead where it would change what is not the check's."""
        token = request.headers.get("Authorization", "")
        self._headers = {"Authorization": token, "Host": request.headers.get("Host", "")}
        path = self._below(request.url)
        if request.method in WRITES:
            self._guard(request, path)
        content = _json(request.content)
        if request.method in ("PUT", "PATCH", "POST") and path.startswith("groups"):
            self._guard_members(request, content)
        if request.method == "POST" and path == "bulk":
            self._guard_bulk(request, content)
        response = self._inner.handle_request(request)
        if request.method == "POST" and not path.endswith(".search"):
            response.read()
            self._note(path, _json(response.content), response.status_code)
        return response

    def close(self) -> None:
        """Close the transport below."""
        self._inner.close()

    def remove_leftovers(self, http: httpx.Client) -> tuple[list[str], list[str]]:
        """Delete what the check made and did not delete; return those removed, and those left."""
        removed: list[str] = []
        left: list[str] = []
        for url in reversed(self._made.values()):
            try:
                if http.get(url).status_code == 404:
                    continue
                gone = http.delete(url).status_code in (200, 204, 404)
            except httpx.HTTPError:
                gone = False
            (removed if gone else left).append(str(url))
        return removed, left

    def _below(self, url: httpx.URL) -> str:
        path = url.path.removeprefix(self._base_url.path.rstrip("/"))
        return "/".join(part for part in path.split("/") if part).casefold()

    def _guard(self, request: httpx.Request, path: str) -> None:
        endpoint, _, key = path.partition("/")
        if endpoint in DISCOVERY or path in self._made:
            return
        if not key:
            raise NotOurs("not sent: it would change a whole collection", request=request)
        if self._exists(endpoint, key):
            raise NotOurs("not sent: the check did not make this resource", request=request)

    def _guard_members(self, request: httpx.Request, content: Any) -> None:
        for value in {*_values(content)}:
            path = f"users/{value}".casefold()
            if path not in self._made and self._exists("Users", value):
                detail = (
                    "not sent: it would change the groups of a user whom the check did not make"
                )
                raise NotOurs(detail, request=request)

    def _guard_bulk(self, request: httpx.Request, content: Any) -> None:
        listed = content.get("Operations") if isinstance(content, Mapping) else None
        for operation in listed if isinstance(listed, list) else []:
            if isinstance(operation, Mapping) and str(operation.get("method")).upper() in WRITES:
                self._guard(request, str(operation.get("path", "")).strip("/").casefold())

    def _exists(self, endpoint: str, key: str) -> bool:
        request = httpx.Request(
            "GET", f"{str(self._base_url).rstrip('/')}/{endpoint}/{key}", headers=self._headers
        )
        response = self._inner.handle_request(request)
        response.read()
        return response.status_code != 404

    def _note(self, path: str, answer: Any, status: int) -> None:
        if not isinstance(answer, Mapping):
            return
        if path == "bulk":
            listed = answer.get("Operations")
            for each in listed if isinstance(listed, list) else []:
                if isinstance(each, Mapping) and each.get("method") == "POST":
                    self._remember(str(each.get("location") or ""))
        elif status == 201 and answer.get("id"):
            self._remember(f"{path.partition('/')[0]}/{answer['id']}")

    def _remember(self, where: str) -> None:
        endpoint, _, key = where.rstrip("/").rpartition("/")
        name = endpoint.rpartition("/")[2].casefold()
        if name in ("users", "groups") and key:
            base = str(self._base_url).rstrip("/")
            self._made[f"{name}/{key}".casefold()] = httpx.URL(f"{base}/{name.title()}/{key}")


def _json(content: bytes) -> Any:
    with suppress(ValueError):
        return httpx.Response(200, content=content).json()
    return None


def _values(content: Any) -> Iterator[str]:
    """Every text that may be a member's id: under ``value``, and in the filter of a path."""
    if isinstance(content, Mapping):
        for name, inner in content.items():
            if name.casefold() == "value" and isinstance(inner, str) and inner.isalnum():
                yield inner
            elif name.casefold() == "path" and isinstance(inner, str):
                yield from QUOTED.findall(inner)
            else:
                yield from _values(inner)
    elif isinstance(content, Iterable) and not isinstance(content, str):
        for item in content:
            yield from _values(item)
