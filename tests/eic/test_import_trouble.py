"""Imports that fail half-way change nothing in EIC; a token that ends half-way is renewed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.eic.connections import connected, shipped_files
from tests.eic.emulator import Files, Switches
from tests.eic.test_import import console, imported, plain_user
from tests.eic.ways import Broken, Expiring, Happening
from tests.live import Live, live_bridge

PAGES = 3
"""Pages of users that the account of these tests has, the empty one at the end left out."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A bridge over an account of some pages."""
    with live_bridge(tmp_path_factory.mktemp("large"), users=250) as live:
        yield live


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A bridge over an account of one page."""
    with live_bridge(tmp_path_factory.mktemp("small")) as live:
        yield live


def down(live: Live) -> None:
    """GoTo answers nothing but 503 from now on."""
    rules = [{"match": {"path": "/"}, "status": 503, "times": 1000}]
    live.goto.put("/_sim/faults", json={"rules": rules})


def up(live: Live) -> None:
    live.goto.put("/_sim/faults", json={"rules": []})


@pytest.mark.parametrize(
    ("after", "status"),
    [(0, 503), (1, 503), (PAGES - 1, 503), (1, 500), (1, 429), (1, 401), (1, 404), (1, 0)],
)
def test_an_import_that_is_cut_off_changes_nothing(tmp_path: Path, after: int, status: int) -> None:
    with live_bridge(tmp_path, users=250) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        console(live, "DELETE", f"/users/{plain_user(live)['key']}")
        before = eic.store.picture()
        way = Broken(after, status)
        with connected(live.url, tmp_path, transport=way, store=eic.store) as again:
            jobs = again.import_all()
        assert [job.failed for job in jobs] == [True, True]
        assert eic.store.picture() == before


@pytest.mark.parametrize("after", [0, 2])
def test_a_bridge_without_goto_in_the_middle_of_an_import_changes_nothing(
    tmp_path: Path, after: int
) -> None:
    with live_bridge(tmp_path, users=250, max_age=0) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        console(live, "DELETE", f"/users/{plain_user(live)['key']}")
        before = eic.store.picture()
        way = Happening(after, lambda: down(live))
        with connected(live.url, tmp_path, transport=way, store=eic.store) as again:
            job = again.import_accounts()
        assert len(way.urls) > after
        up(live)
        assert job.failed
        assert eic.store.picture() == before


def test_users_who_come_and_go_between_pages_lose_nobody_else(tmp_path: Path) -> None:
    """Though the connection is tested, and the whole list read, with the same token meanwhile."""
    with live_bridge(tmp_path, users=250) as live:
        users = live.scim.get("/Users", params={"count": 60}).json()["Resources"]
        plain = [user["id"] for user in users if not user.get("roles")]

        def change() -> None:
            for key in plain[:3]:
                live.scim.delete(f"/Users/{key}").raise_for_status()
            console(live, "DELETE", f"/users/{plain[3]}")
            body = {"userName": "between@example.com", "active": False}
            live.scim.post("/Users", json=body).raise_for_status()
            for count in (1, 1000):
                live.scim.get("/Users", params={"startIndex": 1, "count": count})

        way = Happening(1, change)
        with connected(live.url, tmp_path, transport=way) as eic:
            job = eic.import_accounts()
            assert not job.failed
            staying = {user["key"] for user in live.account()["users"]}
            new = staying - set(eic.store.accounts)
            assert len(staying) == 250 - 4 + 1
            assert len(new) <= 1  # who came during the walk may wait for the next one


def test_two_imports_at_once_see_everybody(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=250) as live, connected(live.url, tmp_path) as first:

        def other() -> None:
            with connected(live.url, tmp_path) as second:
                assert not second.import_accounts().failed
                assert len(second.store.accounts) == 250

        with connected(live.url, tmp_path, transport=Happening(2, other)) as eic:
            assert not eic.import_accounts().failed
            assert len(eic.store.accounts) == 250
        assert not first.import_accounts().failed


def test_without_the_flag_a_cut_off_import_reads_as_deletions(tmp_path: Path) -> None:
    """What ``doNotChangeIfFailed`` is for, and that the emulator would show its want."""
    with live_bridge(tmp_path, users=120) as live, connected(live.url, tmp_path) as eic:
        imported(eic)
        files = shipped_files(live.url, tmp_path)
        careless = _without_flag(files)
        way = Broken(1, 503)
        with connected(live.url, tmp_path, files=careless, transport=way, store=eic.store) as again:
            job = again.import_accounts()
        assert any("SUSPENDED" in line for line in job.lines)


def _without_flag(files: Files) -> Files:
    parts = files["ImportAccountEntJSON"]
    accounts = {**parts["accountParams"], "doNotChangeIfFailed": False}
    return files.with_(ImportAccountEntJSON={**parts, "accountParams": accounts})


def test_a_failure_that_passes_is_waited_out(tmp_path: Path) -> None:
    waits: list[float] = []
    with live_bridge(tmp_path, max_age=0) as live:
        down(live)

        def pause(seconds: float) -> None:
            waits.append(seconds)
            up(live)

        with connected(live.url, tmp_path, pause=pause) as eic:
            imported(eic)
        assert waits == [5.0]
        assert len(eic.store.accounts) == 25


def test_codes_as_a_list_that_are_not_understood_only_mean_no_second_try(tmp_path: Path) -> None:
    waits: list[float] = []
    switches = Switches(codes_may_be_a_list=False)
    with live_bridge(tmp_path, max_age=0) as live:
        down(live)
        with connected(live.url, tmp_path, switches=switches, pause=waits.append) as eic:
            assert eic.import_accounts().failed
        assert waits == []
        assert eic.store.accounts == {}


@pytest.mark.parametrize("match", ["contains", "exact"])
@pytest.mark.parametrize("after", [1, 2])
def test_a_token_that_ends_in_the_middle_of_an_import_is_renewed_once(
    large: Live, tmp_path: Path, match: str, after: int
) -> None:
    switches = Switches(error_match=match)  # type: ignore[arg-type]  # one of its two words
    # The first request is refused, the second asks for a token.
    way = Expiring(2 + after)
    with connected(
        large.url, tmp_path, auth="client-credentials", transport=way, switches=switches
    ) as eic:
        imported(eic)
        assert len(eic.store.accounts) == len(large.account()["users"])
        assert eic.logins["acctAuth"].refreshes == 2
        assert sum("/oauth/token" in url for url in way.urls) == 2


@pytest.mark.parametrize("auth", ["token", "client-credentials", "basic"])
@pytest.mark.parametrize(
    "switches",
    [Switches(), Switches(error_match="exact"), Switches(basic_from_start=False)],
    ids=["default", "exact", "basic later"],
)
def test_each_way_to_sign_in_works(
    small: Live, tmp_path: Path, auth: str, switches: Switches
) -> None:
    with connected(
        small.url,
        tmp_path,
        auth=auth,  # type: ignore[arg-type]  # one of its three words
        switches=switches,
    ) as eic:
        assert eic.test_connection()
        imported(eic)
        assert len(eic.store.accounts) == 25
        assert eic.logins["acctAuth"].refreshes == refreshes(auth, switches)


def refreshes(auth: str, switches: Switches) -> int:
    if auth == "basic":
        return 0 if switches.basic_from_start else 1
    return 1 if auth == "client-credentials" else 0


@pytest.mark.parametrize("auth", ["token", "client-credentials", "basic"])
def test_a_wrong_secret_fails_the_test_of_the_connection_and_every_import(
    small: Live, tmp_path: Path, auth: str
) -> None:
    wrong = {"BRIDGE_TOKEN": "wrong", "CLIENT_SECRET": "wrong", "PASSWORD": "wrong"}
    files = shipped_files(
        small.url,
        tmp_path,
        auth=auth,  # type: ignore[arg-type]  # one of its three words
        **wrong,
    )
    with connected(small.url, tmp_path, files=files) as eic:
        assert not eic.test_connection()
        assert [job.failed for job in eic.import_all()] == [True, True]
        assert eic.store.accounts == {}


def test_a_bridge_that_is_not_there_fails_the_import(tmp_path: Path) -> None:
    with connected("http://127.0.0.1:9/scim/v2", tmp_path) as eic:
        assert [job.failed for job in eic.import_all()] == [True, True]
