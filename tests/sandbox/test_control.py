"""The control side, the rate limit, the lag, and faults."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from bridge.sandbox import SimulatorSettings
from bridge.sandbox.throttle import Throttle

from .conftest import GoTo, Hands, Opened, codes


def test_the_journal_lists_calls_in_order_and_goes_on_counting(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            assert await api.journal() == []
            await api("GET", "/users?pageSize=1&attributes=key")
            await api("POST", "/groups", {"name": "Team"})
            await api("DELETE", "/users/1")
            entries = await api.journal()
            base = f"/admin/rest/v1/accounts/{api.account.key}"
            assert [(e["seq"], e["method"], e["path"], e["status"]) for e in entries] == [
                (1, "GET", base + "/users", 200),
                (2, "POST", base + "/groups", 201),
                (3, "DELETE", base + "/users/1", 404),
            ]
            assert entries[0].keys() == {
                "seq", "at", "method", "path", "query", "body", "status",
            }  # fmt: skip
            assert entries[0]["query"] == "pageSize=1&attributes=key"
            assert (entries[0]["body"], entries[1]["body"]) == (None, {"name": "Team"})
            assert await api.journal(since=2) == entries[2:]
            assert await api.journal(since=99) == []
            assert (await api.http.delete("/_sim/journal")).status_code == 204
            await api("GET", "/groups")
            assert [entry["seq"] for entry in await api.journal()] == [4]
            assert [entry["seq"] for entry in await api.journal(since=1)] == [4]
            assert (await api.http.get("/_sim/journal?since=x")).status_code == 400

    asyncio.run(check())


def test_state_is_what_is_stored_in_gotos_field_names(goto: Opened) -> None:
    async def check() -> None:
        async with goto(read_after_write_lag_ms=1000) as api:
            await api("POST", "/groups", {"name": "Fresh"})
            state = (await api.http.get("/_sim/state")).json()
            assert state.keys() == {"users", "groups", "licenses"}
            assert len(state["users"]) == 25
            assert "Fresh" in [group["name"] for group in state["groups"]]
            assert state["licenses"][0]["products"] == ["G2M"]
            shown = await api.get("/users")
            for record in shown["results"]:
                record.pop("settings", None)
            assert state["users"] == shown["results"]

    asyncio.run(check())


def test_a_reset_seeds_the_account_anew_and_keeps_the_settings(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            account = api.account
            first = (await api.http.get("/_sim/state")).json()
            answer = await api.http.post("/_sim/reset", json={"users": 3, "groups": 1, "seed": 4})
            assert answer.json() == {"users": 3, "groups": 1, "seed": 4}
            assert api.account is account
            assert ((await api.get("/users"))["total"], (await api.get("/groups"))["total"]) == (
                3,
                1,
            )
            await api.http.post("/_sim/reset", json={"users": 25, "groups": 5, "seed": 1})
            assert (await api.http.get("/_sim/state")).json() == first
            assert (await api.http.get("/_sim/settings")).json()["rate_limit"] == 0

    asyncio.run(check())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "reset", {"users": 0}),
        ("POST", "reset", {"users": "3"}),
        ("POST", "reset", {"people": 3}),
        ("PUT", "settings", {"rate_limit": -1}),
        ("PUT", "settings", {"rate_limit": "10"}),
        ("PUT", "settings", {"per_group_removal": 1}),
        ("PUT", "settings", {"second_group": "sometimes"}),
        ("PUT", "settings", {"speed": 1}),
        ("PUT", "settings", []),
        ("PUT", "faults", {}),
        ("PUT", "faults", {"rules": [{"match": {"verb": "GET"}}]}),
        ("PUT", "faults", {"rules": [{"status": 99}]}),
        ("PUT", "faults", {"rules": [{"times": "3"}]}),
    ],
)
def test_what_cannot_be_used_is_a_400_in_plain_words(
    goto: Opened, method: str, path: str, body: Any
) -> None:
    async def check() -> None:
        async with goto() as api:
            before = (await api.http.get("/_sim/settings")).json()
            answer = await api.http.request(method, f"/_sim/{path}", json=body)
            assert answer.status_code == 400
            detail = answer.json()["detail"]
            assert detail.endswith(".")
            if path == "settings" and body:
                assert next(iter(body)) in detail
                assert all(name in detail for name in SimulatorSettings.model_fields)
            assert (await api.http.get("/_sim/settings")).json() == before

    asyncio.run(check())


def test_an_unusable_change_of_settings_changes_none_of_them(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            body = {"rate_limit": 3, "nonsense": 1}
            assert (await api.http.put("/_sim/settings", json=body)).status_code == 400
            assert (await api.http.get("/_sim/settings")).json()["rate_limit"] == 0
            broken = await api.http.put("/_sim/settings", content=b"{")
            assert broken.json() == {"detail": "The body is not JSON."}

    asyncio.run(check())


def test_a_sign_in_makes_an_invited_user_active(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            users = (await api.get("/users"))["results"]
            invited = next(user for user in users if user["status"] == "INVITED")
            inactive = next(user for user in users if user["status"] == "INACTIVE")
            suspended = next(user for user in users if user["status"] == "SUSPENDED")
            sign_in = [{"email": invited["email"].upper()}, {"key": inactive["key"]}]
            for body in sign_in:
                assert (await api.http.post("/_sim/signin", json=body)).status_code == 204
            for user in (invited, inactive):
                assert (await api.get(f"/users/{user['key']}"))["status"] == "ACTIVE"
            refusal = await api.http.post("/_sim/signin", json={"key": suspended["key"]})
            assert refusal.status_code == 403
            nobody = await api.http.post("/_sim/signin", json={"email": "nobody@example.com"})
            assert nobody.status_code == 404

    asyncio.run(check())


def test_active_users_become_inactive_as_the_clock_moves(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            path = f"/users/{api.account.administrator_key}"
            assert (await api.get(path))["status"] == "ACTIVE"
            await api.set(now_offset_s=31 * 86_400)
            assert (await api.get(path))["status"] == "INACTIVE"
            await api.set(inactive_after_days=60)
            assert (await api.get(path))["status"] == "ACTIVE"

    asyncio.run(check())


def test_in_any_second_no_more_than_the_limit_is_admitted() -> None:
    hands = Hands()
    throttle = Throttle(3, ticks=hands.clock().ticks)
    admitted = []
    for _ in range(400):
        hands.ticks += 1 / 64
        if throttle.admits():
            admitted.append(hands.ticks)
    assert all(later - earlier >= 1 for earlier, later in zip(admitted, admitted[3:], strict=False))
    assert len(admitted) >= 3 * (400 // 64)


def test_over_the_limit_is_a_429_without_retry_after(goto: Opened) -> None:
    async def check() -> None:
        async with goto(rate_limit=10) as api:
            answers = [await api("GET", "/groups?pageSize=1") for _ in range(12)]
            assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
            assert codes(answers[-1]) == (429, "rate.limit.exceeded")
            assert "retry-after" not in answers[-1].headers
            await api.http.get("/oauth/authorize")
            assert [entry["status"] for entry in await api.journal(since=9)] == [200, 429, 429, 400]
            api.hands.ticks += 1
            assert (await api("GET", "/groups")).status_code == 200
            await api.set(rate_limit=0)
            for _ in range(30):
                assert (await api("GET", "/groups")).status_code == 200

    asyncio.run(check())


def test_reads_trail_behind_writes_by_the_lag(goto: Opened) -> None:
    async def check() -> None:
        async with goto(read_after_write_lag_ms=500) as api:
            me, group = api.account.administrator_key, (await api.get("/groups"))["results"][0]
            await api("PUT", f"/users/{me}", {"lastName": "First"})
            api.hands.ticks += 0.3
            await api("PUT", f"/users/{me}", {"lastName": "Second"})
            await api("PUT", f"/groups/{group['key']}/users/{me}")
            new = {"email": "n@example.com", "firstName": "N", "lastName": "N"}
            key = (await api("POST", "/users", {"users": [new]})).json()[0]["key"]
            assert (await api.get(f"/users/{me}"))["lastName"] == "Lindqvist"
            assert (await api("GET", f"/users/{key}")).status_code == 404
            assert codes(await api("POST", "/users", {"users": [new]}))[0] == 409
            api.hands.ticks += 0.2
            assert (await api.get(f"/users/{me}"))["lastName"] == "First"
            assert (await api.get("/users"))["total"] == 25
            assert me not in (await api.get(f"/groups/{group['key']}"))["userKeys"]
            api.hands.ticks += 0.3
            assert (await api.get(f"/users/{me}"))["lastName"] == "Second"
            assert (await api.get("/users"))["total"] == 26
            assert me in (await api.get(f"/groups/{group['key']}"))["userKeys"]

    asyncio.run(check())


def test_the_reading_side_ends_up_as_the_stored_one(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            await api.set(read_after_write_lag_ms=500)
            groups = (await api.get("/groups"))["results"]
            for group in groups[1:3]:
                await api("DELETE", f"/groups/{group['key']}")
            key = groups[0]["userKeys"][0]
            email = (await api.get(f"/users/{key}"))["email"]
            await api("DELETE", f"/users/{key}")
            again = {"email": email, "firstName": "N", "lastName": "N"}
            await api("POST", "/users", {"users": [again]})
            before = await api.get("/groups")
            assert before["results"] == groups
            api.hands.ticks += 1
            behind = (await api.get("/users"), await api.get("/groups"), await api.get("/licenses"))
            await api.set(read_after_write_lag_ms=0)
            stored = (await api.get("/users"), await api.get("/groups"), await api.get("/licenses"))
            assert behind == stored
            assert stored[1]["total"] == 3

    asyncio.run(check())


def test_a_fault_hits_what_it_matches_as_often_as_it_says(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            path = f"/users/{api.account.administrator_key}"
            rule = {"match": {"method": "PUT", "path": "/users/"}, "status": 503, "times": 2}
            await api.faults(rule)
            statuses = [(await api("PUT", path, {"lastName": str(n)})).status_code for n in (1, 2)]
            assert statuses == [503, 503]
            assert (await api.get(path))["lastName"] == "Lindqvist"
            assert (await api("PUT", path, {"lastName": "3"})).status_code == 204
            left = (await api.http.get("/_sim/faults")).json()["rules"][0]["times"]
            assert left == 0
            await api.faults({"match": {"query": "offset=20"}, "status": 500})
            for _ in range(3):
                assert (await api("GET", "/users?offset=20")).status_code == 500
            assert (await api("GET", "/users?offset=0")).status_code == 200
            await api.faults()
            assert (await api("GET", "/users?offset=20")).status_code == 200
            assert [e["status"] for e in await api.journal()][:2] == [503, 503]

    asyncio.run(check())


def test_a_fault_may_hit_every_third_call_of_several_methods(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            path = f"/users/{api.account.administrator_key}"
            rule = {"match": {"method": ["PUT", "delete"]}, "status": 503, "every": 3, "times": 2}
            await api.faults(rule, {"match": {"method": "DELETE"}, "status": 500})
            statuses = []
            for method in ("PUT", "DELETE", "PUT", "GET", "PUT", "PUT", "DELETE", "PUT", "DELETE"):
                body = {"lastName": "Ada"} if method == "PUT" else None
                statuses.append((await api(method, path, body)).status_code)
            assert statuses == [204, 500, 503, 200, 204, 204, 503, 204, 500]

    asyncio.run(check())


def test_a_fault_may_hit_the_oauth_server(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            await api.faults({"match": {"path": "/oauth/token"}, "status": 500, "times": 1})
            assert (await api.http.post("/oauth/token")).status_code == 500
            assert (await api.http.post("/oauth/token")).status_code == 401

    asyncio.run(check())


def test_a_fault_after_the_change_is_a_lost_reply(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            path = f"/users/{api.account.administrator_key}"
            await api.faults({"match": {"method": "PUT"}, "status": 502, "after": True})
            assert (await api("PUT", path, {"lastName": "Applied"})).status_code == 502
            assert (await api.get(path))["lastName"] == "Applied"
            await api.faults({"match": {"method": "PUT"}, "drop": True, "after": True})
            with pytest.raises(httpx.TransportError):
                await api("PUT", path, {"lastName": "Also"})
            assert (await api.get(path))["lastName"] == "Also"
            await api.faults({"match": {"method": "PUT"}, "drop": True})
            with pytest.raises(httpx.TransportError):
                await api("PUT", path, {"lastName": "Not"})
            assert (await api.get(path))["lastName"] == "Also"
            statuses = [e["status"] for e in await api.journal() if e["method"] == "PUT"]
            assert statuses == [502, None, None]
            await api.faults({"delay_ms": 1, "after": True})
            assert (await api("PUT", path, {"lastName": "Slow"})).status_code == 204

    asyncio.run(check())


@pytest.mark.parametrize(
    ("rule", "content_type", "text"),
    [
        ({"status": 502}, "text/html", None),
        ({"status": 500, "body": "<html>"}, "text/html", "<html>"),
        ({"status": 500, "body": "oops"}, "text/plain", "oops"),
        ({"status": 200, "body": {"results": []}}, "application/json", '{"results":[]}'),
        ({"status": 200, "body": "{", "content_type": "application/json"}, "application/json", "{"),
        ({"status": 204, "body": "nothing"}, "", ""),
        ({"status": 200}, "application/json", ""),
        ({"status": 503}, "application/json", None),
    ],
)
def test_a_fault_may_say_anything(
    goto: Opened, rule: dict[str, Any], content_type: str, text: str | None
) -> None:
    async def check() -> None:
        async with goto() as api:
            await api.faults({**rule, "headers": {"Retry-After": "7"}})
            answer = await api("GET", "/users")
            assert answer.status_code == rule["status"]
            assert answer.headers["retry-after"] == "7"
            assert answer.headers.get("content-type", "").startswith(content_type)
            if text is not None:
                assert answer.text == text

    asyncio.run(check())


def test_a_delay_and_the_latency_hold_the_answer_back(goto: Opened) -> None:
    async def finished(api: GoTo) -> bool:
        call = asyncio.create_task(api("GET", "/groups"))
        for _ in range(20):
            await asyncio.sleep(0)
        done = call.done()
        call.cancel()
        return done

    async def check() -> None:
        async with goto() as api:
            assert await finished(api)
            await api.faults({"delay_ms": 60_000})
            assert not await finished(api)
            await api.faults()
            await api.set(latency_ms=60_000)
            assert not await finished(api)

    asyncio.run(check())


def test_settings_are_a_json_object_with_every_name(goto: Opened) -> None:
    async def check() -> None:
        async with goto(rate_limit=10) as api:
            shown = (await api.http.get("/_sim/settings")).json()
            assert shown == json.loads(SimulatorSettings().model_dump_json())
            contract = {
                "rate_limit": 10,
                "read_after_write_lag_ms": 0,
                "latency_ms": 0,
                "access_token_ttl_s": 3600,
                "refresh_token_ttl_s": 2592000,
                "now_offset_s": 0,
                "per_group_removal": True,
            }
            assert contract.items() <= shown.items()
            answer = await api.http.put("/_sim/settings", json=contract)
            assert answer.json() == shown

    asyncio.run(check())
