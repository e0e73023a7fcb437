"""The line of a platform to the bridge: its headers, and how much it sent by method."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Line:
    """Sends requests, and stops at the first answer that is no success."""

    def __init__(self, http: httpx.Client, headers: Mapping[str, str]) -> None:
        self._http = http
        self._headers = dict(headers)
        self.sent: Counter[str] = Counter()

    def say(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request; returns the parsed answer."""
        self.sent[method] += 1
        answer = self._http.request(method, path, headers=self._headers, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def patch(self, path: str, *operations: Mapping[str, Any]) -> Any:
        """Send operations as one PATCH."""
        return self.say("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def walk(self, path: str, more: str = "", *, page: int = 100) -> list[dict[str, Any]]:
        """Read a whole list in pages, as long as fewer than ``totalResults`` were seen."""
        found: list[dict[str, Any]] = []
        while True:
            query = f"startIndex={len(found) + 1}&count={page}{more}"
            listed = self.say("GET", f"{path}?{query}")
            found += listed["Resources"]
            if len(found) >= listed["totalResults"] or not listed["Resources"]:
                return found
