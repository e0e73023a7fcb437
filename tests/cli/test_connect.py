"""``connect`` against a simulated GoTo: in a browser, pasted, by a personal access token."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from bridge.connect import Grants
from bridge.goto import Grant
from bridge.rooms import open_store
from bridge.sandbox import PERSONAL_ACCESS_TOKEN, SimulatorSettings, simulated_goto
from tests.cli.calls import told
from tests.cli.processes import COMMAND, PATIENCE, environment, free_port, run
from tests.connect.bridges import new_grant, put
from tests.connect.grants import CLIENT, settings_in
from tests.live import served

ASK = "/oauth/authorize?"


class Simulated:
    """A simulated GoTo whose administrator may belong to several accounts."""

    def __init__(self) -> None:
        self.app = simulated_goto(users=3, groups=1, settings=SimulatorSettings(rate_limit=0))
        self.more: list[dict[str, str]] = []

    @property
    def account(self) -> Any:
        return self.app.state.account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if not self.more or scope.get("path") != "/admin/rest/v1/me":
            await self.app(scope, receive, send)
            return
        account = self.account
        own = {"key": account.key, "name": account.name}
        me = {
            "key": account.administrator_key,
            "email": "admin@example.com",
            "accountKey": account.key,
            "adminRoles": ["SUPER_USER"],
            "accounts": [*self.more, own],
        }
        await JSONResponse(me)(scope, receive, send)


@pytest.fixture(scope="module")
def simulated() -> Iterator[tuple[str, Simulated]]:
    goto = Simulated()
    with served(cast(Starlette, goto)) as url:
        yield url, goto


@pytest.fixture
def goto(simulated: tuple[str, Simulated]) -> Iterator[Simulated]:
    yield simulated[1]
    simulated[1].more = []


@pytest.fixture
def settings(simulated: tuple[str, Simulated]) -> dict[str, str]:
    url, _ = simulated
    return {"BRIDGE_GOTO_API_URL": url, "BRIDGE_GOTO_AUTH_URL": url, **CLIENT}


def stored_in(folder: Path) -> Grant | None:
    async def look() -> Grant | None:
        settings = settings_in(folder)
        async with open_store(settings) as (store, _):
            return await Grants(settings, store).stored()

    return asyncio.run(look())


@contextmanager
def talking(
    *options: str, folder: Path, settings: dict[str, str], stdin: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """A ``connect`` that is answered while it runs."""
    process = subprocess.Popen(
        [*COMMAND, "connect", *options],
        cwd=folder,
        env=environment(settings),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE)


def address(process: subprocess.Popen[str]) -> str:
    """The address to open: a line of its own."""
    for line in cast("IO[str]", process.stdout):
        if ASK in line:
            assert line.startswith("http://")
            return line.strip()
    raise AssertionError("no address was printed")


def browse(url: str, choice: str = "auto", *, follow: bool = True) -> httpx.Response:
    return httpx.get(f"{url}&{choice}=1", follow_redirects=follow, trust_env=False, timeout=30)


def shown(text: str) -> dict[str, str]:
    """What the lines with a label say."""
    rows = [line.split(maxsplit=1) for line in text.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) == 2}


def test_a_consent_in_the_browser_shows_who_is_connected_and_stores_the_grant(
    tmp_path: Path, settings: dict[str, str], goto: Simulated
) -> None:
    with talking(folder=tmp_path, settings=settings) as process:
        url = address(process)
        page = browse(url)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "It worked" in page.text
    rows = shown(said)
    assert rows["principal"] == "admin@example.com"
    assert rows["account"] == f"Example Industries ({goto.account.key})"
    assert rows["scopes"].startswith("identity:")
    assert (rows["roles"], rows["missing"]) == ("SUPER_USER", "none")
    assert "(29 days)" in rows["grant"] or "(30 days)" in rows["grant"]
    grant = stored_in(tmp_path)
    assert grant is not None
    assert grant.kind == "refresh_token"
    assert grant.principal == "admin@example.com"
    assert grant.administrator_key == goto.account.administrator_key
    assert grant.account_key == goto.account.key
    assert grant.expires_at is not None
    state = parse_qs(urlsplit(url).query)["state"][0]
    for secret in (grant.secret, settings["BRIDGE_GOTO_CLIENT_SECRET"], state):
        assert secret not in said + page.text


def test_an_administrator_who_says_no_is_told_in_terminal_and_browser(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    port = free_port()
    with talking("--port", str(port), folder=tmp_path, settings=settings) as process:
        url = address(process)
        assert parse_qs(urlsplit(url).query)["redirect_uri"] == [
            f"http://127.0.0.1:{port}/callback"
        ]
        page = browse(url, "deny")
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "the administrator did not allow it" in page.text
    assert "the administrator did not allow it" in said
    assert "Traceback" not in said
    assert stored_in(tmp_path) is None


@pytest.mark.parametrize("whole", [True, False], ids=["the address", "the code"])
def test_what_a_browser_elsewhere_ends_at_can_be_pasted(
    tmp_path: Path, settings: dict[str, str], whole: bool
) -> None:
    back = "https://scim.example.org/not-there"
    options = ["--paste", "--redirect-uri", back]
    with talking(*options, folder=tmp_path, settings=settings) as process:
        ended_at = browse(address(process), follow=False).headers["location"]
        assert ended_at.startswith(f"{back}?")
        code = parse_qs(urlsplit(ended_at).query)["code"][0]
        said, _ = process.communicate(f"{ended_at if whole else code}\n", timeout=PATIENCE)
    assert process.returncode == 0, said
    assert shown(said)["principal"] == "admin@example.com"
    assert code not in said
    assert stored_in(tmp_path) is not None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://127.0.0.1:8765/callback?code=c&state=another", "does not belong"),
        ("no-code-of-goto", "A code works once"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, settings: dict[str, str], typed: str, words: str
) -> None:
    ended = run("connect", "--paste", folder=tmp_path, settings=settings, typed=f"{typed}\n")
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert stored_in(tmp_path) is None


def test_a_personal_access_token_is_read_from_standard_input_and_missing_roles_are_told(
    tmp_path: Path, settings: dict[str, str], goto: Simulated
) -> None:
    tables = goto.account.stored
    administrator = tables.users[goto.account.administrator_key]
    tables.put_user(replace(administrator, admin_roles=("MANAGE_USERS", "RUN_REPORTS")))
    try:
        ended = run(
            "connect",
            "--pat",
            folder=tmp_path,
            settings={**settings, "BRIDGE_GOTO_PAT": "another"},
            typed=f"{PERSONAL_ACCESS_TOKEN}\n",
        )
    finally:
        tables.put_user(administrator)
    assert ended.returncode == 0, ended.stderr
    rows = shown(ended.stdout)
    assert rows["roles"] == "MANAGE_USERS, RUN_REPORTS"
    assert rows["missing"] == "MANAGE_GROUPS, MANAGE_SEATS"
    assert rows["grant"].startswith("a personal access token")
    assert "docs/goto.md" in ended.stderr
    assert "BRIDGE_GOTO_PAT is set, and goes before" in ended.stderr
    assert PERSONAL_ACCESS_TOKEN not in ended.stdout + ended.stderr
    grant = stored_in(tmp_path)
    assert grant is not None
    assert (grant.kind, grant.secret) == ("pat", PERSONAL_ACCESS_TOKEN)


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [("wrong", 1, "goto-scim-bridge connect"), ("", 2, "--pat: no personal access token")],
)
def test_a_personal_access_token_that_cannot_be_used_is_not_stored(
    tmp_path: Path, settings: dict[str, str], typed: str, status: int, words: str
) -> None:
    ended = run("connect", "--pat", folder=tmp_path, settings=settings, typed=f"{typed}\n")
    assert ended.returncode == status
    assert words in ended.stderr
    assert stored_in(tmp_path) is None


def test_a_client_that_is_not_configured_is_told_with_both_names(tmp_path: Path) -> None:
    ended = run("connect", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert [line.partition(" ")[0] for line in ended.stderr.splitlines()] == [
        "BRIDGE_GOTO_CLIENT_ID",
        "BRIDGE_GOTO_CLIENT_SECRET",
    ]


@pytest.mark.parametrize(
    "options",
    [["--pat", "--paste"], ["--pat", "--port", "1"], ["--port", "0"], ["--port", "65536"]],
)
def test_options_that_do_not_go_together_are_told(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    out, err = told(capsys, "connect", *options, status=2)
    assert out == ""
    assert any(options[0] in line for line in err)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--redirect-uri", "https://scim.example.org/x"], "use --paste with it"),
        (["--paste", "--redirect-uri", "http://a:0/"], "--redirect-uri: must be a URL"),
    ],
)
def test_a_redirect_address_that_cannot_be_used_is_told(
    tmp_path: Path, settings: dict[str, str], options: list[str], words: str
) -> None:
    ended = run("connect", *options, folder=tmp_path, settings=settings)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_of_several_accounts_one_has_to_be_configured_where_nobody_can_be_asked(
    tmp_path: Path, settings: dict[str, str], goto: Simulated
) -> None:
    goto.more = [{"key": "111", "name": "Other"}]
    typed = f"{PERSONAL_ACCESS_TOKEN}\n"
    ended = run("connect", "--pat", folder=tmp_path, settings=settings, typed=typed)
    assert ended.returncode == 2
    assert f"BRIDGE_GOTO_ACCOUNT_KEY to one of 111, {goto.account.key}" in ended.stderr
    assert stored_in(tmp_path) is None
    named = {**settings, "BRIDGE_GOTO_ACCOUNT_KEY": goto.account.key}
    ended = run("connect", "--pat", folder=tmp_path, settings=named, typed=typed)
    assert ended.returncode == 0, ended.stderr


def test_at_a_terminal_the_account_is_asked_for_and_remembered(
    tmp_path: Path, settings: dict[str, str], goto: Simulated
) -> None:
    goto.more = [{"key": "111", "name": "Other"}]
    keyboard, terminal = os.openpty()
    try:
        options = {"folder": tmp_path, "settings": settings, "stdin": terminal}
        with talking("--paste", **options) as process:  # type: ignore[arg-type] # as talking takes them
            ended_at = browse(address(process), follow=False).headers["location"]
            os.write(keyboard, f"{ended_at}\n9\n2\n".encode())
            said, _ = process.communicate(timeout=PATIENCE)
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert process.returncode == 0, said
    assert "1  Other (111)" in said
    assert "A number from 1 to 2" in said
    grant = stored_in(tmp_path)
    assert grant is not None
    assert grant.account_key == goto.account.key
    checked = run("check", folder=tmp_path, settings=settings)
    assert f"Example Industries ({goto.account.key})" in checked.stdout


def test_check_warns_of_a_grant_that_ends_soon(tmp_path: Path, settings: dict[str, str]) -> None:
    obtained = datetime.now(UTC) - timedelta(days=26, hours=1)
    ends = obtained + timedelta(days=30)
    url = settings["BRIDGE_GOTO_AUTH_URL"]
    grant = new_grant(url, obtained_at=obtained, expires_at=ends)
    asyncio.run(put(settings_in(tmp_path), grant))
    ended = run("check", folder=tmp_path, settings=settings)
    (line,) = (line for line in ended.stdout.splitlines() if " grant " in f" {line} ")
    assert line.startswith("warning")
    assert "(3 days), obtained" in line
    assert "(26 days ago)" in line
    assert "goto-scim-bridge connect" in line
    assert ended.returncode == 0
