"""docs/eic.md is held to the tests that it names, and to the files that it explains."""

import json
import re
from pathlib import Path

from bridge.recipes import address_of, eic_files

ROOT = Path(__file__).parents[2]
PAPER = (ROOT / "docs" / "eic.md").read_text("utf-8")
REQUIREMENTS = 23


def test_every_test_that_the_paper_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/.]+)::(\w+)`", PAPER)
    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert len(named) > 20
    assert missing == []


def test_every_requirement_has_its_row() -> None:
    covered: set[int] = set()
    for first, second, last in re.findall(r"^\| R(\d+)(?:, R(\d+)| to R(\d+))?", PAPER, re.M):
        begin, end = int(first), int(last or second or first)
        covered |= set(range(begin, end + 1))
    assert covered == set(range(1, REQUIREMENTS + 1))


def test_the_thresholds_in_the_paper_are_those_of_the_files() -> None:
    files = eic_files(address_of("https://h.example"), "token")
    config = json.loads(files["STATUS_THRESHOLD_CONFIG.json"])["statusAndThresholdConfig"]
    inner = json.loads(files["ImportAccountEntJSON.json"])["accountParams"]
    assert inner["statusAndThresholdConfig"] == config
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", PAPER, re.M))
    assert {name: json.loads(value) for name, value in rows.items() if name in config} == {
        name: config[name] for name in rows if name in config
    }
    assert len(rows.keys() & config.keys()) >= 5
