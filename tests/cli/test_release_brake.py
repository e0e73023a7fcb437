"""``release-brake`` and ``audit``, beside a service that runs and after it."""

import json
import signal
from pathlib import Path

import httpx
import pytest

from tests.cli.calls import told
from tests.cli.processes import run
from tests.cli.services import service, simulator

OWN = 'extends = "goto"\n[limits]\ndestructive_per_hour = 2\n'


def test_a_running_service_takes_up_a_release_and_a_restarted_one_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    with simulator(tmp_path) as settings:
        settings["BRIDGE_MAPPING"] = "own.toml"
        with service(tmp_path, settings) as bridge:
            users = bridge.active_users()
            told = [bridge.ask("DELETE", f"/Users/{key}").status_code for key in users[:3]]
            assert told == [204, 204, 429]
            base = bridge.url.removesuffix("/scim/v2")
            ready = httpx.get(f"{base}/health/ready")
            assert ready.status_code == 200
            assert "release-brake" in ready.json()["checks"]["brake"]["detail"]
            scraped = httpx.get(f"{base}/metrics").text.splitlines()
            assert {"bridge_brake 1.0", "bridge_destructive_operations 2.0"} <= set(scraped)

            released = run("release-brake", folder=tmp_path, settings=settings)
            assert (released.returncode, released.stderr) == (0, "")
            assert released.stdout.startswith("Released: from 20")
            ready = httpx.get(f"{base}/health/ready")
            assert "detail" not in ready.json()["checks"]["brake"], "taken up without a request"
            assert bridge.ask("DELETE", f"/Users/{users[2]}").status_code == 204
            assert bridge.server.end(signal.SIGTERM) == 0
        with service(tmp_path, settings) as bridge:
            told = [bridge.ask("DELETE", f"/Users/{key}").status_code for key in users[3:5]]
            assert told == [204, 429]
            released = run("release-brake", "--for", "30m", folder=tmp_path, settings=settings)
            assert released.stdout.startswith("Released: until 20")
            told = [bridge.ask("DELETE", f"/Users/{key}").status_code for key in users[4:8]]
            assert told == [204] * 4
    listed = run("audit", "--format", "json", "--since", "1h", folder=tmp_path, settings=settings)
    lines = [json.loads(line) for line in listed.stdout.splitlines()]
    actions = [line["action"] for line in lines]
    assert actions == [
        *["delete"] * 2, "release-brake", *["delete"] * 2, "release-brake", *["delete"] * 4,
    ]  # fmt: skip
    assert {line["client"] for line in lines} == {"BRIDGE_TOKEN", "operator"}
    one = run("audit", "--user", users[0], folder=tmp_path, settings=settings)
    assert users[0] in one.stdout
    assert users[1] not in one.stdout


def test_a_database_without_an_account_has_no_brake(tmp_path: Path) -> None:
    ended = run("release-brake", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "BRIDGE_DATABASE_URL" in ended.stderr
    listed = run("audit", folder=tmp_path)
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "Nothing was changed" in listed.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("release-brake", "--for", "25h"),
        ("release-brake", "--for", "soon"),
        ("release-brake", "--for", "0m"),
        ("audit", "--since", "999999d"),
        ("audit", "--since", "1"),
    ],
)
def test_a_time_that_makes_no_sense_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    out, lines = told(capsys, *arguments, status=2)
    assert out == ""
    assert any(arguments[1] in line for line in lines)
