"""What one connection, and all of them together, may cost: sizes, times and numbers."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from bridge.cli.http.limits import Limits
from tests.cli.raw import Server, bodies, serving, statuses, until_closed

HEAD = 64 * 1024
START = b"GET /seen HTTP/1.1\r\nHost: a\r\n"
LAST = b"GET /seen HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /seen HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
FAST = Limits(
    head_seconds=0.4, idle_seconds=0.3, body_seconds=0.4, unread_seconds=0.5, linger_seconds=0.3
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def hurried() -> Iterator[Server]:
    """One whose times are short."""
    with serving(FAST) as running:
        yield running


# -- Sizes


def head_of(size: int, fill: Callable[[int], bytes]) -> bytes:
    rest = size - len(fill(0))
    whole = fill(rest)
    assert len(whole) == size
    return whole


def one_field(size: int) -> bytes:
    return START + b"X: " + b"a" * size + b"\r\nConnection: close\r\n\r\n"


def target(size: int) -> bytes:
    return b"GET /seen?" + b"a" * size + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def many_fields(size: int) -> bytes:
    fields, rest = divmod(size, 100)
    lines = b"".join(b"X%d: " % (n % 10) + b"a" * 94 + b"\r\n" for n in range(fields))
    lines = lines[: fields * 100]
    return START + lines + b"Y: " + b"a" * rest + b"\r\nConnection: close\r\n\r\n"


HEADS = {"a field": one_field, "a target": target, "many fields": many_fields}


@pytest.mark.parametrize("kind", HEADS)
def test_a_head_of_64_kib_is_served_and_a_byte_more_is_not(server: Server, kind: str) -> None:
    assert statuses(server.answers(head_of(HEAD, HEADS[kind]))) == [200]
    received = server.answers(head_of(HEAD + 1, HEADS[kind]))
    assert statuses(received) == [431]
    assert "65536 bytes" in str(bodies(received)[0]["detail"])
    assert b"connection: close" in received


def test_a_small_request_before_it_does_not_count(server: Server) -> None:
    small = START + b"X: " + b"a" * 1000 + b"\r\n\r\n"
    assert statuses(server.answers(small + head_of(HEAD, one_field))) == [200, 200]


ENDLESS = {
    "a field": START + b"X: ",
    "a name": START,
    "a target": b"GET /",
    "many fields": START,
    "blank lines": b"",
    "trailers": CHUNKED + b"3\r\nabc\r\n0\r\n",
    "a trailer": CHUNKED + b"3\r\nabc\r\n0\r\nX: ",
    "a chunk extension": CHUNKED + b"3;",
    "chunk extensions": CHUNKED,
    "a chunk size": CHUNKED + b"0",
}
FILL = {
    "many fields": b"X: a\r\n",
    "trailers": b"X: a\r\n",
    "blank lines": b"\r\n",
    "chunk extensions": b"1;" + b"a" * 100 + b"\r\nx\r\n",
    "a chunk size": b"0",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_never_ends_is_read_up_to_the_limit(server: Server, kind: str) -> None:
    """The service stops reading soon after the limit, though the client would send 64 MiB."""
    fill = FILL.get(kind, b"a")
    piece = fill * (65536 // len(fill))
    began, sent, received = time.monotonic(), 0, b""
    with server.connect() as client:
        client.sendall(ENDLESS[kind])
        try:
            while sent < 64 * 1024 * 1024:
                client.sendall(piece)
                sent += len(piece)
        except ConnectionError:
            pass
        try:
            received = until_closed(client)
        except ConnectionError:
            received = b""
    assert sent < 24 * 1024 * 1024
    assert time.monotonic() - began < 5
    assert statuses(received) in ([431], [])


@pytest.mark.parametrize("kind", ENDLESS)
def test_the_client_can_read_the_refusal(server: Server, kind: str) -> None:
    fill = FILL.get(kind, b"a")
    sent = ENDLESS[kind] + fill * (1_200_000 // len(fill))
    received = server.answers(sent)
    assert statuses(received) == [431]
    assert bodies(received)[0]["status"] == "431"


def test_a_body_in_chunks_of_one_byte_is_no_abuse(server: Server) -> None:
    body = b"".join(b"1\r\n%c\r\n" % byte for byte in b"abc" * 20_000) + b"0\r\n\r\n"
    received = server.answers(CHUNKED + body + LAST)
    assert len(str(bodies(received)[0]["body"])) == 60_000
    assert statuses(received) == [200, 200]


# -- Times


def test_a_head_that_trickles_is_told_so(hurried: Server) -> None:
    with hurried.connect() as client:
        began = time.monotonic()
        try:
            for byte in START + b"X: " + b"a" * 1000:
                client.sendall(bytes([byte]))
                time.sleep(0.02)
                if time.monotonic() - began > 1.5:
                    break
        except ConnectionError:
            pass
        received = until_closed(client)
    assert statuses(received) == [408]
    assert "0.4 s" in str(bodies(received)[0]["detail"])


def test_a_second_head_that_trickles_is_told_so(hurried: Server) -> None:
    received = hurried.answers(START + b"\r\n", START, pause=0.1)
    assert statuses(received) == [200, 408]


@pytest.mark.parametrize("sent", [b"", START + b"\r\n"])
def test_a_connection_without_a_request_is_closed(hurried: Server, sent: bytes) -> None:
    began = time.monotonic()
    received = hurried.answers(sent)
    assert statuses(received) == ([200] if sent else [])
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "sent",
    [b"POST /seen HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", CHUNKED + b"3\r\nabc\r\n"],
)
def test_a_body_that_stops_is_told_so(hurried: Server, sent: bytes) -> None:
    received = hurried.answers(sent)
    assert statuses(received) == [408]
    assert "body" in str(bodies(received)[0]["detail"])


def test_a_body_that_goes_on_is_read(hurried: Server) -> None:
    head = b"POST /seen HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 8\r\n\r\n"
    received = hurried.answers(head, *[b"a"] * 8, pause=0.15)
    assert bodies(received)[0]["body"] == "a" * 8


def test_an_answer_may_take_longer_than_all_of_these(hurried: Server) -> None:
    with hurried.connect() as client:
        client.sendall(b"GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        time.sleep(1.2)
        hurried.gate.open()
        assert statuses(until_closed(client)) == [200]


def test_a_client_that_does_not_read_is_left(hurried: Server) -> None:
    with hurried.connect() as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(2.5)
        received = 0
        with suppress(ConnectionError):
            while data := client.recv(1 << 20):
                received += len(data)
    assert received < 20_000_000


def test_a_client_that_reads_slowly_gets_all_of_it(hurried: Server) -> None:
    with hurried.connect() as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = 0
        while data := client.recv(1_000_000):
            received += len(data)
            time.sleep(0.03)
    assert received > 20_000_000


# -- Early answers


@pytest.mark.parametrize("framing", [b"Content-Length: 2000000", b"Transfer-Encoding: chunked"])
def test_an_answer_before_the_body_ends_the_connection(server: Server, framing: bytes) -> None:
    head = b"POST /unread HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n"
    body = b"1E8480\r\n" + b"a" * 2_000_000 if b"chunked" in framing else b"a" * 2_000_000
    received = server.answers(head, body + b"\r\n0\r\n\r\n" + LAST, pause=0.05)
    assert statuses(received) == [401]
    assert b"connection: close" in received


def test_an_answer_after_the_body_does_not(server: Server) -> None:
    whole = b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    assert statuses(server.answers(whole + LAST)) == [401, 200]


def test_an_expectation_that_is_refused_gets_no_leave(server: Server) -> None:
    head = b"POST /unread HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    received = server.answers(head)
    assert received.startswith(b"HTTP/1.1 401 ")


# -- Numbers


def test_requests_that_are_sent_ahead_wait_in_the_socket(server: Server) -> None:
    """A client that sends without reading is not read either, and gets every answer in the end."""
    count = 5_000
    one = b"GET /seen HTTP/1.1\r\nHost: a\r\n\r\n"
    with server.connect() as client:
        client.settimeout(0.5)
        sent, whole = 0, one * count + LAST
        try:
            while sent < len(whole):
                sent += client.send(whole[sent:])
        except TimeoutError:
            pass
        client.settimeout(20)
        received = 0
        tail = b""
        while sent < len(whole) or not received:
            client.setblocking(True)
            client.settimeout(20)
            data = tail + client.recv(1 << 20)
            received += data.count(b"HTTP/1.1 200")
            tail = data[-11:] if not data.endswith(b"HTTP/1.1 200") else b""
            sent += client.send(whole[sent : sent + 4096]) if sent < len(whole) else 0
        while data := client.recv(1 << 20):
            received += (tail + data).count(b"HTTP/1.1 200")
            tail = data[-11:] if not data.endswith(b"HTTP/1.1 200") else b""
    assert received == count + 1


FEW = Limits(connections=4, reserved=2)


def test_a_new_connection_takes_the_place_of_the_one_that_waited_longest() -> None:
    with serving(FEW) as server, ExitStack() as stack:
        idle = [stack.enter_context(server.connect()) for _ in range(12)]
        for client in idle[1::2]:
            client.sendall(START)
        assert statuses(server.answers(LAST)) == [200]
        assert statuses(server.answers(LIVE)) == [200]
        assert idle[0].recv(1) == b""


def test_health_is_answered_while_all_places_are_at_work() -> None:
    with serving(FEW) as server, ExitStack() as stack:
        working = [stack.enter_context(server.connect()) for _ in range(4)]
        for client in working:
            client.sendall(b"GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        until(lambda: server.gate.waiting == 4)
        stack.enter_context(server.connect())
        stack.enter_context(server.connect())
        for _ in range(5):
            assert statuses(server.answers(LIVE)) == [200]
        refused = server.answers(LAST)
        assert statuses(refused) == [503]
        assert b"retry-after: " in refused
        assert "4 connections" in str(bodies(refused)[0]["detail"])
        server.gate.open()
        assert [statuses(until_closed(client)) for client in working] == [[200]] * 4
        assert statuses(server.answers(LAST)) == [200]


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("never")
