"""One line in the log for each request that was served, cheap enough for thousands a second.

The same line as any other, made without the detour over processors, and written with those of the
next moment by one call: a write for each would cost more than many an answer does.
"""

import asyncio
import atexit
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import structlog

TOGETHER_FOR = 0.05
"""Seconds that a line may wait for others. A process that is killed loses those of that time."""

# What a request was: method, endpoint, status, seconds.
Noted = Callable[[str, str, int, float], None]


class LineWriter:
    """Writes lines to a binary stream, those of a moment together; outside a loop at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lines: list[bytes] = []
        self._lock = threading.Lock()
        atexit.register(self.flush)

    def write(self, line: bytes) -> None:
        """Take a line, which ends with a line feed."""
        self._lines.append(line)
        if len(self._lines) > 1:
            return
        try:
            asyncio.get_running_loop().call_later(TOGETHER_FOR, self.flush)
        except RuntimeError:
            self.flush()

    def flush(self) -> None:
        """Write what there is."""
        with self._lock:
            lines, self._lines = self._lines, []
            if lines:
                self._stream.write(b"".join(lines))
                self._stream.flush()


def request_log() -> Noted:
    """Return what notes a request, in the form and from the level that logs were set up with."""
    factory = structlog.get_config()["logger_factory"]
    if not isinstance(factory, structlog.BytesLoggerFactory):
        return _through_structlog
    if not log.is_enabled_for(logging.INFO):
        return lambda _method, _endpoint, _status, _seconds: None
    write = LineWriter(sys.stderr.buffer).write

    def note(method: str, endpoint: str, status: int, seconds: float) -> None:
        line = _described(method, endpoint, status, seconds)
        line["event"] = "served"
        line["level"] = "info"
        line["timestamp"] = datetime.now(UTC)
        write(orjson.dumps(line, option=ONE_LINE))

    return note


def _through_structlog(method: str, endpoint: str, status: int, seconds: float) -> None:
    log.info("served", **_described(method, endpoint, status, seconds))


def _described(method: str, endpoint: str, status: int, seconds: float) -> dict[str, Any]:
    milliseconds = round(seconds * 1000, 1)
    return {"method": method, "endpoint": endpoint, "status": status, "milliseconds": milliseconds}


ONE_LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
log = structlog.get_logger(__name__)
