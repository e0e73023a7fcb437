"""The line of each request: the same as any other line, written with those of its moment."""

import asyncio
import json
import subprocess
import sys

from bridge.operations.request_log import LineWriter

PROGRAM = """
import asyncio, structlog
from bridge.operations import set_up_logs
from bridge.operations.request_log import request_log

set_up_logs({level!r}, {style!r})
note = request_log()
structlog.get_logger().info("served", method="GET", endpoint="Users", status=200, milliseconds=1.5)

async def serve():
    for _ in range(3):
        note("GET", "Users", 200, 0.0015)

asyncio.run(serve())
"""


def logged(level: str, style: str) -> list[str]:
    """What a process writes: one line the usual way, then three requests, ended before they are
    due."""
    program = PROGRAM.format(level=level, style=style)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return ended.stderr.decode().splitlines()


def test_a_request_is_logged_as_any_other_line_and_none_is_lost_at_the_end() -> None:
    usual, *requests = (json.loads(line) for line in logged("info", "json"))
    assert len(requests) == 3
    for line in requests:
        assert list(line) == list(usual)
        assert {**line, "timestamp": ""} == {**usual, "timestamp": ""}
        assert line["timestamp"][-1] == usual["timestamp"][-1] == "Z"
        assert len(line["timestamp"]) == len(usual["timestamp"])


def test_requests_are_not_logged_above_info_and_readable_on_a_console() -> None:
    assert logged("warning", "json") == []
    assert [line.count("served") for line in logged("info", "console")] == [1] * 4


class Noting:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def flush(self) -> None:
        pass


def test_lines_of_a_moment_are_written_together_and_soon() -> None:
    stream = Noting()

    async def run() -> None:
        writer = LineWriter(stream)  # type: ignore[arg-type]
        for _ in range(2):
            writer.write(b"a\n")
            writer.write(b"b\n")
            assert stream.written == []
            await asyncio.sleep(0.2)
            assert stream.written == [b"a\nb\n"]
            stream.written.clear()

    asyncio.run(run())
    writer = LineWriter(stream)  # type: ignore[arg-type]
    writer.write(b"outside a loop\n")
    assert stream.written == [b"outside a loop\n"]
