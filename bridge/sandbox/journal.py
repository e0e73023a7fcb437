"""What the simulator was asked, in order, for ``GET /_sim/journal``; never a secret.

An entry is opened when the call arrives and gets its status when the answer leaves; a call whose
connection was cut, or that is still under way, has none.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import orjson

LONGEST = 200_000
_SECRETS = frozenset(
    {"pat", "code", "refresh_token", "token", "client_secret", "code_verifier", "password"}
)


@dataclass(slots=True)
class Entry:
    """One call; ``at`` is the time of arrival in real seconds since the epoch."""

    seq: int
    at: float
    method: str
    path: str
    query: str
    body: bytes
    status: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": _readable(self.body),
            "status": self.status,
        }


class Journal:
    """The latest entries, counted from 1 and never anew."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=LONGEST)
        self._seq = 0

    def open(self, *, at: float, method: str, path: str, query: str, body: bytes) -> Entry:
        """Note a call that has just arrived."""
        self._seq += 1
        if path.startswith("/oauth/"):
            body = masked(body)
        entry = Entry(seq=self._seq, at=at, method=method, path=path, query=query, body=body)
        self._entries.append(entry)
        return entry

    def since(self, seq: int) -> Iterator[dict[str, Any]]:
        """The entries after number ``seq``."""
        first = self._entries[0].seq if self._entries else 0
        return (entry.as_json() for entry in islice(self._entries, max(0, seq + 1 - first), None))

    def forget(self) -> None:
        """Drop the entries; the numbers go on."""
        self._entries.clear()


def masked(form: bytes) -> bytes:
    """A form body as JSON in which no secret can be read."""
    fields = parse_qsl(form.decode("utf-8", "replace"), keep_blank_values=True)
    # A name that is no word is a body that is no form: it may be a secret itself.
    return orjson.dumps(
        {
            name if name.isidentifier() else "***": "***" if name in _SECRETS else value
            for name, value in fields
            if len(name) <= 40
        }
    )


def _readable(body: bytes) -> Any:
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
