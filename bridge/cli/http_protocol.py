"""uvicorn's HTTP/1.1 with limits, without protocol upgrades, and with fewer calls of the system.

uvicorn reads a head of any size, waits for the rest of a request for ever, drops the body of a
request that offers an upgrade, and writes the head and the body of an answer by two calls. Knows
uvicorn's protocol class and nothing of what is served.
"""

import asyncio
import math
from functools import partial
from typing import Any, cast
from urllib.parse import unquote

import httptools
import structlog
from uvicorn._types import ASGI3Application, ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bridge.cli.http import refusals
from bridge.cli.http.framing import Framing
from bridge.cli.http.limits import Limits
from bridge.cli.http.refusals import RefusingApplication, RequestRefused, answer_of
from bridge.cli.http.table import ConnectionTable, Place
from bridge.cli.http.together import Together

__all__ = ["HttpProtocol", "Together", "http_protocol"]

log = structlog.get_logger(__name__)

FRAMED = frozenset({b"content-length", b"transfer-encoding", b"host", b"expect"})


def http_protocol(limits: Limits | None = None, *, health: str | None = None) -> Any:
    """Return the protocol class of one server, as ``uvicorn.Config`` takes it for ``http``.

    ``health`` begins the paths that are answered also while the other places are taken.
    """
    bounds = limits or Limits()
    return partial(HttpProtocol, limits=bounds, table=ConnectionTable(bounds), health=health)


class Cycle(RequestResponseCycle):
    """A request and its answer. One that is answered before its body has come ends a connection."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer."""
        if self.more_body and not self.response_started:
            self.keep_alive = False
        await super().send(message)


class HttpProtocol(HttpToolsProtocol):
    """One connection. It reads one request, answers it, and reads the next one."""

    def __init__(
        self,
        *args: Any,
        limits: Limits,
        table: ConnectionTable,
        health: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._limits = limits
        self._table = table
        self._health = health
        self._place = Place.full
        self._framing = Framing(limits.head)
        self._framed: dict[bytes, bytes] = {}
        self._held = b""
        self._refused: RequestRefused | None = None
        self._leaving = False
        self._dropped = 0
        self._deadline = math.inf
        self._unsent = 0
        self._unsent_since = 0.0

    # -- The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._socket = transport
        self._together = Together(transport, self._hang_up)
        self.transport = cast(asyncio.Transport, self._together)
        self._deadline = self.loop.time() + self._limits.head_seconds
        self._place = self._table.opened(self)
        if self._place is Place.none:
            self._refuse(refusals.busy(self._limits))
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._table.closed(self)
        self._leaving = True
        self._held = b""
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close where no request is under way, else after its answer."""
        if self._leaving:
            self._socket.close()
        else:
            super().shutdown()

    def drop(self) -> None:
        """Close at once."""
        self._leaving = True
        self._socket.close()

    def _hang_up(self) -> None:
        """Close; where the client may still be sending, only after it has read the answer."""
        unread = self.cycle is not None and self.cycle.more_body
        if unread or self._held or self._refused is not None:
            self._linger()
        else:
            self._socket.close()

    def _linger(self) -> None:
        if self._leaving or self._socket.is_closing():
            return
        self._leaving = True
        self._held = b""
        self._deadline = self.loop.time() + self._limits.linger_seconds
        self._table.waits(self)
        self.flow.resume_reading()
        if self._socket.can_write_eof():
            self._socket.write_eof()

    # -- Time

    def look_at_clock(self, now: float) -> None:
        """End what has taken too long."""
        unsent = self._socket.get_write_buffer_size()
        if not unsent or unsent < self._unsent or not self._unsent:
            self._unsent_since = now
        self._unsent = unsent
        if now - self._unsent_since > self._limits.unread_seconds:
            self._socket.abort()
        elif now > self._deadline:
            self._out_of_time(now)

    def _out_of_time(self, now: float) -> None:
        if self._leaving:
            self._deadline = math.inf
            self._socket.close()
        elif not self._framing.in_head:
            if self.flow.read_paused:
                # The application has not taken what came before.
                self._deadline = now + self._limits.body_seconds
            else:
                self._refuse(refusals.too_slow_a_body(self._limits))
        elif self._framing.head:
            self._refuse(refusals.too_slow_a_head(self._limits))
        else:
            self._socket.close()

    # -- Bytes

    def data_received(self, data: bytes) -> None:
        """Read what has come, as far as there is a request to be read."""
        if self._leaving:
            self._dropped += len(data)
            if self._dropped > self._limits.linger_bytes:
                self._socket.close()
        elif self._held:
            self._hold(self._held + data)
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        framing, start = self._framing, 0
        if not framing.in_head:
            self._deadline = self.loop.time() + self._limits.body_seconds
        elif not framing.head and self.cycle is not None:
            self._deadline = self.loop.time() + self._limits.head_seconds
        while start < len(data) and not self._leaving and self._refused is None:
            if self._answers():
                self._hold(data[start:])
                return
            end = framing.next_end(data, start)
            piece = data if end - start == len(data) else data[start:end]
            framing.count(piece)
            try:
                self._feed(piece)
                if framing.is_over:
                    raise refusals.too_large_a_head(self._limits)
            except RequestRefused as refused:
                self._refuse(refused)
                return
            start = end

    def _answers(self) -> bool:
        """Whether a request was read whole and its answer is not sent."""
        cycle = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def _hold(self, data: bytes) -> None:
        self._held = data
        self.flow.pause_reading()

    def _feed(self, piece: bytes) -> None:
        """Parse a piece. Raises RequestRefused."""
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            rest = piece[upgrade.args[0] :]
            self._feed(self._head_without_upgrade())
            if rest:
                self._feed(rest)
        except httptools.HttpParserInvalidMethodError:
            raise refusals.unknown_method() from None
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, RequestRefused):
                raise error.__context__ from None
            if self.parser.get_method() == b"PRI":
                raise refusals.unknown_version() from None
            raise refusals.malformed() from None

    def _head_without_upgrade(self) -> bytes:
        """Return the head that was parsed, for a new parser: an upgrade that is not taken is
        ignored (RFC 9110 §7.8), and the old parser takes the body for another protocol."""
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        return b"\r\n".join([*lines, b"", b""])

    # -- What the parser finds

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._framed = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field. Fields after the body (trailers) are dropped (RFC 9110 §6.5.1)."""
        if not self._framing.in_head:
            return
        name = name.lower()
        if name in FRAMED:
            if name in self._framed:
                raise refusals.malformed()
            self._framed[name] = value
        self.headers.append((name, value))
        if len(self.headers) > self._limits.fields:
            raise refusals.too_large_a_head(self._limits)

    def on_headers_complete(self) -> None:
        """Start the application, or let the request wait for its turn."""
        if self._framing.head > self._limits.head:
            raise refusals.too_large_a_head(self._limits)
        parser = self.parser
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise refusals.unknown_version()
        if parser.should_upgrade():
            if parser.get_method() == b"CONNECT":
                raise refusals.unknown_method()
            return
        self._begin_body(version)
        self._complete_scope(version)
        app = self._application()
        before = self.cycle
        self.cycle = self._new_cycle(version)
        self._table.works(self)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))

    def _begin_body(self, version: str) -> None:
        coding = self._framed.get(b"transfer-encoding")
        if coding is not None:
            last = coding.rpartition(b",")[2].strip().lower()
            if version == "1.0" or last != b"chunked":
                raise refusals.malformed()
            if coding.strip().lower() != b"chunked":
                raise refusals.unknown_coding()
        length = int(self._framed.get(b"content-length", b"0"))
        self._framing.head_ended(content_length=length, chunked=coding is not None)
        self._deadline = self.loop.time() + self._limits.body_seconds

    def _complete_scope(self, version: str) -> None:
        self.scope["method"] = self.parser.get_method().decode("ascii")
        if version != "1.1":
            self.scope["http_version"] = version
        url = httptools.parse_url(self.url)
        raw_path = url.path or b"/"
        path = raw_path.decode("ascii")
        self.scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        self.scope["raw_path"] = self.root_path.encode("ascii") + raw_path
        self.scope["query_string"] = url.query or b""

    def _application(self) -> ASGI3Application:
        is_health = self._health is not None and self.scope["path"].startswith(self._health)
        if self._place is Place.reserved and not is_health:
            return RefusingApplication(refusals.busy(self._limits))
        app: ASGI3Application = self.app
        return app

    def _new_cycle(self, version: str) -> Cycle:
        expects = self._framed.get(b"expect", b"").lower() == b"100-continue"
        keeps = self._place is Place.full and version == "1.1" and self.parser.should_keep_alive()
        return Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=expects,
            keep_alive=keeps,
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._framing.body_seen(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request. A head that is about to be parsed anew is none."""
        if self._framing.in_head:
            return
        self._framing.message_ended()
        self._deadline = math.inf
        super().on_message_complete()

    # -- Answers

    def on_response_complete(self) -> None:
        """Go on with the next request of the connection."""
        self._together.flush()
        self.server_state.total_requests += 1
        if self._leaving or self._socket.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refused is not None:
            self._send_refusal(self._refused)
        else:
            self._deadline = self.loop.time() + self._limits.idle_seconds
            self._table.waits(self)
            if self._held:
                held, self._held = self._held, b""
                self._read(held)

    def _refuse(self, refused: RequestRefused) -> None:
        """Answer with an error, after the answers to requests before, and close."""
        self._refused = refused
        self._held = b""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self._send_refusal(refused)
        elif cycle.more_body and self.pipeline:
            # Its turn had not come.
            self.pipeline.popleft()
        elif cycle.more_body and not cycle.response_started:
            cycle.disconnected = True
            cycle.message_event.set()
            self._send_refusal(refused)
        else:
            self._deadline = math.inf

    def _send_refusal(self, refused: RequestRefused) -> None:
        log.info("request_refused", status=refused.status, reason=refused.detail)
        self._together.flush()
        self._socket.write(answer_of(refused))
        self._linger()
