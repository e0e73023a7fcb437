"""Walks by index are bounded: a client that begins many ends its own."""

from collections.abc import Sequence

from bridge.directory.listed import Listed
from bridge.directory.offers import Shown
from bridge.directory.paging import SortKey
from bridge.directory.walks import MOST, Walks


class OfThree(Listed):
    def __len__(self) -> int:
        return 3

    def sort_key(self, index: int) -> SortKey:
        return False, "", 1, str(index)

    def entries(self, first: int, last: int | None) -> Sequence[Shown]:  # noqa: ARG002 - of none
        return ()


def test_many_walks_of_one_client_leave_those_of_others() -> None:
    now = 0.0
    walks = Walks(lambda: now)
    walks.begin(("patient", "all"), OfThree(), seen=1, client="patient")
    for number in range(10 * MOST):
        now += 0.001
        walks.begin(("greedy", number), OfThree(), seen=1, client="greedy")
    assert walks.go_on(("patient", "all"), 2) is not None
    kept = [number for number in range(10 * MOST) if walks.go_on(("greedy", number), 2)]
    assert kept == list(range(10 * MOST))[-(MOST - 1) :]
