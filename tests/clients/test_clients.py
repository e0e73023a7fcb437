"""What identity platforms send, replayed against a bridge on a real socket, in many ways."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.conformance import clients, replay, steps_of
from tests.clients.tally import counted
from tests.clients.ways import WAYS
from tests.live import TOKEN, Live, live_bridge

# Near to another way: `make soak` goes them too.
RARE = {
    "below /goto, public URL", "upper case", "no Accept", "a browser's Accept", "no Host",
}  # fmt: skip
GONE = [pytest.param(way, marks=pytest.mark.soak if way in RARE else ()) for way in WAYS]


@pytest.fixture(scope="module", params=GONE)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def live(way: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("clients")
    with live_bridge(folder, **dict(WAYS[way].settings)) as bridge:
        yield bridge


@pytest.fixture
def http(way: str, live: Live) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(
        base_url=live.scim.base_url, headers=headers, timeout=30, transport=WAYS[way].transport()
    ) as client:
        yield client


@pytest.mark.parametrize("client", clients())
def test_every_step_of_a_client_passes(
    way: str, http: httpx.Client, client: str, record_property: Callable[[str, Any], None]
) -> None:
    outcomes = list(replay(client, http))
    counted(record_property, way, client, outcomes)

    failed = {each.name: each.complaints for each in outcomes if each.complaints}
    assert failed == {}
    assert len(outcomes) == len(steps_of(client))
    excused = [each.name for each in outcomes if each.reason]
    assert len(outcomes) > len(excused) * 10


# The files come from outside: a step that is left out has to be left out here as well.
STEPS = {
    "authentik": 17,
    "entra": 62,
    "entra-flag": 15,
    "midpoint": 13,
    "okta": 33,
    "onelogin": 18,
    "protocol-edge": 28,
    "sailpoint": 23,
    "saviynt": 22,
}


def test_no_step_of_a_client_is_left_out() -> None:
    assert {name: len(steps_of(name)) for name in clients()} == STEPS


def test_what_deviates_says_why() -> None:
    deviating = [
        step for name in clients() for step in steps_of(name) if "contradicts_goto" in step
    ]
    assert deviating
    assert all(step["contradicts_goto"]["reason"].strip() for step in deviating)


def test_a_wrong_expectation_is_noticed() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"totalResults": 7})

    with httpx.Client(base_url="http://b.test", transport=httpx.MockTransport(answer)) as http:
        outcomes = list(replay("okta", http))

    assert any(each.complaints for each in outcomes)
    assert len(outcomes) == len(steps_of("okta"))


LOCATED = [
    ("", None, "{url}/scim/v2"),
    ("/goto", None, "{url}/goto/scim/v2"),
    ("/goto", "https://id.example.com", "https://id.example.com/goto/scim/v2"),
    ("/goto", "https://id.example.com/goto", "https://id.example.com/goto/scim/v2"),
    ("/goto/a", "https://id.example.com/b/", "https://id.example.com/b/scim/v2"),
]


@pytest.mark.parametrize(("base_path", "public_url", "root"), LOCATED)
def test_locations_are_those_that_clients_use(
    tmp_path: Path, base_path: str, public_url: str | None, root: str
) -> None:
    with live_bridge(tmp_path, users=3, base_path=base_path, public_url=public_url) as live:
        listed = live.scim.get("/Users?count=1").json()["Resources"][0]
        made = live.scim.post("/Groups", json={"displayName": "Staff"})

    there = root.format(url=live.url)
    assert listed["meta"]["location"] == f"{there}/Users/{listed['id']}"
    assert made.headers["Location"] == f"{there}/Groups/{made.json()['id']}"


def test_everything_is_below_the_base_path_and_nothing_beside_it(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=3, base_path="/goto") as live:
        known = ["/scim/v2/ServiceProviderConfig", "/health/live", "/health/ready", "/metrics"]
        below = [httpx.get(f"{live.url}/goto{path}").status_code for path in known]
        beside = [
            httpx.get(live.url + prefix + path)
            for path in (*known, "/", "")
            for prefix in ("", "/gotox", "/GOTO", "/got")
        ]
        token = httpx.post(f"{live.url}/goto/oauth/token", data={"grant_type": "password"})

    assert below == [200] * 4
    assert {answer.status_code for answer in beside} == {404}
    assert "/goto" in beside[0].json()["detail"]
    assert beside[0].headers["Content-Type"].startswith("application/scim+json")
    assert token.json()["error"] == "unsupported_grant_type"
