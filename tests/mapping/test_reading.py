"""Records into resources."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mapping.mappings import ENTERPRISE, EXTENSION, GOTO, MIRROR, own

ADA = {
    "key": "1",
    "email": "ada@example.com",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "locale": "en_US",
    "timeZone": "America/Los_Angeles",
    "status": "ACTIVE",
}
WORK = {"value": "ada@example.com", "type": "work"}
HOME = {"value": "ada@home.example", "type": "home"}
OWN = {"value": "ada@example.com", "type": "other"}
NEW = {"value": "new@example.com", "type": "work", "primary": True}
FIRST = {"value": "ada@example.com", "type": "other", "primary": True}


def read(record: dict[str, Any], held: dict[str, Any] | None = None) -> dict[str, Any]:
    return GOTO.users.reading.resource(record, held or {})


def test_a_whole_record_is_a_whole_resource() -> None:
    record = {
        **ADA,
        "licenseKeys": ["7", "8"],
        "adminRoles": ["MANAGE_USERS"],
        "products": ["G2M"],
        "groupNamePath": ["All", "Sales"],
        "invitedDate": 1594152350059,
        "inviteCount": 0,
        "nameLocked": False,
    }
    assert read(record) == {
        "userName": "ada@example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "displayName": "Ada Lovelace",
        "emails": MIRROR,
        "locale": "en-US",
        "timezone": "America/Los_Angeles",
        "active": True,
        "entitlements": [{"value": "7"}, {"value": "8"}],
        "roles": [{"value": "MANAGE_USERS"}],
        EXTENSION: {
            "status": "ACTIVE",
            "products": ["G2M"],
            "groupPath": "All/Sales",
            "invitedDate": "2020-07-07T20:05:50.059Z",
            "inviteCount": 0,
            "nameLocked": False,
        },
    }


def test_a_group_knows_its_path_and_the_group_above_it() -> None:
    record = {"key": "9", "name": "West", "keyPath": ["7", "8", "9"], "namePath": ["A", "B", "W"]}
    assert GOTO.groups.reading.resource(record, {"externalId": "x"}) == {
        "displayName": "West",
        "externalId": "x",
        "urn:scim:schemas:extension:goto:1:Group": {"path": "A/B/W", "parent": "8"},
    }


def test_a_group_at_the_root_has_no_group_above_it() -> None:
    record = {"name": "All", "keyPath": ["7"], "memberCount": 0}
    extension = GOTO.groups.reading.resource(record, {})["urn:scim:schemas:extension:goto:1:Group"]
    assert extension == {"memberCount": 0}


@pytest.mark.parametrize(
    ("field", "attribute", "values"),
    [
        ("locale", "locale", {"de_DE": "de-DE", "xx_YY": "xx_YY", "": "", None: None}),
        (
            "timeZone",
            "timezone",
            {"Europe/Berlin": "Europe/Berlin", "Mars/Olympus": "Mars/Olympus"},
        ),
        ("status", "active", {"SUSPENDED": False, "INACTIVE": True, "INVITED": True, "NEW": True}),
    ],
)
def test_values_translate_and_those_unknown_are_shown_as_they_are(
    field: str, attribute: str, values: dict[Any, Any]
) -> None:
    shown = {value: read({**ADA, field: value}).get(attribute) for value in values}
    assert shown == values


@pytest.mark.parametrize("invited", [None, "soon", True, 1e300, float("nan"), -(10**30)])
def test_a_date_that_is_none_is_absent(invited: Any) -> None:
    assert "invitedDate" not in read({**ADA, "invitedDate": invited})[EXTENSION]


def test_absent_and_empty_fields_are_absent_attributes() -> None:
    assert read({"key": "1"}) == {}
    assert read({"firstName": "", "adminRoles": [], "groupNamePath": [], "email": ""}) == {}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"title": "Countess"}, {"title": "Countess"}),
        ({"locale": None}, {"locale": None}),
        ({"displayName": None}, {"displayName": None}),
        ({"displayName": "Countess Ada"}, {"displayName": "Countess Ada"}),
        ({"userName": "ada"}, {"userName": "ada", "emails": MIRROR}),
        (
            {"name": {"middleName": "King"}},
            {"name": {"givenName": "Ada", "familyName": "Lovelace", "middleName": "King"}},
        ),
        (
            {"name": {"middleName": None, "givenName": None}},
            {"name": {"familyName": "Lovelace"}, "displayName": "Lovelace"},
        ),
        ({"name": {"givenName": None, "familyName": None}}, {"name": None, "displayName": None}),
        ({ENTERPRISE: {"department": "R&D"}}, {ENTERPRISE: {"department": "R&D"}}),
        ({ENTERPRISE: {"department": None}}, {ENTERPRISE: None}),
        ({"emails": [OWN, WORK]}, {"emails": [OWN, {**WORK, "value": "ada@example.com"}]}),
        (
            {"emails": [{**OWN, "primary": True}, HOME]},
            {"emails": [{**OWN, "primary": True}, HOME]},
        ),
        ({"emails": [HOME, OWN]}, {"emails": [HOME, OWN]}),
    ],
)
def test_held_attributes_stand_beside_and_above_the_record(
    held: dict[str, Any], expected: dict[str, Any]
) -> None:
    resource = read(ADA, held)
    assert {name: resource.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({}, [{"value": "new@example.com", "type": "work", "primary": True}]),
        ({"emails": [FIRST, HOME]}, [{**FIRST, "value": "new@example.com"}, HOME]),
        ({"emails": [HOME, WORK]}, [HOME, {**WORK, "value": "new@example.com"}]),
        # The only e-mail is the address, whatever its type and whatever the userName.
        ({"emails": [HOME], "userName": "ada"}, [{**HOME, "value": "new@example.com"}]),
        ({"emails": [HOME]}, [{**HOME, "value": "new@example.com"}]),
        # No e-mail is the address: it is shown before them.
        ({"emails": [HOME, OWN]}, [NEW, HOME, OWN]),
        ({"emails": [HOME, {**OWN, "value": "new@example.com"}]}, "held"),
        # The address is among them already, once it has taken the other one's place.
        (
            {"emails": [WORK, {**WORK, "value": "NEW@example.com"}]},
            [{**WORK, "value": "new@example.com"}],
        ),
    ],
)
def test_an_address_that_changed_in_goto_takes_the_place_of_the_old_one(
    held: dict[str, Any], expected: Any
) -> None:
    expected = held["emails"] if expected == "held" else expected
    assert read({**ADA, "email": "new@example.com"}, held)["emails"] == expected


def test_an_address_that_differs_in_case_alone_stays_as_it_was_sent() -> None:
    sent = [{"value": "Ada@Example.com", "primary": True}]
    assert read(ADA, {"emails": sent})["emails"] == sent


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(JSON, min_size=16, max_size=16))
def test_no_record_is_beyond_reading(values: list[Any]) -> None:
    record = dict(zip(sorted(GOTO.users.fields), values, strict=False))
    read(record, {"emails": [WORK]})
    GOTO.groups.reading.resource({"name": "G", "keyPath": values[0], "namePath": values[1]}, {})


def test_what_is_held_is_left_as_it_was() -> None:
    held = {"name": {"middleName": "King"}, "emails": [HOME, WORK], ENTERPRISE: {"division": "x"}}
    copy = {**held, "name": {**held["name"]}, "emails": [*held["emails"]]}  # type: ignore[dict-item]
    first = read({**ADA, "email": "new@example.com"}, held)
    first["name"]["middleName"] = "changed"
    assert held == copy


def test_parts_of_a_list_are_read_whether_goto_sends_a_list_or_not(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users.attributes]
        "nickName" = { field = "tags", direction = "read", item = 0 }
        "title" = { field = "tags", direction = "read", join = ", " }
        "phoneNumbers" = { field = "tags", direction = "read", values = "tags" }
        [users]
        held = []
        [values.tags]
        "first" = ["a", "A"]
        """,
    )
    read_own = mapping.users.reading.resource
    assert read_own({"tags": ["A", "b"]}, {}) == {
        "nickName": "A",
        "title": "A, b",
        "phoneNumbers": [{"value": "first"}, {"value": "b"}],
    }
    assert read_own({"tags": "a"}, {})["title"] == "a"


@pytest.mark.parametrize(
    ("record", "held", "formatted"),
    [
        ({"firstName": "Ada", "lastName": "King"}, {}, "King, Ada"),
        ({"full": "Ada the First", "firstName": "Ada"}, {}, "Ada the First"),
        ({"firstName": "Ada", "lastName": "King"}, {"name": {"formatted": None}}, None),
        ({"firstName": "Ada", "lastName": "King"}, {"name": {"middleName": "A"}}, "King, Ada"),
    ],
)
def test_a_template_fills_in_where_its_field_is_empty(
    tmp_path: Path, record: dict[str, Any], held: dict[str, Any], formatted: str | None
) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users]
        held = ["name.middleName"]
        [users.attributes]
        "name.formatted" = { field = "full", template = "{name.familyName}, {name.givenName}" }
        """,
    )
    assert mapping.users.reading.resource(record, held)["name"].get("formatted") == formatted


def test_a_part_within_an_extension_is_read_into_its_place(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        f"""
        extends = "goto"
        [users.attributes]
        "{ENTERPRISE}:manager.value" = {{ field = "managerKey" }}
        "{ENTERPRISE}:department" = "department"
        """,
    )
    resource = mapping.users.reading.resource(
        {"managerKey": "5", "department": "R"}, {ENTERPRISE: {"division": "D"}}
    )
    assert resource[ENTERPRISE] == {
        "manager": {"value": "5"}, "department": "R", "division": "D"
    }  # fmt: skip
    target = mapping.users.writing.target({"userName": "a@b.co", **resource})
    assert target.fields["managerKey"] == "5"
    assert target.held == {ENTERPRISE: {"division": "D"}}


def test_what_another_mapping_held_is_not_shown(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users]
        held = ["name.middleName"]
        [users.attributes]
        title = "jobTitle"
        displayName = { template = "{name.givenName}" }
        """,
    )
    held = {
        "title": "held",
        "nickName": "held",
        "displayName": "held",
        "name": {"middleName": "King", "formatted": "held"},
        ENTERPRISE: {"department": "held"},
    }
    resource = mapping.users.reading.resource({**ADA, "jobTitle": "Engineer"}, held)
    assert (resource["title"], resource["displayName"]) == ("Engineer", "Ada")
    assert resource["name"]["middleName"] == "King"
    assert resource.keys().isdisjoint({"nickName", ENTERPRISE})
    removed = mapping.users.reading.resource(ADA, {"displayName": None, "title": None})
    assert removed["displayName"] == "Ada"
    assert "formatted" not in resource["name"]
