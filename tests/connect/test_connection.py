"""Who is behind a grant, which account is meant, and what is missing."""

from collections.abc import Sequence

import pytest

from bridge.connect import Account, AccountUnclear, Connection, choose_account
from bridge.errors import GoToUnreadable
from bridge.goto import Administrator
from tests.connect.grants import refresh_token

TWO = (("111", "One"), ("222", "Two"))


def connection(
    accounts: tuple[tuple[str, str], ...] = TWO,
    *,
    own: str = "111",
    roles: tuple[str, ...] = ("SUPER_USER",),
    scope: str = "identity: identity:scim.org",
) -> Connection:
    return Connection(
        grant=refresh_token(scope=scope),
        administrator=Administrator(
            key="7",
            email="admin@example.com",
            account_key=own,
            account_name=dict(accounts).get(own, ""),
            admin_roles=roles,
            accounts=accounts,
        ),
    )


def last(accounts: Sequence[Account]) -> Account:
    return accounts[-1]


@pytest.mark.parametrize(
    ("found", "configured", "key"),
    [
        (connection(), "111", "111"),
        (connection(), "222", "222"),
        (connection(), None, "222"),
        (connection(TWO[:1]), None, "111"),
        (connection((), own="333"), None, "333"),
        (connection(TWO, own="333"), "333", "333"),
    ],
)
def test_the_account_is_the_configured_one_else_the_only_one_else_the_chosen_one(
    found: Connection, configured: str | None, key: str
) -> None:
    account = choose_account(found, configured=configured, choose=last)
    assert account.key == key
    assert found.of(account).grant.account_key == key


@pytest.mark.parametrize("configured", [None, "444"])
def test_an_unclear_account_names_the_setting_and_the_keys(configured: str | None) -> None:
    with pytest.raises(AccountUnclear, match=r"BRIDGE_GOTO_ACCOUNT_KEY.* one of 111, 222"):
        choose_account(connection(), configured=configured, choose=None)


def test_goto_not_telling_an_account_is_no_account() -> None:
    with pytest.raises(GoToUnreadable):
        choose_account(connection((), own=""), configured=None, choose=last)


@pytest.mark.parametrize(
    ("roles", "missing"),
    [
        (("SUPER_USER",), ()),
        (("MANAGE_SEATS", "MANAGE_GROUPS", "MANAGE_USERS"), ()),
        (("MANAGE_USERS", "RUN_REPORTS"), ("MANAGE_GROUPS", "MANAGE_SEATS")),
        ((), ("MANAGE_USERS", "MANAGE_GROUPS", "MANAGE_SEATS")),
    ],
)
def test_the_roles_that_are_missing(roles: tuple[str, ...], missing: tuple[str, ...]) -> None:
    assert connection(roles=roles).missing_roles == missing


@pytest.mark.parametrize(
    ("scope", "lacks"), [("identity:", False), ("identity:scim.org", True), ("", False)]
)
def test_a_scope_without_the_admin_api_is_seen(scope: str, lacks: bool) -> None:
    assert connection(scope=scope).lacks_scope is lacks


def test_a_connection_shows_no_secret() -> None:
    assert "refresh-1" not in repr(connection())
