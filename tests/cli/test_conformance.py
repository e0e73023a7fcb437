"""``conformance``: against the sandbox, against a bridge, and against services that are wrong."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bridge.app import SCIM_PATH
from bridge.conformance import check
from bridge.conformance.own import NotOurs, OwnOnly
from tests.cli.processes import environment, run
from tests.live import TOKEN, Live, live_bridge, served


def row(text: str, platform: str) -> list[int]:
    """The numbers of a platform's row: steps, passed, failed, with a reason."""
    (line,) = (each for each in text.splitlines() if re.match(rf"\W+{platform}\s", each))
    return [int(number) for number in re.findall(r"(?<![\w-])\d+(?![\w-])", line.split("│", 2)[2])]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_bridge(tmp_path_factory.mktemp("conformance")) as bridge:
        yield bridge


def test_a_sandbox_of_its_own_passes_everything(tmp_path: Path) -> None:
    done = run("conformance", "--html", "report.html", folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    steps, passed, failed, _ = row(done.stdout, "scim2-tester")
    assert steps == passed > 100
    assert failed == 0
    assert row(done.stdout, "okta") == [33, 33, 0, 0]
    assert row(done.stdout, "entra")[3] == 1
    assert "admin roles" in done.stdout
    page = (tmp_path / "report.html").read_text("utf-8")
    assert re.findall(r"""(?:src|href)=["']?(?!["']?#)|@import|url\(""", page) == []
    assert page.count("<details") == 10
    assert "roles bool primary as string" in page


def test_a_bridge_is_left_as_it_was(live: Live, tmp_path: Path) -> None:
    before = live.account()
    live.forget()
    url = live.url + SCIM_PATH + "/"
    arguments = ("conformance", "--url", url, "--token", "-")

    asked = run(*arguments, folder=tmp_path, typed=f"{TOKEN}\n")
    written = live.writes()
    done = run(*arguments, "--yes", folder=tmp_path, typed=f"{TOKEN}\n")

    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert written == []
    assert done.returncode == 0, done.stdout + done.stderr
    assert "makes" in done.stderr.splitlines()[0]
    assert TOKEN not in done.stdout + done.stderr
    after = live.account()
    assert sorted(each["key"] for each in after["users"]) == sorted(
        each["key"] for each in before["users"]
    )
    assert after["groups"] == before["groups"]


def test_a_strict_bridge_is_told_apart(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=5, groups=1, profile="strict") as strict:
        done = run(
            "conformance", "--url", strict.url + SCIM_PATH, "--token", "-", "--yes",
            "--only", "entra-flag", "--only", "protocol-edge",
            folder=tmp_path, typed=TOKEN,
        )  # fmt: skip
        account = strict.account()

    assert done.returncode == 1
    assert row(done.stdout, "entra-flag")[2] > 0
    assert "no path" in done.stdout
    assert (len(account["users"]), len(account["groups"])) == (5, 1)


# -- Services that are wrong -----------------------------------------------------------


async def same_for_all(_: Request) -> Response:
    return JSONResponse({"totalResults": 7, "id": "1", "Resources": []})


async def no_json(_: Request) -> Response:
    return PlainTextResponse("<html>welcome</html>")


async def list_for_all(_: Request) -> Response:
    return JSONResponse([1, "two", None], status_code=201)


async def failing(request: Request) -> Response:
    status = 200 if request.method == "GET" else 500
    return JSONResponse({"Resources": None, "totalResults": "many"}, status_code=status)


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@pytest.mark.parametrize("wrong", [same_for_all, no_json, list_for_all, failing])
def test_a_service_that_answers_wrongly_is_reported(wrong: Any, tmp_path: Path) -> None:
    with served(Starlette(routes=[Route("/{rest:path}", wrong, methods=METHODS)])) as url:
        done = run(
            "conformance", "--url", url, "--token", "-", "--yes", "--html", "report.html",
            folder=tmp_path, typed="t",
        )  # fmt: skip

    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for platform in ("okta", "entra", "saviynt", "scim2-tester"):
        steps, passed, failed, _ = row(done.stdout, platform)
        assert steps == passed + failed
        assert failed > 0, platform
    assert 'class="failed">failed</strong>' in (tmp_path / "report.html").read_text("utf-8")


class Keeping(httpx.BaseTransport):
    """A service that makes users, and does not delete them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.made.append(f"9{len(self.made)}")
            return httpx.Response(201, json={"id": self.made[-1]})
        return httpx.Response(200 if request.method == "GET" else 500, json={})


def test_what_cannot_be_removed_is_told() -> None:
    report = check("http://b.test/scim", "t", only=["onelogin"], transport=Keeping())

    assert not report.passed
    assert "http://b.test/scim/Users/90" in report.left
    assert report.removed == ()


# -- What is somebody else's -----------------------------------------------------------


class Somebody(httpx.BaseTransport):
    """A service in which everything exists but the id 404; it keeps what reached it."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            self.written.append((request.method, request.url.path))
        if request.method == "POST":
            return httpx.Response(201, json={"id": "7"})
        return httpx.Response(404 if request.url.path.endswith("/404") else 200, json={})


MEMBERS = {"Operations": [{"op": "add", "path": "members", "value": [{"value": "5"}]}]}
REMOVED = {"Operations": [{"op": "remove", "path": 'members[value eq "5"]'}]}
BULK = {"Operations": [{"method": "delete", "path": "/Users/5"}]}
OTHERS = [
    ("DELETE", "/Users/5", None),
    ("PUT", "/Users/5/", {}),
    ("PATCH", "/groups/5", {}),
    ("DELETE", "/Users", None),
    ("DELETE", "//Users//5?x=1", None),
    ("POST", "/Groups", {"members": [{"value": "5"}]}),
    ("PATCH", "/Groups/7", MEMBERS),
    ("PATCH", "/Groups/7", REMOVED),
    ("POST", "/Bulk", BULK),
]
OURS = [
    ("PUT", "/Groups/7", {"members": [{"value": "404"}]}),
    ("PATCH", "/GROUPS/7/", {}),
    ("DELETE", "/Users/404", None),
    ("DELETE", "/ServiceProviderConfig", None),
    ("DELETE", "/Groups/7", None),
]


def test_what_the_check_did_not_make_is_not_written() -> None:
    service = Somebody()
    guard = OwnOnly(service, base_url="http://b.test/scim")
    with httpx.Client(base_url="http://b.test/scim", transport=guard) as http:
        assert http.post("/Groups", json={"displayName": "ours"}).status_code == 201
        for method, path, body in OTHERS:
            with pytest.raises(NotOurs):
                http.request(method, f"http://b.test/scim{path}", json=body)
        assert service.written == [("POST", "/scim/Groups")]
        for method, path, body in OURS:
            http.request(method, path, json=body)

    assert len(service.written) == 1 + len(OURS)


# -- Usage ---------------------------------------------------------------------------


USAGE = [
    (["--url", "http://127.0.0.1:9/scim/v2"], "--token"),
    (["--token", "-"], "--url"),
    (["--url", "http://127.0.0.1:9", "--token", "geheim"], "standard input"),
    (["--only", "nobody"], "saviynt"),
    (["--url", "http://127.0.0.1:9", "--token", "-", "--yes"], "cannot be asked"),
    (["--url", "ftp://127.0.0.1:9", "--token", "-", "--yes"], "http://"),
]


@pytest.mark.parametrize(("arguments", "words"), USAGE)
def test_wrong_usage_is_told_in_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = run("conformance", *arguments, folder=tmp_path, typed="a-token")

    assert done.returncode == 2, done.stdout + done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_token_that_is_refused_is_told(live: Live, tmp_path: Path) -> None:
    arguments = ("--url", live.url + SCIM_PATH, "--token", "-", "--yes")
    for typed, words in (("wrong", "refuses it (401)"), ("", "nothing on standard input")):
        done = run("conformance", *arguments, folder=tmp_path, typed=typed)
        assert done.returncode == 2
        assert words in done.stderr


WITHOUT_THE_TESTER = """
import sys
sys.modules["scim2_tester"] = None
from bridge.cli import main
main(sys.argv[1:])
"""


def test_without_scim2_tester_it_says_what_to_install(tmp_path: Path) -> None:
    def without(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_THE_TESTER, "conformance", *arguments],
            cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    missing = without()
    traces = without("--only", "midpoint")

    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 1
    assert "goto-scim-bridge[conformance]" in missing.stderr
    assert traces.returncode == 0, traces.stderr
    assert row(traces.stdout, "midpoint") == [13, 13, 0, 0]
