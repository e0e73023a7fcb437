"""Imports with the shipped files: all of an account, again, and what goes wrong in between."""

from pathlib import Path

import httpx
import pytest

from tests.eic.connections import KINDS, connected, expected_links, shipped_files
from tests.eic.emulator import Eic
from tests.eic.emulator.store import ACTIVE, INACTIVE
from tests.live import Live, live_bridge


def imported(eic: Eic) -> None:
    """Run both imports; neither may fail."""
    jobs = eic.import_all()
    assert [job.lines for job in jobs if job.failed] == []


@pytest.mark.parametrize("users", [1, 100, 101, 2500])
def test_accounts_entitlements_and_links_are_those_of_the_account(
    tmp_path: Path, users: int
) -> None:
    with live_bridge(tmp_path, users=users, groups=7) as live, connected(live, tmp_path) as eic:
        imported(eic)
        state = live.account()
        assert len(state["users"]) == users
        assert set(eic.store.accounts) == {user["key"] for user in state["users"]}
        assert set(eic.store.of_kind("Group")) == {group["key"] for group in state["groups"]}
        assert eic.store.links() == expected_links(state)
        for user in state["users"]:
            account = eic.store.accounts[user["key"]]
            assert account.status == (INACTIVE if user["status"] == "SUSPENDED" else ACTIVE)
            assert account.columns["name"] == user["email"]
        before = eic.store.picture()
        imported(eic)
        assert eic.store.picture() == before
        assert live.writes() == []
