"""Settings: where values come from, which source wins, and how everything wrong is told at once."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.settings import Settings, SettingsError, describe, load_settings, parse_secret_keys

KEY = base64.b64encode(b"k" * 32).decode()
OLD_KEY = base64.b64encode(b"o" * 32).decode()
SECRETS = ["TOKEN", "SECRET_KEY", "GOTO_CLIENT_SECRET", "GOTO_PAT", "GOTO_REFRESH_TOKEN"]


def lines(environment: dict[str, str], config: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load_settings(environment=environment, config=config)
    assert str(raised.value) == "\n".join(raised.value.lines)
    return raised.value.lines


def config_of(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bridge.toml"
    path.write_text(text)
    return path


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings(environment={})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.database_url == "sqlite:///./bridge.db"
    assert settings.goto_api_url == "https://api.getgo.com"
    assert settings.goto_auth_url == "https://authentication.logmeininc.com"
    assert (settings.goto_rate_limit, settings.snapshot_max_age) == (10, 60)
    assert (settings.log_level, settings.log_format) == ("info", None)
    assert (settings.token, settings.token_profile, settings.secret_keys) == (None, "lenient", ())
    assert settings.warnings == ()


def test_every_setting_is_taken_from_the_environment(tmp_path: Path) -> None:
    given = {
        "HOST": "0.0.0.0",
        "PORT": "9",
        "PUBLIC_URL": "https://scim.example.com/goto/",
        "BASE_PATH": "goto/",
        "TOKEN": "t",
        "TOKEN_PROFILE": "STRICT",
        "SECRET_KEY": KEY,
        "DATABASE_URL": "postgresql://u:p@h/db",
        "MAPPING": str(tmp_path / "m.toml"),
        "GOTO_API_URL": "http://127.0.0.1:8081",
        "GOTO_AUTH_URL": "http://127.0.0.1:8081",
        "GOTO_CLIENT_ID": "id",
        "GOTO_CLIENT_SECRET": "s",
        "GOTO_PAT": "p",
        "GOTO_REFRESH_TOKEN": "r",
        "GOTO_ACCOUNT_KEY": "6581286685341855244",
        "GOTO_RATE_LIMIT": "5",
        "SNAPSHOT_MAX_AGE": "0",
        "VERIFY_WRITES": "ALWAYS",
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": "json",
    }
    settings = load_settings(environment={f"BRIDGE_{name}": v for name, v in given.items()})
    assert given.keys() == {name.upper() for name in Settings.model_fields}
    defaults = Settings()
    unchanged = [n for n in given if getattr(settings, n.lower()) == getattr(defaults, n.lower())]
    assert unchanged == []
    assert settings.public_url == "https://scim.example.com/goto"
    assert settings.base_path == "/goto"
    assert settings.goto_account_key == "6581286685341855244"
    assert settings.token_profile == "strict"
    assert settings.snapshot_max_age == 0


def test_command_line_wins_over_environment_over_file_over_default(tmp_path: Path) -> None:
    config = config_of(tmp_path, 'host = "file"\nport = 1\nlog_level = "error"\n')
    environment = {"BRIDGE_HOST": "environment", "BRIDGE_PORT": "2"}
    settings = load_settings(environment=environment, config=config, host="option", port=None)
    assert (settings.host, settings.port) == ("option", 2)
    assert (settings.log_level, settings.goto_rate_limit) == ("error", 10)


def test_an_empty_variable_counts_as_not_set() -> None:
    settings = load_settings(environment={"BRIDGE_TOKEN": "", "BRIDGE_PORT": ""})
    assert (settings.token, settings.port) == (None, 8080)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text(f"{KEY}\n")
    settings = load_settings(environment={f"BRIDGE_{name}_FILE": str(tmp_path / "secret")})
    assert getattr(settings, name.lower()).get_secret_value() == KEY


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    environment = {"BRIDGE_TOKEN": "t", "BRIDGE_TOKEN_FILE": str(tmp_path / "t")}
    assert lines(environment) == [
        "BRIDGE_TOKEN and BRIDGE_TOKEN_FILE are both given: keep one of them."
    ]


def test_a_secret_in_the_environment_wins_over_a_file_named_in_the_configuration(
    tmp_path: Path,
) -> None:
    (tmp_path / "t").write_text("from-file")
    config = config_of(tmp_path, f"token_file = '{tmp_path / 't'}'\n")
    from_file, from_environment = (
        load_settings(environment=environment, config=config).token
        for environment in ({}, {"BRIDGE_TOKEN": "from-environment"})
    )
    assert from_file is not None
    assert from_file.get_secret_value() == "from-file"
    assert from_environment is not None
    assert from_environment.get_secret_value() == "from-environment"


def test_a_secret_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    environment = {
        "BRIDGE_GOTO_PAT_FILE": str(tmp_path / "nowhere"),
        "BRIDGE_TOKEN_FILE": str(tmp_path / "empty"),
        "BRIDGE_SECRET_KEY_FILE": str(tmp_path / "bytes"),
    }
    assert sorted(lines(environment)) == [
        f"BRIDGE_GOTO_PAT_FILE: {tmp_path}/nowhere cannot be read (No such file or directory).",
        f"BRIDGE_SECRET_KEY_FILE: {tmp_path}/bytes is not text.",
        f"BRIDGE_TOKEN_FILE: {tmp_path}/empty is empty.",
    ]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    config = config_of(tmp_path, "snapshot_max_age = -1\nprot = 3\n")
    environment = {
        "BRIDGE_PORT": "eighty",
        "BRIDGE_PUBLIC_URL": "scim.example.com",
        "BRIDGE_BASE_PATH": "/a/../b",
        "BRIDGE_GOTO_API_URL": "https://h:port",
        "BRIDGE_LOG_FORMAT": "xml",
        "BRIDGE_GOTO_RATE_LIMIT": "0",
    }
    url = "a URL with http:// or https://, without a query"
    assert lines(environment, config) == [
        f"--config: prot in {config} is no setting of the bridge: is port meant?",
        "BRIDGE_PORT must be a whole number from 0 to 65535, not 'eighty'.",
        f"BRIDGE_PUBLIC_URL must be {url}, not 'scim.example.com'.",
        "BRIDGE_BASE_PATH must be a path such as /goto, of letters, digits and . _ ~ -, "
        "not '/a/../b'.",
        f"BRIDGE_GOTO_API_URL must be {url}, not 'https://h:port'.",
        "BRIDGE_GOTO_RATE_LIMIT must be a whole number from 1 to 100000, not '0'.",
        "BRIDGE_SNAPSHOT_MAX_AGE must be a number of seconds, 0 or more, not '-1'.",
        "BRIDGE_LOG_FORMAT must be json or console, not 'xml'.",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN", "geheim word"),
        ("TOKEN", "geheim\n"),
        ("TOKEN", "geheimniß"),
        ("SECRET_KEY", "geheim"),
        ("DATABASE_URL", "mysql://u:geheim@h/db"),
    ],
)
def test_a_wrong_secret_is_told_without_the_secret(name: str, value: str) -> None:
    (line,) = lines({f"BRIDGE_{name}": value})
    assert line.startswith(f"BRIDGE_{name} must be ")
    assert "geheim" not in line


@pytest.mark.parametrize("value", ["inf", "nan", "-0.5", "soon"])
def test_an_age_is_a_number_of_seconds(value: str) -> None:
    (line,) = lines({"BRIDGE_SNAPSHOT_MAX_AGE": value})
    assert line.startswith("BRIDGE_SNAPSHOT_MAX_AGE must be a number of seconds")


def test_a_variable_that_is_no_setting_is_a_warning_with_the_nearest_name() -> None:
    environment = {
        "BRIDGE_SNAPSHOT_MAXAGE": "5",
        "BRIDGE_QQQ": "1",
        "PATH": "x",
    }
    settings = load_settings(environment=environment)
    assert settings.warnings == (
        "BRIDGE_QQQ is no setting of the bridge.",
        "BRIDGE_SNAPSHOT_MAXAGE is no setting of the bridge: is BRIDGE_SNAPSHOT_MAX_AGE meant?",
    )


LONG = "t" * 32
RISKS: list[tuple[dict[str, str], list[str]]] = [
    ({"TOKEN": LONG}, []),
    ({"TOKEN": "t" * 31}, ["BRIDGE_TOKEN has fewer than 32 characters"]),
    ({"GOTO_API_URL": "http://127.0.0.1:8081"}, []),
    ({"GOTO_API_URL": "http://[::1]:8081"}, []),
    ({"GOTO_API_URL": "http://localhost"}, []),
    ({"GOTO_API_URL": "http://goto.localhost:81"}, []),
    ({"GOTO_API_URL": "http://127.9.8.7"}, []),
    ({"GOTO_API_URL": "http://api.getgo.com"}, ["BRIDGE_GOTO_API_URL is http://"]),
    ({"GOTO_API_URL": "http://localhost.example.com"}, ["BRIDGE_GOTO_API_URL is http://"]),
    ({"GOTO_AUTH_URL": "http://10.0.0.1"}, ["BRIDGE_GOTO_AUTH_URL is http://"]),
    ({"GOTO_AUTH_URL": "HTTP://10.0.0.1"}, ["BRIDGE_GOTO_AUTH_URL is http://"]),
    ({"HOST": "0.0.0.0"}, ["BRIDGE_HOST 0.0.0.0 is reached from other machines"]),
    ({"HOST": "::"}, ["BRIDGE_HOST :: is reached from other machines"]),
    ({"HOST": "10.0.0.1"}, ["BRIDGE_HOST 10.0.0.1 is reached"]),
    ({"HOST": "::1"}, []),
    ({"HOST": "localhost"}, []),
    ({"HOST": "0.0.0.0", "PUBLIC_URL": "https://scim.example.com"}, []),
    ({"HOST": "0.0.0.0", "PUBLIC_URL": "http://scim.example.com"}, ["BRIDGE_HOST 0.0.0.0"]),
]


@pytest.mark.parametrize(("given", "expected"), RISKS, ids=str)
def test_settings_that_leave_the_service_open_are_a_warning_each(
    given: dict[str, str], expected: list[str]
) -> None:
    settings = load_settings(environment={f"BRIDGE_{name}": to for name, to in given.items()})
    assert len(settings.warnings) == len(expected)
    for warning, start in zip(settings.warnings, expected, strict=True):
        assert warning.startswith(start)


@pytest.mark.parametrize(
    ("text", "told"), [("port 80", "is not TOML"), ("[bridge]\nport = 80", "bridge in ")]
)
def test_a_file_that_cannot_be_understood_is_told(tmp_path: Path, text: str, told: str) -> None:
    (line,) = lines({}, config_of(tmp_path, text))
    assert line.startswith("--config: ")
    assert told in line


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in lines({}, tmp_path / "nowhere.toml")[0]


def test_postgresql_needs_a_secret_key() -> None:
    (line,) = lines({"BRIDGE_DATABASE_URL": "postgres://h/db"})
    assert line.startswith("BRIDGE_SECRET_KEY is required with PostgreSQL")


def test_secret_keys_are_listed_the_sealing_one_first() -> None:
    settings = load_settings(environment={"BRIDGE_SECRET_KEY": f"{KEY}, {OLD_KEY}"})
    assert settings.secret_keys == (b"k" * 32, b"o" * 32)


@pytest.mark.parametrize("text", ["", ",", f"{KEY},", KEY[:-4], "*" * 44, "ß" * 44])
def test_a_malformed_key_is_told_with_the_command_that_makes_one(text: str) -> None:
    with pytest.raises(ValueError, match="make it") as raised:
        parse_secret_keys(text)
    command = str(raised.value).partition("make it: ")[2]
    code = command.removeprefix('python -c "').removesuffix('"')
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(parse_secret_keys(made.stdout)) == 1


def test_no_representation_shows_a_secret() -> None:
    environment = {f"BRIDGE_{name}": KEY for name in SECRETS}
    environment["BRIDGE_DATABASE_URL"] = "postgresql://u:geheim@h/db"
    shown = repr(load_settings(environment=environment))
    assert KEY not in shown
    assert "geheim" not in shown


def test_the_table_describes_every_setting() -> None:
    table = describe()
    assert [row.name for row in table] == [f"BRIDGE_{n.upper()}" for n in Settings.model_fields]
    assert {row.name.removeprefix("BRIDGE_") for row in table if row.file} == set(SECRETS)
    defaults = {row.name: row.default for row in table}
    assert defaults["BRIDGE_SNAPSHOT_MAX_AGE"] == "60"
    assert defaults["BRIDGE_PUBLIC_URL"] == "taken from the request"
    assert all(row.meaning for row in table)
