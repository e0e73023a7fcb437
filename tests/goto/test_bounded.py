"""An answer of any size costs a bounded amount of memory, over real sockets."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bridge.errors import GoToUnavailable, GoToUnreadable
from bridge.goto import AccessTokens, GoToClient, Grant, Throttle, TokenEndpoint, open_http
from bridge.goto.bounded import PAGE, TOKENS, NotReadable, read_body

MIB = 1024 * 1024
BODY = b'{"results":[],"total":0}'


class Chunks(httpx.AsyncByteStream):
    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def body_of(*chunks: bytes, coding: str | None = None, limit: int = MIB) -> bytes:
    headers = {"content-encoding": coding} if coding else {}
    response = httpx.Response(200, headers=headers, stream=Chunks(*chunks))
    return asyncio.run(read_body(response, limit=limit))


@pytest.mark.parametrize(
    ("coding", "chunks"),
    [
        (None, [BODY]),
        ("identity", [BODY[:5], BODY[5:]]),
        ("gzip", [gzip.compress(BODY)]),
        ("GZIP", [gzip.compress(BODY)[:9], gzip.compress(BODY)[9:]]),
        ("gzip", [gzip.compress(BODY[:7]) + gzip.compress(BODY[7:])]),
        ("deflate", [zlib.compress(BODY)]),
    ],
)
def test_a_body_is_decompressed(coding: str | None, chunks: list[bytes]) -> None:
    assert body_of(*chunks, coding=coding) == BODY


@pytest.mark.parametrize(
    ("coding", "chunks"),
    [
        ("gzip", [BODY]),
        ("gzip", [gzip.compress(BODY)[:-9]]),
        ("gzip", [gzip.compress(b"x" * (MIB + 1))]),
        ("gzip", [gzip.compress(gzip.compress(b"x" * 9)) * 60_000]),
        ("br", [BODY]),
        ("gzip, gzip", [gzip.compress(gzip.compress(BODY))]),
        (None, [b"x" * MIB, b"x"]),
    ],
)
def test_a_body_that_cannot_be_read_or_is_too_large(
    coding: str | None, chunks: list[bytes]
) -> None:
    with pytest.raises(NotReadable):
        body_of(*chunks, coding=coding)


def test_a_small_body_that_stands_for_gigabytes_costs_no_memory() -> None:
    deflate = zlib.compressobj(wbits=31)
    bomb = b"".join(deflate.compress(bytes(MIB)) for _ in range(300)) + deflate.flush()
    assert len(bomb) < MIB
    tracemalloc.start()
    with pytest.raises(NotReadable):
        body_of(bomb, coding="gzip", limit=8 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * MIB


# -- Over sockets ----------------------------------------------------------------------


Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


class Endless:
    """Chunks without end; counts what it could send."""

    def __init__(self, head: bytes = b"") -> None:
        self.sent = 0
        self._head = head

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + self._head + b"transfer-encoding: chunked\r\n\r\n")
        chunk = b"%x\r\n%s\r\n" % (MIB, b" " * MIB)
        while self.sent < 3 * PAGE:
            writer.write(chunk)
            await writer.drain()
            self.sent += MIB


class Ready:
    """A grant that is at hand."""

    def at_hand(self) -> str:
        return "access"

    def accepted(self) -> None:
        return None


def test_chunks_without_end_are_left_at_the_limit() -> None:
    async def run() -> None:
        endless = Endless()
        async with served(endless) as url, open_http(url) as http:
            grant: Any = Ready()
            client = GoToClient(
                http, grant=grant, throttle=Throttle(0), account_key="1", attempts=1
            )
            with pytest.raises(GoToUnreadable):
                await client.users()
        assert PAGE < endless.sent + MIB < 2 * PAGE

    asyncio.run(run())


def test_the_oauth_server_says_no_more_than_a_mebibyte() -> None:
    async def run() -> None:
        endless = Endless()
        async with served(endless) as url, open_http(url) as http:
            endpoint = TokenEndpoint(
                http, auth_url=url, client_id="c", client_secret="s", attempts=1
            )
            with pytest.raises(GoToUnreadable):
                await endpoint.ask({"grant_type": "refresh_token"})
        assert endless.sent < 16 * TOKENS

    asyncio.run(run())


def test_headers_without_end_are_left() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            writer.write(b"x-%d: %s\r\n" % (number, b"y" * 4000))
            await writer.drain()

    async def run() -> None:
        async with served(serve) as url, open_http(url) as http:
            grant: Any = Ready()
            client = GoToClient(
                http, grant=grant, throttle=Throttle(0), account_key="1", attempts=1
            )
            with pytest.raises(GoToUnavailable):
                await client.user("1")

    asyncio.run(run())


# -- What the OAuth server says of its tokens ------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"-1",
        b"0",
        b"0.5",
        b"1e300",
        b"1e999",
        b'"abc"',
        b'"' + b"9" * 5000 + b'"',
        b"null",
        b"true",
        b"[1]",
        b"{}",
        b"99999999999999999999999",
    ],
)
def test_an_absurd_life_of_a_token_is_taken_for_an_hour(said: bytes) -> None:
    async def run() -> None:
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.path)
            body = b'{"access_token":"a%d","refresh_token":[1],"scope":7,"expires_in":%s}'
            return httpx.Response(200, stream=Chunks(body % (len(asked), said)))

        now = 1000.0
        grant = Grant(kind="refresh_token", secret="r", obtained_at=datetime.now(UTC))
        kept: list[Grant] = []

        async def store(changed: Grant) -> None:
            kept.append(changed)

        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            tokens = AccessTokens(
                http,
                auth_url="http://auth",
                client_id="c",
                client_secret="s",
                grant=grant,
                store=store,
                clock=lambda: now,
            )
            try:
                first = await tokens.token()
            except GoToUnreadable:
                # A number that JSON does not know is no answer at all.
                assert said == b"1e999"
                return
            now += 3200
            assert await tokens.token() == first
            now += 500
            assert await tokens.token() != first
            assert tokens.grant.secret == "r"
            assert kept == []

    asyncio.run(run())
