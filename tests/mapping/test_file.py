"""A mapping file that is wrong is refused with the place, and what would be right."""

from pathlib import Path

import pytest

from bridge.mapping import MappingError, load_mapping, shipped
from bridge.mapping.document import shipped_names
from tests.mapping.mappings import ENTERPRISE, own, written


def mistakes(path: Path) -> list[tuple[str, int, str]]:
    """The mistakes of a file: the name of the file, the line and the text of each."""
    with pytest.raises(MappingError) as refusal:
        load_mapping(path)
    return [(Path(each.file).name, each.line, each.text) for each in refusal.value.mistakes]


def the_mistake(folder: Path, text: str) -> tuple[int, str]:
    """The line and the text of the one mistake in an own file."""
    (found,) = mistakes(written(folder, text))
    assert found[0] == "own.toml"
    return found[1:]


@pytest.mark.parametrize("name", shipped_names())
def test_each_shipped_mapping_loads(name: str) -> None:
    mapping = load_mapping(shipped(name))
    assert mapping.users.fields >= {"email", "firstName", "lastName", "status"}


# One entry that is wrong in an own file: the line is written as <- beside it.
ENTRIES = {
    # Names that nothing has.
    '"nikName" = "nick"': "did you mean 'nickName'?",
    '"name.given" = "x"': "did you mean 'name.givenName'?",
    f'"{ENTERPRISE}:departement" = "x"': f"did you mean '{ENTERPRISE}:department'?",
    '"id" = "key"': "User has no attribute 'id'",
    '"not a path" = "x"': "is not an attribute path",
    "'emails[type eq \"work\"]' = 'x'": "does not name one attribute",
    'locale = { feild = "locale" }': "'feild' means nothing here; did you mean 'field'?",
    'locale = { field = "locale", values = "locales" }': "there is no table [values.locales]; "
    "did you mean 'locale'?",
    'displayName = { template = "{name.first}", held = true }': "no attribute 'name.first'",
    # Values of the wrong type.
    "locale = 5": "must be the name of a field, a table, or false",
    "locale = true": "must be the name of a field, a table, or false",
    "locale = { field = 5 }": "field must be the name of a field",
    'locale = { field = "x", held = "yes" }': "held must be true or false",
    'locale = { field = "x", direction = "write" }': 'direction must be "both" or "read"',
    'title = { field = "x", direction = "read", item = true }': "item must be a number",
    'locale = { field = "locale", default = 5 }': "default must be a string",
    'locale = { field = "locale", values = "locale", default = "tlh" }': "default: locale cannot",
    'x509Certificates = { field = "x", direction = "read", values = "active", item = 0 }': "join",
    "'urn:scim:schemas:extension:goto:1:User:inviteCount' = "
    '{ field = "x", direction = "read", values = "locale" }': "no value for an attribute of type",
    # Entries that say what cannot be.
    'title = { field = "x", direction = "read", required = true }': "required means nothing",
    'title = { field = "x", direction = "read", default = "x" }': "default means nothing",
    'title = { field = "x", held = true }': "held means nothing beside a field",
    'title = { template = "{userName}", values = "locale" }': "values means nothing without",
    'title = { template = "Mx" }': "a template must name an attribute",
    'title = { template = "{title}!" }': "cannot stand in this template",
    'title = { template = "{emails}" }': "is no single value",
    'title = { template = "{password}" }': "cannot stand in this template",
    'title = { field = "x", join = "/" }': 'add direction = "read"',
    'photos = { field = "x", direction = "read", join = "/" }': "join and item make one value",
    'title = { field = "x", direction = "read", join = "/", item = 0 }': "use one of them",
    'photos = "pictures"': 'no list can be written: add direction = "read"',
    '"photos.value" = "picture"': "names no single one, use photos",
    'name = "fullName"': "name is made of parts, name one of them: name.formatted",
    'name.givenName = "x"': 'must stand in quotes: "name.givenName"',
    'password = "password"': "it is a secret, put it in `ignored`",
    'groups = "groupKey"': "computed by the bridge",
    # What no mapping may change.
    'nickName = "email"': "written by userName and emails alone",
    'nickName = "status"': "written by active alone",
    'userName = "email"': 'must be mapped as { field = "email", held = true }',
    "userName = false": "no mapping can change it",
    'emails = { field = "mail", held = true }': "emails must be mapped as",
    'emails = { field = "email", direction = "read" }': "emails must be mapped as",
    'active = { field = "canAuthenticate" }': "active must be",
    'active = { field = "status", values = "upside_down" }': "the values of active must be",
}


ABOVE = """extends = "goto"
[values.upside_down]
"true" = "SUSPENDED"
[users]
held = []
mail_domain = "people.example.com"
[users.attributes]
# "nikName" = "a comment is no entry"
"""


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_wrong_entry_is_named_with_its_line(tmp_path: Path, entry: str) -> None:
    found = mistakes(written(tmp_path, ABOVE + entry))
    assert ENTRIES[entry] in found[0][2]
    assert [each[:2] for each in found] == [("own.toml", 9)]


def test_an_entry_without_a_field_needs_one_in_the_file_below(tmp_path: Path) -> None:
    entry = 'locale = { default = "de-DE" }'
    load_mapping(written(tmp_path, f"{ABOVE}{entry}"))
    assert the_mistake(tmp_path, f"{ABOVE}[groups.attributes]\nexternalId = {{}}") == (
        10,
        "needs a field or a template",
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("\n\nlicences = 5", 3, "'licences' means nothing here"),
        ("extend = 'x'\n", 1, "did you mean 'extends'?"),
        ("\nversion = 2", 2, "version must be 1"),
        ("\nusers = 5", 2, "'users' must be a table"),
        ("[users]\nattributes = []", 2, "'attributes' must be a table"),
        ("[users]\nhold = []", 2, "did you mean 'held'?"),
        ("[users]\nheld = 'title'", 2, "'held' must be a list of texts"),
        ("[users]\nheld = [\n 'title',\n 'titel', 'x509Certificates']", 4, "mean 'title'?"),
        ("[users]\nheld = ['title', 'titel']", 2, "did you mean 'title'?"),
        ("[users]\nheld = [ # some\n 'groups',\n]", 3, "computed by the bridge"),
        ("[users]\nheld = [\n 'password',\n]", 3, "it is a secret"),
        ("[users]\nheld = ['phoneNumbers.value']", 2, "names no single one"),
        ("[users]\nheld = [\n 'externalId',\n 'name',\n]", 4, "take it out of `held`"),
        ("[users]\nheld = [\n 'locale',\n]", 3, "locale is mapped already"),
        ("[users]\nignored = [\n 'title']", 3, "title is held already"),
        ("[users]\nmail_domain = 5", 2, "such as people.example.com"),
        ("[users]\nmail_domain = 'people@example.com'", 2, "must be a domain"),
        ("[users]\nmail_domain = 'people'", 2, "must be a domain"),
        ("[users]\n\n[users.attributes]\ntitle = 'x'", 4, "write `held` here too, without title"),
        ("[groups]\nconflict = 'swap'", 2, '"move" or "reject"'),
        ("[groups]\n\nunknown_members = 'drop'", 3, '"refuse" or "ignore"'),
        ("[groups]\nunknown_members = true", 2, 'unknown_members must be "refuse" or "ignore"'),
        ("[groups]\nunknown_member = 'ignore'", 2, "did you mean 'unknown_members'?"),
        ("[groups.attributes]\ndisplayName = 'name'", 2, '{ field = "name", required = true }'),
        ("[groups.attributes]\n\ndisplayName = 'title'", 3, "displayName must be mapped as"),
        ("[activation]\nlicenses = 'G2M'", 2, "'licenses' must be a list of texts"),
        ("[activation]\nlicence = ['G2M']", 2, "did you mean 'licenses'?"),
        ("[values]\nlocale = 5", 2, "'locale' must be a table"),
        ("[values.locale]\n'en-US' = { a = 1 }", 2, "must be a text, a number"),
        ("[values.active]\n'perhaps' = 'x'", 2, "'perhaps' is no value"),
        ("[values.active]\n'false' = 'INACTIVE'", 0, "the values of active must be"),
        ("[extensions.'urn:x:1.0:User']\nof = 'User'", 1, "without a dot"),
        ("[extensions.'urn:x:User']\ndescription = 'x'", 1, '`of` must be "User" or "Group"'),
        ("[extensions.'urn:x:User']\nof = 'User'\nname = 'x'", 3, "'name' means nothing here"),
        ("[extensions]\n'urn:x:User' = 5", 2, "must be a table"),
        ("[extensions.'urn:x:User']\nof = 'User'\nattributes.a = 'x'", 3, "must be a table"),
        (
            "[extensions.'urn:x:User']\nof = 'User'\n[extensions.'urn:x:User'.attributes]\n"
            "level = { type = 'number' }",
            4,
            "type must be one of string, boolean",
        ),
        (
            "[extensions.'urn:x:User']\nof = 'User'\n[extensions.'urn:x:User'.attributes]\n"
            "level = { kind = 'string' }",
            4,
            "'kind' means nothing here",
        ),
    ],
)
def test_a_wrong_part_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    # What an own file does not say itself, the shipped one says rightly.
    head = "" if text.startswith(("extend", "\n")) else "extends = 'goto'\n"
    if text.startswith("\n"):
        text = f"extends = 'goto'{text}"
    found = mistakes(written(tmp_path, head + text))
    ours = [each for each in found if says in each[2]]
    assert ours, found
    name, at, _ = ours[0]
    if line:
        assert (name, at) == ("own.toml", line + head.count("\n"))
    else:
        assert name == "goto.toml"


def test_unknown_members_are_refused_but_in_the_sandbox(tmp_path: Path) -> None:
    shipped_ones = {
        name: load_mapping(shipped(name)).unknown_members for name in ("goto", "sandbox")
    }
    assert shipped_ones == {"goto": "refuse", "sandbox": "ignore"}
    ignoring = 'extends = "goto"\n[groups]\nunknown_members = "ignore"\n'
    assert load_mapping(written(tmp_path, ignoring)).unknown_members == "ignore"


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = """extends = "goto"
[groups]
conflict = "swap"
[users]
mail_domain = 1
[users.attributes]
nikName = "x"
locale = { field = "locale", values = "nowhere", requird = true }
[activation]
licenses = 1
"""
    found = mistakes(written(tmp_path, text))
    assert [(name, line) for name, line, _ in found] == [
        ("own.toml", line) for line in (3, 5, 7, 8, 8, 10)
    ]
    with pytest.raises(MappingError) as refusal:
        load_mapping(tmp_path / "own.toml")
    assert refusal.value.detail.splitlines()[0] == (
        f'{tmp_path / "own.toml"}, line 3: conflict must be "move" or "reject"'
    )


def test_a_mistake_in_the_file_below_is_named_there_after_those_above(tmp_path: Path) -> None:
    base = """version = 1
[users]
held = [
  "titel",
]
[users.attributes]
nikName = "x"
locale = "locale"
"""
    written(tmp_path, f'extends = "goto"\n{base}', name="base.toml")
    path = written(
        tmp_path, 'extends = "base.toml"\n[users]\n\n\n\n[users.attributes]\nlocale = 5\n[values]\n'
    )
    assert [each[:2] for each in mistakes(path)] == [
        ("own.toml", 7),
        ("base.toml", 5),
        ("base.toml", 8),
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('\nextends = "gotoo"', 2, "no shipped mapping is named 'gotoo'; did you mean 'goto'?"),
        ('\nextends = "zzz"', 2, "there are goto, "),
        ("extends = 5", 1, "extends must be a name or a file"),
        ('# x\n\nextends = "own.toml"', 3, "extends itself"),
        ('extends = "./own.toml"', 1, "extends itself"),
        ('extends = "missing.toml"', 1, "missing.toml', which cannot be read: No such file"),
        ("[users", 1, "is not TOML: "),
        ("version = 1\nusers = [1,\n\n", 3, "is not TOML: "),
        ("a = 1\na = 2", 2, "is not TOML: Cannot overwrite a value"),
    ],
)
def test_a_file_that_cannot_be_put_together_says_where(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    found = the_mistake(tmp_path, text)
    assert found[0] == line
    assert says in found[1]


def test_files_that_extend_one_another_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    written(tmp_path, 'extends = "../own.toml"', name="sub/other.toml")
    path = written(tmp_path, 'extends = "sub/other.toml"')
    ((name, line, text),) = mistakes(path)
    assert (name, line) == ("other.toml", 1)
    assert "extends itself" in text


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "none.toml") == [
        ("none.toml", 0, "cannot be read: No such file or directory")
    ]
    assert mistakes(tmp_path)[0][2].startswith("cannot be read: ")
    binary = tmp_path / "binary.toml"
    binary.write_bytes("version = 1 # \u00fc".encode("utf-16"))
    assert mistakes(binary) == [("binary.toml", 0, "is not UTF-8 text")]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('extends = "goto"', encoding="utf-8-sig")
    load_mapping(path)


def test_a_mapping_that_extends_nothing_must_say_everything(tmp_path: Path) -> None:
    found = mistakes(written(tmp_path, "version = 1"))
    assert [text.split(" must")[0] for _, _, text in found] == ["userName", "emails", "displayName"]
    assert mistakes(written(tmp_path, ""))[0][2] == "version must be 1, the only one there is"


def test_an_own_mapping_changes_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        f"""
        extends = "sandbox"
        [activation]
        licenses = ["G2W", "1234567890"]
        [users]
        held = ["externalId", "{ENTERPRISE}"]
        [users.attributes]
        displayName = {{ field = "nickname" }}
        timezone = false
        locale = {{ default = "nl-BE" }}
        "{ENTERPRISE}:department" = "department"
        [groups]
        conflict = "reject"
        [values.locale]
        "nl-BE" = "nl_BE"
        """,
    )
    assert mapping.default_licenses == ("G2W", "1234567890")
    assert mapping.group_conflict == "reject"
    assert mapping.users.rules.mail_domain == "people.example.com"
    wanted = {
        "userName": "a@b.co",
        "displayName": "Ada",
        "timezone": "Europe/Berlin",
        "title": "Countess",
        "externalId": "x",
        ENTERPRISE: {"department": "R", "division": "D"},
    }
    target = mapping.users.writing.target(wanted)
    assert target.fields == {
        "email": "a@b.co",
        "firstName": "Ada",
        "lastName": "Ada",
        "nickname": "Ada",
        "locale": "nl_BE",
        "department": "R",
    }
    assert target.held == {"externalId": "x", ENTERPRISE: {"division": "D"}}
    resource = mapping.users.reading.resource({"locale": "de_DE", "timeZone": "UTC"}, {})
    assert resource == {"locale": "de-DE"}
