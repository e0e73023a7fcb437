"""The answers of the simulated API: JSON, nothing, and GoTo's error body."""

import uuid
from typing import Any

import orjson
from starlette.responses import Response

from bridge.sandbox.rows import Refusal

BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


def answer(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def done(status: int) -> Response:
    """The answer to a write: no body, with 200 as with 204."""
    return Response(status_code=status)


def no_path() -> Response:
    """The answer of GoTo's gateway to a path that does not exist."""
    return answer({"errorCode": "NOT_FOUND"}, 404)


def error(refusal: Refusal) -> Response:
    """GoTo's error body; its 502 comes from a gateway and is HTML."""
    if refusal.status == 502:
        return Response(BAD_GATEWAY, 502, media_type="text/html")
    said = {"code": refusal.code, **({"value": refusal.value} if refusal.value else {})}
    return answer({"incidentId": str(uuid.uuid4()), "errors": [said]}, refusal.status)
