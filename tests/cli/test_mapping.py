"""``mapping check`` and ``mapping show``."""

from pathlib import Path

import pytest

from bridge.mapping import shipped
from tests.cli.calls import told

THREE_MISTAKES = """\
extends = "goto"
[users]
mail_domain = "no domain"
[users.attributes]
"nickname" = { field = "nick" }
[groups]
conflict = "merge"
"""
OWN = """\
extends = "goto"
[activation]
licenses = []
[users]
mail_domain = "people.example.org"
[users.attributes]
"locale" = { field = "locale", values = "tongues", default = "nl" }
[groups]
conflict = "reject"
[values.tongues]
"nl" = "nl_NL"
"de" = "de_DE"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "own.toml"


@pytest.mark.parametrize("name", ["goto", "sandbox"])
def test_a_shipped_mapping_is_ok(capsys: pytest.CaptureFixture[str], name: str) -> None:
    out, _ = told(capsys, "mapping", "check", str(shipped(name)))
    assert out.startswith(f"ok: {shipped(name)} (users: ")
    assert "5 attributes mapped, 1 held)" in out


def test_every_mistake_is_on_its_line_with_file_and_line(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    file.write_text(THREE_MISTAKES)
    out, _ = told(capsys, "mapping", "check", str(file), status=1)
    places = sorted(line.partition(": ")[0] for line in out.splitlines())
    assert places == [f"{file}, line {number}" for number in (3, 5, 7)]


def test_a_mapping_that_is_not_there_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    out, err = told(capsys, "mapping", "check", str(file), status=2)
    assert out == ""
    assert any("FILE" in line for line in err)


def test_showing_a_mapping_with_mistakes_tells_them(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    file.write_text(THREE_MISTAKES)
    out, err = told(capsys, "mapping", "show", str(file), status=2)
    assert out == ""
    assert len(err) == 3


def test_the_effective_mapping_is_shown(
    capsys: pytest.CaptureFixture[str], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a pipe: whoever runs the tests may have a width of their own.
    monkeypatch.delenv("COLUMNS", raising=False)
    file.write_text(OWN)
    out, _ = told(capsys, "mapping", "show", str(file))
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[2:-1]]
        for line in out.splitlines()
        if len(cells := line.split("│")) == 6
    }
    assert rows["locale"] == ["both", "locale", "values nl = nl_NL, de = de_DE; default nl"]
    assert rows["active"][2] == "values false = SUSPENDED, true = anything else; required"
    assert rows["displayName"] == ["both", "name", "required"]
    assert rows["externalId"] == ["both", "-", "held by the bridge"]
    assert rows["password"] == ["write", "-", "accepted and dropped"]
    assert rows["urn:scim:schemas:extension:goto:1:User:groupPath"] == [
        "read",
        "groupNamePath",
        'joined by "/"',
    ]
    after = out[out.rindex("┘") :]
    assert "(activation.licenses): none" in after
    assert "(groups.conflict): reject" in after
    assert "(groups.unknown_members): refuse" in after
    assert "(users.mail_domain): people.example.org" in after
    assert "(users.locale, users.timezone): locale and timezone" in after
