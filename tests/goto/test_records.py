"""What a record says, and what it says where GoTo left a field out."""

from datetime import UTC, datetime

import orjson
import pytest

from bridge.errors import GoToUnreadable
from bridge.goto import GroupRecord, LicenseRecord, UserRecord
from bridge.goto.bodies import read_administrator

RECORDED = {
    "key": "6581286685341855244",
    "email": "user@example.com",
    "firstName": "F",
    "lastName": "L",
    "locale": "en_US",
    "settings": {"G2M": {"x": True}},
    "licenseKeys": ["1355534416108530190"],
    "products": ["G2M"],
    "groupKey": "2493304650723090190",
    "groupKeyPath": ["2493304650723090190"],
    "adminRoles": ["SUPER_USER"],
    "invitedDate": 1594152350059,
    "nameLocked": False,
    "emailLocked": True,
    "identityReadOnly": False,
    "status": "ACTIVE",
}


def test_a_recorded_user_is_read_and_kept_whole() -> None:
    user = UserRecord(RECORDED)
    assert user == RECORDED
    assert user.key == "6581286685341855244"
    assert (user.email, user.first_name, user.last_name) == ("user@example.com", "F", "L")
    assert user.license_keys == ("1355534416108530190",)
    assert (user.products, user.admin_roles) == (("G2M",), ("SUPER_USER",))
    assert user.group_key == "2493304650723090190"
    assert user.invited_at == datetime(2020, 7, 7, 20, 5, 50, 59000, UTC)
    assert (user.name_locked, user.email_locked, user.identity_read_only) == (False, True, False)
    assert user.status == "ACTIVE"


@pytest.mark.parametrize("fields", [{}, dict.fromkeys(RECORDED), {"products": "G2M", "email": 7}])
def test_what_is_absent_or_null_reads_as_nothing(fields: dict[str, object]) -> None:
    user = UserRecord(fields)
    assert (user.key, user.email, user.first_name, user.last_name, user.status) == ("",) * 5
    assert (user.license_keys, user.admin_roles, user.products) == ((), (), ())
    assert (user.group_key, user.invited_at) == (None, None)
    assert (user.name_locked, user.email_locked, user.identity_read_only) == (False,) * 3


def test_keys_that_came_as_numbers_lose_no_digit() -> None:
    body = b'{"key":9007199254740993,"groupKey":18446744073709551615,"licenseKeys":[-1,"2"]}'
    user = UserRecord(orjson.loads(body))
    assert user.key == "9007199254740993"
    assert user.group_key == "18446744073709551615"
    assert user.license_keys == ("-1", "2")
    assert orjson.loads(orjson.dumps(user)) == user, "a record is JSON as it stands"


@pytest.mark.parametrize(
    "fields",
    [
        {"key": 1.5},
        {"key": True},
        {"key": {}},
        {"key": "1", "licenseKeys": "7"},
        {"key": "1", "licenseKeys": [None]},
        {"key": "1", "groupKey": []},
    ],
)
def test_a_key_that_is_none_is_not_guessed(fields: dict[str, object]) -> None:
    with pytest.raises(GoToUnreadable):
        UserRecord(fields)


@pytest.mark.parametrize("date", [10**20, -(10**20), "yesterday", True, 1.5, None])
def test_an_invited_date_that_is_none_is_no_date(date: object) -> None:
    assert UserRecord({"invitedDate": date}).invited_at is None


def test_a_group_counts_its_members_where_goto_does_not() -> None:
    group = GroupRecord(
        {"key": 5, "name": "Team", "keyPath": [1, 5], "namePath": ["Dept", "Team"], "userKeys": [7]}
    )
    assert (group.key, group.name) == ("5", "Team")
    assert (group.key_path, group.name_path) == (("1", "5"), ("Dept", "Team"))
    assert (group.user_keys, group.member_count, group.total_member_count) == (("7",), 1, 1)
    counted = GroupRecord({"key": "5", "memberCount": 2, "totalMemberCount": 9})
    assert (counted.user_keys, counted.member_count, counted.total_member_count) == ((), 2, 9)


@pytest.mark.parametrize(
    ("fields", "free", "assignable"),
    [
        ({"seats": 10, "userCount": 3, "enabled": True, "externallyManaged": False}, 7, True),
        ({"seats": 3, "userCount": 5}, 0, True),
        ({"seats": 3, "userKeys": ["1"]}, 2, True),
        ({"seats": 3, "enabled": False}, 3, False),
        ({"seats": 3, "externallyManaged": True}, 3, False),
        ({}, 0, True),
    ],
)
def test_a_license_knows_its_free_seats(
    fields: dict[str, object], free: int, assignable: bool
) -> None:
    license_record = LicenseRecord({"key": 1, "description": "Meeting", "products": ["G2M"]})
    assert (license_record.key, license_record.description) == ("1", "Meeting")
    assert license_record.products == ("G2M",)
    changed = LicenseRecord({"key": "1", **fields})
    assert (changed.free, changed.assignable) == (free, assignable)


def test_the_administrator_is_read_from_strings_or_numbers() -> None:
    body = (
        b'{"key":6581286685341855244,"accountKey":9007199254740993,"email":"a@example.com",'
        b'"adminRoles":["SUPER_USER"],"accounts":[{"key":9007199254740993,"name":"ACME"}]}'
    )
    administrator = read_administrator(body)
    assert administrator.key == "6581286685341855244"
    assert administrator.account_key == "9007199254740993"
    assert administrator.account_name == "ACME"
    assert administrator.admin_roles == ("SUPER_USER",)
    assert administrator.accounts == (("9007199254740993", "ACME"),)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"key":"1","accounts":[1]}', b'{"key":"1","accounts":{"a":1}}']
)
def test_an_administrator_that_cannot_be_read_is_not_guessed(body: bytes) -> None:
    with pytest.raises(GoToUnreadable):
        read_administrator(body)
