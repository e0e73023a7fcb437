"""The papers are held to the code: settings, commands, metrics, targets, links, decisions."""

import asyncio
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bridge import limits
from bridge.app import create_app
from bridge.settings import describe, load_settings

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")

each_paper = pytest.mark.parametrize(
    "paper", PAPERS, ids=[str(path.relative_to(ROOT)) for path in PAPERS]
)


def table(paper: Path, first: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading."""
    lines = iter(paper.read_text("utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            break
    next(lines)
    return [_cells(row) for row in _while_a_row(lines)]


def _while_a_row(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _plain(cell: str) -> str:
    return cell.replace("`", "")


# -- README and code -------------------------------------------------------------


def test_the_limits_of_a_request_are_described() -> None:
    rows = table(ROOT / "docs/operations.md", "what is limited")
    described = {_plain(name): int(most) for _, name, most, _ in rows}
    assert described == {name: each for name, each in vars(limits).items() if name.isupper()}


def test_the_readme_describes_every_setting_and_no_other() -> None:
    described = [
        [
            f"{row.name}, {row.name}_FILE" if row.file else row.name,
            _plain(row.meaning),
            _plain(row.default),
        ]
        for row in describe()
    ]
    shown = [[_plain(cell) for cell in row] for row in table(README, "setting")]
    assert shown == described


@each_paper
def test_every_setting_that_a_paper_names_exists(paper: Path) -> None:
    known = {name for row in describe() for name in (row.name, *([f"{row.name}_FILE"] * row.file))}
    named = set(re.findall(r"BRIDGE_[A-Z_]*[A-Z]", paper.read_text("utf-8")))
    assert named <= known


def test_the_readme_describes_every_command_and_no_other() -> None:
    shown = {_command(CODE.search(row[0])) for row in table(README, "command")}
    assert shown == set(commands())


def _command(code: re.Match[str] | None) -> str:
    """The words of a command line that name the command: neither program nor arguments."""
    assert code is not None
    program, *words = code[1].split()
    assert program == "goto-scim-bridge"
    return " ".join(word for word in words if word.islower())


@cache
def commands() -> tuple[str, ...]:
    """Every command of the command line, those of groups with the group's name before."""
    from typer.main import get_command

    from bridge.cli.commands import app

    return tuple(_leaves(get_command(app), ""))


def _leaves(command: object, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name
        return
    for word, each in inner.items():
        yield from _leaves(each, f"{name} {word}".strip())


@each_paper
def test_a_command_line_in_a_paper_names_a_command_that_exists(paper: Path) -> None:
    text, _, _ = paper.read_text("utf-8").partition("## Not yet")
    known = {name.partition(" ")[0] for name in commands()}
    named = set(re.findall(r"goto-scim-bridge ([a-z][a-z-]*)", text))
    assert named <= known


def test_the_readme_describes_every_metric_and_no_other(tmp_path: Path) -> None:
    described = {name for row in table(README, "metric") for name in CODE.findall(row[0])}
    assert described == asyncio.run(_scraped(tmp_path))


async def _scraped(folder: Path) -> set[str]:
    settings = load_settings(
        environment={},
        database_url=f"sqlite:///{folder / 'bridge.db'}",
        goto_api_url="http://127.0.0.1:9",
        goto_auth_url="http://127.0.0.1:9",
    )
    app: Starlette = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://bridge.test") as client,
    ):
        # So that the metrics that have labels have a value.
        assert (await client.get("/scim/v2/Users")).status_code == 401
        text = (await client.get("/metrics")).text
    names = set(re.findall(r"^# TYPE (\S+)", text, flags=re.MULTILINE))
    return {name for name in names if not name.endswith("_created")}


@each_paper
def test_make_knows_every_target_that_a_paper_names(paper: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    text = paper.read_text("utf-8")
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", text, flags=re.MULTILINE))
    assert {one or other for one, other in named} <= targets


def test_the_first_screen_of_the_readme_shows_the_two_commands() -> None:
    first_screen = README.read_text("utf-8").splitlines()[:25]
    for command in ("make sandbox", "make test"):
        assert any(line.startswith(command) for line in first_screen)


# -- Links and decisions -----------------------------------------------------------


@each_paper
def test_every_link_within_the_project_leads_somewhere(paper: Path) -> None:
    links = LINK.findall(FENCE.sub("", paper.read_text("utf-8")))
    assert [link for link in links if not _leads_somewhere(link, paper)] == []


def _leads_somewhere(link: str, paper: Path) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (paper.parent / path).resolve() if path else paper
    if not target.is_relative_to(ROOT) or not target.exists():
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(paper: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a paper."""
    text = FENCE.sub("", paper.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_decision_is_in_the_index_under_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    titles = [
        [number, f"[{title}]({path.name})"]
        for path in sorted(folder.glob("0*.md"))
        for number, title in [_title(path)]
    ]
    assert table(folder / "README.md", "number") == titles


def _title(path: Path) -> tuple[str, str]:
    match = re.fullmatch(r"# (\d+)\. (.+)", path.read_text("utf-8").splitlines()[0])
    assert match is not None, path
    assert int(path.name[:4]) == int(match[1]), path
    return match[1], match[2]
