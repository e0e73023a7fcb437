"""A dead GoTo costs nobody a wait, and one that comes back is found by one call."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response

from bridge.errors import GoToError, GoToUnavailable, OutcomeUnknown
from bridge.goto import Breaker, GoToClient, Priority, Throttle, insisting
from tests.directory.witness import NO_CACHE, Witness, witnessed_alone
from tests.goto.scripted import Answer, ScriptedGoTo, ask
from tests.live import live_bridge

USER: Answer = (200, {"key": "12"})
BROKEN: Answer = (500, {})
UNREACHED = httpx.ConnectError("no route")
LOST = httpx.ReadTimeout("too late")
DEAD = 3
"""Calls in a row that open a circuit, each with all its repeats."""


class Time:
    """Passes when somebody sleeps, and when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Slow(ScriptedGoTo):
    """A GoTo whose answers a test can hold up."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def _api(self, request: Request) -> Response:
        self.arrived.set()
        await self.free.wait()
        return await super()._api(request)


class Seen:
    """A client of a scripted GoTo, and its time."""

    def __init__(self, goto: Slow, client: GoToClient, moved: Time) -> None:
        self.goto = goto
        self.client = client
        self.time = moved

    def says(self, *answers: Answer) -> None:
        self.goto.answers[:] = answers

    async def failure(self, question: Awaitable[Any]) -> GoToError | None:
        try:
            await question
        except GoToError as error:
            return error
        return None

    async def die(self, question: Callable[[], Awaitable[Any]], failure: Answer) -> None:
        """Let calls fail for long enough."""
        self.says(failure)
        for _ in range(DEAD):
            await self.failure(question())
            self.time.now += 5.0

    async def asked(self, question: Awaitable[Any]) -> tuple[int, GoToError | None]:
        """How many requests a call sent, and how it failed."""
        before = len(self.goto.asked)
        failure = await self.failure(question)
        return len(self.goto.asked) - before, failure


def seen(test: Callable[[Seen], Awaitable[None]], **options: Any) -> None:
    goto, moved = Slow(answers=[USER]), Time()

    async def question(client: GoToClient) -> None:
        goto.free.set()
        await test(Seen(goto, client, moved))

    ask(goto, question, clock=moved, sleep=moved.sleep, **options)


@pytest.mark.parametrize("failure", [BROKEN, UNREACHED, LOST, (503, b"<html>")], ids=str)
def test_a_dead_goto_is_not_asked_and_nobody_waits(failure: Answer) -> None:
    async def test(sees: Seen) -> None:
        await sees.die(lambda: sees.client.user("12"), failure)
        began = sees.time.now = sees.time.now - 5.0  # where the last call ended
        requests, error = await sees.asked(sees.client.user("12"))
        assert requests == 0
        assert isinstance(error, GoToUnavailable)
        assert 0 < error.retry_after <= 5
        assert sees.time.now == began
        requests, error = await sees.asked(sees.client.update_user("12", {"firstName": "A"}))
        assert requests == 0
        assert not isinstance(error, OutcomeUnknown), "what was not sent has no unknown outcome"

    seen(test)


def test_one_call_finds_out_and_the_others_follow() -> None:
    async def test(sees: Seen) -> None:
        await sees.die(lambda: sees.client.user("12"), BROKEN)
        sees.time.now += 30
        sees.says(USER)
        before = len(sees.goto.asked)
        sees.goto.free.clear()
        sees.goto.arrived.clear()
        first = asyncio.create_task(sees.failure(sees.client.user("12")))
        await sees.goto.arrived.wait()
        others = [sees.failure(sees.client.user("12")) for _ in range(19)]
        failures = await asyncio.gather(*others)
        sees.goto.free.set()
        failures.append(await first)
        assert len(sees.goto.asked) - before == 1
        assert failures.count(None) == 1
        assert await sees.asked(sees.client.user("12")) == (1, None)

    seen(test)


def test_the_pauses_grow_to_half_a_minute() -> None:
    async def test(sees: Seen) -> None:
        await sees.die(lambda: sees.client.user("12"), BROKEN)
        pauses = []
        for _ in range(5):
            sees.time.now += 30
            requests, error = await sees.asked(sees.client.user("12"))
            assert requests == 1, "who looks does not repeat"
            requests, error = await sees.asked(sees.client.user("12"))
            assert requests == 0
            assert isinstance(error, GoToUnavailable)
            pauses.append(error.retry_after)
        assert pauses == [10, 20, 30, 30, 30]
        sees.time.now += 30
        sees.says(USER)
        assert await sees.asked(sees.client.user("12")) == (1, None)
        await sees.die(lambda: sees.client.user("12"), BROKEN)
        sees.time.now -= 5
        _, error = await sees.asked(sees.client.user("12"))
        assert isinstance(error, GoToUnavailable)
        assert error.retry_after <= 5, "and begin anew"

    seen(test)


def test_one_endpoint_does_not_cut_off_the_others_and_the_network_does() -> None:
    async def test(sees: Seen) -> None:
        await sees.die(lambda: sees.client.users(), LOST)
        sees.time.now -= 5
        sees.says((200, {"key": "5"}))
        assert (await sees.asked(sees.client.group("5")))[0] == 1
        assert (await sees.asked(sees.client.user("12")))[0] == 0
        sees.time.now += 30
        await sees.die(lambda: sees.client.group("5"), UNREACHED)
        sees.time.now -= 5
        for call in (sees.client.me(), sees.client.licenses(), sees.client.group("5")):
            assert (await sees.asked(call))[0] == 0

    seen(test)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429])
def test_who_says_no_is_alive(status: int) -> None:
    async def test(sees: Seen) -> None:
        sees.says((status, {}))
        for _ in range(20):
            await sees.failure(sees.client.update_user("12", {"firstName": "A"}))
            sees.time.now += 5
        sees.says(USER)
        assert await sees.asked(sees.client.user("12")) == (1, None)

    seen(test)


def test_what_a_moment_brings_does_not_open_a_circuit() -> None:
    async def test(sees: Seen) -> None:
        sees.says(BROKEN)
        await asyncio.gather(*(sees.failure(sees.client.user("12")) for _ in range(5)))
        requests, _ = await sees.asked(sees.client.user("12"))
        assert requests == 4
        sees.says(USER)
        assert await sees.asked(sees.client.user("12")) == (1, None)

    seen(test)


def test_failures_with_answers_between_them_do_not_add_up() -> None:
    async def test(sees: Seen) -> None:
        for _ in range(20):
            sees.says(BROKEN, BROKEN, BROKEN, USER)
            assert await sees.asked(sees.client.user("12")) == (4, None)
            sees.time.now += 10

    seen(test)


def test_failures_long_apart_do_not_add_up() -> None:
    async def test(sees: Seen) -> None:
        for _ in range(5):
            sees.says(BROKEN)
            assert (await sees.asked(sees.client.user("12")))[0] == 4
            sees.time.now += 600

    seen(test)


def test_what_became_of_a_write_is_looked_at_though_the_circuit_is_open() -> None:
    async def test(sees: Seen) -> None:
        await sees.die(lambda: sees.client.user("12"), LOST)
        sees.time.now -= 5
        with insisting():
            assert (await sees.asked(sees.client.user("12")))[0] == 1, "once, without repeats"
            sees.says(USER)
            assert await sees.asked(sees.client.user("12")) == (1, None)
        assert await sees.asked(sees.client.user("12")) == (1, None), "and so it is closed"

    seen(test)


def test_a_cut_off_probe_leaves_the_look_to_the_next_one() -> None:
    async def test(sees: Seen) -> None:
        await sees.die(lambda: sees.client.user("12"), BROKEN)
        sees.time.now += 30
        sees.goto.free.clear()
        sees.goto.arrived.clear()
        task = asyncio.create_task(sees.client.user("12"))
        await sees.goto.arrived.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        sees.goto.free.set()
        sees.says(USER)
        assert await sees.asked(sees.client.user("12")) == (1, None)

    seen(test)


def test_who_waits_for_a_place_while_a_circuit_opens_gives_it_back() -> None:
    moved = Time()
    breaker = Breaker(clock=moved)
    throttle = Throttle(1, clock=moved)

    async def test(sees: Seen) -> None:
        held = throttle.enter_at_once()
        assert held is not None
        waiting = asyncio.create_task(sees.failure(sees.client.user("12")))
        await asyncio.sleep(0.01)
        for _ in range(5):
            with breaker.passing("users") as passage:
                passage.broken()
            moved.now += 3
        throttle.give_back(held)
        assert isinstance(await waiting, GoToUnavailable)
        assert sees.goto.asked == []
        assert throttle.enter_at_once() is not None

    seen(test, breaker=breaker, throttle=throttle)


def test_a_dead_oauth_server_is_not_waited_for_by_each_client() -> None:
    async def test(sees: Seen) -> None:
        sees.goto.token_answers = [BROKEN]
        for _ in range(DEAD):
            await sees.failure(sees.client.user("12"))
            sees.time.now += 6
        sees.time.now -= 6
        before = len(sees.goto.forms)
        assert isinstance(await sees.failure(sees.client.user("12")), GoToUnavailable)
        assert len(sees.goto.forms) == before
        sees.goto.token_answers = [(200, {"access_token": "a", "expires_in": 3600})]
        sees.time.now += 30
        assert await sees.failure(sees.client.user("12")) is None

    seen(test)


def test_the_log_tells_when_a_circuit_opens_and_closes() -> None:
    async def test(sees: Seen) -> None:
        with structlog.testing.capture_logs() as logs:
            await sees.die(lambda: sees.client.user("12"), BROKEN)
            sees.time.now += 30
            sees.says(USER)
            await sees.client.user("12")
        told = [line for line in logs if line["event"].startswith("goto_circuit")]
        assert [line["event"] for line in told] == ["goto_circuit_opened", "goto_circuit_closed"]
        assert {line["way"] for line in told} == {"users"}

    seen(test)


def test_background_calls_keep_to_it_as_well() -> None:
    async def test(sees: Seen) -> None:
        await sees.die(lambda: sees.client.users(priority=Priority.BACKGROUND), BROKEN)
        sees.time.now -= 5
        question = sees.client.users(priority=Priority.BACKGROUND)
        assert (await sees.asked(question))[0] == 0

    seen(test)


def test_an_outage_is_seen_in_health_and_metrics_and_ends_by_itself(tmp_path: Path) -> None:
    """On real sockets and in real time: an outage has to last before it is taken for one."""
    deadline = time.monotonic() + 90
    with live_bridge(tmp_path, max_age=0) as live:

        def status() -> int:
            assert time.monotonic() < deadline
            return live.scim.get("/Users?filter=userName eq nobody@example.com").status_code

        def metrics() -> str:
            return httpx.get(f"{live.url}/metrics").text

        assert status() == 200
        assert "bridge_goto_circuit_open 0.0" in metrics()
        live.goto.put(
            "/_sim/faults", json={"rules": [{"match": {"path": "/admin/"}, "drop": True}]}
        )
        while "bridge_goto_circuit_open 1.0" not in metrics():
            assert status() == 503
        live.forget()
        answers = [status() for _ in range(5)]
        assert answers == [503] * 5
        ready = httpx.get(f"{live.url}/health/ready")
        if "bridge_goto_circuit_open 1.0" in metrics():  # else the machine took its time
            assert len(live.calls()) <= 1
            assert ready.status_code == 503
            assert "has not answered for a while" in ready.json()["checks"]["goto"]["detail"]
        live.goto.put("/_sim/faults", json={"rules": []})
        while status() != 200:
            time.sleep(0.2)
        assert httpx.get(f"{live.url}/health/ready").status_code == 200


def test_the_write_that_opens_a_circuit_is_settled_by_a_look(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody(1)
        await sees.agree()
        await sees.faults({"match": {"method": "GET", "path": "/users/"}, "status": 500})
        assert (await sees.ask("GET", f"/Users/{key}", **NO_CACHE)).status_code == 503
        sees.clock.now += 20
        lost = {"match": {"method": "PUT", "path": "/users/"}, "status": 500, "after": True}
        await sees.faults(lost)
        changed = await sees.replace(f"/Users/{key}", name={"givenName": "Grace"})
        assert (changed.status_code, sees.stored(key).first_name) == (200, "Grace")

    witnessed_alone(tmp_path, test, max_age=600.0)


def test_clients_of_a_dead_goto_get_503_and_its_return_is_noticed(tmp_path: Path) -> None:
    async def test(sees: Witness) -> None:
        (key,) = sees.somebody(1)
        await sees.agree()
        await sees.faults({"match": {"path": "/admin/"}, "status": 503})
        for turn in range(20):
            answer = await sees.replace(f"/Users/{key}", name={"givenName": f"Ada{turn}"})
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            sees.clock.now += 2
        await sees.calls()
        for _ in range(20):
            assert (await sees.ask("DELETE", f"/Users/{key}")).status_code == 503
        assert len(await sees.calls()) <= 1
        await sees.faults()
        sees.clock.now += 30
        await sees.done("DELETE", f"/Users/{key}")
        await sees.agree()

    witnessed_alone(tmp_path, test, max_age=600.0)
