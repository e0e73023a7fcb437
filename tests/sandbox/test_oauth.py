"""The simulated OAuth server over HTTP."""

import asyncio
import base64
import hashlib
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN

from .conftest import GoTo, Opened

DAY = 86_400
BACK = "http://127.0.0.1:9/back"
PAT = {"grant_type": "personal_access_token", "pat": PERSONAL_ACCESS_TOKEN}


async def exchange(api: GoTo, form: dict[str, str], *, secret: str = CLIENT_SECRET) -> Any:
    return await api.http.post("/oauth/token", data=form, auth=(CLIENT_ID, secret))


async def authorize(api: GoTo, **query: str) -> httpx.Response:
    query = {"client_id": CLIENT_ID, "response_type": "code", **query}
    return await api.http.get(f"/oauth/authorize?{urlencode(query)}")


async def code_from(api: GoTo, **query: str) -> str:
    answer = await authorize(api, auto="1", redirect_uri=BACK, **query)
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def with_code(code: str, **more: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **more}


def refresh(token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": token}


async def opens(api: GoTo, token: str) -> bool:
    api.headers = {"Authorization": f"Bearer {token}"}
    return (await api("GET", "/users?pageSize=1")).status_code == 200


def test_a_personal_access_token_opens_the_api(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            reply = (await exchange(api, PAT)).json()
            assert reply["token_type"] == "Bearer"
            assert reply["expires_in"] == 3600
            assert reply["principal"] == "admin@example.com"
            assert "identity:" in reply["scope"].split()
            assert "refresh_token" not in reply
            assert await opens(api, reply["access_token"])
            await api.set(pat_refresh_token=True)
            assert (await exchange(api, PAT)).json()["refresh_token"]

    asyncio.run(check())


def test_other_clients_are_refused(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            for answer in (
                await exchange(api, PAT, secret="wrong"),
                await api.http.post("/oauth/token", data=PAT),
                await api.http.post(
                    "/oauth/token", data=PAT, headers={"Authorization": b"Basic \xe9"}
                ),
            ):
                assert answer.status_code == 401
                assert answer.json()["error"] == "invalid_client"
                assert answer.headers["www-authenticate"].startswith("Basic")

    asyncio.run(check())


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({**PAT, "pat": "wrong"}, "invalid_grant"),
        (refresh("wrong"), "invalid_grant"),
        (with_code("wrong"), "invalid_grant"),
    ],
)
def test_a_bad_grant_is_a_400(goto: Opened, form: dict[str, str], error: str) -> None:
    async def check() -> None:
        async with goto() as api:
            answer = await exchange(api, form)
            if not form:
                answer = await api.http.post(
                    "/oauth/token",
                    content=b"",
                    headers={"Content-Type": "application/x-www-form-urlencoded"},
                    auth=(CLIENT_ID, CLIENT_SECRET),
                )
            assert (answer.status_code, answer.json()["error"]) == (400, error)
            body = await api.http.post("/oauth/token", json=form, auth=(CLIENT_ID, CLIENT_SECRET))
            assert (body.status_code, body.json()["error"]) == (400, "invalid_request")

    asyncio.run(check())


def test_the_page_leads_back_with_code_and_state(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            state = 'x"&<b>'
            page = await authorize(api, redirect_uri=BACK + "?keep=1", state=state)
            assert page.status_code == 200
            assert "<b>" not in page.text
            links = dict(re.findall(r'id="(\w+)" href="([^"]*)"', page.text))
            allowed = await api.http.get("/oauth/authorize" + unescape(links["allow"]))
            query = parse_qs(urlsplit(allowed.headers["location"]).query)
            assert (query["keep"], query["state"]) == (["1"], [state])
            form = with_code(query["code"][0], redirect_uri=BACK + "?keep=1")
            assert (await exchange(api, form)).status_code == 200
            denied = await api.http.get("/oauth/authorize" + unescape(links["deny"]))
            assert "error=access_denied" in denied.headers["location"]

    asyncio.run(check())


def test_without_a_redirect_the_code_stands_on_the_page(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            page = await authorize(api, auto="1")
            code = re.findall(r"code: <code>([\w-]+)</code>", page.text)[0]
            form = {"grant_type": "authorization_code", "code": code}
            assert (await exchange(api, form)).status_code == 200

    asyncio.run(check())


@pytest.mark.parametrize(
    "query",
    [
        {"client_id": "other", "redirect_uri": BACK},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "/relative"},
        {"redirect_uri": "http://[x"},
    ],
)
def test_a_strange_client_or_redirect_is_not_followed(goto: Opened, query: dict[str, str]) -> None:
    async def check() -> None:
        async with goto() as api:
            answer = await authorize(api, auto="1", **query)
            assert answer.status_code == 400
            assert "location" not in answer.headers

    asyncio.run(check())


def test_a_code_works_once_and_for_ten_minutes(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            code = await code_from(api)
            assert (await exchange(api, with_code(code))).status_code == 200
            assert (await exchange(api, with_code(code))).status_code == 400
            late = await code_from(api)
            await api.set(now_offset_s=601)
            assert (await exchange(api, with_code(late))).status_code == 400

    asyncio.run(check())


def test_a_code_is_bound_to_its_redirect(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            form = with_code(await code_from(api), redirect_uri="http://127.0.0.1:9/other")
            assert (await exchange(api, form)).json()["error"] == "invalid_grant"

    asyncio.run(check())


def test_a_sent_challenge_is_checked(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            verifier = "v" * 50
            digest = hashlib.sha256(verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            sent = {"code_challenge": challenge, "code_challenge_method": "S256"}
            good = with_code(await code_from(api, **sent), code_verifier=verifier)
            assert (await exchange(api, good)).status_code == 200
            bad = with_code(await code_from(api, **sent), code_verifier="w" * 50)
            assert (await exchange(api, bad)).json()["error"] == "invalid_grant"
            none = with_code(await code_from(api, **sent))
            assert (await exchange(api, none)).status_code == 400

    asyncio.run(check())


def test_an_access_token_ends_by_the_simulators_clock(goto: Opened) -> None:
    async def check() -> None:
        async with goto(access_token_ttl_s=100) as api:
            token = (await exchange(api, PAT)).json()["access_token"]
            await api.set(now_offset_s=99)
            assert await opens(api, token)
            await api.set(now_offset_s=100)
            assert not await opens(api, token)

    asyncio.run(check())


def test_a_refresh_leaves_the_token_out_and_near_its_end_brings_a_new_one(goto: Opened) -> None:
    async def check() -> None:
        async with goto(pat_refresh_token=True) as api:
            old = (await exchange(api, PAT)).json()["refresh_token"]
            assert "refresh_token" not in (await exchange(api, refresh(old))).json()
            await api.set(refresh_reply="repeat", now_offset_s=17 * DAY)
            assert (await exchange(api, refresh(old))).json()["refresh_token"] == old
            await api.set(now_offset_s=18 * DAY)
            new = (await exchange(api, refresh(old))).json()["refresh_token"]
            assert new != old
            assert (await exchange(api, refresh(old))).json()["error"] == "invalid_grant"
            await api.set(now_offset_s=47 * DAY, refresh_rotation_revokes=False)
            newer = (await exchange(api, refresh(new))).json()["refresh_token"]
            assert (await exchange(api, refresh(new))).status_code == 200
            await api.set(now_offset_s=78 * DAY)
            assert (await exchange(api, refresh(newer))).json()["error"] == "invalid_grant"

    asyncio.run(check())


def test_a_grant_outlives_a_reset(goto: Opened) -> None:
    async def check() -> None:
        async with goto(pat_refresh_token=True) as api:
            reply = (await exchange(api, PAT)).json()
            await api.http.post("/_sim/reset", json={"users": 7, "seed": 9})
            assert await opens(api, reply["access_token"])
            assert (await exchange(api, refresh(reply["refresh_token"]))).status_code == 200

    asyncio.run(check())


def test_the_journal_shows_no_secret(goto: Opened) -> None:
    async def check() -> None:
        async with goto() as api:
            code = await code_from(api)
            token = (await exchange(api, with_code(code, code_verifier="vvv"))).json()
            await exchange(api, PAT)
            await exchange(api, refresh(token["refresh_token"]))
            await api.http.post("/oauth/token", json=PAT)
            entries = await api.journal()
            assert [entry["status"] for entry in entries] == [302, 200, 200, 200, 401]
            text = repr([entry["body"] for entry in entries])
            for secret in (code, PERSONAL_ACCESS_TOKEN, token["refresh_token"], "vvv"):
                assert secret not in text
            assert entries[2]["body"] == {"grant_type": "personal_access_token", "pat": "***"}

    asyncio.run(check())
