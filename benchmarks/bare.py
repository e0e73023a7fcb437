"""Bare Starlette: the same bytes behind the same token check, and nothing else. The limit.

``python -m benchmarks.bare PORT FILE TOKEN``; FILE is a pickle of ``{path and query: body}``, made
by the benchmark itself of what the bridge answered.
"""

import pickle
import sys
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MEDIA_TYPE = "application/scim+json"


def application(answers: dict[str, bytes], token: str) -> Starlette:
    """The routes for one resource and for lists."""
    expected = sha256(token.encode()).digest()

    def refused(request: Request) -> bool:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        digest = sha256(sent.encode()).digest()
        return scheme.lower() != "bearer" or not compare_digest(digest, expected)

    async def one(request: Request) -> Response:
        if refused(request):
            return Response(status_code=401)
        return Response(answers[request.path_params["id"]], media_type=MEDIA_TYPE)

    async def many(request: Request) -> Response:
        if refused(request):
            return Response(status_code=401)
        return Response(answers[request.scope["query_string"].decode()], media_type=MEDIA_TYPE)

    return Starlette(
        routes=[Route("/scim/v2/Users/{id}", one), Route("/scim/v2/Users", many)],
    )


def keyed(path: str) -> str:
    """The name under which ``FILE`` has the answer to a path with its query."""
    before, mark, query = path.partition("?")
    return query if mark else before.rpartition("/")[2]


if __name__ == "__main__":
    answers = pickle.loads(Path(sys.argv[2]).read_bytes())
    app = application(answers, sys.argv[3])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
