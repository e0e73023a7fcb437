"""One request and its answer, or the one thing that matters of a failure: had it left or not.

Knows httpx's exceptions; knows nothing of GoTo and tries nothing again. The exceptions raised here
carry no request, so that no header and no form can be read out of them.
"""

import asyncio
import random

import httpx
import structlog

from bridge.goto.bounded import PAGE, NotReadable, read_body

_NO_CONNECTION = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_LONGEST_BACKOFF = 4.0

log = structlog.get_logger(__name__)


class NeverSent(Exception):
    """No connection came about, so nothing was sent."""


class AnswerLost(Exception):
    """The request may have arrived; its answer timed out or was cut off."""


async def exchange(
    http: httpx.AsyncClient, request: httpx.Request, *, seconds: float, limit: int = PAGE
) -> tuple[int, bytes]:
    """Status and body of the answer.

    Raises ``NeverSent`` or ``AnswerLost``, the latter also after ``seconds``. A body that cannot
    be decompressed, or is larger than ``limit`` bytes, is given as an empty one.
    """
    answered = False
    try:
        async with asyncio.timeout(seconds):
            response = await http.send(request, stream=True)
            answered = True
            try:
                if response.status_code == httpx.codes.NO_CONTENT:
                    return response.status_code, b""
                return response.status_code, await read_body(response, limit=limit)
            except NotReadable:
                log.warning("goto_answer_not_readable", status=response.status_code, limit=limit)
                return response.status_code, b""
            finally:
                await response.aclose()
    except _NO_CONNECTION:
        # httpx-aiohttp names a connection cut within the body like one that was never made.
        failure: Exception = AnswerLost() if answered else NeverSent()
    except (httpx.HTTPError, httpx.StreamError, OSError):  # OSError: TimeoutError is one
        failure = AnswerLost()
    raise failure


def backoff(failures: int, *, first: float = 0.25) -> float:
    """Seconds to wait after so many failures: doubling, with a jitter of half, at most 4 s."""
    longest = min(_LONGEST_BACKOFF, first * float(2 ** min(failures - 1, 10)))
    return longest * (1 - random.random() / 2)  # noqa: S311 - spreads retries, guards no secret
