"""The account that the simulator starts with."""

from collections import Counter

import orjson
import pytest

from bridge.sandbox import Account
from bridge.sandbox.records import GROUP_FIELDS, LICENSE_FIELDS, USER_FIELDS, View, record

from .accounts import account, create, licenses


def everything(goto: Account) -> bytes:
    view = View(goto.stored, goto.clock.now_ms(), goto.settings)
    return orjson.dumps(
        [
            [record(row, view, USER_FIELDS) for row in goto.stored.users.values()],
            [record(row, view, GROUP_FIELDS) for row in goto.stored.groups.values()],
            [record(row, view, LICENSE_FIELDS) for row in goto.stored.licenses.values()],
        ]
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert everything(account(seed=7)) == everything(account(seed=7))
    assert everything(account(seed=7)) != everything(account(seed=8))
    first, second = account(seed=7), account(seed=7)
    assert create(first) == create(second)


def test_the_account_and_its_administrator_keep_their_keys_under_every_seed() -> None:
    one, other = account(seed=1), account(seed=2)
    assert one.key == other.key
    me = other.user(one.administrator_key)
    assert me.admin_roles == ("SUPER_USER",)
    assert me.license_keys
    assert next(iter(other.stored.users)) == me.key


def test_keys_are_64_bit_integers_and_never_given_twice() -> None:
    goto = account(users=500, groups=40)
    keys = [*goto.stored.users, *goto.stored.groups, *goto.stored.licenses]
    assert len(set(keys)) == len(keys)
    assert all(key.isdigit() and 10**18 <= int(key) < 2**63 for key in keys)


def test_every_status_and_every_lock_occurs_in_the_default_account() -> None:
    goto = account()
    view = View(goto.stored, goto.clock.now_ms(), goto.settings)
    users = goto.stored.users.values()
    statuses = Counter(view.status(user) for user in users)
    assert statuses.keys() == {"ACTIVE", "INVITED", "INACTIVE", "SUSPENDED"}
    assert any(user.identity_read_only for user in users)
    assert any(user.name_locked for user in users)
    assert any(user.email_locked for user in users)
    assert any(user.group_key is None for user in users)
    assert sum(bool(user.admin_roles) for user in users) > 1


def test_addresses_are_unique_and_at_example_domains() -> None:
    goto = account(users=3000)
    emails = [user.email for user in goto.stored.users.values()]
    assert len({email.lower() for email in emails}) == 3000
    assert all(email.isascii() for email in emails)
    assert {email.partition("@")[2] for email in emails} == {
        "example.com",
        "example.org",
        "example.net",
    }


@pytest.mark.parametrize("users", [1, 2, 25, 333])
def test_meeting_seats_are_plenty_and_webinar_seats_are_few(users: int) -> None:
    goto = account(users=users)
    keys = licenses(goto)
    assert goto.stored.licenses[keys["G2M"]].seats == 2 * users + 2000
    assert goto.stored.free_seats(keys["G2W"]) == 3
    assert goto.stored.free_seats(keys["G2T"]) == 20
    assert not goto.stored.licenses[keys["OPENVOICE"]].enabled
    assert goto.stored.licenses[keys["JIVE"]].externally_managed


@pytest.mark.parametrize("groups", [0, 1, 2, 5, 12, 200])
def test_groups_nest_but_five_levels_at_most(groups: int) -> None:
    goto = account(groups=groups)
    depths = Counter(len(goto.stored.path(group)) for group in goto.stored.groups.values())
    assert len(goto.stored.groups) == groups
    assert max(depths, default=1) <= 5
    if groups >= 5:
        assert len(depths) >= 2
    assert len({group.name.lower() for group in goto.stored.groups.values()}) == groups


def test_a_record_is_about_two_kilobytes() -> None:
    goto = account()
    view = View(goto.stored, goto.clock.now_ms(), goto.settings)
    me = record(goto.user(goto.administrator_key), view, USER_FIELDS)
    assert 1500 < len(orjson.dumps(me)) < 4000


@pytest.mark.parametrize(("users", "groups"), [(0, 5), (-1, 5), (5, -1)])
def test_an_account_needs_its_administrator(users: int, groups: int) -> None:
    with pytest.raises(ValueError, match="users must be 1 or more"):
        account(users=users, groups=groups)
