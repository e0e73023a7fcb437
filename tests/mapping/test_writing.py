"""Resources into records, and into what is held beside them."""

from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import Before, Mapping, Removed, Target, ValueRefused, is_address, made_address
from tests.mapping.mappings import ENTERPRISE, GOTO, MIRROR, SANDBOX, own

ADA = {
    "key": "1",
    "email": "ada@example.com",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "locale": "en_US",
    "status": "ACTIVE",
}
NAME = {"givenName": "Ada", "familyName": "Lovelace"}
NAMED = {"firstName": "Ada", "lastName": "Lovelace"}
HOME = {"value": "ada@home.example", "type": "home"}
WORK = {"value": "ada@work.example", "type": "Work"}
FIRST = {"value": "ada@first.example", "primary": True}
BARE = {"value": "ada@bare.example"}
A_B = {"value": "a@b.co"}


def created(wanted: dict[str, Any], mapping: Mapping = GOTO) -> Target:
    return mapping.users.writing.target(wanted)


def before(held: dict[str, Any], record: dict[str, Any], mapping: Mapping = GOTO) -> Before:
    return Before(mapping.users.reading.resource(record, held), record, held)


def put(
    wanted: dict[str, Any],
    held: dict[str, Any] | None = None,
    record: dict[str, Any] = ADA,
    mapping: Mapping = GOTO,
) -> Target:
    return mapping.users.writing.target(wanted, before(held or {}, record, mapping))


def patched(
    changes: dict[str, Any],
    held: dict[str, Any] | None = None,
    record: dict[str, Any] = ADA,
    mapping: Mapping = GOTO,
    *,
    names_emails: bool = False,
) -> Target:
    """What PATCH asks for: the resource as it was with some attributes changed; None removes."""
    known = before(held or {}, record, mapping)
    wanted = {**known.resource, **changes}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    names_emails = names_emails or "emails" in changes
    return mapping.users.writing.target(wanted, known, patched=True, names_emails=names_emails)


# -- Create ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "email", "held"),
    [
        ({"userName": "ada", "emails": [HOME, WORK, FIRST]}, FIRST, [FIRST, HOME, WORK]),
        ({"userName": "a@b.co", "emails": [HOME, WORK]}, WORK, [HOME, WORK]),
        ({"userName": "a@b.co", "emails": [HOME]}, HOME, [HOME]),
        ({"userName": "a@b.co", "emails": [BARE]}, BARE, [BARE]),
        ({"userName": "ada", "emails": [HOME]}, HOME, [HOME]),
        # Several, of which none is primary or for work: the userName, shown before them.
        (
            {"userName": "a@b.co", "emails": [HOME, BARE]},
            {"value": "a@b.co"},
            [{"value": "a@b.co", "type": "work", "primary": True}, HOME, BARE],
        ),
        ({"userName": "ada", "emails": [HOME, BARE]}, HOME, [HOME, BARE]),
        ({"userName": "a@b.co", "emails": [{"value": " "}, {"value": None}, {}]}, A_B, None),
        ({"userName": "a@b.co", "emails": [{"display": "none"}]}, {"value": "a@b.co"}, None),
        ({"userName": "ada@example.com", "emails": MIRROR}, MIRROR[0], None),
        ({"userName": "a@b.co"}, {"value": "a@b.co"}, None),
    ],
)
def test_a_new_address_is_the_primary_the_work_the_only_one_or_the_user_name(
    wanted: dict[str, Any], email: dict[str, Any], held: list[Any] | None
) -> None:
    target = created(wanted)
    assert target.fields["email"] == email["value"]
    assert target.held.get("emails") == held
    assert target.held.get("userName", email["value"]) == wanted["userName"]


@pytest.mark.parametrize("user_name", ["ada", "", "ada@host", "a b@c.de", "a\x00@b.co", "@b.co"])
def test_a_user_without_an_address_is_refused_and_told_what_to_send(user_name: str) -> None:
    with pytest.raises(ValueRefused) as refusal:
        created({"userName": user_name, "name": NAME})
    assert refusal.value.attribute == "emails"
    assert "primary value of emails, or an address as userName" in str(refusal.value)


@pytest.mark.parametrize("emails", [[{**FIRST, "value": "nobody"}], [{"value": "a@b"}]])
def test_an_email_that_is_no_address_is_refused_by_its_name(emails: list[Any]) -> None:
    with pytest.raises(ValueRefused, match="is not an e-mail address"):
        created({"userName": "ada", "emails": emails})


@pytest.mark.parametrize(
    ("user_name", "email"),
    [
        ("ada", "ada@people.example.com"),
        ("Ada King", "Ada-King@people.example.com"),
        ("EXAMPLE\\ada", "EXAMPLE-ada@people.example.com"),
        ("ada@host", "ada-host@people.example.com"),
        ("a..b.", "a.b@people.example.com"),
        ("x" * 63 + ".y", "x" * 63 + "@people.example.com"),
        ("\u65e5\u672c", "user@people.example.com"),
        ("z" * 100_000, "z" * 64 + "@people.example.com"),
    ],
)
def test_a_mail_domain_makes_an_address_of_a_bare_user_name(user_name: str, email: str) -> None:
    target = created({"userName": user_name}, SANDBOX)
    assert target.fields["email"] == email
    assert is_address(email)
    assert target.held["userName"] == user_name


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"name": NAME, "displayName": "Other"}, ("Ada", "Lovelace")),
        ({"displayName": "Ada King Lovelace"}, ("Ada", "King Lovelace")),
        ({"displayName": " Ada "}, ("Ada", "Hopper")),
        ({"name": {"formatted": "Ada Lovelace"}}, ("Ada", "Lovelace")),
        ({"name": {"familyName": "King"}, "displayName": "Ada"}, ("Ada", "King")),
        ({"name": {"givenName": "", "familyName": ""}}, ("Grace", "Hopper")),
        ({}, ("Grace", "Hopper")),
        ({"userName": "grace@b.co"}, ("Grace", "Grace")),
        ({"userName": "+@b.co"}, ("+@b.co", "+@b.co")),
    ],
)
def test_missing_names_are_derived(wanted: dict[str, Any], names: tuple[str, str]) -> None:
    fields = created({"userName": "grace.hopper@b.co", **wanted}).fields
    assert (fields["firstName"], fields["lastName"]) == names


def test_goto_gets_its_values_and_the_bridge_holds_the_rest() -> None:
    target = created(
        {
            "userName": "ada",
            "emails": MIRROR,
            "name": {**NAME, "middleName": "King"},
            "displayName": "Countess",
            "locale": "DE_de",
            "timezone": "europe/berlin",
            "active": True,
            "password": "secret",
            "title": "Countess",
            "nickName": "",
            "phoneNumbers": [],
            "unheard": "of",
            ENTERPRISE: {"department": "R&D", "manager": {"value": "5"}},
        }
    )
    assert target.fields == {
        "email": "ada@example.com",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "locale": "de_DE",
        "timeZone": "Europe/Berlin",
    }
    assert target.held == {
        "userName": "ada",
        "name": {"middleName": "King"},
        "displayName": "Countess",
        "locale": "DE_de",
        "timezone": "europe/berlin",
        "title": "Countess",
        ENTERPRISE: {"department": "R&D", "manager": {"value": "5"}},
    }


def test_a_display_name_that_is_made_anyway_is_not_held() -> None:
    assert created({"userName": "a@b.co", "displayName": "Ada Lovelace"}).held == {}
    assert created({"userName": "a@b.co", "displayName": "Ada"}).held == {"displayName": "Ada"}


def test_a_default_is_for_new_users_alone(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users.attributes]
        locale = { default = "de-DE" }
        """,
    )
    assert created({"userName": "a@b.co"}, mapping).fields["locale"] == "de_DE"
    assert put({"userName": "ada@example.com"}, mapping=mapping).fields == {}


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("locale", 5, "locale cannot be '5' in GoTo, but one of en-US, "),
        ("timezone", "Mars/Olympus", "canonicalValues in /Schemas has all"),
        ("locale", "x" * 10_000, "in GoTo, but one of en-US"),
        ("title", "\ud800", "cannot be kept as JSON"),
        ("title", 2**70, "cannot be kept as JSON"),
    ],
)
def test_a_value_that_cannot_be_kept_is_refused(attribute: str, value: Any, text: str) -> None:
    with pytest.raises(ValueRefused) as refusal:
        created({"userName": "a@b.co", attribute: value})
    assert refusal.value.attribute == attribute
    assert text in str(refusal.value)
    assert len(str(refusal.value)) < 400


# -- Replace ---------------------------------------------------------------


def test_what_a_put_leaves_out_stays_in_goto_and_leaves_the_bridge() -> None:
    held = {"title": "Countess", "displayName": "Countess Ada"}
    target = put({"userName": "ada@example.com", "emails": MIRROR}, held)
    assert target == Target({}, {})


def test_a_put_that_echoes_what_is_made_does_not_hold_it() -> None:
    wanted = {"userName": "ada@example.com", "emails": MIRROR, "displayName": "Ada Lovelace"}
    assert put(wanted) == Target({}, {})
    assert put({**wanted, "name": NAME}) == Target({}, {})


def test_a_put_that_renames_and_says_the_old_display_name_means_it() -> None:
    wanted = {"userName": "ada@example.com", "emails": MIRROR, "displayName": "Ada Lovelace"}
    target = put({**wanted, "name": {"givenName": "Ada", "familyName": "King"}})
    assert target == Target({"lastName": "King"}, {"displayName": "Ada Lovelace"})


@pytest.mark.parametrize(
    ("wanted", "fields", "held"),
    [
        # A userName that differs is held, and never becomes the address beside e-mails.
        ({"userName": "ada", "emails": MIRROR}, {}, {"userName": "ada"}),
        ({"userName": "a@b.co", "emails": MIRROR}, {}, {"userName": "a@b.co"}),
        ({"userName": "ada"}, {}, {"userName": "ada"}),
        ({"userName": "a@b.co"}, {"email": "a@b.co"}, {}),
        (
            {"userName": "a@b.co", "emails": [FIRST]},
            {"email": "ada@first.example"},
            {"userName": "a@b.co", "emails": [FIRST]},
        ),
    ],
)
def test_a_put_of_another_user_name(
    wanted: dict[str, Any], fields: dict[str, str], held: dict[str, Any]
) -> None:
    assert put(wanted) == Target(fields, held)


@pytest.mark.parametrize(
    ("wanted", "fields", "held"),
    [
        ({"userName": "grace"}, {"email": "grace@people.example.com"}, {"userName": "grace"}),
        ({"userName": "g@b.co"}, {"email": "g@b.co"}, {}),
        ({"userName": "ada", "emails": "echo"}, {}, {"userName": "ada"}),
        ({"userName": "ADA"}, {}, {"userName": "ADA"}),
        # Nobody but the bridge named that address: a client repeats what it read.
        (
            {"userName": "grace", "emails": "echo"},
            {"email": "grace@people.example.com"},
            {"userName": "grace"},
        ),
        (
            {"userName": "grace", "emails": [FIRST]},
            {"email": "ada@first.example"},
            {"userName": "grace", "emails": [FIRST]},
        ),
    ],
)
@pytest.mark.parametrize("way", ["put", "patched"])
def test_a_made_address_follows_its_user_name(
    way: str, wanted: dict[str, Any], fields: dict[str, str], held: dict[str, Any]
) -> None:
    # GoTo may keep an address in lower case.
    record = {**ADA, "email": made_address("ada", "people.example.com").lower()}
    echo = SANDBOX.users.reading.resource(record, {})["emails"]
    if wanted.get("emails") == "echo":
        wanted = {**wanted, "emails": echo}
    ask = put if way == "put" else patched
    assert ask(wanted, {"userName": "ada"}, record, SANDBOX) == Target(fields, held)


def test_a_bare_user_name_that_has_an_address_of_its_own_leaves_it_where_it_is() -> None:
    target = patched({"userName": "grace"}, {"userName": "ada"}, mapping=SANDBOX)
    assert target == Target({}, {"userName": "grace"})


def test_what_looks_like_an_echo_is_none_where_a_client_chose_its_emails() -> None:
    record = {**ADA, "email": "ada@people.example.com"}
    chosen = [{"value": "ada@people.example.com", "primary": True}]
    wanted = {"userName": "grace", "emails": [{**chosen[0], "type": "work"}]}
    target = put(wanted, {"userName": "ada", "emails": chosen}, record, SANDBOX)
    assert target == Target({}, {"userName": "grace"})


# -- Patch -----------------------------------------------------------------


def test_a_removed_attribute_is_remembered_until_it_is_set_again() -> None:
    removed = patched({"locale": None})
    assert removed == Target({}, {"locale": None})
    assert "locale" not in GOTO.users.reading.resource(ADA, removed.held)
    assert patched({"title": "x"}, removed.held).held == {"locale": None, "title": "x"}
    assert put({"userName": "ada@example.com"}, removed.held).held == {"locale": None}
    back = patched({"locale": "en-US"}, removed.held)
    assert back == Target({"locale": "en_US"}, {})


@pytest.mark.parametrize("name", ["emails", "active", "name"])
@pytest.mark.parametrize("nothing", [None, [], {}, ""])
def test_what_goto_cannot_do_without_is_not_removed(name: str, nothing: Any) -> None:
    with pytest.raises(Removed, match="replace it instead"):
        patched({name: nothing})


def test_a_display_name_follows_the_names_unless_a_client_set_it() -> None:
    renamed = {"name": {"givenName": "Ada", "familyName": "King"}}
    assert patched(renamed) == Target({"lastName": "King"}, {})
    own_name = {"displayName": "Countess"}
    assert patched(renamed, own_name) == Target({"lastName": "King"}, own_name)
    assert patched(own_name) == Target({}, own_name)
    assert patched({"displayName": "Ada Lovelace"}, own_name) == Target({}, {})


def test_a_removed_display_name_stays_removed_until_it_is_set() -> None:
    removed = patched({"displayName": None}).held
    assert removed == {"displayName": None}
    assert patched({"title": "x"}, removed).held == {"displayName": None, "title": "x"}
    assert patched({"displayName": "Ada Lovelace"}, removed).held == {}
    assert patched({"displayName": "Ada"}, removed).held == {"displayName": "Ada"}


def test_a_value_of_goto_that_no_table_knows_may_stay() -> None:
    record = {**ADA, "locale": "xx_YY"}
    assert patched({"title": "x"}, record=record).fields == {}
    target = patched({"locale": "xx_ZZ"}, record=record)
    assert target == Target({"locale": "en_US"}, {"locale": "xx_ZZ"})


# -- Own mappings, groups, messages ----------------------------------------


def test_names_that_a_mapping_takes_out_are_still_sent_to_goto(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users]
        held = []
        [users.attributes]
        "name.givenName" = false
        "name.familyName" = { field = "lastName", direction = "read" }
        displayName = "nickname"
        """,
    )
    target = created({"userName": "a@b.co", "displayName": "Ada Lovelace"}, mapping)
    assert target.fields == {**NAMED, "email": "a@b.co", "nickname": "Ada Lovelace"}
    assert target.held == {}


def test_a_template_that_is_not_held_is_only_read(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users.attributes]
        displayName = { template = "{name.familyName}" }
        """,
    )
    assert created({"userName": "a@b.co", "displayName": "X"}, mapping).held == {}
    assert mapping.users.reading.resource(ADA, {})["displayName"] == "Lovelace"


def test_a_table_reads_more_values_than_it_writes(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users]
        held = []
        [users.attributes]
        title = { field = "level", values = "levels" }
        [values.levels]
        Low = ["L", "l", 0]
        Other = "*"
        """,
    )
    levels = {"L": "Low", "l": "Low", 0: "Low", "H": "Other"}
    assert {
        value: mapping.users.reading.resource({"level": value}, {})["title"] for value in levels
    } == levels
    assert created({"userName": "a@b.co", "title": "low"}, mapping).fields["level"] == "L"
    for title in ("Other", "H"):
        with pytest.raises(ValueRefused, match=r"but one of Low$"):
            created({"userName": "a@b.co", "title": title}, mapping)


def test_a_group_is_its_name() -> None:
    writing = GOTO.groups.writing
    assert writing.target({"displayName": "West", "externalId": "w"}) == Target(
        {"name": "West"}, {"externalId": "w"}
    )
    known = Before({"displayName": "West"}, {"name": "West"}, {"externalId": "w"})
    assert writing.target({"displayName": "West"}, known, patched=True) == Target({}, {})
    with pytest.raises(Removed):
        writing.target({}, known, patched=True)


@pytest.mark.parametrize(
    ("field", "attribute"),
    [("email", "emails"), ("firstName", "name.givenName"), ("locale", "locale"), ("x", "x")],
)
def test_a_field_is_told_to_clients_by_its_attribute(field: str, attribute: str) -> None:
    assert GOTO.users.writing.attribute_of(field) == attribute


EXTENSION = "urn:scim:schemas:extension:goto:1:User"


@pytest.mark.parametrize("out_of_sight", [None, {}])
def test_a_read_only_extension_stays_out_of_sight_until_a_put(out_of_sight: Any) -> None:
    record = {"key": "1", "email": "a@example.com", "firstName": "A", "lastName": "B"}
    record |= {"status": "ACTIVE"}
    shown = SANDBOX.users.reading.resource(record, {})
    before = Before(shown, record, {})

    hidden = SANDBOX.users.writing.target(
        {**shown, EXTENSION: out_of_sight}, before, patched=True
    ).held
    resource = SANDBOX.users.reading.resource(record, hidden)
    assert resource.get(EXTENSION) == out_of_sight

    before = Before(resource, record, hidden)
    patched = SANDBOX.users.writing.target({**resource, "title": "T"}, before, patched=True).held
    assert patched[EXTENSION] == out_of_sight
    replaced = SANDBOX.users.writing.target(shown, before).held
    assert SANDBOX.users.reading.resource(record, replaced)[EXTENSION] == {"status": "ACTIVE"}
