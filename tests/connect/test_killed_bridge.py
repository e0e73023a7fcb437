"""A bridge that is killed with SIGKILL while it writes to GoTo, and started again."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bridge.sandbox import SimulatorSettings, simulated_goto
from tests.cli.processes import Server, serving
from tests.connect.bridges import new_grant
from tests.connect.grants import CLIENT
from tests.live import TOKEN, served

PATIENCE = 30.0
# Longer than it takes to kill the bridge; what happens then, nobody hears.
HELD_UP_MS = 1500
FAULTS = {
    "before it is done": {"status": 503},
    "after it was done": {"drop": True, "after": True},
}
EXTERNAL_ID, ROLES = "e-1", ("MANAGE_GROUPS", "RUN_REPORTS")


class Watched:
    """A simulated GoTo that tells when a write to a user arrives."""

    def __init__(self) -> None:
        settings = SimulatorSettings(rate_limit=0)
        self._app = simulated_goto(users=8, groups=2, settings=settings)
        self.users = self._app.state.account.stored.users
        self.arrived = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "PUT" and "/users/" in scope["path"]:
            self.arrived.set()
        await self._app(scope, receive, send)


@contextmanager
def bridge(folder: Path, goto: str, refresh: str) -> Iterator[tuple[Server, httpx.Client]]:
    """The service as a process of its own, and a SCIM client of it."""
    settings = {
        "BRIDGE_GOTO_API_URL": goto,
        "BRIDGE_GOTO_AUTH_URL": goto,
        "BRIDGE_GOTO_REFRESH_TOKEN": refresh,
        "BRIDGE_GOTO_RATE_LIMIT": "1000",
        "BRIDGE_TOKEN": TOKEN,
        **CLIENT,
    }
    with serving(
        "serve", "--port", "0", folder=folder, ready='"serving"', settings=settings
    ) as server:
        root = server.wait_for('"serving"').split('"url":"')[1].split("/scim/v2")[0]
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(
            base_url=f"{root}/scim/v2", headers=headers, timeout=PATIENCE, trust_env=False
        ) as client:
            yield server, client


def replaced(client: httpx.Client, key: str, **values: Any) -> httpx.Response:
    change = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": values}],
    }
    return client.patch(f"/Users/{key}", json=change)


def rows(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "bridge.db")) as database:
        (number,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(number)


def awaited(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("when", FAULTS)
def test_a_suspension_cut_off_by_sigkill_is_done_or_not_and_nothing_is_lost(
    tmp_path: Path, when: str
) -> None:
    goto = Watched()
    with served(cast(Starlette, goto)) as url:
        refresh = new_grant(url).secret
        with bridge(tmp_path, url, refresh) as (server, client):
            sent = {"userName": "ada@example.com", "externalId": EXTERNAL_ID, "title": "Baker"}
            roles = [{"value": role} for role in ROLES]
            key = client.post("/Users", json={**sent, "roles": roles}).json()["id"]
            other = client.post("/Users", json={"userName": "ida@example.com"}).json()["id"]
            had, others = goto.users[key], goto.users[other]
            assert set(had.admin_roles) == set(ROLES)
            assert replaced(client, other, active=False).status_code == 200
            match = {"method": "PUT", "path": f"/users/{key}"}
            fault = {"match": match, "delay_ms": HELD_UP_MS, **FAULTS[when]}
            httpx.put(f"{url}/_sim/faults", json={"rules": [fault]}, trust_env=False)
            goto.arrived.clear()

            def suspend() -> None:
                with pytest.raises(httpx.HTTPError):
                    replaced(client, key, active=False)

            asking = threading.Thread(target=suspend)
            asking.start()
            assert goto.arrived.wait(PATIENCE)
            if "after" in when:
                awaited(lambda: not goto.users[key].admin_roles)
            os.kill(server.process.pid, signal.SIGKILL)
            assert server.process.wait(PATIENCE) == -signal.SIGKILL
            asking.join(PATIENCE)
            assert not asking.is_alive()
        httpx.put(f"{url}/_sim/faults", json={"rules": []}, trust_env=False)
        # What was under way is written down.
        assert rows(tmp_path, "journal") == 1
        # Another refresh token would be refused: the grant is the stored one.
        with bridge(tmp_path, url, "none of ours") as (_, client):
            found = client.get(f"/Users/{key}").json()
            assert found["active"] == ("before" in when)
            assert (found["externalId"], found["title"]) == (EXTERNAL_ID, "Baker")
            assert goto.users[key] == had or not goto.users[key].license_keys
            for each, whole in ((key, had), (other, others)):
                assert replaced(client, each, active=False).json()["active"] is False
                assert not goto.users[each].license_keys
                assert replaced(client, each, active=True).json()["active"] is True
                assert set(goto.users[each].license_keys) == set(whole.license_keys)
                assert set(goto.users[each].admin_roles) == set(whole.admin_roles)
            assert rows(tmp_path, "journal") == 0
