"""Compliance tools that nobody here wrote, against a bridge on a real socket."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.app import SCIM_PATH
from tests.live import TOKEN, Live, live_bridge


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("tools")
    with live_bridge(folder) as bridge:
        yield bridge


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    tools = Path(sys.executable).parent
    return subprocess.run(
        [str(tools / arguments[0]), *arguments[1:]],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_every_check_of_scim2_tester_passes(live: Live) -> None:
    url = live.url + SCIM_PATH
    done = run("scim2", "-h", f"Authorization: Bearer {TOKEN}", "-u", url, "test")

    statuses = [line.split()[0] for line in done.stdout.splitlines() if line[:1].isupper()]
    wrong = [line for line in done.stdout.splitlines() if line.startswith(NOT_PASSED)]
    assert wrong == []
    assert done.returncode == 0, done.stdout + done.stderr
    assert statuses.count("SUCCESS") > 100


NOT_PASSED = ("ERROR", "CRITICAL", "SKIPPED", "DEVIATION")


def test_scim_sanity_finds_no_failure(live: Live) -> None:
    done = run(
        "scim-sanity", "probe", live.url + SCIM_PATH, "--token", TOKEN,
        "--i-accept-side-effects", "--json-output",
    )  # fmt: skip

    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert report["summary"]["failed"] == 0
    assert report["summary"]["passed"] > 20


def test_the_tools_leave_nothing_behind(live: Live) -> None:
    account = live.account()

    assert len(account["users"]) == 25
    assert len(account["groups"]) == 5
