"""The pages of ``recipe``: what they hold, and that docs/clients holds the same."""

import re
from pathlib import Path

import pytest

from bridge.recipes import PLATFORMS
from tests.cli.calls import told
from tests.recipes.pages import MARK, NAMES, URL, fences, rows, section, text_of

ROOT = Path(__file__).parents[2]
HEADINGS = (
    "Before you begin",
    "What to type where",
    "Attributes",
    "What to switch on and off",
    "Licences and admin roles",
    "What to know of GoTo",
    "Leavers",
    "Try it",
    "Sources",
)
OTHER = "http://127.0.0.1:8080/goto/scim/v2"
Terminal = pytest.CaptureFixture[str]
each = pytest.mark.parametrize("name", NAMES)


@each
def test_the_paper_in_docs_is_what_the_command_shows(capsys: Terminal, name: str) -> None:
    out, err = told(capsys, "recipe", name, "--url", URL)
    assert (ROOT / "docs" / "clients" / f"{name}.md").read_text("utf-8") == out
    assert err == []


def test_every_platform_of_the_help_has_a_recipe_and_a_paper(capsys: Terminal) -> None:
    _, err = told(capsys, "recipe", "nobody", "--url", URL, status=2)
    named = re.findall(r"'([\w-]+)'", " ".join(err).partition("not one of")[2])
    assert named == ["eic", *NAMES]
    out, _ = told(capsys, "recipe", "--help")
    assert [name for name in named if name not in re.findall(r"[\w-]+", out)] == []
    assert tuple(PLATFORMS) == NAMES
    shipped = {path.stem for path in (ROOT / "mappings" / "recipes").glob("*.md")}
    papers = {path.stem for path in (ROOT / "docs" / "clients").glob("*.md")} - {"README"}
    assert shipped == papers == set(NAMES)


@pytest.mark.parametrize("paper", ["README.md", "docs/clients/README.md"])
def test_the_tables_of_platforms_name_each_by_its_title(paper: str) -> None:
    text = (ROOT / paper).read_text("utf-8")
    shown = [cells for row, cells in rows(text) if "platform" in row]
    assert len(shown) == len(NAMES) + 1
    for name, title in PLATFORMS.items():
        assert text_of(name).startswith(f"# {title}\n")
        assert any(title in " ".join(cells) and f"{name}.md" in " ".join(cells) for cells in shown)


@each
def test_each_page_has_the_same_sections(name: str) -> None:
    found = re.findall(r"^## (.+)$", text_of(name), re.MULTILINE)
    assert tuple(found) == HEADINGS
    assert all(section(name, heading).strip() for heading in HEADINGS)


@each
def test_the_url_is_in_every_place_and_nothing_else_differs(name: str) -> None:
    one, other = text_of(name), text_of(name, OTHER)
    assert "bridge.example.com" not in other
    token_url = URL.replace("/scim/v2", "/oauth/token")
    moved = one.replace(URL, OTHER).replace(token_url, "http://127.0.0.1:8080/goto/oauth/token")
    assert moved == other
    assert re.findall(r"@[A-Z_]{3,}@", one) == []


@each
def test_no_page_holds_a_secret(name: str) -> None:
    text = re.sub(r"<?https?://\S+", "", text_of(name))
    assert [word for word in re.findall(r"[\w+/=-]{28,}", text) if re.search(r"\d", word)] == []
    assert set(re.findall(r"Bearer (\S+)'?\"", text)) == {"$TOKEN"}
    assert "sandbox-token" not in text


@each
def test_every_mark_has_its_source_and_every_source_is_used(name: str) -> None:
    body, _, sources = text_of(name).rpartition("\n## Sources\n")
    # A page of somebody else may be gone; those of vendors and source code have an address.
    listed = re.findall(r"^- ([VS]\d(?=: <https://[^>\s]+>)|C\d): \S", sources, re.MULTILINE)
    assert len(listed) == sources.count("\n- ")
    assert len(set(listed)) == len(listed)
    assert set(MARK.findall(body)) == set(listed)
    assert any(mark.startswith(("V", "S")) for mark in listed)


@each
def test_every_row_about_the_platform_is_marked(name: str) -> None:
    marked = 0
    for heading in ("What to type where", "Attributes", "What to switch on and off"):
        for row, cells in rows(section(name, heading)):
            assert re.fullmatch(r"[VSC]\d|I", row["mark"]), cells
            marked += 1
    assert marked > 15
    for _, cells in rows(section(name, "Leavers")):
        assert re.search(r"\((?:[VSC]\d|I)\)", cells[0] + cells[1]), cells


@each
def test_each_page_says_what_to_match_by_and_what_becomes_of_leavers(name: str) -> None:
    assert "\nMatching attribute: `userName`\n" in section(name, "Attributes")
    leavers = " ".join(cell for _, cells in rows(section(name, "Leavers")) for cell in cells)
    assert "`active` false" in leavers
    assert "`active` true" in leavers
    assert "DELETE" in leavers or "nothing" in leavers


@each
def test_groups_stand_in_wherever_licences_cannot_be_written(name: str) -> None:
    assert [text for text in fences(name, "toml") if "include" in text]


@each
def test_a_page_can_be_written_into_a_folder(capsys: Terminal, tmp_path: Path, name: str) -> None:
    out, _ = told(capsys, "recipe", name, "--url", URL, "--out", str(tmp_path))
    path = tmp_path / f"{name}.md"
    assert out.splitlines() == [str(path)]
    assert path.read_bytes().decode() == text_of(name)
    path.write_text("mine\n")
    _, err = told(capsys, "recipe", name, "--url", URL, "--out", str(tmp_path), status=2)
    assert f"{name}.md" in err[0]
    assert path.read_text() == "mine\n"


def test_a_name_is_taken_in_any_case(capsys: Terminal) -> None:
    out, _ = told(capsys, "recipe", "Okta", "--url", URL)
    assert out == text_of("okta")


@pytest.mark.parametrize("more", [["--package"], ["--auth", "basic"]])
def test_what_only_eic_has_is_refused(capsys: Terminal, tmp_path: Path, more: list[str]) -> None:
    arguments = ["recipe", "okta", "--url", URL, "--out", str(tmp_path / "new"), *more]
    out, err = told(capsys, *arguments, status=2)
    assert (out, len(err)) == ("", 1)
    assert err[0].startswith(f"{more[0]}: ")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("url", ["", "https://u:p@h.example", "https://h.example/`x`", "ftp://h"])
def test_a_url_that_cannot_be_one_is_refused(capsys: Terminal, url: str) -> None:
    out, err = told(capsys, "recipe", "entra", "--url", url, status=2)
    assert (out, len(err)) == ("", 1)
    assert err[0].startswith("--url: ")


def test_remarks_on_the_url_are_not_in_the_page(capsys: Terminal) -> None:
    out, err = told(capsys, "recipe", "entra", "--url", "http://h.example")
    assert out == text_of("entra", "http://h.example/scim/v2")
    assert len(err) == 2


def test_a_url_that_looks_like_an_emoji_stays_as_it_is(capsys: Terminal) -> None:
    out, _ = told(capsys, "recipe", "ping", "--url", "https://h.example:8443/:cat:/scim/v2")
    assert "`https://h.example:8443/:cat:/scim/v2`" in out
