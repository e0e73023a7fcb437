"""One renewal however many wait, nothing lost when a grant changes, nothing secret shown."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog

from bridge.errors import BridgeError, GoToUnavailable, GoToUnreadable, GrantRefused
from bridge.goto import AccessTokens, Grant, TokenEndpoint, authorize_url, redeem_code
from tests.goto.scripted import HTML, Answer, ScriptedGoTo, no_sleep, pat

BASIC = "Basic Y2xpZW50OnM6Y3JldA=="  # client:s:cret


def refresh() -> Grant:
    return Grant(kind="refresh_token", secret="old-refresh", obtained_at=datetime.now(UTC))


@dataclass
class Wallet:
    """An ``AccessTokens`` with everything around it written down."""

    goto: ScriptedGoTo
    grant: Grant = field(default_factory=refresh)
    reload: Callable[[], Awaitable[Grant | None]] | None = None
    store_fails: int = 0
    stored: list[Grant] = field(default_factory=list)
    now: float = 1_000_000.0

    async def store(self, grant: Grant) -> None:
        if self.store_fails:
            self.store_fails -= 1
            raise BridgeError("The database is not there.")
        self.stored.append(grant)

    def use(self, story: Callable[[AccessTokens], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with self.goto.http() as http:
                return await story(
                    AccessTokens(
                        http,
                        auth_url="http://goto.test/",
                        client_id="client",
                        client_secret="s:cret",
                        grant=self.grant,
                        store=self.store,
                        reload=self.reload,
                        clock=lambda: self.now,
                        sleep=no_sleep,
                    )
                )

        return asyncio.run(run())


def reply(token: str = "access", **more: Any) -> Answer:
    return (200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **more})


@pytest.mark.parametrize(
    ("grant", "form"),
    [
        (refresh(), {"grant_type": "refresh_token", "refresh_token": "old-refresh"}),
        (pat(), {"grant_type": "personal_access_token", "pat": "pat-secret"}),
    ],
)
def test_each_kind_of_grant_sends_its_form_with_basic_auth(
    grant: Grant, form: dict[str, str]
) -> None:
    goto = ScriptedGoTo(token_answers=[reply()])
    assert Wallet(goto, grant).use(lambda tokens: tokens.token()) == "access"
    assert goto.forms == [form]
    assert goto.token_headers == [BASIC]


def test_two_hundred_who_wait_share_one_renewal() -> None:
    async def crowd(tokens: AccessTokens) -> list[str]:
        first = await asyncio.gather(*(tokens.token() for _ in range(200)))
        return first + await asyncio.gather(*(tokens.renew(first[0]) for _ in range(200)))

    goto = ScriptedGoTo()
    assert Wallet(goto).use(crowd) == ["access-1"] * 200 + ["access-2"] * 200
    assert len(goto.forms) == 2


def test_a_token_refused_late_is_not_renewed_a_second_time() -> None:
    async def story(tokens: AccessTokens) -> str:
        old = await tokens.token()
        await tokens.renew(old)
        return await tokens.renew(old)

    goto = ScriptedGoTo()
    assert Wallet(goto).use(story) == "access-2"
    assert len(goto.forms) == 2


def test_one_who_goes_away_does_not_stop_the_renewal_for_the_others() -> None:
    async def story(tokens: AccessTokens) -> str:
        first, second = (asyncio.ensure_future(tokens.token()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    goto = ScriptedGoTo(token_answers=[reply(refresh_token="new-refresh")])
    wallet = Wallet(goto)
    assert wallet.use(story) == "access"
    assert [grant.secret for grant in wallet.stored] == ["new-refresh"]


@pytest.mark.parametrize(("life", "early"), [(3600, 3300), (60, 54)])
def test_a_token_is_renewed_before_it_runs_out_and_nobody_waits(life: int, early: int) -> None:
    wallet = Wallet(ScriptedGoTo())
    wallet.goto.token_answers = [
        (200, {"access_token": "one", "expires_in": life}),
        (200, {"access_token": "two", "expires_in": life}),
    ]

    async def story(tokens: AccessTokens) -> list[str]:
        seen = [await tokens.token()]
        wallet.now += early - 1
        seen.append(await tokens.token())
        wallet.now += 1
        seen.append(await tokens.token())
        for _ in range(200):
            await asyncio.sleep(0)
        return [*seen, await tokens.token()]

    assert wallet.use(story) == ["one", "one", "one", "two"]


def test_a_token_that_ran_out_is_not_used() -> None:
    wallet = Wallet(ScriptedGoTo())

    async def story(tokens: AccessTokens) -> str:
        await tokens.token()
        wallet.now += 3601
        return await tokens.token()

    assert wallet.use(story) == "access-2"


def test_while_the_oauth_server_is_down_a_living_token_serves_on() -> None:
    wallet = Wallet(ScriptedGoTo(token_answers=[reply(), (503, HTML)]))

    async def story(tokens: AccessTokens) -> str:
        await tokens.token()
        wallet.now += 3400
        for _ in range(5):
            await tokens.token()
            await asyncio.sleep(0.01)
        return await tokens.token()

    assert wallet.use(story) == "access"
    assert len(wallet.goto.forms) == 5, "one failed renewal of four attempts, then a pause"


def test_a_new_refresh_token_is_stored_before_its_access_token_is_used() -> None:
    wallet = Wallet(
        ScriptedGoTo(
            token_answers=[reply(refresh_token="new-refresh", principal="p", scope="identity:")]
        )
    )

    async def story(tokens: AccessTokens) -> Grant:
        waiting = asyncio.ensure_future(tokens.token())
        while not wallet.stored:
            assert not waiting.done()
            await asyncio.sleep(0)
        await waiting
        return tokens.grant

    grant = wallet.use(story)
    assert wallet.stored == [grant]
    assert (grant.secret, grant.principal, grant.scope) == ("new-refresh", "p", "identity:")
    assert grant.obtained_at == datetime.fromtimestamp(wallet.now, UTC)
    assert (grant.expires_at - grant.obtained_at).days == 30


@pytest.mark.parametrize("more", [{}, {"refresh_token": "old-refresh"}, {"refresh_token": None}])
def test_a_reply_without_a_new_refresh_token_keeps_the_old(more: dict[str, Any]) -> None:
    wallet = Wallet(ScriptedGoTo(token_answers=[reply(**more)]))
    wallet.use(lambda tokens: tokens.token())
    assert wallet.stored == []


def test_a_personal_access_token_is_never_replaced_by_a_refresh_token() -> None:
    wallet = Wallet(ScriptedGoTo(token_answers=[reply(refresh_token="surprise")]), pat())
    wallet.use(lambda tokens: tokens.renew("x"))
    assert wallet.stored == []


def test_a_new_principal_is_stored() -> None:
    wallet = Wallet(ScriptedGoTo(token_answers=[reply(principal="admin")]))
    wallet.use(lambda tokens: tokens.token())
    assert wallet.stored == [replace(wallet.grant, principal="admin")]


def test_a_new_refresh_token_that_could_not_be_stored_is_stored_first_next_time() -> None:
    wallet = Wallet(
        ScriptedGoTo(token_answers=[reply("one", refresh_token="new-refresh"), reply("two")]),
        store_fails=1,
    )

    async def story(tokens: AccessTokens) -> str:
        with pytest.raises(BridgeError, match="database"):
            await tokens.token()
        return await tokens.token()

    assert wallet.use(story) == "two"
    assert [grant.secret for grant in wallet.stored] == ["new-refresh"]
    assert wallet.goto.forms[1]["refresh_token"] == "new-refresh"


def test_a_new_refresh_token_is_stored_even_if_goto_is_down_next_time() -> None:
    goto = ScriptedGoTo(token_answers=[reply(refresh_token="new-refresh"), (500, HTML)])
    wallet = Wallet(goto, store_fails=1)

    async def story(tokens: AccessTokens) -> None:
        for error in (BridgeError, GoToUnavailable):
            with pytest.raises(error):
                await tokens.token()

    wallet.use(story)
    assert [grant.secret for grant in wallet.stored] == ["new-refresh"]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, {"error": "invalid_grant"}, "goto-scim-bridge connect"),
        (401, {"error": "invalid_grant"}, "goto-scim-bridge connect"),
        (403, HTML, "goto-scim-bridge connect"),
        (401, {"error": "invalid_client"}, "BRIDGE_GOTO_CLIENT_ID"),
        (401, HTML, "BRIDGE_GOTO_CLIENT_SECRET"),
    ],
)
def test_a_refused_renewal_says_what_to_do_and_is_not_hammered(
    status: int, body: Any, words: str
) -> None:
    wallet = Wallet(ScriptedGoTo(token_answers=[(status, body), (status, body), reply()]))

    async def story(tokens: AccessTokens) -> str:
        for _ in range(20):
            with pytest.raises(GrantRefused, match=words):
                await tokens.token()
        assert len(wallet.goto.forms) == 1
        wallet.now += 6
        with pytest.raises(GrantRefused):
            await tokens.token()
        wallet.now += 6
        return await tokens.token()

    assert wallet.use(story) == "access"


def test_a_grant_connected_meanwhile_is_taken_up() -> None:
    async def reload() -> Grant:
        return replace(refresh(), secret="connected-anew")

    goto = ScriptedGoTo(token_answers=[(400, {"error": "invalid_grant"}), reply()])
    wallet = Wallet(goto, reload=reload)
    assert wallet.use(lambda tokens: tokens.token()) == "access"
    assert [form["refresh_token"] for form in goto.forms] == ["old-refresh", "connected-anew"]
    assert wallet.stored == []


@pytest.mark.parametrize(
    ("answer", "error", "times"),
    [
        ((500, HTML), GoToUnavailable, 4),
        ((429, {}), GoToUnavailable, 4),
        ((404, HTML), GoToUnavailable, 4),
        (httpx.ReadTimeout("late"), GoToUnavailable, 4),
        (httpx.ConnectError("refused"), GoToUnavailable, 4),
        ((200, HTML), GoToUnreadable, 4),
        ((200, []), GoToUnreadable, 4),
        ((200, {"access_token": ""}), GoToUnreadable, 4),
        ((200, {"access_token": "line\r\nbreak"}), GoToUnreadable, 4),
    ],
)
def test_trouble_of_the_oauth_server_is_repeated_then_told(
    answer: Answer, error: type[BridgeError], times: int
) -> None:
    goto = ScriptedGoTo(token_answers=[answer])
    with pytest.raises(error) as raised:
        Wallet(goto).use(lambda tokens: tokens.token())
    assert not isinstance(raised.value, GrantRefused)
    assert len(goto.forms) == times


@pytest.mark.parametrize("life", [None, "3600", 0, -5, True, "soon", {}])
def test_a_life_that_is_not_told_is_an_hour(life: object) -> None:
    wallet = Wallet(ScriptedGoTo(token_answers=[reply("one", expires_in=life), reply("two")]))

    async def story(tokens: AccessTokens) -> list[str]:
        first = await tokens.token()
        wallet.now += 3590
        second = await tokens.token()
        wallet.now += 20
        await asyncio.sleep(0.01)
        return [first, second, await tokens.token()]

    assert wallet.use(story) == ["one", "one", "two"]


def test_a_code_becomes_a_grant_and_is_sent_once() -> None:
    async def redeem(goto: ScriptedGoTo) -> Grant:
        async with goto.http() as http:
            endpoint = TokenEndpoint(
                http, auth_url="http://goto.test", client_id="client", client_secret="s:cret"
            )
            return await redeem_code(
                endpoint, code="c0de", redirect_uri="http://127.0.0.1:1/", verifier="v"
            )

    goto = ScriptedGoTo(token_answers=[reply(refresh_token="new-refresh", principal="p")])
    grant = asyncio.run(redeem(goto))
    assert (grant.kind, grant.secret, grant.principal) == ("refresh_token", "new-refresh", "p")
    assert goto.forms == [
        {
            "grant_type": "authorization_code",
            "code": "c0de",
            "redirect_uri": "http://127.0.0.1:1/",
            "code_verifier": "v",
        }
    ]
    cut = ScriptedGoTo(token_answers=[httpx.ReadError("cut")])
    with pytest.raises(GoToUnavailable):
        asyncio.run(redeem(cut))
    assert len(cut.forms) == 1
    with pytest.raises(GrantRefused, match="no refresh token"):
        asyncio.run(redeem(ScriptedGoTo(token_answers=[reply()])))


def test_the_authorize_url_carries_state_and_challenge() -> None:
    url = authorize_url(
        "https://auth.example/",
        client_id="the client",
        redirect_uri="http://127.0.0.1:5000/callback",
        state="s",
        challenge="c",
    )
    parts = urlsplit(url)
    assert parts.path == "/oauth/authorize"
    assert "+" not in parts.query
    assert parse_qs(parts.query) == {
        "client_id": ["the client"],
        "response_type": ["code"],
        "redirect_uri": ["http://127.0.0.1:5000/callback"],
        "state": ["s"],
        "code_challenge": ["c"],
        "code_challenge_method": ["S256"],
    }


def test_nothing_secret_shows_in_texts_errors_or_the_log() -> None:
    secrets = ("old-refresh", "new-refresh", "access-secret", "s:cret", BASIC)
    goto = ScriptedGoTo(
        token_answers=[
            reply("access-secret", refresh_token="new-refresh"),
            (400, {"error": "invalid_grant", "error_description": "old-refresh"}),
        ]
    )
    wallet = Wallet(goto)

    async def story(tokens: AccessTokens) -> list[str]:
        await tokens.token()
        shown = [repr(tokens), str(tokens.grant), repr(vars(tokens)["_current"])]
        try:
            await tokens.renew("access-secret")
        except GrantRefused as refusal:
            failure: BaseException | None = refusal
            while failure is not None:
                shown += [str(failure), repr(failure), repr(vars(failure))]
                failure = failure.__cause__ or failure.__context__
        return shown

    with structlog.testing.capture_logs() as logs:
        shown = wallet.use(story)
    assert logs
    assert len(shown) > 3
    for text in [*shown, repr(logs)]:
        assert not any(secret in text for secret in secrets)
