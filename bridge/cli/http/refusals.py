"""Answers to requests that never reach an application, as SCIM errors (RFC 7644 §3.12)."""

from http import HTTPStatus

import orjson
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

from bridge.cli.http.limits import Limits

MEDIA_TYPE = b"application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
RETRY_AFTER = b"5"


class RequestRefused(Exception):
    """A request that is answered with an error before an application sees it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def malformed() -> RequestRefused:
    """RFC 9112 §2.2, and §6.3 for a body of unclear length."""
    return RequestRefused(400, "This is not a valid HTTP/1.1 request (RFC 9112)")


def too_large_a_head(limits: Limits) -> RequestRefused:
    """RFC 6585 §5."""
    detail = (
        f"The request line and the header fields are more than {limits.head} bytes or "
        f"{limits.fields} fields; send fewer, and a long filter by POST to /.search"
    )
    return RequestRefused(431, detail)


def too_slow_a_head(limits: Limits) -> RequestRefused:
    """RFC 9110 §15.5.9."""
    return RequestRefused(
        408, f"The request line and header fields did not arrive within {limits.head_seconds:g} s"
    )


def too_slow_a_body(limits: Limits) -> RequestRefused:
    """RFC 9110 §15.5.9."""
    return RequestRefused(
        408, f"No further piece of the request body arrived within {limits.body_seconds:g} s"
    )


def unknown_method() -> RequestRefused:
    """RFC 9110 §9.1."""
    return RequestRefused(
        501, "This method is not known here; SCIM uses GET, POST, PUT, PATCH, DELETE"
    )


def unknown_version() -> RequestRefused:
    """RFC 9110 §15.6.6."""
    return RequestRefused(505, "Only HTTP/1.1 and HTTP/1.0 are served here")


def unknown_coding() -> RequestRefused:
    """RFC 9112 §6.1."""
    return RequestRefused(501, "The only Transfer-Encoding of a request body is 'chunked'")


def busy(limits: Limits) -> RequestRefused:
    """RFC 9110 §15.6.4."""
    return RequestRefused(
        503, f"{limits.connections} connections are open, which is the most; try again"
    )


def body_of(refused: RequestRefused) -> bytes:
    """Return the SCIM error."""
    error = {"schemas": [ERROR], "status": str(refused.status), "detail": refused.detail}
    return orjson.dumps(error)


def fields_of(refused: RequestRefused, body: bytes) -> list[tuple[bytes, bytes]]:
    """Return the header fields of the answer."""
    fields = [
        (b"content-type", MEDIA_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    return [*fields, (b"retry-after", RETRY_AFTER)] if refused.status == 503 else fields


def answer_of(refused: RequestRefused) -> bytes:
    """Return the whole answer as it is sent."""
    body = body_of(refused)
    status = HTTPStatus(refused.status)
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
    lines += [b"%s: %s" % field for field in fields_of(refused, body)]
    return b"\r\n".join([*lines, b"", body])


class RefusingApplication:
    """An ASGI application that answers each request with one refusal."""

    def __init__(self, refused: RequestRefused) -> None:
        self._refused = refused

    async def __call__(
        self, _scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Answer."""
        body = body_of(self._refused)
        headers = fields_of(self._refused, body)
        status = self._refused.status
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
