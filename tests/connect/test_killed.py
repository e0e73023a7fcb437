"""A new refresh token outlives a bridge that is killed right after it came."""

import os
import signal
from pathlib import Path

import httpx

from tests.cli.processes import serving
from tests.connect.bridges import new_grant, watched_goto
from tests.connect.grants import CLIENT


def test_a_kill_after_the_new_refresh_token_and_before_the_next_call_loses_nothing(
    tmp_path: Path,
) -> None:
    with watched_goto(refresh_rotation_share=1.0) as (url, goto):
        first = new_grant(url).secret
        goto.asked.clear()
        goto.given.clear()
        settings = {
            "BRIDGE_GOTO_API_URL": url,
            "BRIDGE_GOTO_AUTH_URL": url,
            "BRIDGE_GOTO_REFRESH_TOKEN": first,
            **CLIENT,
        }
        with serving(
            "serve", "--port", "0", folder=tmp_path, ready="Started", settings=settings
        ) as server:
            # GoTo gave a new refresh token, and the first call with the new access token arrives.
            goto.before_api = lambda: os.kill(server.process.pid, signal.SIGKILL)
            assert server.process.wait(30) == -signal.SIGKILL
        goto.before_api = lambda: None
        assert [form["refresh_token"] for form in goto.asked] == [first]
        second = goto.given[0]["refresh_token"]
        assert second != first
        with serving(
            "serve", "--port", "0", folder=tmp_path, ready='"serving"', settings=settings
        ) as server:
            root = server.wait_for('"serving"').split('"url":"')[1].split("/scim/v2")[0]
            assert httpx.get(f"{root}/health/ready", trust_env=False, timeout=30).is_success
            assert server.end(signal.SIGTERM) == 0
        assert goto.asked[1]["refresh_token"] == second, "the old one would be refused"
