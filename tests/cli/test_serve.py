"""``serve`` and ``token`` against a simulated GoTo in a process of its own."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN
from bridge.scim.auth import TRUSTED_FOR
from tests.cli.processes import PATIENCE, Server, run, serving

SERVING = '"serving"'
NO_CLIENT = "goto-scim-bridge token create NAME"


@dataclass(frozen=True)
class Service:
    """A service, its folder with the database, and its GoTo."""

    server: Server
    folder: Path
    settings: dict[str, str]
    goto_url: str

    @property
    def url(self) -> str:
        return str(json.loads(self.server.wait_for(SERVING))["url"])

    def status(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{self.url}/Users?count=1", headers=headers).status_code


@pytest.fixture(scope="module")
def goto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("goto")
    options = ["--port", "0", "--users", "4", "--groups", "1"]
    with serving("goto-simulator", *options, folder=folder, ready="Ctrl-C") as server:
        yield server.after("Simulated GoTo")


@pytest.fixture(scope="module")
def settings(goto_url: str) -> dict[str, str]:
    return {
        "BRIDGE_GOTO_API_URL": goto_url,
        "BRIDGE_GOTO_AUTH_URL": goto_url,
        "BRIDGE_GOTO_CLIENT_ID": CLIENT_ID,
        "BRIDGE_GOTO_CLIENT_SECRET": CLIENT_SECRET,
        "BRIDGE_GOTO_PAT": PERSONAL_ACCESS_TOKEN,
    }


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, goto_url: str, settings: dict[str, str]
) -> Iterator[Service]:
    """One service for the module: port 0 from a file, and no client that could sign in."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "bridge.toml").write_text('port = 9\nhost = "127.0.0.1"\n')
    options = ["--config", "bridge.toml", "--port", "0"]
    with serving("serve", *options, folder=folder, ready=SERVING, settings=settings) as server:
        yield Service(server, folder, settings, goto_url)
        assert server.end(signal.SIGTERM) == 0
    assert "Traceback" not in server.text()


def test_a_service_without_a_client_says_how_one_gets_in(service: Service) -> None:
    warning = json.loads(service.server.wait_for(NO_CLIENT))
    assert warning["level"] == "warning"


def test_a_token_works_at_once_and_stops_when_revoked(service: Service) -> None:
    assert service.status("gsb_none") == 401
    used = run("token", "create", "used", folder=service.folder)
    (token,) = used.stdout.splitlines()
    assert "not shown again" in used.stderr
    assert token not in used.stderr
    assert service.status(token) == 200
    revoked_at = time.monotonic()
    assert run("token", "revoke", "used", folder=service.folder).returncode == 0
    while service.status(token) == 200:
        assert time.monotonic() - revoked_at < TRUSTED_FOR + PATIENCE
        time.sleep(0.2)
    assert service.status(token) == 401


def test_tokens_are_listed_without_the_tokens(service: Service) -> None:
    created = run("token", "create", "okta [eu]", "--profile", "strict", folder=service.folder)
    again = run("token", "create", "okta [eu]", folder=service.folder)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("A client named okta [eu] has a token already")
    listed = run("token", "list", folder=service.folder).stdout
    assert created.stdout.strip() not in listed
    rows = {line[1:].partition("  ")[0]: line for line in listed.splitlines()}
    assert "strict" in rows["okta [eu]"]
    assert "live" in rows["okta [eu]"]
    assert "revoked 20" in rows["used"]


def test_a_token_that_is_not_there_cannot_be_revoked(tmp_path: Path) -> None:
    ended = run("token", "revoke", "nobody", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "No client named nobody has a token" in ended.stderr


def test_without_a_grant_it_serves_and_says_that_it_is_not_ready(tmp_path: Path) -> None:
    with serving("serve", "--port", "0", folder=tmp_path, ready=SERVING) as server:
        root = json.loads(server.wait_for(SERVING))["url"].removesuffix("/scim/v2")
        with httpx.Client(base_url=root) as client:
            assert client.get("/health/live").status_code == 200
            assert client.get("/health/ready").status_code == 503
            # The connection is still open, which must not keep the service from ending.
            assert server.end(signal.SIGINT) == 0
    assert "Traceback" not in server.text()


def test_everything_wrong_is_told_at_once_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text('extends = "goto"\n[users]\nhold = []\n')
    wrong = {
        "BRIDGE_PORT": "eighty",
        "BRIDGE_GOTO_RATE_LIMIT": "0",
        "BRIDGE_MAPPING": "mapping.toml",
    }
    ended = run("serve", folder=tmp_path, settings=wrong)
    assert (ended.returncode, ended.stdout) == (2, "")
    lines = ended.stderr.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [
        "BRIDGE_PORT",
        "BRIDGE_GOTO_RATE_LIMIT",
        "BRIDGE_MAPPING:",
    ]
    assert "mapping.toml, line 3" in lines[-1]


def test_a_mapping_and_a_database_that_cannot_be_used_are_told_together(tmp_path: Path) -> None:
    wrong = {"BRIDGE_MAPPING": "none.toml", "BRIDGE_DATABASE_URL": "sqlite:///none/bridge.db"}
    key = {"BRIDGE_SECRET_KEY": "a" * 43 + "="}
    ended = run("serve", folder=tmp_path, settings={**wrong, **key})
    assert (ended.returncode, ended.stdout) == (2, "")
    mapping, database = ended.stderr.splitlines()
    assert mapping.startswith("BRIDGE_MAPPING: none.toml: cannot be read")
    assert database.startswith("BRIDGE_DATABASE_URL: none/bridge.db cannot be opened")


def test_a_port_in_use_is_told_with_the_name_of_its_setting(
    service: Service, tmp_path: Path
) -> None:
    port = service.url.rpartition(":")[2].partition("/")[0]
    settings = {"BRIDGE_TOKEN": "t", "BRIDGE_LOG_LEVEL": "error"}
    ended = run("serve", "--port", port, folder=tmp_path, settings=settings)
    told = f"BRIDGE_PORT: 127.0.0.1:{port} is in use, choose another port.\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", told)
