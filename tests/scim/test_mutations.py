"""Changed requests, by the thousand: none fails the service, and none takes long.

A failure tells its seed and number: ``Mutations(seed, …)`` makes the same requests again.
"""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.app import SCIM_PATH
from bridge.mapping import load_mapping
from tests.conftest import simulated
from tests.live import live_bridge
from tests.scim.mutations import Mutations
from tests.scim.wire import wired

pytestmark = pytest.mark.anyio

SHIPPED = load_mapping()
SEEDS = range(20261127, 20261127 + 10)
FEW = 750
MANY = 5000
OVER_SOCKETS = 3000
# Of the CPU, in this process: a clock on the wall would tell of the machine's other work.
MOST_SECONDS = 1.0


async def survived(folder: Path, seed: int, count: int, profile: Any) -> None:
    async with wired(simulated(users=12, groups=4), folder, mapping=SHIPPED, profile=profile) as (
        wire,
        _,
    ):
        users, groups = [
            [each["id"] for each in (await wire.ask("GET", path)).json()["Resources"]]
            for path in ("/Users", "/Groups")
        ]
        mutations = Mutations(seed, users, groups)
        for number in range(count):
            request = mutations.next()
            began = time.process_time()
            answer = await wire.send(
                request.method, request.target, headers=request.headers, body=request.body
            )
            took = time.process_time() - began
            told = f"seed {seed}, request {number}: {request!r:.2000}\n{answer!r:.2000}"
            is_me = b"me" in request.target.lower()
            assert answer.status < 500 or (answer.status == 501 and is_me), told
            assert took < MOST_SECONDS, f"{took:.2f} s, {told}"
            if answer.status >= 400 and request.method != "HEAD":
                assert answer.json()["detail"], told


@pytest.mark.parametrize("profile", ["lenient", "strict"])
async def test_some_changed_requests_are_answered(tmp_path: Path, profile: str) -> None:
    await survived(tmp_path, SEEDS[0], FEW, profile)


@pytest.mark.soak
@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_hundred_thousand_changed_requests_are_answered(
    tmp_path: Path, seed: int, profile: str
) -> None:
    await survived(tmp_path, seed, MANY, profile)


@pytest.mark.soak
def test_changed_requests_are_answered_over_sockets(tmp_path: Path) -> None:
    with live_bridge(tmp_path) as live, httpx.Client(trust_env=False, timeout=60) as client:
        authorization = {"Authorization": live.scim.headers["Authorization"]}
        base = f"{live.url}{SCIM_PATH}"
        listed = [
            client.get(f"{base}{path}", headers=authorization).json()["Resources"]
            for path in ("/Users", "/Groups")
        ]
        users, groups = ([each["id"] for each in some] for some in listed)
        mutations = Mutations(SEEDS[0], users, groups)
        for number in range(OVER_SOCKETS):
            request = mutations.next()
            headers = [
                (b"authorization", authorization["Authorization"].encode()),
                *[(k, v) for k, v in request.headers if k not in (b"content-length", b"host")],
            ]
            try:
                sent = client.build_request(
                    request.method,
                    base + request.target.decode("latin-1"),
                    headers=headers,
                    content=request.body,
                )
                answer = client.send(sent)
            except (httpx.InvalidURL, httpx.LocalProtocolError):
                continue  # what no client's library sends
            told = f"request {number}: {request!r:.2000}\n{answer.text:.2000}"
            is_me = b"me" in request.target.lower()
            assert answer.status_code < 500 or (answer.status_code == 501 and is_me), told
