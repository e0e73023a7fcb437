"""Request bodies: read up to a limit, parsed, and refused where nested beyond reason."""

import re
from typing import Any

import orjson
from scim2_models import InvalidSyntaxException, PayloadTooLargeException
from scim2_server.errors import UnsupportedMediaTypeException
from starlette.requests import Request

from bridge.limits import DEEPEST_BODY, LARGEST_BODY

LENGTH = re.compile(r"[0-9]{1,19}")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]*)", re.IGNORECASE)
UTF_8 = frozenset({"", "utf-8", "utf8"})


async def read_body(request: Request) -> bytes:
    """Return the body. Raises PayloadTooLargeException (413) without reading it to its end, and
    UnsupportedMediaTypeException (415) where it is compressed or in another charset than UTF-8."""
    codings = ", ".join(request.headers.getlist("content-encoding"))
    if any(each.strip().casefold() not in ("", "identity") for each in codings.split(",")):
        detail = f"Content-Encoding {codings[:100]!r} is not read here; send the body uncompressed"
        raise UnsupportedMediaTypeException(detail=detail)
    announced = request.headers.get("content-length", "")
    if LENGTH.fullmatch(announced) and int(announced) > LARGEST_BODY:
        raise PayloadTooLargeException(detail=TOO_LARGE)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise PayloadTooLargeException(detail=TOO_LARGE)
        chunks.append(chunk)
    body = b"".join(chunks)
    _refuse_charset(request.headers.get("content-type", ""), body)
    return body


def parsed(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body. Raises InvalidSyntaxException."""
    body = body.removeprefix(BYTE_ORDER_MARK)
    if not body.strip():
        raise InvalidSyntaxException(detail="The request has no body; send a JSON object")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = f"The request body is not JSON: {error}" if _is_utf_8(body) else NOT_UTF_8
        raise InvalidSyntaxException(detail=detail) from None
    if not isinstance(value, dict):
        raise InvalidSyntaxException(detail="The request body must be a JSON object")
    # So many levels take at least as many brackets.
    if body.count(b"{") + body.count(b"[") > DEEPEST_BODY and _deeper_than(value, DEEPEST_BODY):
        detail = f"The request body is nested deeper than {DEEPEST_BODY} levels"
        raise InvalidSyntaxException(detail=detail)
    return value


def _refuse_charset(content_type: str, body: bytes) -> None:
    """Refuse a text of another charset than UTF-8, where the two differ.

    JSON is UTF-8 (RFC 8259 §8.1). Some libraries name ISO-8859-1 without meaning it; a body of
    ASCII is the same in both.
    """
    charset = CHARSET.search(content_type)
    if charset and charset[1].casefold() not in UTF_8 and not body.isascii():
        detail = f"The charset {charset[1][:50]!r} is not read here; send UTF-8"
        raise UnsupportedMediaTypeException(detail=detail)


def _is_utf_8(body: bytes) -> bool:
    """Whether the bytes are text in UTF-8. UTF-16 and UTF-32 have NUL bytes, JSON has none."""
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _deeper_than(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        # Level by level: a body may hold some hundred thousand lists.
        level = [
            inner
            for each in level
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


NOT_UTF_8 = "The request body is not JSON in UTF-8; send it in UTF-8 (RFC 8259 §8.1)"
TOO_LARGE = f"The request body is larger than {LARGEST_BODY} bytes; send less at once"
