"""``probe`` against a simulated GoTo, each a process of its own on a real socket."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.probe import NAMES
from bridge.store import Finding, Sealer, Store
from tests.cli.processes import COMMAND, environment, run
from tests.cli.services import service, simulator

PROBE = "scim-probe-"
HOSTILE = {"firstName": "<b>Zaphod|Q</b>", "lastName": "</script>Zaphod"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with simulator(tmp_path_factory.mktemp("goto"), users=12, groups=3) as settings:
        # A snapshot that is never taken over from the run before.
        yield {**settings, "BRIDGE_SNAPSHOT_MAX_AGE": "0"}


def control(settings: dict[str, str], method: str, path: str, body: Any = None) -> Any:
    url = settings["BRIDGE_GOTO_API_URL"]
    answer = httpx.request(method, f"{url}/_sim/{path}", json=body, timeout=30)
    return answer.json() if answer.content else None


def names(settings: dict[str, str]) -> list[str]:
    """What GoTo has of a probe."""
    state = control(settings, "GET", "state")
    every = [*(u["email"] for u in state["users"]), *(g["name"] for g in state["groups"])]
    return [name for name in every if PROBE in name]


def test_a_whole_probe_reports_stores_and_leaves_nothing(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    victim = control(settings, "GET", "state")["users"][2]["key"]
    token = control(settings, "POST", "token")["access_token"]
    account = f"{settings['BRIDGE_GOTO_API_URL']}/admin/rest/v1/accounts/2068137640515194884"
    httpx.put(
        f"{account}/users/{victim}", json=HOSTILE, headers={"Authorization": f"Bearer {token}"}
    ).raise_for_status()
    before = control(settings, "GET", "state")
    control(settings, "DELETE", "journal")
    began = time.monotonic()
    options = ["--yes", "--out", "report.md"]
    ended = run("probe", *options, folder=tmp_path, settings=settings, patience=200)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert time.monotonic() - began < 120
    assert [line.split()[0] for line in ended.stdout.splitlines()[: len(NAMES)]] == list(NAMES)
    assert control(settings, "GET", "state") == before

    told = json.loads((tmp_path / "report.md.json").read_text("utf-8"))
    assert [set(each) for each in told["findings"]] == [{"name", "outcome", "effect"}] * len(NAMES)
    assert [each["name"] for each in told["findings"]] == list(NAMES)
    assert "T" in told["probed_at"]
    both = (tmp_path / "report.md").read_text("utf-8") + json.dumps(told)
    values = {
        str(each.get(name))
        for each in [*before["users"], *before["groups"], *before["licenses"]]
        for name in ("email", "firstName", "lastName", "key", "name", "description")
        if each.get(name)
    }
    assert len(values) > 30
    # Short names of people are words as well.
    assert [value for value in values if len(value) > 4 and value in both] == []
    assert "Zaphod" not in both
    assert PROBE not in both
    assert "@" not in both

    moments = [
        each["at"]
        for each in control(settings, "GET", "journal?since=0")
        if each["path"].startswith("/admin")
    ]
    assert all(later - at > 0.95 for at, later in zip(moments, moments[2:], strict=False))

    checked = run("check", folder=tmp_path, settings=settings)
    assert f"probed on {told['probed_at'][:10]}" in checked.stdout


def test_a_probe_that_is_killed_is_named_and_cleaned_up(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    before = control(settings, "GET", "state")
    assert names(settings) == []
    with started(tmp_path, settings) as process:
        wait_until_made(settings)
        process.kill()
        process.wait(30)
    assert names(settings)
    checked = run("check", folder=tmp_path, settings=settings)
    assert f"left by a probe: user {PROBE}" in checked.stdout
    named = run("probe", "--read-only", folder=tmp_path, settings=settings)
    assert named.returncode == 0
    for name in names(settings):
        assert name in named.stdout
    assert "goto-scim-bridge probe --clean" in named.stdout
    cleaned = run("probe", "--clean", folder=tmp_path, settings=settings)
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert "removed" in cleaned.stdout
    assert control(settings, "GET", "state") == before
    again = run("probe", "--clean", folder=tmp_path, settings=settings)
    assert (again.returncode, again.stdout) == (0, "Nothing is left by an earlier probe.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_probe_that_is_interrupted_removes_what_it_made(
    tmp_path: Path, settings: dict[str, str], number: signal.Signals
) -> None:
    before = control(settings, "GET", "state")
    assert names(settings) == []
    with started(tmp_path, settings) as process:
        wait_until_made(settings)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert control(settings, "GET", "state") == before
    with sqlite3.connect(tmp_path / "bridge.db") as database:
        assert database.execute("SELECT count(*) FROM probe_object").fetchone() == (0,)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "--yes"),
        (["--yes", "--license", "77"], "--license: 77 is no licence"),
        (["--yes", "--license", "OPENVOICE"], "--license: OPENVOICE has no 2 free seats"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_written(
    tmp_path: Path, settings: dict[str, str], options: list[str], text: str
) -> None:
    control(settings, "DELETE", "journal")
    ended = run("probe", *options, folder=tmp_path, settings=settings)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].startswith(text) or text in ended.stderr
    journal = control(settings, "GET", "journal?since=0")
    assert {each["method"] for each in journal if each["path"].startswith("/admin")} <= {"GET"}


def test_a_goto_that_cannot_be_reached_is_one_line_and_status_1(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    away = {**settings, "BRIDGE_GOTO_AUTH_URL": "http://127.0.0.1:9"}
    ended = run("probe", "--read-only", folder=tmp_path, settings=away)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "BRIDGE_GOTO_AUTH_URL" in ended.stderr.splitlines()[-1]


def started(folder: Path, settings: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "probe", "--yes"],
        cwd=folder,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_made(settings: dict[str, str]) -> None:
    deadline = time.monotonic() + 60
    while len(names(settings)) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_service_begins_with_what_was_found_and_says_when(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with service(tmp_path, settings) as bridge:
        ready = httpx.get(bridge.url.replace("/scim/v2", "/health/ready")).json()
        assert ready["checks"]["probe"] == {"status": "ok", "detail": "not probed"}
    asyncio.run(found(tmp_path, "projection", "refused"))
    (tmp_path / "serve.txt").unlink()
    control(settings, "DELETE", "journal")
    with service(tmp_path, settings) as bridge:
        assert bridge.ask("GET", "/Users?count=1").status_code == 200
        ready = httpx.get(bridge.url.replace("/scim/v2", "/health/ready")).json()
        assert ready["checks"]["probe"] == {"status": "ok", "detail": "probed on 2026-03-01"}
    lists = [
        each["query"]
        for each in control(settings, "GET", "journal?since=0")
        if each["path"].endswith("/users")
    ]
    assert lists
    assert [query for query in lists if "attribute" in query] == []


async def found(folder: Path, name: str, outcome: str) -> None:
    """Store a finding of a probe."""
    store = await Store.open(f"sqlite:///{folder / 'bridge.db'}", sealer=Sealer((bytes(32),)))
    finding = Finding(name, outcome, "", "probe", datetime(2026, 3, 1, tzinfo=UTC))
    await store.findings.save("2068137640515194884", [finding])
    await store.close()
