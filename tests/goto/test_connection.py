"""Over real sockets: what a broken connection is taken for, and what really went over it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from bridge.errors import GoToUnavailable, GrantRefused, OutcomeUnknown
from bridge.goto import GoToClient, Throttle, open_http
from bridge.goto.exchange import AnswerLost, NeverSent, exchange
from tests.goto.scripted import ACCOUNT

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[bool]]
"""Answers one request; false closes the connection."""


async def _served(handler: Handler, use: Callable[[str], Awaitable[Any]]) -> list[bytes]:
    """The requests that came in while ``use`` had the server's URL."""
    requests: list[bytes] = []
    connections: set[asyncio.Task[Any] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                requests.append(head)
                if not await handler(head, writer):
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        await use(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        for connection in connections:
            assert connection
            connection.cancel()
        await asyncio.gather(*filter(None, connections), return_exceptions=True)
        await asyncio.sleep(0)
    return requests


def answer(body: bytes, *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size, body)


async def cut(_: bytes, __: asyncio.StreamWriter) -> bool:
    return False


async def cut_within_the_body(_: bytes, writer: asyncio.StreamWriter) -> bool:
    writer.write(answer(b'{"key":', length=500))
    await writer.drain()
    return False


async def no_http(_: bytes, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()
    return False


async def silence(_: bytes, __: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(5)
    return False


@pytest.mark.parametrize("handler", [cut, cut_within_the_body, no_http])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_a_cut_connection_is_a_lost_answer_and_nothing_is_sent_twice(
    method: str, handler: Handler
) -> None:
    async def use(url: str) -> None:
        async with open_http(url) as http:
            request = http.build_request(method, "/x")
            with pytest.raises(AnswerLost):
                await exchange(http, request, seconds=5)

    assert len(asyncio.run(_served(handler, use))) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_kept_connection_that_breaks_does_not_send_twice(method: str) -> None:
    count = 0

    async def first_only(_: bytes, writer: asyncio.StreamWriter) -> bool:
        nonlocal count
        count += 1
        if count > 1:
            return False
        writer.write(answer(b"{}"))
        return True

    async def use(url: str) -> None:
        async with open_http(url) as http:
            await exchange(http, http.build_request(method, "/x"), seconds=5)
            with pytest.raises(AnswerLost):
                await exchange(http, http.build_request(method, "/x"), seconds=5)

    assert len(asyncio.run(_served(first_only, use))) == 2


def test_a_port_where_nobody_listens_is_a_request_never_sent() -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        async with open_http(f"http://127.0.0.1:{port}") as http:
            with pytest.raises(NeverSent):
                await exchange(http, http.build_request("PUT", "/x"), seconds=5)

    asyncio.run(run())


@pytest.mark.parametrize(("read", "seconds"), [(1.0, 10.0), (20.0, 1.0)])
def test_an_answer_that_does_not_come_is_lost(read: float, seconds: float) -> None:
    async def use(url: str) -> None:
        async with open_http(url, timeout=httpx.Timeout(read)) as http:
            with pytest.raises(AnswerLost):
                await exchange(http, http.build_request("PUT", "/x"), seconds=seconds)

    assert len(asyncio.run(_served(silence, use))) == 1


def test_blanks_and_plus_signs_go_up_percent_encoded() -> None:
    async def no_users(_: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer(b'{"total":0}'))
        return True

    async def use(url: str) -> None:
        async with open_http(url) as http:
            assert await _client(http).users_by_email("a+b@c.d") == []

    (request,) = asyncio.run(_served(no_users, use))
    line = request.split(b"\r\n")[0].decode()
    assert "filter=email%20eq%20%22a%2Bb" in line
    assert "+" not in line


class _CutLikeNeverMade(httpx.AsyncBaseTransport):
    """A body that breaks off with the error httpx-aiohttp gives a reset connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"{"
            raise httpx.ConnectTimeout("reset", request=request)

        return httpx.Response(200, content=body())


def test_whatever_breaks_within_the_body_is_a_lost_answer() -> None:
    async def run() -> None:
        async with httpx.AsyncClient(transport=_CutLikeNeverMade()) as http:
            with pytest.raises(AnswerLost):
                await exchange(http, http.build_request("PUT", "http://goto.test/"), seconds=5)

    asyncio.run(run())


def test_cookies_are_not_kept() -> None:
    async def with_cookie(_: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\n\r\n")
        return True

    async def use(url: str) -> None:
        async with open_http(url.replace("127.0.0.1", "localhost")) as http:
            for _ in range(2):
                await _client(http).delete_user("1")

    requests = asyncio.run(_served(with_cookie, use))
    assert all(b"cookie" not in request.lower() for request in requests)


@pytest.mark.parametrize("handler", [cut, cut_within_the_body])
def test_the_client_tells_a_lost_write_from_a_failed_read(handler: Handler) -> None:
    async def use(url: str) -> None:
        async with open_http(url) as http:
            client = _client(http)
            with pytest.raises(OutcomeUnknown):
                await client.create_group("G")
            with pytest.raises(GoToUnavailable) as failed:
                await client.user("1")
            assert not isinstance(failed.value, OutcomeUnknown)

    assert len(asyncio.run(_served(handler, use))) == 1 + 4


class _OneToken:
    """An access token that nobody has to ask for."""

    def at_hand(self) -> None:
        return None

    async def token(self) -> str:
        return "access"

    async def renew(self, _: str) -> str:
        return "access"


def _client(http: httpx.AsyncClient) -> GoToClient:
    async def no_sleep(_: float) -> None:
        return None

    return GoToClient(
        http,
        grant=_OneToken(),  # type: ignore[arg-type]  # the two verbs are all that is asked of it
        throttle=Throttle(0),
        account_key=ACCOUNT,
        sleep=no_sleep,
    )


@pytest.mark.parametrize("host", ["goto.test", "10.255.255.1"])
def test_the_grant_never_crosses_a_network_in_plain_http(host: str) -> None:
    async def scenario() -> None:
        async with open_http(f"http://{host}") as http:
            with pytest.raises(GrantRefused, match="over plain HTTP"):
                await http.post("/oauth/token", data={"grant_type": "refresh_token"})

    asyncio.run(scenario())
