"""What exactly is asked of GoTo: paths, queries and bodies, and what is never asked."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bridge.errors import GrantRefused, RecordNotFound
from bridge.goto import CreatedUser, GoToClient, NewUser
from tests.goto.scripted import ACCOUNT, Answer, ScriptedGoTo, ask

ONE_PAGE = (200, {"results": [], "total": 0})


@pytest.mark.parametrize(
    ("question", "answer", "method", "target", "body"),
    [
        (lambda c: c.me(), (200, {"key": "1"}), "GET", "me", None),
        (lambda c: c.users(), ONE_PAGE, "GET", "users?offset=0&pageSize=1000", None),
        (
            lambda c: c.users(fields=["email", "key", "groupKey"]),
            ONE_PAGE,
            "GET",
            "users?attributes=key,email,groupKey&offset=0&pageSize=1000",
            None,
        ),
        (
            lambda c: c.users_by_email("o'n e+1@b.c"),
            ONE_PAGE,
            "GET",
            "users?filter=email%20eq%20%22o%27n%20e%2B1%40b.c%22&offset=0&pageSize=1000",
            None,
        ),
        (lambda c: c.user("12"), (200, {"key": 12}), "GET", "users/12", None),
        (
            lambda c: c.update_user("12", {"key": "12", "licenseKeys": []}),
            (200, b""),
            "PUT",
            "users/12",
            {"licenseKeys": []},
        ),
        (lambda c: c.delete_user("12"), (204, b""), "DELETE", "users/12", None),
        (lambda c: c.groups(), ONE_PAGE, "GET", "groups?offset=0&pageSize=1000", None),
        (lambda c: c.group("5"), (200, {"key": "5"}), "GET", "groups/5", None),
        (
            lambda c: c.group_users("5"),
            ONE_PAGE,
            "GET",
            "groups/5/users?offset=0&pageSize=1000",
            None,
        ),
        (lambda c: c.create_group("Té"), (201, b'"5"'), "POST", "groups", {"name": "Té"}),
        (lambda c: c.rename_group("5", "N"), (200, b""), "PUT", "groups/5", {"name": "N"}),
        (lambda c: c.delete_group("5"), (204, b""), "DELETE", "groups/5", None),
        (lambda c: c.put_in_group("5", "12"), (204, b""), "PUT", "groups/5/users/12", None),
        (
            lambda c: c.take_out_of_group("5", "12"),
            (204, b""),
            "DELETE",
            "groups/5/users/12",
            None,
        ),
        (
            lambda c: c.licenses(),
            (200, {"results": []}),
            "GET",
            "licenses?offset=0&pageSize=1000",
            None,
        ),
        (
            lambda c: c.role_sets(),
            (200, {"results": []}),
            "GET",
            "rolesets?offset=0&pageSize=1000",
            None,
        ),
        (
            lambda c: c.create_users([NewUser({"email": "a@b.c"})]),
            (201, [{"key": 9, "email": "a@b.c"}]),
            "POST",
            "users?allOrNothing=true",
            {"users": [{"email": "a@b.c"}]},
        ),
        (
            lambda c: c.create_users(
                [NewUser({"email": "a@b.c"}), NewUser({"email": "d@b.c"})],
                license_keys=["1"],
                admin_roles=["RUN_REPORTS"],
                group_key="5",
                all_or_nothing=False,
                suppress_email=True,
            ),
            (200, [{"key": "9", "email": "a@b.c"}, {"email": "d@b.c"}]),
            "POST",
            "users?allOrNothing=false",
            {
                "users": [{"email": "a@b.c"}, {"email": "d@b.c"}],
                "licenseKeys": ["1"],
                "adminRoles": ["RUN_REPORTS"],
                "groupKey": "5",
                "suppressEmail": True,
            },
        ),
    ],
)
def test_a_verb_is_one_call(
    question: Callable[[GoToClient], Awaitable[Any]],
    answer: Answer,
    method: str,
    target: str,
    body: Any,
) -> None:
    goto = ScriptedGoTo(answers=[answer])
    # How often rows are compared before the first list is in test_projection.py.
    ask(goto, question, trusts_projection=True)
    (asked,) = goto.asked
    assert (asked.method, asked.target, asked.body) == (method, target, body)
    assert "+" not in asked.target


@pytest.mark.parametrize("key", ["", "abc", "1a", "-1", "1/../2", "٣", "²", " 1", "1.0", "1?x=y"])
@pytest.mark.parametrize(
    "question",
    [
        lambda c, key: c.user(key),
        lambda c, key: c.update_user(key, {"firstName": "A"}),
        lambda c, key: c.delete_user(key),
        lambda c, key: c.group(key),
        lambda c, key: c.group_users(key),
        lambda c, key: c.rename_group(key, "N"),
        lambda c, key: c.delete_group(key),
        lambda c, key: c.put_in_group("5", key),
        lambda c, key: c.put_in_group(key, "5"),
        lambda c, key: c.take_out_of_group("5", key),
        lambda c, key: c.take_out_of_group(key, "5"),
        lambda c, key: c.create_users([NewUser({})], group_key=key),
    ],
)
def test_a_key_that_is_not_all_digits_never_goes_up(
    question: Callable[[GoToClient, str], Awaitable[Any]], key: str
) -> None:
    goto = ScriptedGoTo(answers=[(502, b"")])
    with pytest.raises(RecordNotFound):
        ask(goto, lambda client: question(client, key))
    assert goto.asked == []


def test_the_match_of_an_address_is_checked_on_this_side() -> None:
    rows = [{"key": "1", "email": "A@Example.com"}, {"key": "2", "email": "xa@example.com"}]
    goto = ScriptedGoTo(answers=[(200, {"results": rows, "total": 2})])
    assert [user.key for user in ask(goto, lambda c: c.users_by_email("a@example.COM"))] == ["1"]


def test_a_goto_that_only_knows_patterns_is_asked_with_one_and_that_is_remembered() -> None:
    row = {"key": "1", "email": "A+x@b.c"}
    goto = ScriptedGoTo(answers=[(400, {}), (200, {"results": [row], "total": 1})])

    async def twice(client: GoToClient) -> list[str]:
        found = await client.users_by_email("a+x@b.c") + await client.users_by_email("a+x@b.c")
        return [user.key for user in found]

    assert ask(goto, twice) == ["1", "1"]
    pattern = "filter=%28email%3D%22%28%3Fi%29a%5C%2Bx%40b%5C.c%22%29"
    assert [asked.target.split("&")[0] for asked in goto.asked[1:]] == [f"users?{pattern}"] * 2


def test_an_entry_without_a_key_was_not_created() -> None:
    reply = [{"email": "a@b.c"}, {"email": "d@b.c", "key": 9007199254740993}]
    goto = ScriptedGoTo(answers=[(200, reply)])
    users = [NewUser({"email": "a@b.c"}), NewUser({"email": "d@b.c"})]
    created = ask(goto, lambda c: c.create_users(users, all_or_nothing=False))
    assert created == [CreatedUser("a@b.c", None), CreatedUser("d@b.c", "9007199254740993")]


def test_more_users_than_one_create_takes_are_refused_before_the_call() -> None:
    goto = ScriptedGoTo(answers=[(200, [])])
    with pytest.raises(ValueError, match="50"):
        ask(goto, lambda c: c.create_users([NewUser({})] * 51))
    assert goto.asked == []


def me(*accounts: str, account_key: str | None = None) -> Answer:
    body: dict[str, Any] = {"key": "1", "accounts": [{"key": key} for key in accounts]}
    if account_key:
        body["accountKey"] = account_key
    return (200, body)


@pytest.mark.parametrize(
    ("answer", "wanted", "settled"),
    [
        (me("7", account_key="7"), None, "7"),
        (me("7"), None, "7"),
        (me(account_key="7"), None, "7"),
        (me("7", "8", account_key="7"), "8", "8"),
    ],
)
def test_connecting_settles_the_account(answer: Answer, wanted: str | None, settled: str) -> None:
    async def question(client: GoToClient) -> str:
        await client.connect()
        return client.account_key

    assert ask(ScriptedGoTo(answers=[answer]), question, account_key=wanted) == settled


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [(me("7", "8", account_key="7"), None), (me("7", account_key="7"), ACCOUNT)],
)
def test_an_account_that_is_not_clear_names_the_setting(answer: Answer, wanted: str | None) -> None:
    with pytest.raises(GrantRefused, match=r"BRIDGE_GOTO_ACCOUNT_KEY.*7"):
        ask(ScriptedGoTo(answers=[answer]), lambda c: c.connect(), account_key=wanted)
