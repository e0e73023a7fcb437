"""``sync`` and ``export`` against a simulated GoTo, each a process of its own."""

import base64
import csv
import io
import json
import os
import subprocess
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from bridge.cli.columns import COLUMNS, Row, flat
from bridge.cli.exporting import _write
from bridge.cli.tables import WRITERS
from tests.cli.calls import told
from tests.cli.processes import COMMAND, environment, run
from tests.cli.services import simulator

USERS, GROUPS = 30, 4


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("goto")
    with simulator(folder, users=USERS, groups=GROUPS) as settings:
        key = base64.b64encode(b"k" * 32).decode()
        yield {**settings, "BRIDGE_SECRET_KEY": key}


def state(settings: dict[str, str]) -> Any:
    """The simulated account as it is stored."""
    return httpx.get(f"{settings['BRIDGE_GOTO_API_URL']}/_sim/state", timeout=30).json()


def exported(folder: Path, settings: dict[str, str], *arguments: str) -> str:
    """What an export writes to standard output."""
    ended = run("export", *arguments, folder=folder, settings=settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_sync_tells_counts_calls_and_time(tmp_path: Path, settings: dict[str, str]) -> None:
    ended = run("sync", folder=tmp_path, settings=settings)
    assert ended.returncode == 0
    # Two of them compare some rows with and without a list of fields, before a list is believed.
    assert ended.stdout.startswith(f"{USERS} users and {GROUPS} groups, by 6 calls of GoTo in ")
    lines = ended.stderr.splitlines()
    assert f"users: {USERS} of {USERS}" in lines
    assert f"groups: {GROUPS} of {GROUPS}" in lines


@pytest.mark.parametrize("command", [("sync",), ("export", "users")])
def test_a_goto_that_cannot_be_reached_is_one_line_and_status_1(
    tmp_path: Path, settings: dict[str, str], command: tuple[str, ...]
) -> None:
    away = {**settings, "BRIDGE_GOTO_AUTH_URL": "http://127.0.0.1:9"}
    ended = run(*command, folder=tmp_path, settings=away)
    assert (ended.returncode, ended.stdout) == (1, "")
    *_, line = lines = ended.stderr.splitlines()
    assert [line for line in lines if not line.startswith("{")] == [line], "beside the log"
    assert "GoTo" in line


def test_users_come_with_group_licences_roles_and_status(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    account = state(settings)
    names = {license["key"]: license["description"] for license in account["licenses"]}
    lines = list(csv.DictReader(io.StringIO(exported(tmp_path, settings, "users"))))
    assert list(lines[0]) == list(COLUMNS["users"])
    by_id = {line["id"]: line for line in lines}
    assert set(by_id) == {user["key"] for user in account["users"]}
    for user in account["users"]:
        line = by_id[user["key"]]
        assert line["email"] == user["email"]
        assert line["status"] == user["status"]
        assert line["active"] == ("false" if user["status"] == "SUSPENDED" else "true")
        assert line["group"] == user.get("groupName", "")
        wanted = [names[key] for key in user.get("licenseKeys", ())]
        assert sorted(line["licenses"].split("; ")) == sorted(wanted or [""])
        assert sorted(line["roles"].split("; ")) == sorted(user.get("adminRoles") or [""])
        assert line["lastModified"]


def test_groups_come_as_json_with_their_members_counted(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    groups = json.loads(exported(tmp_path, settings, "groups", "--format", "json"))
    assert [list(group) for group in groups] == [list(COLUMNS["groups"])] * GROUPS
    account = state(settings)
    assert {group["displayName"]: group["members"] for group in groups} == {
        group["name"]: group.get("memberCount", 0) for group in account["groups"]
    }


def test_a_workbook_is_written_and_opens(tmp_path: Path, settings: dict[str, str]) -> None:
    out = tmp_path / "users.xlsx"
    arguments = ("export", "users", "--format", "xlsx", "--out", str(out))
    ended = run(*arguments, folder=tmp_path, settings=settings)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert f"{USERS} users in " in ended.stderr
    with zipfile.ZipFile(out) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == USERS + 1
    assert "admin@example.com" in sheet


def test_a_failed_export_leaves_the_old_file_and_no_other(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    out = tmp_path / "out" / "users.csv"
    out.parent.mkdir()
    out.write_text("the old one")
    control = f"{settings['BRIDGE_GOTO_API_URL']}/_sim/faults"
    rule = {"match": {"method": "GET", "path": "/groups"}, "status": 403}
    httpx.put(control, json={"rules": [rule]}).raise_for_status()
    try:
        ended = run("export", "users", "--out", str(out), folder=tmp_path, settings=settings)
    finally:
        httpx.put(control, json={"rules": []}).raise_for_status()
    assert ended.returncode == 1, ended
    assert out.read_text() == "the old one"
    assert os.listdir(out.parent) == [out.name]
    ended = run("export", "users", "--out", str(out), folder=tmp_path, settings=settings)
    assert ended.returncode == 0
    assert len(out.read_text().splitlines()) == USERS + 1
    assert os.listdir(out.parent) == [out.name]


def test_a_reader_who_hangs_up_sees_no_traceback(tmp_path: Path, settings: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMMAND, "export", "users"],
        cwd=tmp_path,
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(30) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("export", "users", "--format", "xlsx"), "--out"),
        (("export", "licences"), "users"),
        (("export", "users", "--out", "."), "folder"),
        (("export", "users", "--out", "no/such/folder.csv"), "no folder"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_wrong_usage(
    tmp_path: Path, settings: dict[str, str], arguments: tuple[str, ...], named: str
) -> None:
    ended = run(*arguments, folder=tmp_path, settings=settings)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert named in ended.stderr


def test_formulas_are_text_in_every_table() -> None:
    rows: list[Row] = [{"name": text} for text in ("=1+1", "+1", "-1", "@A1", "\t=1", "ada")]
    assert written("csv", rows).decode().splitlines() == [
        "name", "'=1+1", "'+1", "'-1", "'@A1", "'\t=1", "ada",
    ]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(written("xlsx", rows))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "=1+1" in sheet
    assert "<f>" not in sheet


def test_every_format_keeps_letters_lists_and_absent_values() -> None:
    rows: list[Row] = [{"name": ["Łódź", "a,b"], "no": None, "yes": True, "count": 3}]
    table = written("csv", rows).decode()
    assert table == 'name,no,yes,count\r\n"Łódź; a,b",,true,3\r\n'
    assert json.loads(written("json", rows)) == rows
    assert json.loads(written("json", [])) == []
    assert flat(False) == "false"


def written(style: Any, rows: Sequence[Row]) -> bytes:
    """What a writer makes of rows."""
    file = io.BytesIO()
    WRITERS[style](file, list(rows[0]) if rows else ["name"], rows)
    return file.getvalue()


def test_a_file_that_cannot_be_finished_is_none(tmp_path: Path) -> None:
    def rows() -> Iterable[Row]:
        yield {"name": "first"}
        raise RuntimeError("half way")

    def write(file: IO[bytes]) -> None:
        WRITERS["csv"](file, ["name"], rows())

    with pytest.raises(RuntimeError, match="half way"):
        _write(tmp_path / "users.csv", write)
    assert os.listdir(tmp_path) == []


def test_sync_takes_no_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = told(capsys, "sync", "users", status=2)
    assert lines
