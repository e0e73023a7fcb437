"""What identity platforms send, replayed against a bridge on a real socket."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.clients.replay import FOLDER, replay, steps_of
from tests.live import Live, live_bridge

CLIENTS = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp("clients")
    with live_bridge(folder) as bridge:
        yield bridge


@pytest.mark.parametrize("client", CLIENTS)
def test_every_step_of_a_client_passes(live: Live, client: str) -> None:
    outcomes = list(replay(client, live.scim))

    failed = {each.name: each.complaints for each in outcomes if each.complaints}
    assert failed == {}
    excused = [each.name for each in outcomes if each.reason]
    assert len(outcomes) > len(excused) * 10


def test_a_wrong_expectation_is_noticed(live: Live) -> None:
    class Answering(httpx.BaseTransport):
        def handle_request(self, _: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"totalResults": 7})

    with httpx.Client(base_url=live.url, transport=Answering()) as http:
        outcomes = list(replay("okta", http))

    assert any(each.complaints for each in outcomes)
    assert len(outcomes) == len(steps_of("okta"))
