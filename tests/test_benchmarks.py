"""The benchmark runs, in small: every part gives its rows, and its helpers count right."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.__main__ import PARTS, measured
from benchmarks.load import unchunked
from benchmarks.report import Found
from benchmarks.size import Size

ROOT = Path(__file__).parent.parent
TINY = Size(users=210, groups=6, rounds=1, seconds=0.1, connections=2, wave=10, plain_wave=3)


# The others take longer, most of it for starting bridges.
SHORT = ("reads", "members")
EACH = [part if part in SHORT else pytest.param(part, marks=pytest.mark.soak) for part in PARTS]


@pytest.mark.parametrize("part", EACH)
def test_a_part_runs_and_gives_rows_with_targets(part: str) -> None:
    found = measured([part], TINY, Console(quiet=True))
    assert any(row.met is not None for row in found.rows)
    assert [row for row in found.rows if row.target == "to finish"] == []


@pytest.mark.parametrize("part", PARTS)
def test_the_readme_of_the_benchmark_tells_of_each_part(part: str) -> None:
    assert f"| `{part}` |" in (ROOT / "benchmarks" / "README.md").read_text("utf-8")


def test_a_value_is_judged_by_its_target() -> None:
    found = Found()
    found.at_least("fast", 7.9, 8, shown="7.9 ×")
    found.at_least("faster", 8, 8, shown="8 ×")
    found.below("cheap", 1.1, 1.1, shown="1.1 ×")
    found.below("dear", 1.2, 1.1, shown="1.2 ×")
    found.exactly("calls", 1, 0, shown="1")
    assert [row.verdict for row in found.rows] == ["not met", "met", "met", "not met", "not met"]


def test_what_was_found_is_written(tmp_path: Path) -> None:
    found = Found()
    found.at_least("fast", 9, 8, shown="9 ×")
    found.write(tmp_path, TINY)
    assert "| fast | 9 × | ≥ 8 × | met |" in (tmp_path / "results.md").read_text("utf-8")


def test_a_body_in_chunks_is_put_together() -> None:
    assert unchunked(b"5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n") == b"hello world"


def test_plots_are_drawn_of_the_numbers_and_are_the_same_each_time(tmp_path: Path) -> None:
    numbers = {
        "speed": {"GET by id": {"bridge": 9000.0, "bare Starlette": 18000.0}},
        "calls": {"GET by id": {"bridge": 0.0, "plain translator": 1.0}},
        "import_seconds": {"100": {"bridge": 1.0}, "1000": {"bridge": 2.0}},
    }
    file = tmp_path / "numbers.json"
    file.write_text(json.dumps(numbers))
    first, second = drawn(file, tmp_path / "first"), drawn(file, tmp_path / "second")
    assert sorted(first) == ["calls.svg", "import.svg", "operations.svg"]
    assert all(b"bridge" in each and b"<script" not in each for each in first.values())
    assert first == second


def drawn(numbers: Path, folder: Path) -> dict[str, bytes]:
    """The pictures of these numbers, by name."""
    command = [sys.executable, "-m", "benchmarks.plots", str(numbers), str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return {file.name: file.read_bytes() for file in folder.iterdir()}
