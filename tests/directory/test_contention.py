"""A user whom clients move back and forth is reported, and one who simply moves is not."""

from itertools import pairwise
from pathlib import Path

import httpx
import structlog

from bridge.directory import MembershipChange, acting_for
from bridge.directory.contention import MOVES_KEPT, USERS_KEPT, WINDOW, Contention
from tests.directory.witness import Run, Witness
from tests.live import live_bridge


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """Reports of contention, and how often they were counted."""

    def __init__(self) -> None:
        self.time = Time()
        self.counted = 0
        self.contention = Contention(found=self.count, clock=self.time)

    def count(self) -> None:
        self.counted += 1

    def moves(self, *groups: str | None, user: str = "1", every: float = 60.0) -> list[int]:
        """Let a user go from group to group; at which of the moves something was reported."""
        reported = []
        for number, (origin, group) in enumerate(pairwise(groups), start=1):
            self.time.now += every
            if self.contention.moved(user, origin, group):
                reported.append(number)
        return reported


def test_the_third_return_is_reported_and_then_nothing_for_an_hour() -> None:
    watched = Watched()
    assert watched.moves("A", "B", "A", "B", "A", "B", "A", "B", "A") == [4]
    assert watched.counted == 1
    watched.time.now += WINDOW
    assert watched.moves("A", "B", "A", "B", "A") == [4]


def test_who_goes_on_and_on_is_reported_once_an_hour() -> None:
    watched = Watched()
    groups = ["A", "B"] * 100
    reported = watched.moves(*groups, every=60.0)
    assert reported[0] == 4
    assert all(late - early >= 60 for early, late in pairwise(reported))
    assert len(reported) == 4


def test_ways_that_lead_on_are_no_contention() -> None:
    assert Watched().moves("A", "B", "C", "D", "E", "F", "A", "B") == []
    assert Watched().moves(*["A", "B"] * 10, every=WINDOW / 3) == []


def test_out_and_in_again_is_a_way_back_and_forth_too() -> None:
    assert Watched().moves("A", None, "B", None, "A", None, "B", None, "A") == [8]
    assert Watched().moves(None, "A", None, "A", None, "A", None, "A") == [7]


def test_users_are_not_mixed_up() -> None:
    watched = Watched()
    for user in "123456":
        assert watched.moves("A", "B", "A", user=user) == []
    assert watched.moves("A", "B", "A", user="3") == [2]


def test_memory_is_bounded() -> None:
    watched = Watched()
    watched.moves(*["A", "B"] * MOVES_KEPT, every=0.1)
    for number in range(USERS_KEPT + 10):
        watched.contention.moved(str(number), "A", "B")
    histories = watched.contention._histories
    assert len(histories) == USERS_KEPT
    assert "1" not in histories, "the one who moved least lately is forgotten"
    assert all(len(history.moves) <= MOVES_KEPT for history in histories.values())


def test_two_clients_are_named_in_log_and_trail(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree()
        first, second, *_ = await sees.ids("/Groups")
        user = sees.somebody(1, grouped=False)[0]
        directory = sees.bridge.directory
        with structlog.testing.capture_logs() as logs:
            for client, group in [("okta", first), ("entra", second)] * 3:
                with acting_for(client):
                    await directory.change_members(group, lambda _: MembershipChange(add=[user]))
        told = [line for line in logs if line["event"] == "membership_contention"]
        assert [(line["user"], line["clients"]) for line in told] == [(user, ["entra", "okta"])]
        assert told[0]["groups"] == sorted([first, second])
        assert told[0]["log_level"] == "warning"
        since = (await sees.bridge.store.states(sees.account.key, "User"))[user].first_seen
        trail = await sees.bridge.store.audited(sees.account.key, since=since)
        lines = [(e.action, e.client, e.detail) for e in trail if e.key == user]
        detail = {"groups": sorted([first, second]), "clients": ["entra", "okta"], "moves": 5}
        assert lines == [
            ("put-in", "okta", {"to": first}),
            ("move", "entra", {"from": first, "to": second}),
            ("move", "okta", {"from": second, "to": first}),
            ("move", "entra", {"from": first, "to": second}),
            ("move", "okta", {"from": second, "to": first}),
            ("contention", "okta", detail),
            ("move", "entra", {"from": first, "to": second}),
        ]

    witnessed(test)


def test_the_metric_counts_users(tmp_path: Path) -> None:
    with live_bridge(tmp_path) as live:
        listed = live.scim.get("/Groups").json()["Resources"]
        groups = [group["id"] for group in listed[:2]]
        user = live.scim.get("/Users?filter=active eq true").json()["Resources"][0]["id"]
        operation = {"op": "add", "path": "members", "value": [{"value": user}]}
        for group in groups * 4:
            answer = live.scim.patch(f"/Groups/{group}", json={"Operations": [operation]})
            assert answer.status_code == 200
        assert "bridge_membership_contention_total 1.0" in httpx.get(f"{live.url}/metrics").text
