"""Requests of unclear length or form: refused with a SCIM error, and the connection is closed."""

from collections.abc import Iterator

import pytest

from tests.cli.raw import Server, bodies, serving, statuses

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
NEXT = b"GET /seen?next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
START = b"POST /seen HTTP/1.1\r\nHost: a\r\n"
CHUNKS = b"\r\n3\r\nabc\r\n0\r\n\r\n"

REFUSED: dict[str, tuple[bytes, int]] = {
    "both lengths": (START + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" + CHUNKS, 400),
    "both lengths, turned": (
        START + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n" + CHUNKS, 400,
    ),
    "both lengths and an upgrade": (
        START + b"Connection: upgrade\r\nUpgrade: h2c\r\n"
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" + CHUNKS, 400,
    ),
    "two lengths": (START + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "the same length twice": (START + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "a list of lengths": (START + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "a signed length": (START + b"Content-Length: +3\r\n\r\nabc", 400),
    "a negative length": (START + b"Content-Length: -3\r\n\r\nabc", 400),
    "a blank in a length": (START + b"Content-Length: 1 1\r\n\r\nabc", 400),
    "an empty length": (START + b"Content-Length:\r\n\r\nabc", 400),
    "a length in hexadecimal": (START + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "a huge length": (START + b"Content-Length: 99999999999999999999\r\n\r\nabc", 400),
    "a blank before a colon": (START + b"Content-Length : 3\r\n\r\nabc", 400),
    "chunked not last": (START + b"Transfer-Encoding: chunked, gzip\r\n" + CHUNKS, 400),
    "chunked twice": (START + b"Transfer-Encoding: chunked, chunked\r\n" + CHUNKS, 400),
    "another coding": (START + b"Transfer-Encoding: gzip, chunked\r\n" + CHUNKS, 501),
    "no coding": (START + b"Transfer-Encoding: identity\r\n\r\nabc", 400),
    "two codings": (
        START + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n" + CHUNKS, 400,
    ),
    "almost chunked": (START + b"Transfer-Encoding: xchunked\r\n" + CHUNKS, 400),
    "chunked after a tab": (START + b"Transfer-Encoding: \x0bchunked\r\n" + CHUNKS, 400),
    "chunks in HTTP/1.0": (
        b"POST /seen HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" + CHUNKS, 400,
    ),
    "a folded field": (START + b"X: a\r\n b\r\n\r\n", 400),
    "a folded length": (START + b"Content-Length:\r\n 3\r\n\r\nabc", 400),
    "bare line feeds": (b"GET /seen HTTP/1.1\nHost: a\n\n", 400),
    "a bare line feed in the head": (START + b"X: a\nY: b\r\n\r\n", 400),
    "a bare carriage return": (START + b"X: a\rY: b\r\n\r\n", 400),
    "NUL in a value": (START + b"X: a\0b\r\n\r\n", 400),
    "NUL in a name": (START + b"X\0: a\r\n\r\n", 400),
    "no colon": (START + b"nonsense\r\n\r\n", 400),
    "no name": (START + b": a\r\n\r\n", 400),
    "a blank before the first field": (b"GET /seen HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "two hosts": (START + b"Host: b\r\n\r\n", 400),
    "a blank in the target": (b"GET /se en HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a target beyond ASCII": ("GET /seené HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400),
    "chunks with bare line feeds": (
        START + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", 400,
    ),
    "a negative chunk": (START + b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", 400),
    "a chunk of unclear size": (
        START + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400,
    ),
    "a huge chunk": (
        START + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n", 400,
    ),
    "a chunk longer than it says": (
        START + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400,
    ),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "an unknown method": (b"FETCH /seen HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "a method in lower case": (b"get /seen HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "HTTP/2 with prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 505),
    "HTTP/2.0 in a line": (b"GET /seen HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "HTTP/0.9": (b"GET /seen\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 501),
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_and_what_follows_is_not_served(server: Server, name: str) -> None:
    sent, status = REFUSED[name]
    for parts in ([sent + NEXT], [sent, NEXT]):
        received = server.answers(*parts, pause=0.01)
        head = received.partition(b"\r\n\r\n")[0]
        assert statuses(received) == [status], received
        assert b"connection: close" in head
        assert b"content-type: application/scim+json" in head
        error = bodies(received)[0]
        assert error["schemas"] == [ERROR]
        assert error["status"] == str(status)
        assert error["detail"]


def test_a_request_before_it_is_answered_first(server: Server) -> None:
    good = b"POST /seen HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + CHUNKS
    received = server.answers(good + b"nonsense\r\n\r\n")
    assert statuses(received) == [200, 501]
    assert bodies(received)[0]["body"] == "abc"


def test_a_request_after_a_last_one_is_not_served(server: Server) -> None:
    assert statuses(server.answers(NEXT + NEXT)) == [200]


def test_trailers_are_no_header_fields(server: Server) -> None:
    sent = START + b"Connection: close\r\nTransfer-Encoding: chunked\r\n"
    sent += b"\r\n3;a=b\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
    told = bodies(server.answers(sent))[0]
    assert told["body"] == "abc"
    assert "authorization" not in told["fields"]  # type: ignore[operator]


def test_http_1_0_gets_one_answer_and_the_connection_is_closed(server: Server) -> None:
    sent = b"POST /seen HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc"
    received = server.answers(sent + NEXT)
    assert statuses(received) == [200]
    assert bodies(received)[0]["body"] == "abc"
    assert b"connection: close" in received


def test_an_absolute_target_without_a_path_is_the_root(server: Server) -> None:
    sent = b"GET http://a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert server.answers(sent).startswith(b"HTTP/1.1 404 ")
