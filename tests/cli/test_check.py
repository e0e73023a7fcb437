"""``check`` against a simulated GoTo in a process of its own: it looks, and makes nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from alembic import command
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from bridge.sandbox import PERSONAL_ACCESS_TOKEN
from bridge.store import schema_state
from bridge.store.migrate import migration_config
from bridge.store.schema import VERSION_TABLE
from tests.cli.processes import free_port, run
from tests.cli.services import simulator
from tests.store.test_secret_key import sealed_in

NO_CLIENT = "goto-scim-bridge token create NAME"
LONG_TOKEN = "a-token-of-more-than-thirty-two-characters"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Those of a bridge without a client."""
    with simulator(tmp_path_factory.mktemp("goto"), users=4, groups=1) as settings:
        yield {name: value for name, value in settings.items() if name != "BRIDGE_TOKEN"}


@pytest.fixture(scope="module")
def goto_url(settings: dict[str, str]) -> str:
    return settings["BRIDGE_GOTO_API_URL"]


def findings(text: str) -> dict[str, tuple[str, str]]:
    """What each check found, by its name."""
    rows = [line.split(maxsplit=2) for line in text.splitlines()]
    return {name: (outcome, said) for outcome, name, said in rows}


def test_check_tells_that_all_is_well(settings: dict[str, str], tmp_path: Path) -> None:
    ended = run("check", folder=tmp_path, settings={**settings, "BRIDGE_TOKEN": LONG_TOKEN})
    found = findings(ended.stdout)
    assert {outcome for outcome, _ in found.values()} == {"ok"}, ended.stdout
    assert list(found) == [
        "settings",
        "mapping",
        "database",
        "GoTo",
        "grant",
        "account",
        "rights",
        "limit",
        "probe",
        "clients",
    ]
    assert "Example Industries" in found["account"][1]
    assert "admin@example.com" in found["account"][1]
    assert "SUPER_USER" in found["rights"][1]
    assert found["probe"][1] == "not probed: run `goto-scim-bridge probe`"
    assert found["limit"][1].startswith("5 suspensions and deletions of users in an hour")
    assert ended.returncode == 0
    assert PERSONAL_ACCESS_TOKEN not in ended.stdout + ended.stderr


def test_check_names_the_roles_that_are_missing(
    goto_url: str, settings: dict[str, str], tmp_path: Path
) -> None:
    token = httpx.post(f"{goto_url}/_sim/token").json()["access_token"]
    with httpx.Client(
        base_url=f"{goto_url}/admin/rest/v1", headers={"Authorization": f"Bearer {token}"}
    ) as goto:
        me = goto.get("/me").json()
        administrator = f"/accounts/{me['accountKey']}/users/{me['key']}"
        goto.put(administrator, json={"adminRoles": ["MANAGE_USERS", "RUN_REPORTS"]})
        try:
            ended = run("check", folder=tmp_path, settings=settings)
        finally:
            goto.put(administrator, json={"adminRoles": ["SUPER_USER"]})
    found = findings(ended.stdout)
    assert found["rights"][0] == "FAILED"
    assert "missing: MANAGE_GROUPS, MANAGE_SEATS." in found["rights"][1]
    assert found["clients"][0] == "warning"
    assert NO_CLIENT in found["clients"][1]
    assert ended.returncode == 1


def test_check_says_why_later_checks_cannot_be_made(
    settings: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "mapping.toml").write_text("version = 2\n")
    wrong = {"BRIDGE_GOTO_CLIENT_SECRET": "wrong", "BRIDGE_MAPPING": "mapping.toml"}
    ended = run("check", folder=tmp_path, settings={**settings, **wrong})
    found = findings(ended.stdout)
    failed = [name for name, (outcome, _) in found.items() if outcome == "FAILED"]
    skipped = [name for name, (outcome, _) in found.items() if outcome == "skipped"]
    assert (failed, skipped) == (
        ["mapping", "GoTo"],
        ["grant", "account", "rights", "limit", "probe"],
    )
    assert "BRIDGE_GOTO_CLIENT_SECRET" in found["GoTo"][1]
    assert "GoTo gave no access token" in found["rights"][1]
    assert ended.returncode == 1


def test_check_without_a_grant_says_how_to_get_one(tmp_path: Path) -> None:
    unreachable = {"BRIDGE_GOTO_AUTH_URL": f"http://127.0.0.1:{free_port()}"}
    found = findings(run("check", folder=tmp_path, settings=unreachable).stdout)
    assert found["grant"][0] == "FAILED"
    assert "goto-scim-bridge connect" in found["grant"][1]


def test_check_makes_nothing(settings: dict[str, str], tmp_path: Path) -> None:
    found = findings(run("check", folder=tmp_path, settings=settings).stdout)
    assert found["database"][0] == "ok"
    assert "the first start makes it" in found["database"][1]
    assert found["account"][0] == "ok"
    assert list(tmp_path.iterdir()) == []


def test_check_spends_no_refresh_token_that_it_cannot_keep(
    settings: dict[str, str], tmp_path: Path
) -> None:
    kept = {name: value for name, value in settings.items() if "PAT" not in name}
    found = findings(
        run("check", folder=tmp_path, settings={**kept, "BRIDGE_GOTO_REFRESH_TOKEN": "r"}).stdout
    )
    assert found["GoTo"][0] == "skipped"
    assert "start the bridge once" in found["GoTo"][1]
    assert list(tmp_path.iterdir()) == []


def test_check_moves_no_schema(settings: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    config = migration_config()
    with create_engine(f"sqlite:///{path}").connect() as connection:
        config.attributes["connection"] = connection
        MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        command.upgrade(config, "0001")
        connection.commit()
    found = findings(run("check", folder=tmp_path, settings=settings).stdout)
    assert found["database"][0] == "ok"
    assert "the next start moves its schema from 0001 to" in found["database"][1]
    assert found["probe"] == ("skipped", "because the next start has yet to move the schema")
    assert found["clients"][0] == "warning"
    state = asyncio.run(schema_state(f"sqlite:///{path}"))
    assert (state.current, state.is_newest) == ("0001", False)


def test_check_names_a_key_file_that_is_missing(settings: dict[str, str], tmp_path: Path) -> None:
    sealed_in(tmp_path)
    ended = run("check", folder=tmp_path, settings=settings)
    found = findings(ended.stdout)
    assert found["database"][0] == "FAILED"
    assert "bridge.db.key is missing" in found["database"][1]
    assert not (tmp_path / "bridge.db.key").exists()


def test_check_of_a_database_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").write_text("no database, but text that is long enough")
    ended = run("check", folder=tmp_path)
    found = findings(ended.stdout)
    assert found["database"][0] == "FAILED"
    assert {
        found[name][0]
        for name in ("GoTo", "grant", "account", "rights", "limit", "probe", "clients")
    } == {"skipped"}
    assert ended.returncode == 1
