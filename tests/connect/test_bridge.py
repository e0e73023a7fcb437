"""What clients and operators see of the grant: a whole bridge over sockets, and its time moved."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bridge.app import SCIM_PATH
from tests.connect.bridges import Whole, eventually, new_grant, whole_bridge
from tests.live import TOKEN

HOUR, DAY = 3600.0, 86_400.0
PATCH = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "active", "value": False}],
}


async def ask_at_once(bridge: Whole, path: str, times: int) -> Counter[int]:
    limits = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(
        base_url=bridge.url + SCIM_PATH,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=60,
        limits=limits,
        trust_env=False,
    ) as client:
        answers = await asyncio.gather(*(client.get(path) for _ in range(times)))
    return Counter(answer.status_code for answer in answers)


@pytest.mark.parametrize("bridge_knows", [True, False], ids=["by the clock", "refused by GoTo"])
def test_two_hundred_requests_when_the_access_token_ends_cost_one_exchange(
    tmp_path: Path, bridge_knows: bool
) -> None:
    with whole_bridge(tmp_path, max_age=0) as bridge:
        user = bridge.scim.get("/Users?count=1").json()["Resources"][0]["id"]
        bridge.set(now_offset_s=HOUR + 1)
        bridge.goto.delete("/_sim/journal")
        if bridge_knows:
            bridge.time.by = HOUR + 1
        statuses = asyncio.run(ask_at_once(bridge, f"/Users/{user}", 200))
        assert statuses == {200: 200}
        assert bridge.exchanges() == 1


def test_health_and_metrics_tell_the_age_and_the_end_of_the_grant(tmp_path: Path) -> None:
    with whole_bridge(tmp_path) as bridge:
        eventually(lambda: bridge.metric('bridge_grant_refreshes_total{outcome="renewed"}') == 1)
        entry = bridge.goto_entry()
        assert entry["status"] == "ok"
        assert entry["principal"] == "admin@example.com"
        assert entry["obtained_at"] == "2026-03-01T12:00:00+00:00"
        assert entry["expires_at"] == "2026-03-31T12:00:00+00:00"
        left = bridge.metric("bridge_grant_expires_seconds")
        assert entry["expires_in_days"] == pytest.approx(left / DAY, abs=0.2)
        assert bridge.metric("bridge_grant_age_seconds") + left == pytest.approx(30 * DAY, abs=60)
        assert bridge.metric('bridge_grant_refreshes_total{outcome="refused"}') == 0


def test_an_idle_bridge_renews_its_grant_every_day(tmp_path: Path) -> None:
    with whole_bridge(tmp_path) as bridge:
        for asked in range(2, 5):  # the first gave the grant
            eventually(lambda asked=asked: bridge.exchanges() == asked)
            bridge.time.by += DAY


def test_a_refused_renewal_makes_it_not_ready_and_a_new_grant_ready_again(tmp_path: Path) -> None:
    with whole_bridge(tmp_path) as bridge:
        assert bridge.scim.get("/Users").status_code == 200
        assert bridge.ready().status_code == 200
        bridge.refuse_grants()
        bridge.time.by = DAY
        eventually(lambda: bridge.ready().status_code == 503)
        entry = bridge.goto_entry()
        assert entry["status"] == "failing"
        assert "goto-scim-bridge connect" in entry["detail"]
        assert entry["principal"] == "admin@example.com", "an operator sees whose grant it was"
        assert bridge.metric('bridge_grant_refreshes_total{outcome="refused"}') > 0
        assert bridge.scim.get("/Users").status_code == 200, "the snapshot is young enough"
        bridge.accept_grants()
        bridge.put(new_grant(str(bridge.goto.base_url)))
        eventually(lambda: bridge.ready().status_code == 200)


def test_a_refusal_shows_though_the_access_token_lives_on(tmp_path: Path) -> None:
    with whole_bridge(tmp_path) as bridge:
        assert bridge.scim.get("/Users").status_code == 200
        bridge.refuse_grants()
        bridge.time.by = HOUR - 60
        eventually(lambda: bridge.ready().status_code == 503)
        assert "goto-scim-bridge connect" in bridge.goto_entry()["detail"]
        live = bridge.scim.get("/Users?count=1", headers={"Cache-Control": "no-cache"})
        assert live.status_code == 200, "what GoTo still allows is still done"


@pytest.mark.parametrize("query", ["", "?cursor=", "?filter=title pr"])
def test_while_the_grant_is_refused_nothing_older_than_the_limit_is_served(
    tmp_path: Path, query: str
) -> None:
    with whole_bridge(tmp_path, max_age=0.5) as bridge:
        listed = bridge.scim.get(f"/Users{query}")
        assert listed.status_code == 200
        user = bridge.scim.get("/Users?count=1").json()["Resources"][0]
        bridge.refuse_grants()
        bridge.time.by = DAY
        eventually(lambda: bridge.scim.get(f"/Users{query}").status_code != 200)
        by_name = f'?filter=userName eq "{user["userName"]}"'
        for path in (f"/Users{query}", f"/Users/{user['id']}", f"/Users{by_name}", "/Groups"):
            refused = bridge.scim.get(path)
            assert refused.status_code == 503, path
            assert int(refused.headers["retry-after"]) > 0
            assert "goto-scim-bridge connect" in refused.json()["detail"]
            assert user["userName"] not in refused.text
        assert bridge.scim.patch(f"/Users/{user['id']}", json=PATCH).status_code == 503
        bridge.accept_grants()
        bridge.put(new_grant(str(bridge.goto.base_url)))
        assert bridge.scim.get(f"/Users{query}").status_code == 200, "at once, not after a pause"


def test_a_bridge_without_a_grant_serves_as_soon_as_one_is_connected(tmp_path: Path) -> None:
    with whole_bridge(tmp_path, connected=False) as bridge:
        refused = bridge.scim.get("/Users")
        assert refused.status_code == 503
        assert "goto-scim-bridge connect" in refused.json()["detail"]
        assert bridge.ready().status_code == 503
        assert bridge.goto_entry().keys() == {"status", "detail"}
        bridge.put(new_grant(str(bridge.goto.base_url)))
        assert bridge.scim.get("/Users").status_code == 200
        assert bridge.ready().status_code == 200


def test_connected_as_another_administrator_it_protects_that_one(tmp_path: Path) -> None:
    with whole_bridge(tmp_path) as bridge:
        users = {each["userName"]: each for each in bridge.scim.get("/Users").json()["Resources"]}
        former = users.pop("admin@example.com")["id"]
        other = next(iter(users.values()))["id"]
        assert bridge.scim.patch(f"/Users/{former}", json=PATCH).status_code == 403
        account = bridge.simulated.state.account
        account.stored.put_user(replace(account.stored.users[other], admin_roles=("SUPER_USER",)))
        account.administrator_key = other
        bridge.goto.delete("/_sim/journal")
        bridge.put(new_grant(str(bridge.goto.base_url), administrator_key=other))
        eventually(
            lambda: bridge.ready().status_code == 200 and "/admin/rest/v1/me" in paths(bridge)
        )
        assert bridge.scim.patch(f"/Users/{other}", json=PATCH).status_code == 403
        assert bridge.scim.patch(f"/Users/{former}", json=PATCH).status_code == 200
        assert bridge.scim.get("/Users").json()["totalResults"] == 8
        assert bridge.metric("bridge_users") == 8


def paths(bridge: Whole) -> set[str]:
    return {call["path"] for call in bridge.goto.get("/_sim/journal").json()}
