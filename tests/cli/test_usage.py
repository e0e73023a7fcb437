"""What every command says of itself, and of wrong options and settings."""

from pathlib import Path

import pytest

from bridge.settings import describe
from tests.cli.calls import told

COMMANDS = [
    "",
    "sandbox",
    "serve",
    "goto-simulator",
    "check",
    "connect",
    "probe",
    "mapping check",
    "mapping show",
    "recipe",
    "token create",
    "token list",
    "token revoke",
]


def test_serve_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "serve", "--help")
    words = out.replace(",", " ").replace(".", " ").split()
    assert [setting.name for setting in describe() if setting.name not in words] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_help(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    out, _ = told(capsys, *command.split(), "--help")
    assert "Usage: goto-scim-bridge" in out
    rows = [line.strip("│ ").split(maxsplit=2) for line in out.splitlines() if line[:3] == "│ -"]
    assert rows
    assert [row for row in rows if len(row) < 3] == []


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "--version")
    assert out.startswith("goto-scim-bridge ")


@pytest.mark.parametrize(
    "options", [["--users", "0"], ["--groups", "-1"], ["--port", "65536"], ["--token", ""]]
)
def test_wrong_options_of_the_sandbox_are_told(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    out, err = told(capsys, "sandbox", *options, status=2)
    assert out == ""
    assert any(options[0] in line for line in err)


def test_more_than_one_worker_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, "serve", "--workers", "2", status=2)
    assert out == ""
    assert err == ["--workers: one process holds the snapshot; run one worker."]


@pytest.mark.parametrize(
    "command",
    ["serve", "check", "connect", "probe --yes", "mapping check", "token list", "token create eic"],
)
def test_wrong_settings_are_told_all_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text('goto_rate_limit = 0\nlog_format = "xml"\n')
    out, err = told(capsys, *command.split(), "--config", str(config), status=2)
    assert out == ""
    assert [line.partition(" ")[0] for line in err] == [
        "BRIDGE_GOTO_RATE_LIMIT",
        "BRIDGE_LOG_FORMAT",
    ]


@pytest.mark.parametrize("options", [["--read-only"], ["--license", "1"], ["--out", "report.md"]])
def test_cleaning_after_a_probe_goes_with_nothing_else(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    out, err = told(capsys, "probe", "--clean", *options, status=2)
    assert out == ""
    assert any("--clean" in line for line in err)


def test_a_report_needs_a_folder_that_exists(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out, err = told(capsys, "probe", "--yes", "--out", str(tmp_path / "no" / "r.md"), status=2)
    assert out == ""
    assert any("--out" in line for line in err)
