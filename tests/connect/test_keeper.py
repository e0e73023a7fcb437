"""The grant stays alive while nobody uses the bridge: by a clock that the tests move."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import structlog

from bridge.connect import Keeper, Rhythm
from bridge.connect.keeper import DAY, HOUR, LOOK_EVERY
from bridge.errors import BridgeError
from bridge.goto import AccessTokens, Grant, Outcome
from tests.connect.grants import NOW, refresh_token
from tests.goto.scripted import HTML, ScriptedGoTo, no_sleep

REFUSED = (400, {"error": "invalid_grant"})


@dataclass
class Idle:
    """A bridge that nobody uses, and a clock that a keeper moves by sleeping."""

    goto: ScriptedGoTo = field(default_factory=ScriptedGoTo)
    grant: Grant = field(default_factory=refresh_token)
    stored: list[Grant] = field(default_factory=list)
    connected: Grant | None = None
    chance: float = 0.0
    now: float = NOW.timestamp()
    asked_at: list[float] = field(default_factory=list)
    ended: list[Outcome] = field(default_factory=list)
    looks: int = 0
    falls: int = 0
    away: bool = False

    def live(self, *, until: float, at: Callable[[AccessTokens], None] | None = None) -> Any:
        """Let time pass until so many seconds after the beginning; give the log."""
        end = self.now + until

        async def keep(grant: Grant) -> None:
            self.stored.append(grant)

        async def reload() -> Grant | None:
            if self.away:
                raise BridgeError("The bridge's database did not answer.")
            return self.connected

        async def looked() -> None:
            self.looks += 1
            if self.looks <= self.falls:
                raise ZeroDivisionError

        async def run() -> None:
            async with self.goto.http() as http:
                tokens = AccessTokens(
                    http,
                    auth_url="http://goto.test",
                    client_id="client",
                    client_secret="s:cret",
                    grant=self.grant,
                    store=keep,
                    reload=reload,
                    ended=self.ended.append,
                    clock=lambda: self.now,
                    sleep=no_sleep,
                )
                done = asyncio.Event()

                async def sleep(seconds: float) -> None:
                    assert seconds == LOOK_EVERY
                    self.asked_at += [self.now] * (len(self.goto.forms) - len(self.asked_at))
                    # In strides of a minute, so that a month goes by in a blink.
                    self.now += 60
                    if at:
                        at(tokens)
                    if self.now >= end:
                        done.set()
                    await asyncio.sleep(0)

                rhythm = Rhythm(clock=lambda: self.now, sleep=sleep, chance=lambda: self.chance)
                keeping = asyncio.ensure_future(Keeper(tokens, looked=looked, rhythm=rhythm).run())
                await done.wait()
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)

        with structlog.testing.capture_logs() as logs:
            asyncio.run(run())
        return logs

    def hours(self) -> list[float]:
        """When GoTo was asked, in hours after the first time."""
        return [(at - self.asked_at[0]) / HOUR for at in self.asked_at]


def test_an_idle_bridge_renews_every_day() -> None:
    idle = Idle()
    idle.live(until=5 * DAY)
    hours = idle.hours()
    assert len(hours) == 5
    assert all(later - sooner <= 24.1 for sooner, later in pairwise(hours))
    assert idle.ended == ["renewed"] * 5


def test_chance_makes_it_earlier_and_never_later() -> None:
    idle = Idle(chance=1.0)
    idle.live(until=2 * DAY)
    assert 21 < idle.hours()[1] < 23


def test_what_clients_renew_is_not_renewed_again() -> None:
    idle = Idle()

    def busy(tokens: AccessTokens) -> None:
        if idle.now % HOUR < 60:
            task = asyncio.ensure_future(tokens.token())
            task.add_done_callback(lambda done: done.exception())

    idle.live(until=2 * DAY, at=busy)
    assert max(later - sooner for sooner, later in pairwise(idle.hours())) < 2


def test_in_the_last_two_days_it_asks_every_hour_and_takes_the_new_token() -> None:
    idle = Idle()
    for _ in range(40):
        idle.goto.token_answers.append((200, {"access_token": "a", "expires_in": 3600}))
    idle.goto.token_answers.append(
        (200, {"access_token": "b", "expires_in": 3600, "refresh_token": "refresh-2"})
    )
    idle.live(until=30 * DAY)
    assert [grant.secret for grant in idle.stored] == ["refresh-2"]
    assert idle.stored[0].expires_at > refresh_token().expires_at
    assert idle.goto.forms[-1]["refresh_token"] == "refresh-2"


def test_failures_are_tried_again_with_growing_pauses_and_logged() -> None:
    idle = Idle(goto=ScriptedGoTo(token_answers=[(503, HTML)]))
    logs = idle.live(until=6 * HOUR)
    told = [line for line in logs if line["event"] == "goto_grant_not_renewed"]
    pauses = [line["again_in_seconds"] for line in told]
    assert pauses[:7] == [60, 120, 240, 480, 960, 1920, 3600]
    assert set(pauses[6:]) == {3600}
    assert set(idle.ended) == {"failed"}
    assert "failed (503)" in told[0]["reason"]


def test_after_a_failure_it_recovers() -> None:
    answers: list[Any] = [(503, HTML)] * 8 + [(200, {"access_token": "a"})]
    idle = Idle(goto=ScriptedGoTo(token_answers=answers))
    idle.live(until=DAY / 2)
    assert idle.ended == ["failed", "failed", "renewed"]


def test_a_refusal_names_the_command_and_a_new_grant_ends_it_at_once() -> None:
    answers: list[Any] = [REFUSED] * 9 + [(200, {"access_token": "a"})]
    idle = Idle(goto=ScriptedGoTo(token_answers=answers))
    refusals: list[str] = []

    def connect(tokens: AccessTokens) -> None:
        if tokens.refusal:
            refusals.append(tokens.refusal.detail)
        if len(idle.goto.forms) == 9:
            idle.connected = replace(refresh_token(), secret="connected-anew")

    logs = idle.live(until=DAY, at=connect)
    assert "goto-scim-bridge connect" in refusals[0]
    assert idle.ended == ["refused"] * 9 + ["renewed"]
    assert idle.goto.forms[-1]["refresh_token"] == "connected-anew"
    assert idle.stored == [], "what was connected is stored already"
    assert idle.asked_at[-1] - idle.asked_at[-2] < 300, "it does not wait for the pause to end"
    assert any(line["event"] == "goto_grant_taken_up" for line in logs)


def test_a_new_grant_is_taken_up_though_the_old_one_works() -> None:
    idle = Idle()

    def connect(_: AccessTokens) -> None:
        idle.connected = replace(refresh_token(), secret="connected-anew")

    idle.live(until=600, at=connect)
    assert [form["refresh_token"] for form in idle.goto.forms] == ["refresh-1", "connected-anew"]


def test_without_a_grant_goto_is_not_asked() -> None:
    idle = Idle(grant=replace(refresh_token(), secret=""))
    idle.live(until=DAY)
    assert (idle.goto.forms, idle.ended) == ([], [])


def test_the_end_is_warned_of_once_a_day_from_seven_days_before() -> None:
    idle = Idle(now=NOW.timestamp() + 20 * DAY)
    logs = idle.live(until=9.5 * DAY)
    warned = [line for line in logs if line["event"] == "goto_grant_ends_soon"]
    assert [line["days_left"] for line in warned] == [7, 6, 5, 4, 3, 2, 1]
    assert {line["log_level"] for line in warned} == {"warning"}
    assert "goto-scim-bridge connect" in warned[0]["what_to_do"]


def test_a_database_that_is_away_is_told_once_and_does_not_stop_the_renewals() -> None:
    idle = Idle(away=True)
    logs = idle.live(until=1.5 * DAY)
    assert [line["event"] for line in logs].count("goto_grant_not_looked_up") == 1
    assert idle.ended == ["renewed", "renewed"]


def test_what_nobody_thought_of_does_not_end_it() -> None:
    idle = Idle(falls=3)
    logs = idle.live(until=600)
    assert [line["event"] for line in logs].count("goto_grant_not_looked_after") == 3
    assert idle.looks > 3
