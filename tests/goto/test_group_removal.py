"""A removal from one group never takes the user out of another, whichever path GoTo has."""

from typing import Any

import pytest

from bridge.errors import GoToRejected, GoToUnavailable, OutcomeUnknown, RecordNotFound
from bridge.goto import GoToClient
from tests.goto.scripted import Answer, ScriptedGoTo, ask

IN_A: Answer = (200, {"key": "1", "groupKey": "10"})
IN_B: Answer = (200, {"key": "1", "groupKey": "20"})
IN_NONE: Answer = (200, {"key": "1"})
GONE: Answer = (404, {"errors": [{"code": "user.not.found"}]})
NO_GROUP: Answer = (404, {"errors": [{"code": "group.not.found"}]})
NO_PATH: Answer = (404, {"errorCode": "NOT_FOUND"})
PAGE: Answer = (404, b"<html>Not Found</html>")
NOT_ALLOWED: Answer = (405, {})
DONE: Answer = (204, b"")
LISTED: Answer = (200, {"key": "10", "userKeys": ["1"], "memberCount": 1})
NOT_LISTED: Answer = (200, {"key": "10", "memberCount": 0})
HALF_LISTED: Answer = (200, {"key": "10", "memberCount": 1})
MEMBERS: Answer = (200, {"results": [{"key": "1"}], "total": 1})

FROM_A = "DELETE groups/10/users/1"
READ = "GET users/1"
GROUP_A = "GET groups/10"
LIST_A = "GET groups/10/users?offset=0&pageSize=1000"
FROM_ALL = "DELETE users/1/groups"


@pytest.mark.parametrize(
    ("answers", "removed", "calls"),
    [
        ([DONE], True, [FROM_A]),
        # The path is missing: the wide removal, while the user's group is the one to leave.
        ([NOT_ALLOWED, IN_A, DONE], True, [FROM_A, READ, FROM_ALL]),
        ([NO_PATH, IN_A, DONE], True, [FROM_A, READ, FROM_ALL]),
        ([PAGE, IN_A, DONE], True, [FROM_A, READ, FROM_ALL]),
        ([NO_PATH, IN_B, NOT_LISTED], False, [FROM_A, READ, GROUP_A]),
        ([NOT_ALLOWED, IN_NONE, NOT_LISTED], False, [FROM_A, READ, GROUP_A]),
        ([NO_PATH, IN_NONE, NO_GROUP], False, [FROM_A, READ, GROUP_A]),
        # The path is there and GoTo denies the membership: both witnesses are asked.
        ([GONE, IN_B, NOT_LISTED], False, [FROM_A, READ, GROUP_A]),
        ([NO_GROUP, IN_NONE, NO_GROUP], False, [FROM_A, READ, GROUP_A]),
        ([GONE, IN_A, LISTED, DONE], True, [FROM_A, READ, GROUP_A, FROM_ALL]),
        ([GONE, IN_A, HALF_LISTED, MEMBERS, DONE], True, [FROM_A, READ, GROUP_A, LIST_A, FROM_ALL]),
    ],
)
def test_one_removal(answers: list[Answer], removed: bool, calls: list[str]) -> None:
    goto = ScriptedGoTo(answers=list(answers))
    assert ask(goto, lambda c: c.take_out_of_group("10", "1")) is removed
    assert [f"{asked.method} {asked.target}" for asked in goto.asked] == calls


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        # GoTo has neither removal.
        ([NO_PATH, IN_A, NO_PATH], GoToRejected),
        ([NO_PATH, IN_A, NOT_ALLOWED], GoToRejected),
        # In several groups, of which the user's record shows another one: none but the narrow one.
        ([NO_PATH, IN_B, LISTED], GoToRejected),
        ([NO_PATH, IN_NONE, LISTED], GoToRejected),
        # The witnesses disagree.
        ([GONE, IN_A, NOT_LISTED], GoToUnavailable),
        ([GONE, IN_B, LISTED], GoToUnavailable),
        ([GONE, IN_A, NO_GROUP], GoToUnavailable),
    ],
)
def test_a_user_who_stays_is_an_error(answers: list[Answer], error: type[Exception]) -> None:
    goto = ScriptedGoTo(answers=list(answers))
    with pytest.raises(error, match="the group"):
        ask(goto, lambda c: c.take_out_of_group("10", "1"))
    is_elsewhere = IN_A not in answers
    assert not (is_elsewhere and any(asked.target == "users/1/groups" for asked in goto.asked))


@pytest.mark.parametrize("first", [[NOT_ALLOWED, IN_A, DONE], [NO_PATH, IN_B, NOT_LISTED]])
def test_a_missing_path_is_remembered(first: list[Answer]) -> None:
    goto = ScriptedGoTo(answers=[*first, IN_A, DONE])

    async def twice(client: GoToClient) -> Any:
        await client.take_out_of_group("10", "1")
        goto.asked.clear()
        return await client.take_out_of_group("10", "1")

    assert ask(goto, twice) is True
    assert [f"{asked.method} {asked.target}" for asked in goto.asked] == [READ, FROM_ALL]


def test_a_record_that_is_missing_says_nothing_about_the_path() -> None:
    goto = ScriptedGoTo(answers=[GONE, IN_B, NOT_LISTED, DONE])

    async def twice(client: GoToClient) -> Any:
        await client.take_out_of_group("10", "1")
        return await client.take_out_of_group("10", "1")

    assert ask(goto, twice) is True
    assert goto.asked[-1].target == "groups/10/users/1"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([NO_PATH, GONE], RecordNotFound),
        ([GONE, GONE], RecordNotFound),
        ([(400, {})], GoToRejected),
        ([(500, {})], OutcomeUnknown),
        ([NOT_ALLOWED, IN_A, (500, {})], OutcomeUnknown),
    ],
)
def test_a_removal_that_fails_says_so(answers: list[Answer], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(ScriptedGoTo(answers=list(answers)), lambda c: c.take_out_of_group("10", "1"))
