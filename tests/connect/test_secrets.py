"""Neither log nor metric nor database file holds a token, a PAT or a secret in clear."""

import asyncio
import base64
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bridge.rooms import open_store
from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN
from bridge.settings import Settings
from tests.cli.processes import run, serving
from tests.connect.bridges import Watched, eventually, new_grant, watched_goto
from tests.connect.grants import CLIENT, NOW, settings_in

STATIC = "a-static-token-of-a-client"
BASIC = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()


def use(root: str, token: str, goto_url: str) -> None:
    """Good and bad requests, with GoTo in good and bad health."""
    trouble = [
        {"match": {"path": "/users"}, "status": 500, "times": 4, "body": f"Bearer {BASIC}"},
        {"match": {"path": "/groups"}, "status": 401, "times": 1},
    ]
    with httpx.Client(base_url=f"{root}/scim/v2", trust_env=False, timeout=60) as scim:
        for headers in (
            {"Authorization": f"Bearer {token}"},
            {"Authorization": f"Bearer {STATIC}", "Cache-Control": "no-cache"},
            {"Authorization": f"Bearer {STATIC}x"},
            {"Authorization": f"Basic {BASIC}"},
        ):
            for path in ("/Users", f"/Users?filter=userName eq {token}", "/Groups", "/Users/1"):
                scim.get(path, headers=headers)
        httpx.put(f"{goto_url}/_sim/faults", json={"rules": trouble}, trust_env=False)
        live = {"Authorization": f"Bearer {token}", "Cache-Control": "no-cache"}
        for path in ("/Users", "/Groups"):
            scim.get(path, headers=live)
        scim.post("/Users", headers=live, json={"userName": token, "externalId": "e"})


def secrets_of(goto: Watched) -> set[str]:
    given = {
        str(reply.get(name, ""))
        for reply in goto.given
        for name in ("access_token", "refresh_token")
    }
    asked = {form.get(name, "") for form in goto.asked for name in ("pat", "refresh_token", "code")}
    return {PERSONAL_ACCESS_TOKEN, CLIENT_SECRET, BASIC, STATIC, *given, *asked} - {""}


async def new_client(settings: Settings) -> str:
    async with open_store(settings) as (store, _):
        return await store.create_client_token("eic", now=NOW)


def test_nothing_that_is_kept_or_told_holds_a_secret(tmp_path: Path) -> None:
    token = asyncio.run(new_client(settings_in(tmp_path)))
    with watched_goto(refresh_rotation_share=1.0) as (url, goto):
        settings = {
            "BRIDGE_GOTO_API_URL": url,
            "BRIDGE_GOTO_AUTH_URL": url,
            "BRIDGE_GOTO_REFRESH_TOKEN": new_grant(url).secret,
            "BRIDGE_TOKEN": STATIC,
            "BRIDGE_LOG_LEVEL": "debug",
            "BRIDGE_LOG_FORMAT": "json",
            **CLIENT,
        }
        options = {"folder": tmp_path, "settings": settings}
        with serving("serve", "--port", "0", ready='"serving"', **options) as server:
            root = server.wait_for('"serving"').split('"url":"')[1].split("/scim/v2")[0]
            use(root, token, url)
            connected = run("connect", "--pat", typed=f"{PERSONAL_ACCESS_TOKEN}\n", **options)
            assert connected.returncode == 0, connected.stderr
            ready = f"{root}/health/ready"
            eventually(lambda: '"pat"' in httpx.get(ready, trust_env=False, timeout=30).text)
            told = [
                httpx.get(f"{root}{path}", trust_env=False, timeout=30).text
                for path in ("/metrics", "/health/ready", "/health/live")
            ]
            server.end(signal.SIGKILL)  # so that nothing is tidied away
        told += [connected.stdout, connected.stderr, server.text()]
    assert "goto_grant_taken_up" in server.text(), "the log was on"
    key = (tmp_path / "bridge.db.key").read_text().strip()
    secrets = {token, token.partition("_")[2], key, *secrets_of(goto)}
    assert len(secrets) > 8
    files = [path for path in tmp_path.iterdir() if "bridge.db" in path.name]
    assert len(files) > 2, "the database, its log and its key"
    for secret in secrets:
        assert not [text for text in told if secret in text]
        held = [path.name for path in files if secret.encode() in path.read_bytes()]
        assert held == (["bridge.db.key"] if secret == key else [])


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_in_the_log_shows_no_local_variable(style: str) -> None:
    program = f"""
import structlog
from bridge.operations import set_up_logs
set_up_logs("info", "{style}")
def fail(secret):
    token = secret
    raise ValueError("it fell")
try:
    fail("s3" + "cret")
except ValueError:
    structlog.get_logger().exception("fell")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "it fell" in ended.stderr
    assert "s3cret" not in ended.stderr
