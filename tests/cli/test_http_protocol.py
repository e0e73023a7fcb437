"""Answers over a real socket, whose head and body leave together."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bridge.cli.http_protocol import Together
from bridge.cli.serving import Site, listen, serve

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


async def text(_: Request) -> Response:
    return Response(b"HTTP/1.1 is no head here", headers={"x": "1"})


async def nothing(_: Request) -> Response:
    return Response(status_code=204)


async def parts(_: Request) -> Response:
    async def gradually():  # type: ignore[no-untyped-def]
        for part in (b"one ", b"two ", b"three"):
            yield part
            await asyncio.sleep(0)

    return StreamingResponse(gradually())


async def large(_: Request) -> Response:
    return Response(b"x" * 3_000_000)


async def echo(request: Request) -> Response:
    return Response(await request.body())


ROUTES = [
    Route("/text", text),
    Route("/nothing", nothing),
    Route("/parts", parts),
    Route("/large", large),
    Route("/echo", echo, methods=["POST"]),
]


def answered(sent: bytes) -> bytes:
    """What comes back for these bytes on one connection, until the service hangs up."""

    async def run() -> bytes:
        listening, stop = listen("127.0.0.1", 0, named="test"), asyncio.Event()
        site = Site(app=Starlette(routes=ROUTES), socket=listening)
        serving = asyncio.create_task(serve([site], stop=stop, announce=lambda: None))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(sent)
        seen = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        stop.set()
        await serving
        return seen

    return asyncio.run(run())


def request(
    method: str, path: str, *, last: bool = True, body: bytes = b"", more: str = ""
) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n{more}"
    head += "Connection: close\r\n" if last else ""
    return head.encode() + b"\r\n" + body


def test_head_and_body_arrive_whole() -> None:
    head, _, body = answered(request("GET", "/text")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b"HTTP/1.1 is no head here"


def test_an_answer_without_a_body_is_not_kept_back() -> None:
    assert answered(request("GET", "/nothing")).startswith(b"HTTP/1.1 204 ")
    head, _, body = answered(request("HEAD", "/text")).partition(b"\r\n\r\n")
    assert b"content-length: 24" in head
    assert body == b""


def test_parts_and_large_bodies_arrive() -> None:
    assert answered(request("GET", "/parts")).count(b"three") == 1
    assert len(answered(request("GET", "/large")).partition(b"\r\n\r\n")[2]) == 3_000_000


def test_several_requests_at_once_on_one_connection() -> None:
    sent = request("HEAD", "/text", last=False) + request("GET", "/nothing", last=False)
    sent += request("GET", "/parts", last=False) + request("GET", "/text")
    seen = answered(sent)
    assert [seen.count(status) for status in (b"HTTP/1.1 200 ", b"HTTP/1.1 204 ")] == [3, 1]
    assert seen.endswith(b"HTTP/1.1 is no head here")


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it() -> None:
    sent = request("POST", "/echo", body=b"hello", more="Expect: 100-continue\r\n")
    seen = answered(sent)
    assert seen.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert seen.endswith(b"hello")


class Noting:
    """A transport that notes each call that a system call would follow."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.sent.append(b"".join(parts))

    def close(self) -> None:
        self.sent.append(b"closed")


def test_head_and_body_are_sent_by_one_call() -> None:
    transport = Noting()
    together = Together(transport)  # type: ignore[arg-type]
    together.write(b"HTTP/1.1 200 OK\r\n\r\n")
    assert transport.sent == []
    together.write(b"body")
    together.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    together.close()
    sent = [b"HTTP/1.1 200 OK\r\n\r\nbody", b"HTTP/1.1 204 No Content\r\n\r\n", b"closed"]
    assert transport.sent == sent
