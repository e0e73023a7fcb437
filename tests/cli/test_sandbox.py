"""``sandbox`` and ``goto-simulator`` as a person starts them."""

import shlex
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.processes import Server, free_port, run, serving

ENDS = "Ctrl-C ends"


@dataclass(frozen=True)
class Sandbox:
    server: Server
    port: int
    goto_port: int
    temporary: Path


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for the module, in an environment full of traps; SIGTERM ends it well."""
    folder = tmp_path_factory.mktemp("sandbox")
    temporary = tmp_path_factory.mktemp("temporary")
    port, goto_port = free_port(), free_port()
    options = ["--port", f"{port}", "--goto-port", f"{goto_port}", "--users", "7", "--groups", "2"]
    traps = {
        "BRIDGE_PORT": "wrong",
        "BRIDGE_TOKEN": "of-a-real-account",
        "BRIDGE_GOTO_API_URL": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "TMPDIR": str(temporary),
    }
    with serving("sandbox", *options, folder=folder, ready=ENDS, settings=traps) as server:
        yield Sandbox(server, port, goto_port, temporary)
        assert [path.name for path in temporary.glob("*/bridge.db")] == ["bridge.db"]
        assert server.end(signal.SIGTERM) == 0
    assert list(temporary.iterdir()) == []
    assert list(folder.iterdir()) == [server.written]
    assert "Traceback" not in server.text()


def test_the_sandbox_says_where_it_is_and_the_curl_line_works(sandbox: Sandbox) -> None:
    server = sandbox.server
    base_url = server.after("SCIM base URL")
    assert base_url == f"http://127.0.0.1:{sandbox.port}/scim/v2"
    assert server.after("Bearer token") == "sandbox-token"
    assert server.after("Simulated GoTo") == f"http://127.0.0.1:{sandbox.goto_port}"
    curl, flag, header, url = shlex.split(server.wait_for("curl "))
    assert (curl, flag, url) == ("curl", "-H", f"{base_url}/Users?count=2")
    name, _, value = header.partition(": ")
    listed = httpx.get(url, headers={name: value}).json()
    assert (listed["totalResults"], listed["itemsPerPage"]) == (7, 2)


def test_the_sandbox_has_a_control_side(sandbox: Sandbox) -> None:
    state = httpx.get(sandbox.server.after("Its control side")).json()
    assert (len(state["users"]), len(state["groups"])) == (7, 2)


def test_the_sandbox_takes_no_setting_from_the_environment(sandbox: Sandbox) -> None:
    url = f"http://127.0.0.1:{sandbox.port}/scim/v2/Users"
    refused = httpx.get(url, headers={"Authorization": "Bearer of-a-real-account"})
    assert refused.status_code == 401


def test_the_sandbox_maps_a_user_name_that_is_no_address(sandbox: Sandbox) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{sandbox.port}/scim/v2/Users",
        headers={"Authorization": "Bearer sandbox-token"},
        json={"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"},
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["emails"][0]["value"] == "ada@people.example.com"


def test_a_port_in_use_is_told_in_one_line_that_names_its_option(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    options = ["--port", "0", "--goto-port", str(sandbox.port)]
    ended = run("sandbox", *options, folder=tmp_path)
    told = f"--goto-port: 127.0.0.1:{sandbox.port} is in use, choose another port.\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", told)


def test_a_data_folder_is_made_and_kept(tmp_path: Path) -> None:
    options = ["--port", "0", "--goto-port", "0", "--data", "kept/here", "--token", "it's"]
    with serving("sandbox", *options, folder=tmp_path, ready=ENDS) as server:
        *_, header, url = shlex.split(server.wait_for("curl "))
        assert header.endswith("Bearer it's")
        assert httpx.get(url, headers={"Authorization": "Bearer it's"}).status_code == 200
        assert server.end(signal.SIGINT) == 0
    assert (tmp_path / "kept" / "here" / "bridge.db").stat().st_size > 0
    assert (tmp_path / "kept" / "here" / "bridge.db.key").stat().st_mode & 0o777 == 0o600


def test_the_simulator_says_how_it_is_reached_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    options = ["--port", "0", "--users", "3", "--groups", "1", "--seed", "7"]
    with serving("goto-simulator", *options, folder=tmp_path, ready=ENDS) as server:
        url = server.after("Simulated GoTo")
        answer = httpx.post(
            f"{url}/oauth/token",
            auth=(server.after("Client id"), server.after("Client secret")),
            data={
                "grant_type": "personal_access_token",
                "pat": server.after("Personal access token"),
            },
        ).json()
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        me = httpx.get(f"{url}/admin/rest/v1/me", headers=headers).json()
        assert me["adminRoles"] == ["SUPER_USER"]
        assert len(httpx.get(server.after("Control side")).json()["users"]) == 3
        assert f"{url}/_sim/journal" in server.text()
        assert server.end(signal.SIGINT) == 0
    assert "Traceback" not in server.text()
