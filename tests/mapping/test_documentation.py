"""docs/mapping.md: its examples load, its keys are all there are, its messages are those told."""

import re
from pathlib import Path

import pytest

from bridge.mapping import MappingError, load_mapping
from bridge.mapping.checking import SECTIONS, TOP_KEYS
from bridge.mapping.declarations import ATTRIBUTE_KEYS, EXTENSION_KEYS, TYPES
from bridge.mapping.document import shipped_names
from bridge.mapping.entries import RULE_KEYS
from tests.mapping.mappings import own, written

PAGE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_first_example_writes_and_reads_the_display_name(tmp_path: Path) -> None:
    users = own(tmp_path, EXAMPLES[0]).users
    target = users.writing.target({"userName": "a@b.co", "displayName": "Countess"})
    assert (target.fields["nickname"], target.held) == ("Countess", {})
    assert users.reading.resource(target.fields, {})["displayName"] == "Countess"
    names = {"firstName": "Ada", "lastName": "King"}
    assert users.reading.resource(names, {})["displayName"] == "Ada King"


def test_the_second_example_holds_less(tmp_path: Path) -> None:
    users = own(tmp_path, EXAMPLES[1]).users
    assert [path.name for path in users.rules.held] == ["externalId", "title", "department"]
    wanted = {"userName": "a@b.co", "nickName": "x", "timezone": "UTC", "displayName": "x"}
    assert users.writing.target(wanted).held == {}
    assert "timeZone" not in users.writing.target(wanted).fields


def test_the_third_example_changes_defaults(tmp_path: Path) -> None:
    mapping = own(tmp_path, EXAMPLES[2])
    assert (mapping.default_licenses, mapping.group_conflict) == (("G2W", "G2M"), "reject")
    fields = mapping.users.writing.target({"userName": "ada"}).fields
    assert (fields["email"], fields["locale"]) == ("ada@people.example.com", "de_DE")
    danish = mapping.users.writing.target({"userName": "ada", "locale": "da-DK"})
    assert danish.fields["locale"] == "da_DK"


def test_there_are_three_examples_and_all_extend_a_shipped_mapping() -> None:
    assert len(EXAMPLES) == 3
    assert all(example.startswith('extends = "goto"\n') for example in EXAMPLES)
    assert all(f"`{name}`" in PAGE for name in shipped_names())


@pytest.mark.parametrize(
    "key",
    sorted(
        (TOP_KEYS - SECTIONS.keys() - {"values", "extensions"})
        | {f"{section}.{key}" for section, keys in SECTIONS.items() for key in keys}
        | RULE_KEYS.keys()
        | EXTENSION_KEYS
        | ATTRIBUTE_KEYS
        | set(TYPES)
    ),
)
def test_each_key_is_explained(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_the_mistakes_shown_are_those_that_are_told(tmp_path: Path) -> None:
    text = """extends = "goto"

[users.attributes]
nikName = "nickname"
"locale" = { field = "locale", values = "local" }

[groups]
conflict = "swap"
"""
    with pytest.raises(MappingError) as refusal:
        load_mapping(written(tmp_path, text))
    for line in refusal.value.detail.splitlines():
        assert line.replace(f"{tmp_path}/", "") in PAGE
