"""SIGTERM while a write is under way: it is finished, answered, kept; nobody new is let in."""

import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cli.processes import PATIENCE
from tests.cli.services import HEADERS, Service, service, simulator

SLOW = 1500
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
NEW = {"name": {"givenName": "Grace"}, "nickName": "Amazing"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with simulator(tmp_path_factory.mktemp("goto")) as settings:
        yield settings


def change_of(**values: Any) -> dict[str, Any]:
    operation = {"op": "replace", "value": values}
    return {"schemas": [PATCH_OP], "Operations": [operation]}


def somebody(bridge: Service) -> str:
    """A user whose name can be changed, and is not Grace yet."""
    for user in bridge.account()["users"]:
        locked = any(user.get(lock) for lock in ("nameLocked", "emailLocked", "identityReadOnly"))
        if not locked and not user.get("adminRoles") and user["firstName"] != "Grace":
            return str(user["key"])
    raise AssertionError("nobody is left")


def slow_writes(bridge: Service) -> None:
    """Let GoTo take its time for each write from now on."""
    rules = [{"match": {"method": method}, "delay_ms": SLOW} for method in ("PUT", "DELETE")]
    bridge.goto.put("/_sim/faults", json={"rules": rules}).raise_for_status()
    bridge.goto.delete("/_sim/journal")


def wait_for_a_write(bridge: Service) -> None:
    """Wait until GoTo has got a write, which it has not answered yet."""
    deadline = time.monotonic() + PATIENCE
    while not any(c["method"] != "GET" for c in bridge.goto.get("/_sim/journal").json()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_until_nobody_gets_in(bridge: Service) -> None:
    at = urlsplit(bridge.url)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((str(at.hostname), int(at.port or 0))).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_write_under_way_is_answered_and_nobody_new_gets_in(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with service(tmp_path, settings) as bridge, ThreadPoolExecutor() as threads:
        key = somebody(bridge)
        slow_writes(bridge)
        asked = threads.submit(bridge.ask, "PATCH", f"/Users/{key}", change_of(**NEW))
        wait_for_a_write(bridge)
        bridge.server.process.send_signal(signal.SIGTERM)
        wait_until_nobody_gets_in(bridge)
        answer = asked.result(PATIENCE)
        assert answer.status_code == 200
        assert answer.json()["nickName"] == "Amazing"
        assert bridge.server.process.wait(PATIENCE) == 0
        assert "Traceback" not in bridge.server.text()
    is_kept(tmp_path, settings, key)


def test_a_write_whose_client_hung_up_is_finished_too(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with service(tmp_path, settings) as bridge:
        key = somebody(bridge)
        slow_writes(bridge)
        with httpx.Client(base_url=bridge.url, headers=HEADERS) as hasty:
            with pytest.raises(httpx.ReadTimeout):
                hasty.patch(f"/Users/{key}", json=change_of(**NEW), timeout=0.5)
            wait_for_a_write(bridge)
        assert bridge.server.end(signal.SIGTERM) == 0
        assert "Traceback" not in bridge.server.text()
    is_kept(tmp_path, settings, key)


def is_kept(folder: Path, settings: dict[str, str], key: str) -> None:
    """Check that GoTo and the store agree on the whole change, after a restart too."""
    with sqlite3.connect(folder / "bridge.db") as database:
        actions = database.execute("SELECT action FROM audit WHERE key = ?", (key,)).fetchall()
        open_intents = database.execute("SELECT operation FROM journal").fetchall()
    database.close()
    assert (actions, open_intents) == ([("change",)], [])
    with service(folder, settings) as bridge:
        bridge.goto.put("/_sim/faults", json={"rules": []})
        stored = next(user for user in bridge.account()["users"] if user["key"] == key)
        assert stored["firstName"] == "Grace"
        shown = bridge.ask("GET", f"/Users/{key}").json()
        assert (shown["name"]["givenName"], shown["nickName"]) == ("Grace", "Amazing")


def test_a_suspension_under_way_ends_with_what_was_taken_remembered(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with service(tmp_path, settings) as bridge, ThreadPoolExecutor() as threads:
        key = bridge.active_users()[0]
        had = bridge.ask("GET", f"/Users/{key}").json()["entitlements"]
        slow_writes(bridge)
        asked = threads.submit(bridge.ask, "PATCH", f"/Users/{key}", change_of(active=False))
        wait_for_a_write(bridge)
        assert bridge.server.end(signal.SIGTERM) == 0
        assert asked.result(PATIENCE).json()["active"] is False
    with service(tmp_path, settings) as bridge:
        bridge.goto.put("/_sim/faults", json={"rules": []})
        assert bridge.ask("GET", f"/Users/{key}").json()["active"] is False
        again = bridge.ask("PATCH", f"/Users/{key}", change_of(active=True))
        assert again.json()["entitlements"] == had
