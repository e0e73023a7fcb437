"""Failed sign-ins: what is logged and counted, and when an address is told to wait."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from bridge.scim.sign_ins import (
    ALLOWED,
    MOST_ADDRESSES,
    SignInFailed,
    SignInLimiter,
    TooManySignIns,
)
from tests.scim.test_signing_in import STATIC, STORED, Hands, basic, bridge, form

BAD = {"Authorization": "Bearer gsb_wrong"}


class Limited:
    """A limiter with a clock that tests move, and the reasons that it counted."""

    def __init__(self) -> None:
        self.now = 50.0
        self.counted: Counter[str] = Counter()
        self.limiter = SignInLimiter(
            count=lambda reason: self.counted.update([reason]), clock=lambda: self.now
        )

    def fails(self, address: str = "10.0.0.1", reason: Any = "unknown", claimed: str = "") -> int:
        """Return 0 for a failure that is answered with 401, else the seconds of the 429."""
        try:
            failed = SignInFailed(reason, "invalid_token: …", claimed=claimed)
            self.limiter.record(failed, address=address)
        except TooManySignIns as limited:
            return limited.retry_after
        return 0


def test_twenty_a_minute_are_401_and_the_next_ones_wait() -> None:
    limited = Limited()
    assert [limited.fails() for _ in range(ALLOWED)] == [0] * ALLOWED
    limited.now += 20
    assert [limited.fails() for _ in range(3)] == [40, 40, 40]
    limited.now += 39.5
    assert limited.fails() == 1
    limited.now += 0.5
    assert limited.fails() == 0
    assert limited.counted == {"unknown": ALLOWED + 5}


@pytest.mark.parametrize(
    ("first", "second", "shares"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("", "10.0.0.1", False),
        ("", "", False),
        ("testclient", "testclient", True),
    ],
)
def test_which_addresses_share_a_limit(first: str, second: str, shares: bool) -> None:
    limited = Limited()
    for _ in range(ALLOWED):
        limited.fails(first)
    assert (limited.fails(second) > 0) is shares


def test_a_request_without_a_credential_is_counted_and_never_limited() -> None:
    limited = Limited()
    with structlog.testing.capture_logs() as logs:
        assert [limited.fails(reason="missing") for _ in range(3 * ALLOWED)] == [0] * 3 * ALLOWED
    assert (logs, limited.counted["missing"]) == ([], 3 * ALLOWED)


def test_a_flood_from_everywhere_is_remembered_in_bounded_room() -> None:
    limited = Limited()
    with structlog.testing.capture_logs():
        for number in range(MOST_ADDRESSES + 50):
            limited.fails(f"host-{number}")
    assert len(limited.limiter._failures) == MOST_ADDRESSES


def test_the_log_names_address_client_and_reason_and_stops_for_a_flood() -> None:
    limited = Limited()
    with structlog.testing.capture_logs() as logs:
        limited.fails(claimed="eic", reason="wrong_name")
        limited.fails(claimed="gsb_a-token-in-the-wrong-place")
        for _ in range(100):
            limited.fails()
    first, second, *_ = logs
    assert (first["event"], first["address"]) == ("sign_in_failed", "10.0.0.1")
    assert (first["claimed_client"], first["reason"]) == ("eic", "wrong_name")
    assert second["claimed_client"] == "(a token)"
    events = Counter(line["event"] for line in logs)
    assert events == {"sign_in_failed": ALLOWED, "sign_ins_limited": 1}


SENT: list[tuple[dict[str, str], str]] = [
    (BAD, "unknown"),
    (basic("eic", "wrong"), "unknown"),
    (basic("another", STORED), "wrong_name"),
    ({"Authorization": "Basic !"}, "unreadable"),
    ({"Authorization": "Digest x"}, "unreadable"),
    ({"Authorization": "Bearer gsa_not-one-of-ours"}, "expired"),
    ({}, "missing"),
]


@pytest.mark.parametrize(("headers", "reason"), SENT, ids=str)
def test_each_failure_has_its_reason(tmp_path: Path, headers: dict[str, str], reason: str) -> None:
    async def scenario() -> None:
        limited = Limited()
        async with bridge(tmp_path, Hands(), limiter=limited.limiter) as http:
            with structlog.testing.capture_logs() as logs:
                answer = await http.get("/scim/v2/Users", headers=headers)
            assert answer.status_code == 401
            assert limited.counted == {reason: 1}
            written = str(logs)
            assert STORED not in written
            assert "wrong" not in written.replace("wrong_name", "")

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_bad_sign_ins_are_429_after_twenty_and_good_ones_never(tmp_path: Path, method: str) -> None:
    async def scenario() -> None:
        limited = Limited()
        async with bridge(tmp_path, Hands(), limiter=limited.limiter) as http:

            async def status() -> int:
                answer = await http.request(method, "/scim/v2/Users/1", headers=BAD)
                return answer.status_code

            assert [await status() for _ in range(ALLOWED)] == [401] * ALLOWED
            refused = await http.request(method, "/scim/v2/Users/1", headers=BAD)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
            assert refused.json()["status"] == "429"
            assert refused.headers["content-type"].startswith("application/scim+json")
            bearers = [{"Authorization": f"Bearer {token}"} for token in (STORED, STATIC)]
            for headers in (*bearers, basic("eic", STORED)):
                good = await http.get("/scim/v2/Users", headers=headers)
                assert good.status_code == 200
            assert (await http.post("/oauth/token", data=form())).status_code == 200
            # A path that does not exist tells a stranger nothing else.
            assert (await http.get("/scim/v2/Nothing", headers=BAD)).status_code == 429
            config = await http.get("/scim/v2/ServiceProviderConfig", headers=BAD)
            assert config.status_code == 200
            limited.now += 60
            assert await status() == 401

    asyncio.run(scenario())


def test_the_token_endpoint_is_limited_with_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        limited = Limited()
        async with bridge(tmp_path, Hands(), limiter=limited.limiter) as http:
            told: list[httpx.Response] = [
                await http.post("/oauth/token", data=form(secret="gsb_no"))
                for _ in range(ALLOWED + 1)
            ]
            assert [answer.status_code for answer in told] == [401] * ALLOWED + [429]
            assert told[-1].json()["error"] == "temporarily_unavailable"
            assert told[-1].headers["retry-after"] == "60"
            assert (await http.get("/scim/v2/Users", headers=BAD)).status_code == 429
            assert (await http.post("/oauth/token", data=form())).status_code == 200

    asyncio.run(scenario())
