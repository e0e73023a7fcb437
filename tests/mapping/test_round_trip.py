"""What holds for every user that a client can want, whatever is in it."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bridge.mapping import Before, Removed, Target, ValueRefused
from tests.mapping.mappings import ENTERPRISE, GOTO, SANDBOX

# Half a surrogate pair is a text to Python, and none to JSON.
TEXT = st.text(max_size=12) | st.sampled_from(["ada", "Ada King", " ", "\x00", "\ud800"])
ADDRESSES = st.sampled_from(["ada@example.com", "Ada@Example.com", "g.hopper@navy.example"])
EMAIL = st.fixed_dictionaries(
    {"value": ADDRESSES},
    optional={
        "type": st.sampled_from(["work", "WORK", "home"]),
        "primary": st.booleans(),
        "display": TEXT,
    },
)
USER = st.fixed_dictionaries(
    {"userName": ADDRESSES | TEXT},
    optional={
        "emails": st.lists(EMAIL, max_size=3),
        "name": st.fixed_dictionaries(
            {},
            optional={
                "givenName": TEXT,
                "familyName": TEXT,
                "formatted": TEXT,
                "middleName": TEXT,
            },
        ),
        "displayName": TEXT,
        "locale": st.sampled_from(["en-US", "de-de", "pt_BR", "", "tlh"]),
        "timezone": st.sampled_from(["Europe/Berlin", "america/new_york", "", "Mars"]),
        "active": st.booleans(),
        "externalId": TEXT,
        "title": TEXT,
        "phoneNumbers": st.lists(st.fixed_dictionaries({"value": TEXT}), max_size=2),
        "password": TEXT,
        ENTERPRISE: st.fixed_dictionaries(
            {},
            optional={
                "department": TEXT,
                "manager": st.fixed_dictionaries({"value": TEXT}),
            },
        ),
    },
)
GOTO_OWN = {"key": "1", "status": "INVITED"}
# Attributes whose values stand in a table: a client may miss their case and hyphens.
FOLDED = ("locale", "timezone")

Resource = dict[str, Any]


def target_of(wanted: Resource, before: Before | None = None, *, patched: bool = False) -> Target:
    """What a wanted user asks for; examples that are refused are passed over."""
    try:
        return SANDBOX.users.writing.target(wanted, before, patched=patched)
    except (ValueRefused, Removed):
        assume(False)
        raise


def record_after(target: Target, record: dict[str, Any] | None = None) -> dict[str, Any]:
    """What GoTo holds after a write, which merges."""
    return {**(record or GOTO_OWN), **target.fields}


def read(record: dict[str, Any], held: dict[str, Any]) -> Resource:
    return SANDBOX.users.reading.resource(record, held)


def without_nothing(value: Any) -> Any:
    """A value without its empty parts, which are no values (RFC 7643 §2.5)."""
    if isinstance(value, dict):
        kept = {name: without_nothing(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in ("", [], {}, None)}
    return value


def trimmed(wanted: Resource) -> Resource:
    """A user without the blanks around the names that GoTo has, which takes them off."""
    user = {**wanted, "userName": wanted["userName"].strip()}
    if "name" in user:
        name = user["name"]
        stripped = {
            part: name[part].strip() for part in ("givenName", "familyName") if part in name
        }
        user["name"] = {**name, **stripped}
    return user


def folded(text: str) -> str:
    """A text without what a value table overlooks."""
    return text.casefold().replace("_", "-")


def _identity(email: Resource) -> tuple[str, str]:
    return email.get("type", "").casefold(), email["value"].casefold()


def assert_given_back(wanted: Resource, resource: Resource) -> None:
    """Every mapped or held attribute that was wanted is there as it was wanted."""
    wanted = without_nothing(trimmed(wanted))
    for name in ("password", "active"):
        wanted.pop(name, None)
    for name in FOLDED:
        if name in wanted:
            assert folded(resource[name]) == folded(wanted.pop(name))
    # Each e-mail is there once, and which one is GoTo's is said where none of those sent does.
    sent = [_identity(email) for email in wanted.pop("emails", ())]
    shown = [_identity(email) for email in resource["emails"]]
    assert len(set(shown)) == len(shown)
    assert set(sent) <= set(shown)
    assert len(shown) - len(set(sent)) in (0, 1)
    wanted.pop("phoneNumbers", None)
    for name, value in wanted.items():
        if isinstance(value, dict):
            assert {part: resource[name].get(part) for part in value} == value
        else:
            assert resource[name] == value, name


@settings(max_examples=60, deadline=None)
@given(wanted=USER)
def test_a_created_user_reads_back_as_it_was_wanted(wanted: Resource) -> None:
    target = target_of(wanted)
    assert {"email", "firstName", "lastName"} <= target.fields.keys()
    assert all(target.fields[name] for name in target.fields)
    assert_given_back(wanted, read(record_after(target), target.held))


@settings(max_examples=60, deadline=None)
@given(first=USER, second=USER)
def test_a_replaced_user_reads_back_as_it_was_wanted(first: Resource, second: Resource) -> None:
    created = target_of(first)
    record = record_after(created)
    before = Before(read(record, created.held), record, created.held)
    replaced = target_of(second, before)
    assert_given_back(second, read(record_after(replaced, record), replaced.held))


@settings(max_examples=60, deadline=None)
@given(wanted=USER, patched=st.booleans(), removed=st.sets(st.sampled_from(["locale", "title"])))
def test_sending_back_what_was_read_changes_nothing(
    wanted: Resource, patched: bool, removed: set[str]
) -> None:
    created = target_of(wanted)
    record = record_after(created)
    full = read(record, created.held)
    part = {name: value for name, value in full.items() if name not in removed}
    held = target_of(part, Before(full, record, created.held), patched=True).held
    resource = read(record, held)
    again = target_of(resource, Before(resource, record, held), patched=patched)
    assert again == Target({}, held)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
ATTRIBUTES = sorted(
    {rule.path.schema or rule.path.name for rule in GOTO.rules.users.rules}
    | {path.schema or path.name for path in GOTO.rules.users.held}
)
KNOWN = {"userName": "ada@example.com", "displayName": "Ada Ada", "locale": "en-US"}


@pytest.mark.parametrize("patched", [None, False, True])
@settings(max_examples=60, deadline=None)
@given(values=st.dictionaries(st.sampled_from(ATTRIBUTES), JSON | USER, max_size=4))
def test_whatever_a_client_sends_is_taken_or_refused(
    patched: bool | None, values: Resource
) -> None:
    record = {**GOTO_OWN, "email": "ada@example.com", "firstName": "Ada", "lastName": "Ada"}
    before = None if patched is None else Before(read(record, {}), record, {})
    for mapping in (SANDBOX, GOTO):
        with suppress(ValueRefused, Removed):
            target = mapping.users.writing.target(
                {**KNOWN, **values}, before, patched=bool(patched)
            )
            mapping.users.reading.resource(record_after(target, record), target.held)
    with suppress(ValueRefused, Removed):
        GOTO.groups.writing.target({"displayName": values.get("title")})
