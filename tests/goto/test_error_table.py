"""What each answer of GoTo, and each failure of the way there, becomes."""

import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from bridge.errors import (
    GoToBusy,
    GoToError,
    GoToRejected,
    GoToUnavailable,
    GoToUnreadable,
    GrantRefused,
    OutcomeUnknown,
    PathNotFound,
    RecordConflict,
    RecordNotFound,
    ReplyUnreadable,
    RightsMissing,
)
from bridge.goto import GoToClient, NewUser, Throttle
from bridge.goto.errors import error_code
from tests.goto.scripted import HTML, Answer, ScriptedGoTo, ask

USER = {"key": "1", "email": "a@example.com"}
CUT = httpx.ReadError("cut")
TIMED_OUT = httpx.ReadTimeout("late")
NO_WAY = httpx.ConnectError("refused")

Question = Callable[[GoToClient], Awaitable[Any]]


def read(client: GoToClient) -> Awaitable[Any]:
    return client.user("1")


def listing(client: GoToClient) -> Awaitable[Any]:
    return client.groups()


def update(client: GoToClient) -> Awaitable[Any]:
    return client.update_user("1", {"firstName": "A"})


def create(client: GoToClient) -> Awaitable[Any]:
    return client.create_users([NewUser({"email": "a@example.com"})])


def new_group(client: GoToClient) -> Awaitable[Any]:
    return client.create_group("G")


TABLE: list[tuple[Question, Answer, type[GoToError], int]] = [
    # question, the only answer, the error, how often it is asked (4 attempts)
    (read, (400, {}), GoToRejected, 1),
    (read, (404, {"errors": [{"code": "user.not.found"}]}), RecordNotFound, 1),
    (read, (404, {"errorCode": "NOT_FOUND"}), PathNotFound, 1),
    (read, (404, {}), PathNotFound, 1),
    (read, (404, HTML), PathNotFound, 1),
    (read, (404, {"errors": [{"code": "account.not.found"}]}), RightsMissing, 1),
    (read, (403, {}), GrantRefused, 1),
    (read, (401, {}), GrantRefused, 2),
    (read, (500, {}), GoToUnavailable, 4),
    (read, (502, HTML), GoToUnavailable, 4),
    (read, (302, b""), GoToUnreadable, 4),
    (read, CUT, GoToUnavailable, 4),
    (read, TIMED_OUT, GoToUnavailable, 4),
    (read, NO_WAY, GoToUnavailable, 4),
    (read, (200, HTML), GoToUnreadable, 4),
    (read, (200, b""), GoToUnreadable, 4),
    (read, (200, b'{"key":"1","em'), GoToUnreadable, 4),
    (read, (200, b'{"key":"1","email":"\xff"}'), GoToUnreadable, 4),
    (read, (200, []), GoToUnreadable, 4),
    (read, (200, {"key": "2"}), GoToUnreadable, 4),
    (read, (200, {"key": 1.5}), GoToUnreadable, 4),
    (read, (200, {"key": "1", "licenseKeys": "7"}), GoToUnreadable, 4),
    (listing, (200, {"results": []}), GoToUnreadable, 4),
    (listing, (200, {"results": {}, "total": 1}), GoToUnreadable, 4),
    (listing, (200, {"results": [1], "total": 1}), GoToUnreadable, 4),
    (listing, (200, {"results": [], "total": "0"}), GoToUnreadable, 4),
    (listing, (200, {"results": [], "total": -1}), GoToUnreadable, 4),
    (update, (400, {}), GoToRejected, 1),
    (update, (404, {"errors": [{"code": "user.not.found"}]}), RecordNotFound, 1),
    (update, (404, {"errorCode": "NOT_FOUND"}), PathNotFound, 1),
    (create, (200, {}), ReplyUnreadable, 1),
    (create, (200, []), ReplyUnreadable, 1),
    (create, (200, [{}]), ReplyUnreadable, 1),
    (create, (200, [{"key": True, "email": "a@example.com"}]), ReplyUnreadable, 1),
    (create, (200, [{"key": "abc", "email": "a@example.com"}]), ReplyUnreadable, 1),
    (create, (200, b'[{"key":"12'), ReplyUnreadable, 1),
    (create, (204, b""), ReplyUnreadable, 1),
    (new_group, (200, {"key": "1"}), ReplyUnreadable, 1),
    (new_group, (200, b'"abc"'), ReplyUnreadable, 1),
    (new_group, (204, b""), ReplyUnreadable, 1),
    (listing, (200, {"results": [{"key": "1"}], "total": 0}), GoToUnreadable, 4),
    (listing, (200, {"results": [{"key": "1"}], "total": 10_000_001}), GoToUnreadable, 4),
    (listing, (200, {"results": [{"key": "1"}], "total": 20_001}), GoToUnreadable, 1),
    (update, (409, {}), RecordConflict, 1),
    (update, (403, {}), GrantRefused, 1),
    (update, (401, {}), GrantRefused, 2),
    (update, (500, {}), OutcomeUnknown, 1),
    (update, (502, HTML), OutcomeUnknown, 1),
    (update, (302, b""), GoToUnreadable, 1),
    (update, CUT, OutcomeUnknown, 1),
    (update, TIMED_OUT, OutcomeUnknown, 1),
    (update, httpx.WriteError("cut"), OutcomeUnknown, 1),
    (update, httpx.RemoteProtocolError("cut"), OutcomeUnknown, 1),
    (update, NO_WAY, GoToUnavailable, 4),
    (update, httpx.ConnectTimeout("late"), GoToUnavailable, 4),
    (update, httpx.PoolTimeout("late"), GoToUnavailable, 4),
    (create, (409, {}), RecordConflict, 1),
    (create, (200, HTML), OutcomeUnknown, 1),
    (create, (200, b""), OutcomeUnknown, 1),
    (create, (200, [1]), OutcomeUnknown, 1),
    (create, (200, [{"key": {}}]), OutcomeUnknown, 1),
    (new_group, (201, b"84500265420290905"), None, 1),  # type: ignore[list-item]  # no error
    (new_group, (201, b"184467440737095516160"), OutcomeUnknown, 1),
    (new_group, (201, b"{}"), OutcomeUnknown, 1),
    (new_group, (201, b'""'), OutcomeUnknown, 1),
    (new_group, (201, b"true"), OutcomeUnknown, 1),
]


@pytest.mark.parametrize(("question", "answer", "error", "times"), TABLE)
def test_an_answer_becomes_its_error(
    question: Question, answer: Answer, error: type[GoToError] | None, times: int
) -> None:
    goto = ScriptedGoTo(answers=[answer])
    if error is None:
        ask(goto, question)
    else:
        with pytest.raises(error) as raised:
            ask(goto, question)
        if not issubclass(error, OutcomeUnknown):
            assert not isinstance(raised.value, OutcomeUnknown)
    assert len(goto.asked) == times


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("body", [b"", HTML, b"{}", b"[1"])
def test_any_2xx_is_success_and_the_body_of_an_update_is_ignored(status: int, body: bytes) -> None:
    goto = ScriptedGoTo(answers=[(status, b"" if status == 204 else body)])
    assert ask(goto, update) is None


@pytest.mark.parametrize(
    ("failure"), [(500, {}), (503, HTML), CUT, TIMED_OUT, NO_WAY, (200, b'{"key"'), (429, {})]
)
def test_a_read_survives_one_failure(failure: Answer) -> None:
    goto = ScriptedGoTo(answers=[failure, (200, USER)])
    assert ask(goto, read) == USER
    assert len(goto.asked) == 2


@pytest.mark.parametrize("failure", [(429, {}), NO_WAY])
def test_a_write_that_was_certainly_not_done_is_sent_again(failure: Answer) -> None:
    goto = ScriptedGoTo(answers=[failure, failure, (204, b"")])
    ask(goto, update)
    assert len(goto.asked) == 3


def test_a_token_that_ran_out_is_renewed_once_and_the_write_done() -> None:
    goto = ScriptedGoTo(answers=[(401, {}), (204, b"")])
    ask(goto, update)
    assert [asked.token for asked in goto.asked] == ["access-1", "access-2"]


def test_the_error_code_is_told_and_cleaned() -> None:
    body = {"incidentId": "x", "errors": [{"code": "User.not.found<b>\n", "value": "a@b.c"}]}
    with pytest.raises(RecordNotFound) as raised:
        ask(ScriptedGoTo(answers=[(404, body)]), read)
    assert raised.value.code == "user.not.foundb"
    assert raised.value.status == 404


@pytest.mark.parametrize(
    "body", [b"", HTML, b"[]", b'{"errors":[]}', b'{"errors":[{"code":7}]}', b'{"errors":"x"}']
)
def test_no_error_code_is_none(body: bytes) -> None:
    assert error_code(body) is None


@pytest.mark.parametrize(
    ("answer", "question"),
    [((status, {"errors": [{"code": "c", "value": "secret@example.com"}]}), question)
     for status in (400, 401, 403, 404, 409, 500) for question in (read, update)]
    + [((200, b"secret@example.com"), read), (httpx.ReadError("secret@example.com"), update)],
)  # fmt: skip
def test_no_error_shows_a_body_or_a_token(answer: Answer, question: Question) -> None:
    goto = ScriptedGoTo(answers=[answer])
    with pytest.raises(GoToError) as raised:
        ask(goto, question)
    shown: BaseException | None = raised.value
    while shown is not None:
        text = "".join(traceback.format_exception_only(shown)) + repr(vars(shown))
        for secret in ("secret@example.com", "access-", "pat-secret", "client-secret"):
            assert secret not in text
        assert not isinstance(shown, httpx.HTTPError)
        shown = shown.__cause__ or shown.__context__
    assert raised.value.detail.endswith(".")


def test_a_lasting_rate_limit_ends_as_busy_within_the_patience() -> None:
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    goto = ScriptedGoTo(answers=[(429, {})])
    with pytest.raises(GoToBusy) as raised:
        ask(goto, update, clock=lambda: now[0], sleep=sleep)
    assert 15 < now[0] <= 25
    assert raised.value.retry_after > 0


def test_a_429_slows_the_throttle_down() -> None:
    throttle = Throttle(10, clock=lambda: 0.0)
    ask(ScriptedGoTo(answers=[(429, {}), (204, b"")]), update, throttle=throttle)
    left = sum(throttle.enter_at_once() is not None for _ in range(20))
    assert left == 5 - 2, "half the places, and two requests have left"


def test_lacking_rights_name_the_right_and_the_way_out() -> None:
    with pytest.raises(GrantRefused, match=r"MANAGE_GROUPS.*connect"):
        ask(ScriptedGoTo(answers=[(403, {})]), new_group)
