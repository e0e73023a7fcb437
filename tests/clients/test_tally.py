"""The count of steps is in the output of a test run, also where processes share the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

import tests.conftest
from tests.clients import tally

ROOT = Path(__file__).parents[2]
TEST = "tests/clients/test_clients.py::test_every_step_of_a_client_passes"
TWO = [f"{TEST}[as it is-{client}]" for client in ("saviynt", "onelogin")]


@pytest.mark.parametrize("more", [[], ["-n", "1", "--dist", "loadfile"]], ids=["alone", "shared"])
def test_the_count_is_in_the_output_of_a_run(more: list[str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *more, *TWO], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    told = done.stdout.partition("steps of the clients' traces")[2].splitlines()
    (line,) = (each for each in told if each.startswith("as it is "))
    assert line.split(None, 3)[3] == "40 passed, 0 failed, 0 with a reason in the file, 2 files"


def test_a_run_of_everything_prints_it_too() -> None:
    """A process that shares the tests out reads this file of hooks alone."""
    assert tests.conftest.pytest_terminal_summary is tally.pytest_terminal_summary
