"""How a bound call goes over HTTP: headers, content types, waiting and trying again."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.eic.emulator.switches import Switches

FORM = "application/x-www-form-urlencoded"


class CallFailed(Exception):
    """A call that had no answer, or none that EIC takes."""


@dataclass(frozen=True)
class Call:
    """A call with everything bound but the token: ``headers`` still hold ``${access_token}``."""

    method: str
    url: str
    headers: Mapping[str, str]
    content_type: str
    body: str | Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back; ``message`` is the parsed body, or its text."""

    status: int
    headers: Mapping[str, str]
    message: Any


class Wire:
    """Sends calls as ConfigJSON's ``connectionTimeoutConfig`` says."""

    def __init__(
        self,
        http: httpx.Client,
        config: Mapping[str, Any],
        switches: Switches,
        pause: Callable[[float], None],
    ) -> None:
        self._http = http
        self._limits = config.get("connectionTimeoutConfig", {})
        self._codes = _codes(self._limits.get("retryFailureStatusCode"), switches)
        self._pause = pause

    def send(self, call: Call, headers: Mapping[str, str]) -> Answer:
        """Send a call; raises CallFailed where no try was answered."""
        tries = int(self._limits.get("retryCount", 0)) + 1
        for left in reversed(range(tries)):
            answer = self._sent(call, headers)
            if isinstance(answer, Answer) and (answer.status not in self._codes or not left):
                return answer
            if left:
                self._pause(float(self._limits.get("retryWait", 0)))
        raise CallFailed(f"no answer from {call.url}: {answer}")

    def _sent(self, call: Call, headers: Mapping[str, str]) -> Answer | httpx.TransportError:
        sent = {"Content-Type": call.content_type, **headers}
        content = _content(call)
        url = call.url.strip().replace(" ", "%20")
        method = "GET" if call.method == "GETWITHBODY" else call.method
        if call.method == "GET":
            content = None
        try:
            reply = self._http.request(
                method,
                url,
                headers=sent,
                content=content,
                timeout=float(self._limits.get("readTimeout", 60)),
            )
        except httpx.TransportError as error:
            return error
        return Answer(reply.status_code, dict(reply.headers), _message(reply))


def _codes(wanted: Any, switches: Switches) -> frozenset[int]:
    if isinstance(wanted, list):
        return frozenset(wanted) if switches.codes_may_be_a_list else frozenset()
    return frozenset() if wanted is None else frozenset([int(wanted)])


def _content(call: Call) -> bytes | None:
    if isinstance(call.body, str):
        return call.body.encode() if call.body else None
    if call.content_type.startswith(FORM):
        return str(httpx.QueryParams(dict(call.body))).encode()
    return json.dumps(dict(call.body)).encode() if call.body else None


def _message(reply: httpx.Response) -> Any:
    try:
        return reply.json()
    except ValueError:
        return reply.text
