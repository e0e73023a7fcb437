"""What is shipped: the wheel works from where it is installed, the image keeps its promises."""

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

OPEN_A_STORE = """
import asyncio, sys, bridge
from bridge.store import Sealer, Store

async def main():
    store = await Store.open("sqlite:///bridge.db", sealer=Sealer([b"k" * 32]))
    await store.ping()
    await store.close()

asyncio.run(main())
print(bridge.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as an installer would, without its download of the build tool."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, folder], cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "bridge/py.typed",
        "bridge/_mappings/goto.toml",
        "bridge/_mappings/eic/ImportAccountEntJSON.json",
        "bridge/_mappings/eic/README.md",
        "bridge/_mappings/recipes/entra.md",
        "bridge/_mappings/recipes/parts/before.md",
        "bridge/_mappings/eic/eic.tf",
        "bridge/conformance/traces/okta.json",
        "bridge/store/migrations/env.py",
        "bridge/store/migrations/versions/0001_first_tables.py",
    ],
)
def test_the_wheel_holds_what_the_code_reads_from_its_folder(names: set[str], name: str) -> None:
    assert name in names


def test_the_wheel_holds_nothing_but_the_package(names: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "bridge",
        "goto_scim_bridge",
    }
    assert [name for name in names if re.search(r"\.(db|key|pyc)$|test", name)] == []


def test_the_wheel_names_the_command_and_the_licence(wheel: Path, names: set[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "goto-scim-bridge = bridge.cli:main" in archive.read(entry_points).decode()
        (licence,) = (name for name in names if name.endswith("licenses/LICENSE"))
        assert "Apache License" in archive.read(licence).decode()


def test_the_wheel_opens_a_database_from_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    # A blank and a per cent sign, because paths have them.
    installed = tmp_path / "site 100%"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    ran = subprocess.run(
        [sys.executable, "-c", OPEN_A_STORE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).is_relative_to(installed)


def test_the_wheel_writes_a_recipe_from_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "site 100%"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    arguments = ["recipe", "eic", "--url", "https://bridge.example.com", "--out", "eic"]
    ran = subprocess.run(
        [sys.executable, "-m", "bridge", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "eic" / "ConnectionJSON.json").exists()


def test_constraints_pin_every_dependency_exactly() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {_normal(line.partition("==")[0]) for line in lines if "==" in line}
    assert len(pinned) == len(lines)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(name for extra in extras for name in extra)]
    assert {_normal(re.split(r"[\[<>=!~; ]", name)[0]) for name in wanted} <= pinned


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# --- the image


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """Give the last stage's instructions: the image's, for the first stage is thrown away."""
    text = (ROOT / "Dockerfile").read_text()
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    last_stage = text[text.rindex("FROM ") :]
    pairs = (line.partition(" ") for line in last_stage.splitlines() if line)
    return [(word, rest.strip()) for word, _, rest in pairs]


def _value(instructions: list[tuple[str, str]], word: str) -> str:
    (value,) = (rest for name, rest in instructions if name == word)
    return value


def test_the_image_serves_as_an_ordinary_user(instructions: list[tuple[str, str]]) -> None:
    uid, _, gid = _value(instructions, "USER").partition(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert json.loads(_value(instructions, "ENTRYPOINT")) == ["goto-scim-bridge"]
    assert json.loads(_value(instructions, "CMD")) == ["serve"]
    words = [name for name, _ in instructions]
    assert "RUN" not in words[words.index("USER") :]


def test_the_image_keeps_its_data_in_the_volume(instructions: list[tuple[str, str]]) -> None:
    environment = dict(re.findall(r"(\w+)=(\S+)", _value(instructions, "ENV")))
    assert _value(instructions, "VOLUME") == "/data"
    assert environment["BRIDGE_DATABASE_URL"] == "sqlite:////data/bridge.db"
    assert environment["BRIDGE_HOST"] == "0.0.0.0"
    assert environment["BRIDGE_PORT"] == _value(instructions, "EXPOSE") == "8080"


@pytest.mark.parametrize("below", ["", "/goto", "goto/"])
@pytest.mark.parametrize(("answer", "healthy"), [(200, True), (503, False)])
def test_the_images_health_check_asks_for_liveness(
    instructions: list[tuple[str, str]], answer: int, healthy: bool, below: str
) -> None:
    command = json.loads(_value(instructions, "HEALTHCHECK").partition(" CMD ")[2])
    assert command[0] == "python"
    with _server(answer) as (port, asked):
        environment = {
            "BRIDGE_PORT": str(port), "BRIDGE_BASE_PATH": below, "http_proxy": "http://127.0.0.1:9"
        }  # fmt: skip
        ran = subprocess.run(
            [sys.executable, *command[1:]], env=environment, capture_output=True, check=False
        )
    assert (ran.returncode == 0) is healthy
    assert asked == ["/goto/health/live" if below else "/health/live"]


@contextmanager
def _server(answer: int) -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(answer)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def test_the_images_context_leaves_out_all_but_the_sources() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, flags=re.MULTILINE)
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert {name for names in copied for name in names.split()} == let_in
