"""An offer to change the protocol is ignored, and the request is served as if it was not made."""

from collections.abc import Iterator

import pytest

from tests.cli.raw import Server, bodies, serving

LAST = b"GET /seen?last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
OFFERS = {
    "h2c": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "websocket": "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
    "unknown": "Upgrade: made-up/1, TLS/1.0\r\nConnection: UPGRADE\r\n",
    "after the length": "Connection: upgrade\r\nX-Before: 1\r\nUpgrade: h2c\r\nX-After: 1\r\n",
    "without Connection": "Upgrade: h2c\r\n",
}
BODY = '{"userName":"a@example.com"}'
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def plain(body: str) -> tuple[str, str]:
    return f"Content-Length: {len(body)}\r\n", body


def chunked(body: str) -> tuple[str, str]:
    half = len(body) // 2
    parts = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (body[:half], body[half:]) if part)
    return "Transfer-Encoding: chunked\r\n", f"{parts}0\r\n\r\n"


FRAMINGS = {"length": plain, "chunked": chunked}


def request(
    method: str, offer: str, framing: str, body: str, *, first: bool
) -> tuple[bytes, bytes]:
    length, framed = FRAMINGS[framing](body)
    fields = OFFERS[offer] + length if first else length + OFFERS[offer]
    return f"{method} /seen HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode(), framed.encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("body", [BODY, SMUGGLED])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET"])
def test_the_body_is_read(
    server: Server, method: str, offer: str, framing: str, first: bool, body: str
) -> None:
    head, framed = request(method, offer, framing, body, first=first)
    for sent in ([head + framed + LAST], [head, framed, LAST], [head, framed + LAST]):
        one, two = bodies(server.answers(*sent, pause=0.01))
        assert (one["method"], one["path"], one["body"]) == (method, "/seen", body)
        assert (two["method"], two["body"]) == ("GET", "")


@pytest.mark.parametrize("framing", FRAMINGS)
def test_the_body_is_read_wherever_packets_end(server: Server, framing: str) -> None:
    length, framed = FRAMINGS[framing]("abc")
    head = f"PUT /seen HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n{length}\r\n"
    whole = (head + framed).encode() + LAST
    singles = [whole[at : at + 1] for at in range(len(whole))]
    assert [each["body"] for each in bodies(server.answers(*singles))] == ["abc", ""]
    for at in range(1, len(whole), 3):
        received = bodies(server.answers(whole[:at], whole[at:], pause=0.002))
        assert [each["body"] for each in received] == ["abc", ""]


def test_without_a_body_the_next_request_is_the_next_request(server: Server) -> None:
    head = b"GET /seen HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    one, two, three = bodies(server.answers(head + head + LAST))
    assert [each["body"] for each in (one, two, three)] == ["", "", ""]
    assert "upgrade" not in one["fields"]  # type: ignore[operator]


def test_an_offer_with_an_expectation_gets_leave_to_send_the_body(server: Server) -> None:
    head = (
        b"POST /seen HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n"
        b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    )
    received = server.answers(head, b"abc", pause=0.1)
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
    assert bodies(received)[0]["body"] == "abc"
