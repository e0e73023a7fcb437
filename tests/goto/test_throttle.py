"""No second ever sees more requests than the rate, wherever one stands to count them."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from bridge.goto import Priority, Throttle, asking_for
from bridge.goto.throttle import WINDOW
from tests.goto.virtual_time import VirtualClock


def most_in_any_second(times: list[float]) -> int:
    times = sorted(times)
    return max(sum(1 for t in times[i:] if t < start + 1.0) for i, start in enumerate(times))


class Requests:
    """Requests that note when they left and when the receiver saw them."""

    def __init__(self, rate: float) -> None:
        self.clock = VirtualClock()
        self.throttle = Throttle(rate, clock=self.clock, sleep=self.clock.sleep)
        self.left: list[float] = []
        self.arrived: list[float] = []
        self.order: list[str] = []

    async def send(
        self,
        *,
        there: float = 0.0,
        back: float = 0.0,
        after: float = 0.0,
        priority: Priority = Priority.INTERACTIVE,
        name: str = "",
        asker: str = "",
    ) -> None:
        if after:
            await self.clock.sleep(after)
        with asking_for(asker):
            ticket = await self.throttle.enter(priority)
        self.order.append(name)
        self.left.append(self.clock.now)
        if there:
            await self.clock.sleep(there)
        self.arrived.append(self.clock.now)
        if back:
            await self.clock.sleep(back)
        self.throttle.leave(ticket)


@pytest.mark.parametrize("rate", [1, 2, 3, 10, 25])
def test_a_crowd_leaves_at_the_rate_and_never_above_it(rate: int) -> None:
    requests = Requests(rate)
    asyncio.run(_run(requests, *(requests.send() for _ in range(rate * 6))))
    assert most_in_any_second(requests.left) == rate
    assert max(requests.left) - min(requests.left) < 5.5, "the rate is used, too"


def test_the_first_request_does_not_wait() -> None:
    requests = Requests(10)
    start = requests.clock.now
    asyncio.run(_run(requests, requests.send()))
    assert requests.left == [start]


@pytest.mark.parametrize("seed", range(5))
def test_slow_connections_do_not_make_a_burst_at_the_receiver(seed: int) -> None:
    rng = random.Random(seed)
    requests = Requests(10)
    work = [
        requests.send(
            there=rng.choice((0.001, 0.01, 0.2, 0.24)),
            back=rng.choice((0.0, 0.1, 3.0)),
            after=rng.choice((0.0, 0.0, 0.5, 2.0, 2.9)),
        )
        for _ in range(80)
    ]
    asyncio.run(_run(requests, *work))
    assert most_in_any_second(requests.left) <= 10
    assert most_in_any_second(requests.arrived) <= 10


def test_a_request_that_takes_long_does_not_keep_its_place() -> None:
    requests = Requests(2)
    slow = [requests.send(back=60.0) for _ in range(2)]
    asyncio.run(_run(requests, *slow, requests.send()))
    assert requests.left[2] - requests.left[0] < 2


def test_interactive_requests_pass_and_each_kind_keeps_its_order() -> None:
    requests = Requests(1)
    work = [requests.send(name="first")]
    work += [requests.send(priority=Priority.BACKGROUND, name=f"b{i}") for i in range(3)]
    work += [requests.send(name=f"i{i}") for i in range(3)]
    asyncio.run(_run(requests, *work))
    assert requests.order == ["first", "i0", "i1", "i2", "b0", "b1", "b2"]


def test_background_requests_that_a_client_waits_for_take_turns_with_its_rivals() -> None:
    requests = Requests(1)

    async def raised() -> None:
        await requests.clock.sleep(0.5)
        requests.throttle.raise_priority("refresh")
        requests.throttle.raise_priority("refresh")

    work: list[Coroutine[None, None, None]] = [requests.send(name="first")]
    background: dict[str, Any] = {"priority": Priority.BACKGROUND, "asker": "refresh"}
    work += [requests.send(name=f"b{i}", **background) for i in range(2)]
    work += [requests.send(name=f"b{i}", after=0.7, **background) for i in (2, 3)]
    work += [requests.send(name=f"i{i}", asker="importer") for i in range(6)]
    asyncio.run(_run(requests, raised(), *work))
    order = ["first", "i0", "b0", "i1", "b1", "i2", "b2", "i3", "b3", "i4", "i5"]
    assert requests.order == order


def test_background_requests_wait_again_when_nobody_waits_for_them() -> None:
    requests = Requests(1)
    requests.throttle.raise_priority("refresh")
    requests.throttle.restore_priority("refresh")
    work = [requests.send(name="first")]
    work += [requests.send(name="b", priority=Priority.BACKGROUND, asker="refresh")]
    work += [requests.send(name=f"i{i}", asker="importer") for i in range(3)]
    asyncio.run(_run(requests, *work))
    assert requests.order == ["first", "i0", "i1", "i2", "b"]


def test_one_request_does_not_wait_for_the_five_hundred_of_another_client() -> None:
    requests = Requests(10)
    many = [requests.send(name="many", asker="importer") for _ in range(500)]
    one = requests.send(name="one", asker="helpdesk", after=0.5)
    asyncio.run(_run(requests, *many, one))
    # Ten had left when it came; of those that wait one may pass before.
    assert requests.order.index("one") <= 11
    assert requests.order.count("many") == 500


def test_clients_take_turns_and_each_keeps_its_own_order() -> None:
    requests = Requests(1)
    work = [requests.send(name="first")]
    work += [requests.send(name=f"a{i}", asker="a") for i in range(4)]
    work += [requests.send(name=f"b{i}", asker="b") for i in range(2)]
    work += [requests.send(name="c0", asker="c")]
    asyncio.run(_run(requests, *work))
    assert requests.order == ["first", "a0", "b0", "c0", "a1", "b1", "a2", "a3"]


def test_whoever_comes_back_at_once_does_not_pass_those_who_wait() -> None:
    requests = Requests(1)

    async def one_after_the_other() -> None:
        for number in range(3):
            await requests.send(name=f"quick{number}", asker="quick")

    work = [requests.send(name="first")]
    waiting = [requests.send(name=f"b{i}", asker="b") for i in range(3)]
    asyncio.run(_run(requests, *work, one_after_the_other(), *waiting))
    assert requests.order == ["first", "quick0", "b0", "quick1", "b1", "quick2", "b2"]


def test_interactive_requests_of_any_client_pass_before_a_refresh() -> None:
    requests = Requests(1)
    work = [requests.send(name="first")]
    work += [
        requests.send(priority=Priority.BACKGROUND, name=f"page{i}", asker="a") for i in range(2)
    ]
    work += [requests.send(name=f"b{i}", asker="b") for i in range(3)]
    asyncio.run(_run(requests, *work))
    assert requests.order == ["first", "b0", "b1", "b2", "page0", "page1"]


def test_interactive_reads_wait_less_than_background_refreshes() -> None:
    requests = Requests(10)
    waits: dict[Priority, list[float]] = {priority: [] for priority in Priority}

    async def read(priority: Priority, after: float) -> None:
        await requests.clock.sleep(after)
        asked = requests.clock.now
        ticket = await requests.throttle.enter(priority)
        waits[priority].append(requests.clock.now - asked)
        requests.throttle.leave(ticket)

    # A refresh of forty pages is under way, and eighty reads come within its first ten seconds.
    refresh = [read(Priority.BACKGROUND, 0.0) for _ in range(40)]
    reads = [read(Priority.INTERACTIVE, 0.3 + number / 8) for number in range(80)]
    asyncio.run(_run(requests, *refresh, *reads))
    interactive, background = waits[Priority.INTERACTIVE], waits[Priority.BACKGROUND]
    assert (len(interactive), len(background)) == (80, 40)
    # Until the places that the refresh took before are free again, and no longer.
    assert max(interactive) < WINDOW
    held_up = background[10:]  # the first ten found every place free
    assert max(interactive) < min(held_up)
    assert sum(interactive) / 80 < sum(held_up) / 30 / 10


def test_a_rate_below_one_spreads_over_seconds() -> None:
    requests = Requests(0.5)
    asyncio.run(_run(requests, *(requests.send() for _ in range(3))))
    gaps = [b - a for a, b in zip(requests.left, requests.left[1:], strict=False)]
    assert all(gap >= 2 for gap in gaps)


def test_a_fraction_above_one_is_rounded_down() -> None:
    requests = Requests(2.9)
    asyncio.run(_run(requests, *(requests.send() for _ in range(9))))
    assert most_in_any_second(requests.left) == 2


def test_rate_zero_is_no_limit() -> None:
    requests = Requests(0)
    asyncio.run(_run(requests, *(requests.send() for _ in range(500))))
    assert len(set(requests.left)) == 1


@pytest.mark.parametrize("rate", [-1, float("nan"), float("inf")])
def test_a_rate_that_means_nothing_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Throttle(rate)


def test_cancelled_waiters_leave_no_hole_and_lose_no_place() -> None:
    async def scenario() -> None:
        requests = Requests(2)
        clock, throttle = requests.clock, requests.throttle
        waiters = [asyncio.ensure_future(throttle.enter()) for _ in range(12)]
        await clock.settle()
        for waiter in waiters[2:10]:
            waiter.cancel()
        await clock.settle()
        for waiter in waiters[:2]:
            throttle.leave(waiter.result())
        await clock.run(*(_leave(throttle, waiter) for waiter in waiters[10:]))
        assert clock.now < 1_000_000 + 1.1, "the two left did not wait for those that went away"

    asyncio.run(scenario())


def test_a_place_granted_to_a_waiter_that_is_being_cancelled_is_given_on() -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        throttle = Throttle(1, clock=clock, sleep=clock.sleep)
        throttle.leave(await throttle.enter())
        unlucky = asyncio.ensure_future(throttle.enter())
        next_one = asyncio.ensure_future(throttle.enter())
        await clock.settle()
        clock.wake_next()
        await asyncio.sleep(0)  # the pump has granted the place, the waiter has not woken up yet
        unlucky.cancel()
        await clock.settle()
        assert unlucky.cancelled()
        assert next_one.done(), "the place went to the next at once"

    asyncio.run(scenario())


def test_a_429_halves_the_rate_and_calm_brings_it_back() -> None:
    async def scenario() -> None:
        requests = Requests(10)
        for _ in range(10):
            requests.throttle.slow_down()  # ten answers of one second are one complaint
        start = requests.clock.now
        await requests.clock.run(*(requests.send() for _ in range(220)))
        seconds = Counter(int(left - start) for left in requests.left)
        assert seconds[0] == 5
        assert 5 < seconds[8] < 10
        assert seconds[14] >= 9

    asyncio.run(scenario())


def test_a_rate_of_one_slows_down_too() -> None:
    requests = Requests(1)
    requests.throttle.slow_down()
    asyncio.run(_run(requests, *(requests.send() for _ in range(3))))
    assert requests.left[1] - requests.left[0] >= 2


def test_the_same_throttle_serves_a_second_event_loop() -> None:
    throttle = Throttle(1000)

    async def crowd() -> None:
        for ticket in await asyncio.gather(*(throttle.enter() for _ in range(1200))):
            throttle.leave(ticket)

    asyncio.run(crowd())
    asyncio.run(crowd())


async def _run(requests: Requests, *work: object) -> None:
    for result in await requests.clock.run(*work):  # type: ignore[arg-type]  # coroutines
        assert result is None


async def _leave(throttle: Throttle, waiter: asyncio.Future[int]) -> None:
    throttle.leave(await waiter)
