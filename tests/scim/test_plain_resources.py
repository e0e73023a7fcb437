"""Resources read without the library: what is read so, the library reads in the same way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import Context

from bridge.directory.provider import (
    LENIENT,
    STRICT,
    accepting_provider,
    published_schemas,
    resource_types,
)
from bridge.scim.auth import Profile
from bridge.scim.plain_resources import shape_of
from bridge.scim.reading import Reader, wanted_by
from bridge.scim.service import BridgeService
from tests.conftest import SANDBOX_MAPPING

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GOTO = "urn:scim:schemas:extension:goto:1:User"
POST, PUT = Context.RESOURCE_CREATION_REQUEST, Context.RESOURCE_REPLACEMENT_REQUEST


def reader(profile: Profile) -> Reader:
    policy = LENIENT if profile == "lenient" else STRICT
    service = BridgeService(
        accepting_provider(SANDBOX_MAPPING, policy),
        published=published_schemas(SANDBOX_MAPPING),
        announced=resource_types(SANDBOX_MAPPING),
        secret=b"s" * 32,
        conformant=profile == "strict",
    )
    return Reader(service, profile)


READERS: dict[str, Reader] = {"lenient": reader("lenient"), "strict": reader("strict")}
SHAPE = shape_of(READERS["lenient"].model("User"))


def by_the_library(profile: str, body: dict[str, Any], context: Context) -> dict[str, Any]:
    """What the library reads; raises what it refuses."""
    return wanted_by(READERS[profile]._resource("User", body, context))


def user(*schemas: str, **attributes: Any) -> dict[str, Any]:
    return {"schemas": [CORE, *schemas], "userName": "ada@example.com", **attributes}


PLAIN = {
    "userName alone": user(),
    "names": user(name={"givenName": "Ada", "familyName": "King"}, displayName="Ada", title="C"),
    "inactive": user(active=False, externalId="hr-1"),
    "e-mail": user(emails=[{"value": "a@example.com", "type": "work", "primary": True}]),
    "two e-mails": user(emails=[{"value": "a@example.com", "primary": True}, {"value": "b@c.de"}]),
    "licence": user(entitlements=[{"value": "G2M"}], roles=[{"value": "MANAGE_USERS"}]),
    "address": user(addresses=[{"locality": "London", "country": "GB"}]),
    "enterprise": user(ENTERPRISE, **{ENTERPRISE: {"department": "R", "manager": {"value": "7"}}}),
}
NOT_PLAIN = {
    "no schemas": {"userName": "ada@example.com"},
    "an empty schemas": {"schemas": [], "userName": "ada@example.com"},
    "one schema twice": user(CORE),
    "another schema": {"schemas": [GROUP], "userName": "ada@example.com"},
    "schemas is a text": {"schemas": CORE, "userName": "ada@example.com"},
    "a number among schemas": user(7),  # type: ignore[arg-type]
    "extension not among schemas": user(**{ENTERPRISE: {"department": "R"}}),
    "core twice beside an extension": user(CORE, **{ENTERPRISE: {"department": "R"}}),
    "extension among schemas only": user(ENTERPRISE),
    "read-only extension": user(GOTO, **{GOTO: {"status": "ACTIVE"}}),
    "no userName": {"schemas": [CORE], "displayName": "Ada"},
    "blank userName": user(userName=" "),
    "name in other letters": user(displayname="Ada"),
    "unknown": user(nothing="x"),
    "id": user(id="7"),
    "meta": user(meta={"resourceType": "User"}),
    "groups": user(groups=[{"value": "7"}]),
    "password": user(password="secret"),
    "null": user(title=None),
    "number": user(title=7),
    "text for a flag": user(active="True"),
    "number for a flag": user(active=1),
    "blanks": user(title=" Baker "),
    "control character": user(title="Ba\nker"),
    "empty list": user(entitlements=[]),
    "one for a list": user(entitlements={"value": "G2M"}),
    "text in a list": user(entitlements=["G2M"]),
    "empty object": user(name={}),
    "unknown within": user(name={"first": "Ada"}),
    "two primaries": user(emails=[{"value": "a@b.c", "primary": True}] * 2),
    "read-only within": user(
        ENTERPRISE, **{ENTERPRISE: {"manager": {"value": "7", "displayName": "x"}}}
    ),
    "reference": user(profileUrl="https://example.com"),
    "certificate": user(x509Certificates=[{"value": "AAAA"}]),
    "list for an object": user(name=[{"givenName": "Ada"}]),
}


@pytest.mark.parametrize("context", [POST, PUT])
@pytest.mark.parametrize("profile", READERS)
@pytest.mark.parametrize("body", PLAIN.values(), ids=PLAIN)
def test_what_is_plain_is_wanted_as_sent(
    body: dict[str, Any], profile: str, context: Context
) -> None:
    wanted = {name: value for name, value in body.items() if name != "schemas"}

    assert SHAPE.wanted(body) == wanted == by_the_library(profile, body, context)


@pytest.mark.parametrize("body", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_everything_else_is_left_to_the_library(body: dict[str, Any]) -> None:
    assert SHAPE.wanted(body) is None


# Letters, blanks, and what is no letter to be printed.
TEXTS = st.one_of(
    st.text("aZ7 é\n\0\u200b\ud800", max_size=6),
    st.sampled_from(["Ada", "a@b.c", "True", "G2M", "7"]),
)
VALUES = st.one_of(TEXTS, st.booleans(), st.none(), st.integers(0, 2))
OBJECTS = st.dictionaries(
    st.sampled_from(
        [
            "value", "type", "display", "primary", "givenName", "familyName", "locality", "$ref",
            "displayName", "x",
        ]
    ),
    VALUES,
    max_size=4,
)  # fmt: skip
ITEMS = st.lists(st.one_of(OBJECTS, OBJECTS, TEXTS), max_size=3)
NAMES = st.sampled_from(
    [
        "userName", "name", "displayName", "title", "active", "emails", "roles", "addresses",
        "entitlements", "phoneNumbers", "locale", "externalId", "profileUrl", "id", "x", ENTERPRISE,
    ]
)  # fmt: skip
SCHEMAS = st.one_of(
    st.just([CORE]),
    st.lists(st.sampled_from([CORE, ENTERPRISE, GOTO, GROUP]), max_size=3),
)
EXTENSION = st.dictionaries(
    st.sampled_from(["department", "manager", "costCenter", "x"]), st.one_of(TEXTS, OBJECTS)
)
ATTRIBUTES = st.dictionaries(NAMES, st.one_of(VALUES, OBJECTS, ITEMS, EXTENSION), max_size=5)


@settings(max_examples=500)
@given(SCHEMAS, ATTRIBUTES, st.sampled_from(list(READERS)), st.sampled_from([POST, PUT]))
def test_whatever_is_taken_for_plain_the_library_reads_so_too(
    schemas: list[str], attributes: dict[str, Any], profile: str, context: Context
) -> None:
    body = {"userName": "ada@example.com", **attributes, "schemas": schemas}
    wanted = SHAPE.wanted(body)
    if wanted is not None:
        assert wanted == by_the_library(profile, body, context)


def test_the_texts_are_the_places_of_one_writable_text() -> None:
    assert {("title",), ("name", "givenName"), ("externalId",), ("userName",)} <= SHAPE.texts
    assert not {("id",), ("active",), ("name",), ("emails", "value"), ("password",)} & SHAPE.texts
