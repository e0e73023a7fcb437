"""Replays the requests that identity platforms send, one file a client, against a SCIM base URL.

A file is a list of steps: ``method``, ``path`` (unencoded; ``{{var}}``, ``{{rand}}`` filled in),
``headers``, ``body``, what is expected of status and reply, and what to capture for later steps.
A step that cannot pass on GoTo carries ``contradicts_goto``: the reason, and what is expected
instead.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

FOLDER = Path(__file__).parent / "traces"
MISSING = object()
NAMED = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Outcome:
    """How one step went; no ``complaints`` means that it passed."""

    name: str
    complaints: tuple[str, ...]
    setup: bool
    reason: str


def clients() -> list[str]:
    """Return the names of the files, without their ending."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def steps_of(client: str) -> list[dict[str, Any]]:
    """Return the steps of a client's file."""
    steps: list[dict[str, Any]] = json.loads((FOLDER / f"{client}.json").read_text("utf-8"))
    return steps


def replay(client: str, http: httpx.Client) -> Iterator[Outcome]:
    """Send each step of a file in its order. ``http`` has the base URL and the token."""
    known = {"rand": uuid.uuid4().hex[:10]}
    for step in steps_of(client):
        expected = step["expect"]
        deviation = step.get("contradicts_goto", {})
        if deviation:
            expected = {**expected, **deviation["expect"]}
        try:
            complaints = _taken(step, expected, known, http, captures=not deviation)
        except httpx.HTTPError as error:
            complaints = [str(error) or type(error).__name__]
        yield Outcome(
            step["name"], tuple(complaints), bool(step.get("setup")), deviation.get("reason", "")
        )


def _taken(
    step: Mapping[str, Any],
    expected: Mapping[str, Any],
    known: dict[str, str],
    http: httpx.Client,
    *,
    captures: bool,
) -> list[str]:
    """Take one step; return what is wrong with its answer."""
    lacking = NAMED.findall(_filled(step["path"], known) + json.dumps(_filled(step["body"], known)))
    if lacking:
        return [f"not sent: an earlier step gave no {' or '.join(sorted(set(lacking)))}"]
    response = _sent(step, known, http)
    try:
        complaints = list(_complaints(expected, response, known, http))
        return complaints + (list(_captured(step, response, known)) if captures else [])
    except ValueError:
        return [f"the answer is not JSON: {response.text[:200]!r}"]


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace("{{" + name + "}}", text)
        return value
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    if isinstance(value, dict):
        return {_filled(name, known): _filled(item, known) for name, item in value.items()}
    return value


def _url(path: str) -> str:
    """Percent-encode a path, leaving what is encoded already and what a query is made of."""
    return quote(path, safe="/?&=%+:,;@$!*'()~.-_")


def _sent(step: Mapping[str, Any], known: Mapping[str, str], http: httpx.Client) -> httpx.Response:
    headers = dict(_filled(step.get("headers") or {}, known))
    request = http.build_request(
        step["method"],
        _url(_filled(step["path"], known)),
        headers={name: value for name, value in headers.items() if value is not None},
        content=json.dumps(_filled(step["body"], known)) if step.get("body") else None,
    )
    for name, value in headers.items():
        if value is None:
            request.headers.pop(name, None)
    return http.send(request)


def _complaints(
    expected: Mapping[str, Any],
    response: httpx.Response,
    known: Mapping[str, str],
    http: httpx.Client,
) -> Iterator[str]:
    if response.status_code not in expected["status"]:
        yield f"{response.status_code} not in {expected['status']}: {response.text[:300]}"
        return
    if not expected.get("json"):
        return
    if expected.get("then"):
        response = http.get(_url(_filled(expected["then"], known)))
    reply = response.json()
    for check in expected["json"]:
        path, value = _filled(check["path"], known), _filled(check["value"], known)
        found = _at(reply, path)
        if not _holds(check["op"], found, value):
            yield f"{path} {check['op']} {value!r}, but it is {found!r:.200}"


def _at(reply: Any, path: list[Any]) -> Any:
    value = reply
    for part in path:
        if part == "#":
            return len(value) if isinstance(value, list) else 0
        if isinstance(part, dict):
            items = value if isinstance(value, list) else []
            matching = (i for i in items if all(i.get(k) == v for k, v in part.items()))
            value = next(matching, MISSING)
        elif isinstance(part, int):
            value = value[part] if isinstance(value, list) and len(value) > part else MISSING
        else:
            value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
    return value


def _holds(op: str, found: Any, value: Any) -> bool:
    # An empty list is what has no value (RFC 7643 §2.5).
    present = found is not MISSING and found not in (None, [])
    if op in ("present", "absent"):
        return present == (op == "present")
    if op == "eq":
        return bool(found == value) or (found is MISSING and value in (0, None))
    if op == "ieq":
        return str(found).casefold() == str(value).casefold()
    if op == "ge":
        return isinstance(found, int | float) and bool(found >= value)
    if op == "contains":
        return isinstance(found, str | list | dict) and value in found
    raise LookupError(f"a file holds an unknown check {op!r}")


def _captured(
    step: Mapping[str, Any], response: httpx.Response, known: dict[str, str]
) -> Iterator[str]:
    for name, path in (step.get("capture") or {}).items():
        value = _at(response.json(), path)
        if value is MISSING:
            yield f"there is no {path} to go on with"
        else:
            known[name] = str(value)
    for name, header in (step.get("capture_header") or {}).items():
        known[name] = response.headers.get(header, "")
