"""SCIM client libraries of Java, over plain HTTP: the life of a user and of a group.

Maven builds the drivers in ``java/``, offline where it has the libraries already. Without Java or
Maven these tests are skipped, unless ``TESTS_REQUIRE_JAVA`` is set, as in CI.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from bridge.app import SCIM_PATH
from tests.live import TOKEN, Live, live_bridge

PROJECT = Path(__file__).parent / "java"
REQUIRED = "TESTS_REQUIRE_JAVA"
TOOLS = ("java", "mvn")
# The class of a driver, what it is told beside URL and token, and how many steps it takes.
DRIVERS = [
    ("UnboundId", [], 24),
    ("ConnId", ["PUT"], 14),
    ("ConnId", ["PATCH"], 14),
    ("CaptainGoldfish", [], 26),
]


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the drivers, and return where Java finds them and the libraries."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        reason = f"needs {' and '.join(missing)}, for the SCIM client libraries of Java"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{reason}; {REQUIRED} is set")
        pytest.skip(reason)
    target = tmp_path_factory.mktemp("drivers")
    # Offline first: a network that is there costs seconds, one that is not fails.
    built = maven(target, "--offline")
    if built.returncode != 0:
        built = maven(target)
    assert built.returncode == 0, built.stdout + built.stderr
    libraries = (target / "classpath").read_text(encoding="utf-8").strip()
    return os.pathsep.join([str(target / "classes"), libraries])


def test_the_versions_in_the_docs_are_those_that_run() -> None:
    page = (PROJECT.parents[2] / "docs" / "dialects.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(.+?)\].*? \| ([0-9.]+) \|", page, re.MULTILINE)
    pom = (PROJECT / "pom.xml").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"<([a-z-]+)\.version>(.+?)</", pom))
    assert dict(listed) == {
        "scim2-client": version("scim2-client"),
        "scim-client": version("scim-client"),
        "UnboundID SCIM 2 SDK": pinned["unboundid"],
        "ConnId SCIM bundle": pinned["connid-scim"],
        "Captain-P-Goldfish SCIM-SDK": pinned["captaingoldfish"],
    }


def maven(target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["mvn", "--quiet", "--batch-mode", *options, f"-Dtarget={target}", "process-classes"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("java")
    with live_bridge(folder, users=5, groups=2) as bridge:
        yield bridge


@pytest.mark.parametrize(
    ("driver", "options", "steps"),
    DRIVERS,
    ids=["-".join([driver, *options]) for driver, options, _ in DRIVERS],
)
def test_a_life_with_a_library_of_java(
    classpath: str, live: Live, driver: str, options: list[str], steps: int
) -> None:
    before = live.account()
    done = subprocess.run(
        ["java", "-cp", classpath, f"drivers.{driver}", live.url + SCIM_PATH, TOKEN, *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    said = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(line.startswith("ok ") for line in said) == steps
    assert said[-1].startswith("done ")
    account = live.account()
    for kind in ("users", "groups"):
        assert [each["key"] for each in account[kind]] == [each["key"] for each in before[kind]]
