"""``recipe eic``: what it writes, where, and what it refuses."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import told

URL = "https://bridge.example.com/scim/v2"
ELEVEN = {
    "ConnectionJSON.json",
    "ImportAccountEntJSON.json",
    "CreateAccountJSON.json",
    "UpdateAccountJSON.json",
    "EnableAccountJSON.json",
    "DisableAccountJSON.json",
    "AddAccessJSON.json",
    "RemoveAccessJSON.json",
    "RemoveAccountJSON.json",
    "STATUS_THRESHOLD_CONFIG.json",
    "ConfigJSON.json",
}
BESIDE = {
    "ImportAccountEntJSON.incremental.json",
    "CreateAccountJSON.adopt.json",
    "eic.tf",
    "README.md",
}
PLACEHOLDER = re.compile(r"@[A-Z_]+@")
Terminal = pytest.CaptureFixture[str]


def write(capsys: Terminal, folder: Path, *more: str, url: str = URL) -> list[str]:
    """Write the files and give what standard error says."""
    _, err = told(capsys, "recipe", "eic", "--url", url, "--out", str(folder), *more)
    return err


def texts(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_bytes().decode()
        for path in folder.iterdir()
        if path.suffix != ".zip" and not path.name.startswith(".")
    }


def connection(folder: Path) -> dict[str, Any]:
    parsed = json.loads((folder / "ConnectionJSON.json").read_text("utf-8"))
    found: dict[str, Any] = parsed["authentications"]["acctAuth"]
    return found


def test_the_eleven_files_and_what_stands_beside_them(capsys: Terminal, tmp_path: Path) -> None:
    out, _ = told(capsys, "recipe", "eic", "--url", URL, "--out", str(tmp_path / "new" / "eic"))
    written = texts(tmp_path / "new" / "eic")
    assert set(written) == ELEVEN | BESIDE
    assert {Path(line).name for line in out.splitlines()} == set(written)


def test_every_file_is_json_in_lines_of_unix(capsys: Terminal, tmp_path: Path) -> None:
    write(capsys, tmp_path)
    for name, text in texts(tmp_path).items():
        assert "\r" not in text
        assert text.endswith("\n")
        if name.endswith(".json"):
            assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize(
    ("auth", "left"),
    [
        ("token", {"@BRIDGE_TOKEN@"}),
        ("client-credentials", {"@CLIENT_ID@", "@CLIENT_SECRET@"}),
        ("basic", {"@USER@", "@PASSWORD@"}),
    ],
)
def test_only_secrets_are_left_to_be_filled_in(
    capsys: Terminal, tmp_path: Path, auth: str, left: set[str]
) -> None:
    write(capsys, tmp_path, "--auth", auth)
    written = texts(tmp_path)
    found = {name: set(PLACEHOLDER.findall(written[name])) for name in ELEVEN}
    assert found == {name: left if name == "ConnectionJSON.json" else set() for name in ELEVEN}
    assert left <= set(PLACEHOLDER.findall(written["README.md"]))
    assert left <= set(PLACEHOLDER.findall(written["eic.tf"]))


AUTHENTICATIONS = ("token", "client-credentials", "basic")
OTHER_URL = "http://127.0.0.1:8080/goto/scim/v2"


def moved(text: str) -> str:
    """A text as it is for the other URL."""
    token_url = URL.replace("/scim/v2", "/oauth/token")
    return text.replace(URL, OTHER_URL).replace(token_url, "http://127.0.0.1:8080/goto/oauth/token")


@pytest.mark.parametrize("auth", AUTHENTICATIONS)
def test_the_files_change_with_the_url_in_nothing_else(
    capsys: Terminal, tmp_path: Path, auth: str
) -> None:
    write(capsys, tmp_path / "one", "--auth", auth)
    write(capsys, tmp_path / "other", "--auth", auth, url=OTHER_URL)
    one, other = texts(tmp_path / "one"), texts(tmp_path / "other")
    assert {name: moved(text) for name, text in one.items()} == other
    assert "bridge.example.com" not in "".join(other.values())


def test_the_authentication_changes_the_connection_and_how_to_fill_it_in_alone(
    capsys: Terminal, tmp_path: Path
) -> None:
    written = {}
    for auth in AUTHENTICATIONS:
        write(capsys, tmp_path / auth, "--auth", auth)
        written[auth] = texts(tmp_path / auth)
    connections = {texts_of.pop("ConnectionJSON.json") for texts_of in written.values()}
    assert len(connections) == 3
    papers = [texts_of.pop("README.md").splitlines() for texts_of in written.values()]
    assert written["token"] == written["client-credentials"] == written["basic"]
    differing = [
        index for index, lines in enumerate(zip(*papers, strict=True)) if len({*lines}) > 1
    ]
    assert len(differing) == 2  # the kind, and where the secret goes


@pytest.mark.parametrize("auth", AUTHENTICATIONS)
def test_no_file_holds_a_secret(
    capsys: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str
) -> None:
    """Not even where the bridge's own are at hand."""
    secret = "s3cr3t-of-the-environment"
    for name in ("BRIDGE_TOKEN", "BRIDGE_GOTO_CLIENT_SECRET", "BRIDGE_GOTO_PAT"):
        monkeypatch.setenv(name, secret)
    write(capsys, tmp_path, "--auth", auth, "--package")
    named = "(password|client_secret|accessToken|client_id|userName)"
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert secret.encode() not in content
        if path.name == "ConnectionJSON.json":
            values = re.findall(rf'"{named}":\s*"([^"]*)"', content.decode())
            assert values
            for _, value in values:
                assert re.fullmatch(r"(Bearer |Basic )?(@[A-Z_]+@|placeholder)", value)
        elif path.suffix in (".json", ".tf", ".md") and not path.name.startswith("."):
            words = re.findall(r"[\w+/=]{32,}", re.sub(r"https?://\S+", "", content.decode()))
            assert [word for word in words if re.search(r"\d", word)] == [], path.name


def test_each_authentication_says_where_the_secret_goes(capsys: Terminal, tmp_path: Path) -> None:
    write(capsys, tmp_path / "t")
    assert connection(tmp_path / "t")["accessToken"] == "Bearer @BRIDGE_TOKEN@"
    write(capsys, tmp_path / "c", "--auth", "client-credentials")
    asked = connection(tmp_path / "c")
    assert asked["url"] == "https://bridge.example.com/oauth/token"
    assert asked["httpParams"]["grant_type"] == "client_credentials"
    write(capsys, tmp_path / "b", "--auth", "basic")
    assert connection(tmp_path / "b")["properties"] == {
        "userName": "@USER@",
        "password": "@PASSWORD@",
    }


def test_the_package_holds_two_files_and_an_empty_connection(
    capsys: Terminal, tmp_path: Path
) -> None:
    write(capsys, tmp_path, "--package")
    packed = (tmp_path / "GoToMeeting-via-SCIM-bridge.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        named = {name.partition("_")[0]: name for name in archive.namelist()}
        parsed = {short: json.loads(archive.read(name)) for short, name in named.items()}
    assert set(named) == {"Connection", "ObjectSummary"}
    stamp = r"_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\(UTC\)\.json"
    assert all(re.fullmatch(short + stamp, name) for short, name in named.items())
    (name,) = parsed["ObjectSummary"]["Objects"]["connection"]
    attributes = parsed["Connection"][name]["EXTERNAL_ATTR"]
    values = {each["attributename"]: each["encryptedattributevalue"] for each in attributes}
    assert values.pop("ConnectionJSON") == ""
    written = texts(tmp_path)
    assert values == {name: written[f"{name}.json"] for name in values}
    assert {f"{name}.json" for name in values} == ELEVEN - {"ConnectionJSON.json"}


def test_terraform_reads_each_of_the_files(capsys: Terminal, tmp_path: Path) -> None:
    write(capsys, tmp_path)
    text = texts(tmp_path)["eic.tf"]
    assert set(re.findall(r"path\.module}/([\w.]+)", text)) == ELEVEN
    assert text.count("{") == text.count("}")


def test_its_own_files_are_written_anew(capsys: Terminal, tmp_path: Path) -> None:
    write(capsys, tmp_path, "--package")
    write(capsys, tmp_path, "--package", "--auth", "basic")
    assert connection(tmp_path)["authType"] == "Basic"


@pytest.mark.parametrize("name", ["ConnectionJSON.json", "README.md"])
def test_a_file_that_somebody_changed_is_left_and_nothing_is_written(
    capsys: Terminal, tmp_path: Path, name: str
) -> None:
    write(capsys, tmp_path)
    before = {**texts(tmp_path), name: "mine\n"}
    (tmp_path / name).write_text("mine\n")
    arguments = ["recipe", "eic", "--url", "https://other.example", "--out", str(tmp_path)]
    out, err = told(capsys, *arguments, status=2)
    assert out == ""
    assert len(err) == 1
    assert name in err[0]
    assert texts(tmp_path) == before


def test_other_files_in_the_folder_stay(capsys: Terminal, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write(capsys, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://h.example/scim/v2/", "https://h.example/scim/v2"),
        ("https://h.example", "https://h.example/scim/v2"),
        ("https://h.example/goto/", "https://h.example/goto/scim/v2"),
        (" http://[::1]:8080/scim/v2 ", "http://[::1]:8080/scim/v2"),
    ],
)
def test_the_url_is_brought_into_form(
    capsys: Terminal, tmp_path: Path, typed: str, meant: str
) -> None:
    err = write(capsys, tmp_path, url=typed)
    assert f'"{meant}/Users"' in texts(tmp_path)["CreateAccountJSON.json"]
    assert any("/scim/v2" in line for line in err) == ("scim" not in typed)


def test_a_url_without_https_is_warned_of(capsys: Terminal, tmp_path: Path) -> None:
    assert any(
        "without https" in line for line in write(capsys, tmp_path, url="http://h.example/scim/v2")
    )
    local = write(capsys, tmp_path, url="http://localhost:8080/scim/v2")
    assert not any("without https" in line for line in local)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bridge.example.com/scim/v2",
        "ftp://h.example/scim/v2",
        "https://",
        "https://u:p@h.example/scim/v2",
        "https://h.example/scim/v2?x=1",
        "https://h.example/scim/v2#x",
        "https://h.example/a'b",
        "https://h.example/${x}",
        "https://h.example:port/scim/v2",
        "https://[::1/scim/v2",
    ],
)
def test_a_url_that_cannot_be_one_is_refused(capsys: Terminal, tmp_path: Path, url: str) -> None:
    folder = tmp_path / "eic"
    out, err = told(capsys, "recipe", "eic", "--url", url, "--out", str(folder), status=2)
    assert out == ""
    assert len(err) == 1
    assert err[0].startswith("--url: ")
    assert not folder.exists()


def test_without_a_folder_nothing_is_written(capsys: Terminal) -> None:
    out, err = told(capsys, "recipe", "eic", "--url", URL, status=2)
    assert (out, len(err)) == ("", 1)
    assert err[0].startswith("--out: ")


def test_a_folder_that_cannot_be_written_is_told_in_a_line(
    capsys: Terminal, tmp_path: Path
) -> None:
    taken = tmp_path / "file"
    taken.write_text("no folder")
    for folder in (taken, taken / "below"):
        out, err = told(capsys, "recipe", "eic", "--url", URL, "--out", str(folder), status=2)
        assert (out, len(err)) == ("", 1)
        assert err[0].startswith(f"--out: {folder} cannot be written")


def test_a_platform_that_is_not_known_is_refused(capsys: Terminal, tmp_path: Path) -> None:
    _, err = told(capsys, "recipe", "nobody", "--url", URL, "--out", str(tmp_path), status=2)
    assert any("eic" in line for line in err)
