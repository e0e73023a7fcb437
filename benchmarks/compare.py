"""Who does how much of the same work: in one run, turn by turn, judged by the median of the rounds.

A ratio is taken within a round, whose turns are seconds apart, so that a machine that is busy with
something else slows all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from benchmarks.account import calls
from benchmarks.load import Load, Place, press, send_all
from benchmarks.servers import Server
from benchmarks.size import Size

WARM_UP = 0.2


@dataclass(frozen=True)
class Contestant:
    """A service and the requests that it gets."""

    server: Server
    place: Place
    requests: Sequence[bytes]
    once: bool = False
    """Whether each request can be sent only once: a round takes the next part of them."""


@dataclass(frozen=True)
class Round:
    """Answers a second on the clock and for a second of the server's CPU; GoTo calls for each."""

    per_second: float
    per_cpu_second: float
    calls: float


@dataclass(frozen=True)
class Compared:
    """The rounds of each contestant."""

    rounds: Mapping[str, Sequence[Round]]

    def per_second(self, name: str) -> float:
        """The median of answers a second."""
        return median(each.per_second for each in self.rounds[name])

    def per_cpu_second(self, name: str) -> float:
        """The median of answers for a second of CPU."""
        return median(each.per_cpu_second for each in self.rounds[name])

    def calls(self, name: str) -> float:
        """How many calls of GoTo one answer took, on the average."""
        return mean(each.calls for each in self.rounds[name])

    def ratio(self, name: str, other: str) -> float:
        """How many times the other's requests a second, by the clock."""
        return self._ratio(name, other, lambda each: each.per_second)

    def cpu_ratio(self, name: str, other: str) -> float:
        """How many times the other's requests for the same CPU time."""
        return self._ratio(name, other, lambda each: each.per_cpu_second)

    def _ratio(self, name: str, other: str, figure: Callable[[Round], float]) -> float:
        pairs = zip(self.rounds[name], self.rounds[other], strict=True)
        return median(figure(one) / figure(two) for one, two in pairs)

    def shown(self, name: str) -> str:
        """Both figures of a contestant."""
        return f"{self.per_second(name):,.0f}/s ({self.per_cpu_second(name):,.0f} per CPU second)"


async def compare(contestants: Mapping[str, Contestant], size: Size, *, goto: Server) -> Compared:
    """Let each have its turn in every round; who begins changes. Raises where one answers wrong."""
    rounds: dict[str, list[Round]] = {name: [] for name in contestants}
    names = list(contestants)
    for contestant in contestants.values():
        if not contestant.once:
            await press(
                contestant.place,
                contestant.requests,
                seconds=WARM_UP,
                connections=size.connections,
            )
    for number in range(size.rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            rounds[name].append(await _turn(name, contestants[name], number, size, goto))
    return Compared(rounds)


async def _turn(name: str, contestant: Contestant, number: int, size: Size, goto: Server) -> Round:
    asked_before, before = calls(goto), contestant.server.cpu()
    load = await _load(contestant, number, size)
    cpu = contestant.server.cpu() - before
    if load.failed():
        raise RuntimeError(f"{name} answered {dict(load.statuses)}")
    asked = calls(goto) - asked_before
    return Round(load.asked / load.seconds, load.asked / max(cpu, 0.01), asked / load.asked)


async def _load(contestant: Contestant, number: int, size: Size) -> Load:
    if not contestant.once:
        return await press(
            contestant.place,
            contestant.requests,
            seconds=size.seconds,
            connections=size.connections,
        )
    share = len(contestant.requests) // size.rounds
    part = contestant.requests[number * share : (number + 1) * share]
    return await send_all(contestant.place, part, connections=size.connections)
