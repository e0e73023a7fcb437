"""Which grant is in use, and that a stored one survives what may happen to it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.connect import Grants
from bridge.errors import BridgeError
from bridge.goto import Grant
from bridge.rooms import open_store
from bridge.settings import Settings
from tests.connect.grants import refresh_token, settings_in

WHOLE = refresh_token(
    principal="admin@example.com",
    scope="identity:",
    administrator_key="123",
    account_key="987654321987654321",
)
PAT = Grant(kind="pat", secret="stored-pat", obtained_at=WHOLE.obtained_at)
OLD_KEY, NEW_KEY = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


def use(settings: Settings, story: Callable[[Grants], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with open_store(settings) as (store, _):
            return await story(Grants(settings, store))

    return asyncio.run(run())


@pytest.mark.parametrize("grant", [WHOLE, PAT, replace(WHOLE, expires_at=None)])
def test_a_grant_is_there_whole_after_a_restart(tmp_path: Path, grant: Grant) -> None:
    settings = settings_in(tmp_path)
    use(settings, lambda grants: grants.put(grant))
    assert use(settings, lambda grants: grants.stored()) == grant
    assert use(settings, lambda grants: grants.current()) == grant


@pytest.mark.parametrize(
    ("configured", "stored", "secret"),
    [
        ({"goto_pat": "p", "goto_refresh_token": "r"}, WHOLE, "p"),
        ({"goto_refresh_token": "r"}, WHOLE, "refresh-1"),
        ({"goto_refresh_token": "r"}, PAT, "stored-pat"),
        ({"goto_refresh_token": "r"}, None, "r"),
        ({}, WHOLE, "refresh-1"),
        ({}, None, ""),
    ],
)
def test_a_configured_pat_goes_first_then_what_is_stored_then_a_configured_refresh_token(
    tmp_path: Path, configured: dict[str, str], stored: Grant | None, secret: str
) -> None:
    if stored:
        use(settings_in(tmp_path), lambda grants: grants.put(stored))
    grant = use(settings_in(tmp_path, **configured), lambda grants: grants.current())
    assert grant.secret == secret
    assert grant.kind == ("pat" if secret in ("p", "stored-pat") else "refresh_token")


def test_a_configured_pat_neither_reads_nor_replaces_what_is_stored(tmp_path: Path) -> None:
    use(settings_in(tmp_path), lambda grants: grants.put(WHOLE))
    configured = settings_in(tmp_path, goto_pat="p")
    assert use(configured, lambda grants: grants.stored()) is None
    use(configured, lambda grants: grants.keep(PAT))
    assert use(settings_in(tmp_path), lambda grants: grants.stored()) == WHOLE


def test_what_a_newer_version_stored_beside_it_does_no_harm(tmp_path: Path) -> None:
    async def story(grants: Grants) -> Grant | None:
        await grants.put(WHOLE)
        record = await grants.store.grant("goto")
        assert record is not None
        older = {name: value for name, value in record.items() if "key" not in name}
        await grants.store.save_grant("goto", {**older, "from_tomorrow": 1})
        return await grants.stored()

    found = use(settings_in(tmp_path), story)
    assert found == replace(WHOLE, administrator_key="", account_key="")


def test_a_new_key_opens_the_grant_with_the_old_key_behind_it_and_then_without(
    tmp_path: Path,
) -> None:
    use(settings_in(tmp_path, secret_key=OLD_KEY), lambda grants: grants.put(WHOLE))
    rotating = settings_in(tmp_path, secret_key=f"{NEW_KEY},{OLD_KEY}")
    assert use(rotating, lambda grants: grants.current()) == WHOLE
    with pytest.raises(BridgeError, match="list the old key behind the new one"):
        use(settings_in(tmp_path, secret_key=NEW_KEY), lambda grants: grants.current())
    use(rotating, lambda grants: grants.seal_anew())
    assert use(settings_in(tmp_path, secret_key=NEW_KEY), lambda g: g.current()) == WHOLE


def test_a_grant_whose_key_is_lost_is_replaced_by_connecting_again(tmp_path: Path) -> None:
    use(settings_in(tmp_path, secret_key=OLD_KEY), lambda grants: grants.put(WHOLE))
    anew = settings_in(tmp_path, secret_key=NEW_KEY)
    use(anew, lambda grants: grants.put(PAT))
    assert use(anew, lambda grants: grants.current()) == PAT


def test_with_one_key_nothing_is_sealed_anew(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, secret_key=OLD_KEY)
    use(settings, lambda grants: grants.seal_anew())
    assert use(settings, lambda grants: grants.stored()) is None
