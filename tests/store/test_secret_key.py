"""The key file: made once, for the owner alone, the same for all who start."""

import asyncio
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from bridge.errors import BridgeError
from bridge.store import Sealer, SecretKeys, Store, existing_keys, secret_keys

KEY = b"k" * 32


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bridge.db"


def test_configured_keys_are_taken_as_they_are(url: str, tmp_path: Path) -> None:
    resolved = secret_keys((KEY, b"o" * 32), database_url=url)
    assert (resolved.keys, resolved.warning) == ((KEY, b"o" * 32), None)
    assert list(tmp_path.iterdir()) == []


def test_the_first_start_makes_a_key_with_a_warning_and_later_ones_keep_it(
    url: str, tmp_path: Path
) -> None:
    first = secret_keys((), database_url=url)
    assert first.warning is not None
    assert "BRIDGE_SECRET_KEY" in first.warning
    second = secret_keys((), database_url=url)
    assert (second.keys, second.warning) == (first.keys, None)
    assert len(first.keys[0]) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["bridge.db.key"]


def test_the_key_file_is_the_owners_alone_whatever_the_umask(url: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        secret_keys((), database_url=url)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "bridge.db.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("attempt", range(5))
def test_starters_at_once_agree_on_one_key(url: str, tmp_path: Path, attempt: int) -> None:
    ready = Barrier(8)

    def start() -> SecretKeys:
        ready.wait()
        return secret_keys((), database_url=url)

    with ThreadPoolExecutor(8) as pool:
        started = [future.result() for future in [pool.submit(start) for _ in range(8)]]
    assert len({resolved.keys for resolved in started}) == 1
    assert len([resolved for resolved in started if resolved.warning]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bridge.db.key"]


@pytest.mark.parametrize("content", ["", "not base64!", "c2hvcnQ="])
def test_a_damaged_key_file_is_told_and_left_as_it_is(
    url: str, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "bridge.db.key"
    path.write_text(content)
    with pytest.raises(BridgeError, match="holds no key"):
        secret_keys((), database_url=url)
    assert path.read_text() == content


def test_a_folder_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="BRIDGE_SECRET_KEY"):
        secret_keys((), database_url=f"sqlite:///{tmp_path}/nowhere/bridge.db")


def sealed_in(folder: Path) -> None:
    """A database in which a grant is sealed with a key that was configured."""

    async def store() -> None:
        opened = await Store.open(f"sqlite:///{folder}/bridge.db", sealer=Sealer([KEY]))
        await opened.save_grant("goto", {"secret": "s"})
        await opened.close()

    asyncio.run(store())


@pytest.mark.parametrize("give", [secret_keys, existing_keys])
def test_no_key_is_made_beside_a_database_that_holds_something_sealed(
    url: str, tmp_path: Path, give: Any
) -> None:
    sealed_in(tmp_path)
    with pytest.raises(BridgeError, match=r"key file .*bridge\.db\.key is missing"):
        give((), database_url=url)
    assert not (tmp_path / "bridge.db.key").exists()
    assert give((KEY,), database_url=url).keys == (KEY,)


def test_a_look_for_keys_makes_none(url: str, tmp_path: Path) -> None:
    assert existing_keys((), database_url=url) is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "bridge.db").write_text("no database")
    assert existing_keys((), database_url=url) is None
    made = secret_keys((), database_url=url)
    assert existing_keys((), database_url=url) == SecretKeys(made.keys)


def test_postgresql_needs_a_configured_key() -> None:
    with pytest.raises(BridgeError, match="BRIDGE_SECRET_KEY is required"):
        secret_keys((), database_url="postgresql://h/db")


def test_the_representation_gives_no_key_away() -> None:
    assert "kkk" not in repr(secret_keys((KEY,), database_url="sqlite:///b.db"))
