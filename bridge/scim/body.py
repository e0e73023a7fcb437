"""Request bodies: read up to a limit, parsed, and refused where nested beyond reason."""

import re
from typing import Any

import orjson
from scim2_models import InvalidSyntaxException, PayloadTooLargeException
from starlette.requests import Request

from bridge.directory.provider import LARGEST_BODY

DEEPEST = 32
LENGTH = re.compile(r"[0-9]{1,19}")


async def read_body(request: Request) -> bytes:
    """Return the body. Raises PayloadTooLargeException (413) without reading it to its end."""
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
    return b"".join(chunks)


def parsed(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body. Raises InvalidSyntaxException."""
    if not body.strip():
        raise InvalidSyntaxException(detail="The request has no body; send a JSON object")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidSyntaxException(detail=f"The request body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidSyntaxException(detail="The request body must be a JSON object")
    # So many levels take at least as many brackets.
    if body.count(b"{") + body.count(b"[") > DEEPEST and _deeper_than(value, DEEPEST):
        detail = f"The request body is nested deeper than {DEEPEST} levels"
        raise InvalidSyntaxException(detail=detail)
    return value


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper_than(item, levels - 1) for item in inner)


TOO_LARGE = f"The request body is larger than {LARGEST_BODY} bytes; send less at once"
