"""A removal from one group never takes the user out of another, whichever path GoTo has."""

from typing import Any

import pytest

from bridge.errors import GoToRejected, OutcomeUnknown, RecordNotFound
from bridge.goto import GoToClient
from tests.goto.scripted import Answer, ScriptedGoTo, ask

IN_A: Answer = (200, {"key": "1", "groupKey": "10"})
IN_B: Answer = (200, {"key": "1", "groupKey": "20"})
IN_NONE: Answer = (200, {"key": "1"})
GONE: Answer = (404, {"errors": [{"code": "user.not.found"}]})
NO_PATH: Answer = (404, {})
NOT_ALLOWED: Answer = (405, {})
DONE: Answer = (204, b"")
MEMBERS: Answer = (200, {"results": [{"key": "1"}], "total": 1})
NO_MEMBERS: Answer = (200, {"total": 0})

FROM_A = "DELETE groups/10/users/1"
READ = "GET users/1"
LIST_A = "GET groups/10/users?offset=0&pageSize=1000"
FROM_ALL = "DELETE users/1/groups"


@pytest.mark.parametrize(
    ("answers", "removed", "calls"),
    [
        ([DONE], True, [FROM_A]),
        ([NOT_ALLOWED, IN_A, DONE], True, [FROM_A, READ, FROM_ALL]),
        ([NOT_ALLOWED, IN_B], False, [FROM_A, READ]),
        ([NOT_ALLOWED, IN_NONE], False, [FROM_A, READ]),
        ([NO_PATH, IN_A, MEMBERS, DONE], True, [FROM_A, READ, LIST_A, FROM_ALL]),
        ([NO_PATH, IN_B], False, [FROM_A, READ]),
        ([NO_PATH, IN_NONE], False, [FROM_A, READ]),
        # A stale read: the user has left A, and its listing is the witness.
        ([NO_PATH, IN_A, NO_MEMBERS], False, [FROM_A, READ, LIST_A]),
        ([NO_PATH, IN_A, (404, {})], False, [FROM_A, READ, LIST_A]),
    ],
)
def test_one_removal(answers: list[Answer], removed: bool, calls: list[str]) -> None:
    goto = ScriptedGoTo(answers=list(answers))
    assert ask(goto, lambda c: c.take_out_of_group("10", "1")) is removed
    assert [f"{asked.method} {asked.target}" for asked in goto.asked] == calls


@pytest.mark.parametrize(
    "first", [[NOT_ALLOWED, IN_A, DONE], [NOT_ALLOWED, IN_B], [NO_PATH, IN_A, MEMBERS, DONE]]
)
def test_a_missing_path_is_remembered(first: list[Answer]) -> None:
    goto = ScriptedGoTo(answers=[*first, IN_A, DONE])

    async def twice(client: GoToClient) -> Any:
        await client.take_out_of_group("10", "1")
        goto.asked.clear()
        return await client.take_out_of_group("10", "1")

    assert ask(goto, twice) is True
    assert [f"{asked.method} {asked.target}" for asked in goto.asked] == [READ, FROM_ALL]


def test_a_404_that_proves_nothing_is_not_remembered() -> None:
    goto = ScriptedGoTo(answers=[NO_PATH, IN_B, DONE])

    async def twice(client: GoToClient) -> Any:
        await client.take_out_of_group("10", "1")
        return await client.take_out_of_group("10", "1")

    assert ask(goto, twice) is True
    assert goto.asked[-1].target == "groups/10/users/1"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([NO_PATH, GONE], RecordNotFound),
        ([(400, {})], GoToRejected),
        ([(500, {})], OutcomeUnknown),
        ([NOT_ALLOWED, IN_A, (500, {})], OutcomeUnknown),
    ],
)
def test_a_removal_that_fails_says_so(answers: list[Answer], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(ScriptedGoTo(answers=list(answers)), lambda c: c.take_out_of_group("10", "1"))
