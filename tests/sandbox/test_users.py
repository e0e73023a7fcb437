"""GoTo's rules about users, without HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.sandbox.tables import Tables

from .accounts import NOW, account, create, licenses, refused, seen

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("holds", "days_since_sign_in", "after", "status"),
    [
        (set(), 1, 30, "SUSPENDED"),
        (set(), None, 30, "SUSPENDED"),
        ({"licence"}, None, 30, "INVITED"),
        ({"role"}, None, 30, "INVITED"),
        ({"licence"}, 1, 30, "ACTIVE"),
        ({"role"}, 30, 30, "ACTIVE"),
        ({"licence"}, 31, 30, "INACTIVE"),
        ({"licence"}, 31, 60, "ACTIVE"),
        ({"licence", "role"}, 91, 90, "INACTIVE"),
    ],
)
def test_status_follows_from_licences_roles_and_sign_in(
    holds: set[str], days_since_sign_in: int | None, after: int, status: str
) -> None:
    goto = account(inactive_after_days=after)
    user = goto.user(create(goto))
    signed_in = None if days_since_sign_in is None else NOW * 1000 - days_since_sign_in * DAY_MS
    row = replace(
        user,
        license_keys=(licenses(goto)["G2M"],) if "licence" in holds else (),
        admin_roles=("RUN_REPORTS",) if "role" in holds else (),
        signed_in_at=signed_in,
    )
    Tables.put_user(goto.stored, row)
    assert seen(goto, user.key)["status"] == status


def test_a_user_with_neither_licence_nor_role_lacks_the_fields_of_both() -> None:
    goto = account()
    record = seen(goto, create(goto))
    absent = {"licenseKeys", "products", "adminRoles", "groupKey", "groupName"}
    absent |= {"groupKeyPath", "groupNamePath", "settings"}
    assert not absent & record.keys()
    assert record["status"] == "SUSPENDED"


def test_users_of_one_call_share_licences_roles_and_group() -> None:
    goto = account()
    group = next(iter(goto.stored.groups))
    key = licenses(goto)["G2M"]
    entries = [
        {"email": f"u{n}@example.com", "firstName": "U", "lastName": str(n)} for n in range(3)
    ]
    body = {"users": entries, "licenseKeys": [int(key)], "adminRoles": ["RUN_REPORTS"]}
    created = goto.create_users({**body, "groupKey": group})
    assert [entry["email"] for entry in created] == [entry["email"] for entry in entries]
    for entry in created:
        record = seen(goto, entry["key"])
        assert record["licenseKeys"] == (key,)
        assert record["adminRoles"] == ("RUN_REPORTS",)
        assert record["groupKey"] == group
        assert record["groupKeyPath"][-1] == group
        assert record["products"] == ["G2M"]


@pytest.mark.parametrize(("suppress", "count"), [(False, 1), (True, 0)])
def test_an_invitation_goes_out_unless_it_is_suppressed(suppress: bool, count: int) -> None:
    goto = account()
    record = seen(goto, create(goto, suppressEmail=suppress))
    assert record["inviteCount"] == count
    assert record.get("invitedDate") == (NOW * 1000 if count else None)


GOOD = {"email": "x@example.com", "firstName": "X", "lastName": "Y"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "request.invalid"),
        ({"users": []}, 400, "request.invalid"),
        ({"users": ["x@example.com"]}, 400, "request.invalid"),
        ({"users": [{**GOOD, "email": None}]}, 400, "request.invalid"),
        ({"users": [{"firstName": "X", "lastName": "Y"}]}, 400, "user.email.required"),
        ({"users": [{**GOOD, "firstName": " "}]}, 400, "user.firstname.required"),
        ({"users": [{"email": "x@x.org", "firstName": "X"}]}, 400, "user.lastname.required"),
        ({"users": [{**GOOD, "email": "nobody"}]}, 400, "user.email.invalid"),
        ({"users": [{**GOOD, "email": "a b@x.org"}]}, 400, "user.email.invalid"),
        ({"users": [GOOD], "licenseKeys": ["1"]}, 400, "license.not.found"),
        ({"users": [GOOD], "licenseKeys": "1"}, 400, "request.invalid"),
        ({"users": [GOOD], "licenseKeys": [True]}, 400, "request.invalid"),
        ({"users": [GOOD], "adminRoles": ["KING"]}, 400, "role.not.found"),
        ({"users": [GOOD], "adminRoles": [["x"]]}, 400, "role.not.found"),
        ({"users": [GOOD], "groupKey": "1"}, 404, "group.not.found"),
        ({"users": [GOOD], "groupKey": []}, 400, "request.invalid"),
        ({"users": [{**GOOD, "email": "ADMIN@example.com"}]}, 409, "user.name.conflict"),
        ({"users": [GOOD, {**GOOD, "email": "X@Example.com"}]}, 409, "user.name.conflict"),
    ],
)
def test_a_refused_create_changes_nothing(body: dict[str, Any], status: int, code: str) -> None:
    goto = account()
    before = dict(goto.stored.users)
    with refused(status, code):
        goto.create_users(body)
    assert goto.stored.users == before


@pytest.mark.parametrize(
    ("style", "entries"),
    [
        ("keyless", [{"email": "admin@example.com"}, {"email": GOOD["email"], "key": "new"}]),
        ("left_out", [{"email": GOOD["email"], "key": "new"}]),
        (
            "existing_key",
            [
                {"email": "admin@example.com", "key": "6581286685341855244"},
                {"email": GOOD["email"], "key": "new"},
            ],
        ),
    ],
)
def test_all_or_nothing_false_creates_the_rest(style: str, entries: list[dict[str, str]]) -> None:
    goto = account(bulk_conflict=style)
    users = [{**GOOD, "email": "admin@example.com"}, GOOD]
    created = goto.create_users({"users": users}, all_or_nothing=False)
    new = goto.stored.user_by_email(GOOD["email"])
    assert new is not None
    expected = [{**e, "key": new.key} if e.get("key") == "new" else e for e in entries]
    assert created == expected


def test_the_size_of_a_bulk_call_can_be_limited() -> None:
    goto = account(bulk_max_users=1)
    with refused(400, "users.too.many"):
        goto.create_users({"users": [GOOD, {**GOOD, "email": "y@example.com"}]})


def test_recreating_a_deleted_address_revives_the_old_key() -> None:
    goto = account()
    key = create(goto, "Back@example.com", licenseKeys=[licenses(goto)["G2M"]])
    goto.sign_in(key)
    goto.delete_user(key)
    with refused(404, "user.not.found"):
        goto.user(key)
    assert create(goto, "bACK@example.com") == key
    assert seen(goto, key)["status"] == "SUSPENDED"
    assert create(goto, "other@example.com") != key


def test_revival_can_be_turned_off() -> None:
    goto = account(revive_deleted=False)
    key = create(goto)
    goto.delete_user(key)
    assert create(goto) != key


def test_an_address_that_was_given_up_is_free_and_revives_nobody() -> None:
    goto = account()
    key = create(goto, "old@example.com")
    goto.update_user(key, {"email": "newer@example.com"})
    assert create(goto, "old@example.com") != key


def test_an_update_merges_and_lists_replace() -> None:
    goto = account()
    keys = licenses(goto)
    key = create(goto, licenseKeys=[keys["G2M"]], adminRoles=["RUN_REPORTS"])
    goto.update_user(key, {"lastName": "Changed", "licenseKeys": [keys["G2T"]]})
    record = seen(goto, key)
    assert (record["firstName"], record["lastName"]) == ("New", "Changed")
    assert record["licenseKeys"] == (keys["G2T"],)
    assert record["adminRoles"] == ("RUN_REPORTS",)
    goto.update_user(key, {"licenseKeys": [], "adminRoles": []})
    assert seen(goto, key)["status"] == "SUSPENDED"
    assert not goto.stored.holders(keys["G2T"]).keys() & {key}


def test_an_empty_licence_list_can_be_set_to_do_nothing() -> None:
    goto = account(empty_license_keys="ignore")
    key = create(goto, licenseKeys=[licenses(goto)["G2M"]])
    goto.update_user(key, {"licenseKeys": []})
    assert seen(goto, key)["products"] == ["G2M"]


def test_product_settings_merge() -> None:
    goto = account()
    key = create(goto, licenseKeys=[licenses(goto)["G2M"]])
    before = seen(goto, key)["settings"]["G2M"]
    goto.update_user(key, {"settings": {"G2M": {"allowWebcams": "no"}}})
    goto.update_user(key, {"settings": {"G2M": {"noteTaking": "yes"}}})
    after = seen(goto, key)["settings"]["G2M"]
    assert after == {**before, "allowWebcams": "no", "noteTaking": "yes"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"key": "1"}, 400, "request.invalid"),
        ({"email": None}, 400, "request.invalid"),
        ({"email": "Admin@example.com"}, 409, "user.name.conflict"),
        ({"firstName": ""}, 400, "user.firstname.required"),
        ({"licenseKeys": ["7"]}, 400, "license.not.found"),
        ({"adminRoles": "SUPER_USER"}, 400, "request.invalid"),
        ({"settings": 1}, 400, "request.invalid"),
        ({"lastName": "Changed", "adminRoles": ["KING"]}, 400, "role.not.found"),
    ],
)
def test_a_refused_update_changes_nothing(body: dict[str, Any], status: int, code: str) -> None:
    goto = account()
    key = create(goto)
    before = goto.user(key)
    with refused(status, code):
        goto.update_user(key, body)
    assert goto.user(key) == before


def test_the_status_cannot_be_written() -> None:
    goto = account()
    key = create(goto)
    goto.update_user(key, {"status": "ACTIVE"})
    assert seen(goto, key)["status"] == "SUSPENDED"
    strict = account(status_in_body="refuse")
    with refused(400, "request.invalid"):
        strict.update_user(create(strict), {"status": "ACTIVE"})


def test_a_user_may_change_the_case_of_the_own_address() -> None:
    goto = account()
    key = create(goto)
    goto.update_user(key, {"email": "NEW@example.com"})
    assert seen(goto, key)["email"] == "NEW@example.com"


@pytest.mark.parametrize(
    ("lock", "body", "code"),
    [
        ("identity_read_only", {"email": "z@example.com"}, "user.identity.readonly"),
        ("identity_read_only", {"firstName": "Z"}, "user.identity.readonly"),
        ("identity_read_only", {"locale": "de_DE"}, "user.identity.readonly"),
        ("identity_read_only", {"timeZone": "Europe/Rome"}, None),
        ("identity_read_only", {"firstName": "New", "email": "new@example.com"}, None),
        ("identity_read_only", {"adminRoles": ["RUN_REPORTS"]}, None),
        ("name_locked", {"lastName": "Z"}, "user.name.locked"),
        ("name_locked", {"email": "z@example.com"}, None),
        ("email_locked", {"email": "z@example.com"}, "user.email.locked"),
        ("email_locked", {"lastName": "Z"}, None),
    ],
)
def test_a_lock_keeps_what_it_covers(lock: str, body: dict[str, Any], code: str | None) -> None:
    goto = account()
    key = create(goto)
    Tables.put_user(goto.stored, replace(goto.user(key), **{lock: True}))
    if code is None:
        goto.update_user(key, body)
    else:
        with refused(400, code):
            goto.update_user(key, body)


def test_seats_run_out_and_come_back() -> None:
    goto = account()
    scarce = licenses(goto)["G2W"]
    taken = [
        create(goto, f"w{n}@example.com", licenseKeys=[scarce])
        for n in range(goto.stored.free_seats(scarce))
    ]
    with refused(400, "license.seats.exhausted"):
        create(goto, "late@example.com", licenseKeys=[scarce])
    goto.update_user(taken[0], {"licenseKeys": [scarce], "lastName": "Keeps"})
    late = create(goto, "late@example.com")
    with refused(400, "license.seats.exhausted"):
        goto.update_user(late, {"licenseKeys": [scarce]})
    goto.update_user(taken[0], {"licenseKeys": []})
    goto.update_user(late, {"licenseKeys": [scarce]})
    goto.delete_user(taken[1])
    assert goto.stored.free_seats(scarce) == 1


def test_a_bulk_call_needs_a_seat_for_each_new_user() -> None:
    goto = account()
    scarce = licenses(goto)["G2W"]
    free = goto.stored.free_seats(scarce)
    users = [{**GOOD, "email": f"b{n}@example.com"} for n in range(free + 1)]
    with refused(400, "license.seats.exhausted"):
        goto.create_users({"users": users, "licenseKeys": [scarce]})
    users[0] = {**GOOD, "email": "admin@example.com"}
    goto.create_users({"users": users, "licenseKeys": [scarce]}, all_or_nothing=False)
    assert goto.stored.free_seats(scarce) == 0


@pytest.mark.parametrize("product", ["OPENVOICE", "JIVE"])
def test_disabled_and_externally_managed_licences_cannot_be_assigned(product: str) -> None:
    goto = account()
    with refused(400, "license.not.assignable"):
        create(goto, licenseKeys=[licenses(goto)[product]])
    lenient = account(refuse_unassignable_licenses=False)
    assert create(lenient, licenseKeys=[licenses(lenient)[product]])


def test_the_limit_of_seats_can_be_turned_off() -> None:
    goto = account(enforce_seats=False)
    scarce = licenses(goto)["G2W"]
    for n in range(goto.stored.free_seats(scarce) + 2):
        create(goto, f"w{n}@example.com", licenseKeys=[scarce])
    assert goto.stored.free_seats(scarce) == -2


def test_signing_in_makes_an_invited_user_active_and_a_suspended_one_cannot() -> None:
    goto = account()
    key = create(goto, licenseKeys=[licenses(goto)["G2M"]])
    assert seen(goto, key)["status"] == "INVITED"
    goto.sign_in(key)
    assert seen(goto, key)["status"] == "ACTIVE"
    goto.update_user(key, {"licenseKeys": []})
    with refused(403, "user.suspended"):
        goto.sign_in(key)
