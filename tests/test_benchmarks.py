"""The benchmark runs, in small: every part gives its rows, and its helpers count right."""

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
