"""The three ways to sign in: a token as it is, client credentials, and HTTP Basic."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from scim2_models import UnauthorizedException
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from bridge.scim import (
    AccessTokens,
    Authenticator,
    Client,
    SignInLimiter,
    TokenEndpoint,
    scim_application,
)
from bridge.scim.auth import MOST_REFUSED
from bridge.store import Sealer
from tests.conftest import SANDBOX_MAPPING, bridge_over, simulated

STORED = "gsb_stored+/token"
STATIC = "a-token-for-tests"
LIFE = 3600


@dataclass
class Hands:
    """The clocks' hands in seconds, and the clients that have a token."""

    now: float = 1_000_000.0
    clients: tuple[str, ...] = ("eic",)

    async def find(self, digest: bytes) -> Client | None:
        known = digest == sha256(STORED.encode()).digest() and "eic" in self.clients
        return Client("eic") if known else None


@asynccontextmanager
async def bridge(
    folder: Path,
    hands: Hands,
    key: bytes = b"k" * 32,
    limiter: SignInLimiter | None = None,
) -> AsyncIterator[Any]:
    sealer = Sealer([key])
    authenticator = Authenticator(
        hands.find,
        static_token=STATIC,
        clock=lambda: hands.now,
        access_tokens=AccessTokens(
            seal=lambda plain: sealer.seal(plain, context="x"),
            opened=lambda sealed: sealer.open(sealed, context="x"),
            clock=lambda: hands.now,
        ),
        limiter=limiter,
    )
    async with bridge_over(simulated(users=3), folder) as below:
        scim = scim_application(below.directory, SANDBOX_MAPPING, authenticator, secret=b"s" * 32)
        token = Route("/oauth/token", TokenEndpoint(authenticator), methods=["POST"])
        app = Starlette(routes=[token, Mount("/scim/v2", app=scim)])
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bridge.test") as http:
            yield http


def run(folder: Path, scenario: Callable[[httpx.AsyncClient, Hands], Awaitable[None]]) -> None:
    async def whole() -> None:
        hands = Hands()
        async with bridge(folder, hands) as http:
            await scenario(http, hands)

    asyncio.run(whole())


def form(name: str = "eic", secret: str = STORED, **more: str) -> dict[str, str]:
    asked = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
    return {**asked, **more}


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


async def status(http: httpx.AsyncClient, authorization: str) -> int:
    users = await http.get("/scim/v2/Users", headers={"Authorization": authorization})
    return users.status_code


@pytest.mark.parametrize(("name", "secret"), [("eic", STORED), ("BRIDGE_TOKEN", STATIC)])
def test_an_access_token_opens_the_service_for_an_hour(
    tmp_path: Path, name: str, secret: str
) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        answer = await http.post("/oauth/token", data=form(name, secret, scope="scim"))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json()
        assert (token["token_type"], token["expires_in"]) == ("Bearer", LIFE)
        assert secret not in str(token)
        header = f"Bearer {token['access_token']}"
        assert await status(http, header) == 200
        hands.now += LIFE - 1
        assert await status(http, header) == 200
        hands.now += 1
        refused = await http.get("/scim/v2/Users", headers={"Authorization": header})
        assert refused.status_code == 401
        assert refused.json()["detail"].startswith("invalid_token")

    run(tmp_path, scenario)


def test_revoking_a_client_ends_its_access_tokens(tmp_path: Path) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        answer = await http.post("/oauth/token", data=form())
        header = f"Bearer {answer.json()['access_token']}"
        assert await status(http, header) == 200
        hands.clients = ()
        hands.now += 6
        assert await status(http, header) == 401
        assert (await http.post("/oauth/token", data=form())).status_code == 401

    run(tmp_path, scenario)


def test_a_bridge_with_another_key_takes_no_access_token_of_this_one(tmp_path: Path) -> None:
    async def whole() -> None:
        hands = Hands()
        async with bridge(tmp_path, hands) as http:
            answer = await http.post("/oauth/token", data=form())
        token = answer.json()["access_token"]
        async with bridge(tmp_path, hands, key=b"o" * 32) as http:
            assert await status(http, f"Bearer {token}") == 401

    asyncio.run(whole())


@pytest.mark.parametrize("spoilt", ["gsa_", "gsa_!", "gsa_AAAA", "gsa_" + "A" * 150, "gsa_ü"])
def test_a_made_up_access_token_is_refused(tmp_path: Path, spoilt: str) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        header = {"Authorization": f"Bearer {spoilt}".encode()}
        assert (await http.get("/scim/v2/Users", headers=header)).status_code == 401

    run(tmp_path, scenario)


def test_a_changed_access_token_is_refused(tmp_path: Path) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        token = (await http.post("/oauth/token", data=form())).json()["access_token"]
        for at in (5, len(token) // 2, len(token) - 2):
            other = "A" if token[at] != "A" else "B"
            assert await status(http, f"Bearer {token[:at]}{other}{token[at + 1 :]}") == 401

    run(tmp_path, scenario)


def test_the_token_endpoint_takes_the_client_in_a_basic_header(tmp_path: Path) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        asked = {"grant_type": "client_credentials"}
        encoded = basic("eic", STORED.replace("+", "%2B").replace("/", "%2F"))
        answer = await http.post("/oauth/token", data=asked, headers=encoded)
        assert answer.status_code == 200
        refused = await http.post("/oauth/token", data=asked, headers=basic("eic", "wrong"))
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        broken = {"Authorization": "Basic %%%"}
        assert (await http.post("/oauth/token", data=asked, headers=broken)).status_code == 401

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("data", "error", "code"),
    [
        (form(secret="wrong"), "invalid_client", 401),
        (form(name="other"), "invalid_client", 401),
        (form(name=""), "invalid_client", 401),
        ({"grant_type": "client_credentials"}, "invalid_client", 401),
        ({}, "invalid_request", 400),
        (form(grant_type="password"), "unsupported_grant_type", 400),
        ({"grant_type": ["client_credentials"] * 2}, "invalid_request", 400),
        ({f"f{n}": "" for n in range(50)}, "invalid_request", 400),
    ],
)
def test_what_cannot_be_exchanged_is_refused_in_the_words_of_oauth(
    tmp_path: Path, data: dict[str, Any], error: str, code: int
) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await http.post("/oauth/token", data=data, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (code, error)
        assert STORED not in answer.text

    run(tmp_path, scenario)


def test_a_body_that_is_no_form_or_too_large_is_refused(tmp_path: Path) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        assert (await http.post("/oauth/token", json=form())).json()["error"] == "invalid_request"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        spoilt = await http.post("/oauth/token", content=b"grant_type=\xff\xfe", headers=kind)
        assert spoilt.status_code == 400
        large = await http.post("/oauth/token", content=b"a=" + b"x" * 2_000_000, headers=kind)
        assert large.status_code == 413
        assert (await http.get("/oauth/token")).status_code == 405

    run(tmp_path, scenario)


def test_basic_is_the_clients_name_with_its_token(tmp_path: Path) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        for name, token, expected in [
            ("eic", STORED, 200),
            ("BRIDGE_TOKEN", STATIC, 200),
            ("other", STORED, 401),
            ("eic", STATIC, 401),
            ("eic", "wrong", 401),
            ("eic", "", 401),
        ]:
            users = await http.get("/scim/v2/Users", headers=basic(name, token))
            assert users.status_code == expected, name

    run(tmp_path, scenario)


@pytest.mark.parametrize("sent", ["Basic", "Basic !!!", "Basic ZWlj", "Basic /w==", "Digest x"])
def test_a_header_that_cannot_be_read_is_401_with_both_challenges(
    tmp_path: Path, sent: str
) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        answer = await http.get("/scim/v2/Users", headers={"Authorization": sent})
        assert answer.status_code == 401
        assert answer.json()["detail"].startswith("invalid_token")
        (challenges,) = answer.headers.get_list("www-authenticate")
        assert challenges.startswith("Bearer ")
        assert 'error="invalid_token"' in challenges
        assert ', Basic realm="SCIM"' in challenges

    run(tmp_path, scenario)


def test_the_service_announces_each_way_to_sign_in(tmp_path: Path) -> None:
    async def scenario(http: httpx.AsyncClient, hands: Hands) -> None:
        announced = (await http.get("/scim/v2/ServiceProviderConfig")).json()
        schemes = [each["type"] for each in announced["authenticationSchemes"]]
        assert schemes == ["oauthbearertoken", "oauth2", "httpbasic"]

    run(tmp_path, scenario)


class Lookups:
    """Counts the looks into the store; ``token`` is known."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        self.count = 0
        self.now = 0.0

    async def find(self, digest: bytes) -> Client | None:
        self.count += 1
        return Client("eic") if digest == sha256(self.token.encode()).digest() else None


@pytest.mark.parametrize("header", ["Bearer {}", "Basic {}"])
def test_a_token_that_was_refused_is_looked_up_again_after_two_seconds(header: str) -> None:
    async def scenario() -> None:
        store = Lookups()
        authenticator = Authenticator(store.find, clock=lambda: store.now)
        sent = "late" if "Bearer" in header else b64encode(b"eic:late").decode()
        for at in (0.0, 0.5, 1.9):
            store.now = at
            with pytest.raises(UnauthorizedException):
                await authenticator.client(header.format(sent))
        assert store.count == 1
        store.token, store.now = "late", 2.0
        assert (await authenticator.client(header.format(sent))).name == "eic"
        assert store.count == 2

    asyncio.run(scenario())


def test_refused_tokens_are_kept_up_to_a_number() -> None:
    async def scenario() -> None:
        store = Lookups()
        authenticator = Authenticator(store.find, clock=lambda: store.now)
        for number in (*range(MOST_REFUSED + 1), MOST_REFUSED, 0):
            with pytest.raises(UnauthorizedException):
                await authenticator.client(f"Bearer {number}")
        # The newest is remembered, and the oldest made room for it.
        assert store.count == MOST_REFUSED + 2

    asyncio.run(scenario())
