"""When a wave of creates leaves, by a clock that only moves when somebody waits."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from bridge.directory import gathering
from bridge.directory.gathering import LATELY, QUIET, STEP, TOGETHER, Gathering

CLIENT = "bridge"
MOST = 50


class Hand:
    """The clock's hand; ``sleep`` moves it, and lets something happen then."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        self.meanwhile()


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    clock = Hand()
    monkeypatch.setattr(gathering, "monotonic", lambda: clock.now)
    monkeypatch.setattr(gathering, "asyncio", SimpleNamespace(sleep=clock.sleep))
    return clock


def waited(waves: Gathering, hand: Hand, size: int) -> float:
    """How long a wave of so many waits."""
    began = hand.now
    asyncio.run(waves.complete(CLIENT, lambda: size, MOST))
    return hand.now - began


def test_a_wave_waits_until_it_was_quiet_since_the_last_one_came(hand: Hand) -> None:
    waves = Gathering()
    with waves.coming() as arrival:
        hand.now += 0.0005  # what writing the intent took
        arrival.there()
        assert waited(waves, hand, 1) == pytest.approx(QUIET - 0.0005)


def test_a_way_that_took_longer_than_the_quiet_is_not_waited_for_twice(hand: Hand) -> None:
    waves = Gathering()
    with waves.coming() as arrival:
        hand.now += QUIET
        arrival.there()
        assert waited(waves, hand, 1) == 0.0


def test_those_on_the_way_are_waited_for(hand: Hand) -> None:
    waves = Gathering()
    with waves.coming() as first, waves.coming() as second:
        hand.now += QUIET
        first.there()
        hand.meanwhile = lambda: (len(hand.slept) == 2 and second.there()) or None
        assert waited(waves, hand, 1) == pytest.approx(2 * STEP)


def test_but_no_longer_than_a_moment(hand: Hand) -> None:
    waves = Gathering()
    with waves.coming() as first, waves.coming():
        first.there()
        assert waited(waves, hand, 1) == pytest.approx(TOGETHER)


def test_one_that_fails_on_its_way_is_not_waited_for(hand: Hand) -> None:
    waves = Gathering()
    with waves.coming() as first:
        with pytest.raises(ValueError, match="refused"), waves.coming():
            raise ValueError("refused")
        hand.now += QUIET
        first.there()
        assert waited(waves, hand, 1) == 0.0


def test_a_full_wave_leaves_at_once(hand: Hand) -> None:
    waves = Gathering()
    with waves.coming() as first, waves.coming():
        first.there()
        assert waited(waves, hand, MOST) == 0.0


@pytest.mark.parametrize(
    ("before", "size", "later", "waits"),
    [
        (16, 16, 0.0, False),
        (16, 17, 0.0, False),
        (16, 15, 0.0, True),
        (16, 16, 2 * LATELY, True),
        (1, 1, 0.0, True),  # the first of a burst may follow a single one
    ],
)
def test_a_wave_leaves_once_as_many_are_back_as_went_before(
    hand: Hand, before: int, size: int, later: float, waits: bool
) -> None:
    waves = Gathering()
    waves.answered(CLIENT, before)
    hand.now += later
    with waves.coming() as arrival:
        arrival.there()
        assert (waited(waves, hand, size) > 0) is waits


def test_not_while_somebody_is_on_the_way(hand: Hand) -> None:
    waves = Gathering()
    waves.answered(CLIENT, 2)
    with waves.coming() as first, waves.coming() as second, waves.coming():
        first.there()
        second.there()
        assert waited(waves, hand, 2) > 0


def test_nothing_is_remembered_of_creates_that_are_over() -> None:
    waves = Gathering()
    with waves.coming(), waves.coming():
        assert waves._clients[CLIENT].creates == 2
    assert not waves._clients
