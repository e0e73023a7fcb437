"""A grant that is connected while another one is in use: it is taken up, and never overwritten."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.errors import BridgeError, GrantRefused
from bridge.goto import AccessTokens, Grant
from tests.connect.grants import NOW, refresh_token
from tests.goto.scripted import Answer, ScriptedGoTo, no_sleep

ANEW = replace(refresh_token(), secret="connected-anew", principal="new@example.com")
NONE = Grant(kind="refresh_token", secret="", obtained_at=NOW)
REFUSED: Answer = (400, {"error": "invalid_grant"})


def reply(token: str, **more: Any) -> Answer:
    return (200, {"access_token": token, "expires_in": 3600, **more})


class Shelf:
    """Where the grant is stored; another process may put one there."""

    def __init__(self, grant: Grant) -> None:
        self.grant: Grant | None = grant if grant.secret else None
        self.away = False

    async def store(self, grant: Grant) -> None:
        if self.away:
            raise BridgeError("The bridge's database did not answer.")
        self.grant = grant

    async def reload(self) -> Grant | None:
        if self.away:
            raise BridgeError("The bridge's database did not answer.")
        return self.grant


def use(
    goto: ScriptedGoTo,
    shelf: Shelf,
    story: Callable[[AccessTokens], Awaitable[Any]],
    grant: Grant | None = None,
) -> Any:
    async def run() -> Any:
        async with goto.http() as http:
            return await story(
                AccessTokens(
                    http,
                    auth_url="http://goto.test",
                    client_id="client",
                    client_secret="s:cret",
                    grant=grant or shelf.grant or NONE,
                    store=shelf.store,
                    reload=shelf.reload,
                    sleep=no_sleep,
                )
            )

    return asyncio.run(run())


def test_without_a_grant_the_first_one_connected_is_used_by_the_next_who_asks() -> None:
    goto, shelf = ScriptedGoTo(token_answers=[reply("access")]), Shelf(NONE)

    async def story(tokens: AccessTokens) -> str:
        for _ in range(3):
            with pytest.raises(GrantRefused, match="goto-scim-bridge connect"):
                await tokens.token()
        assert goto.forms == []
        shelf.grant = ANEW
        return await tokens.token()

    assert use(goto, shelf, story) == "access"


def test_a_refused_grant_gives_way_at_once_to_one_that_was_connected() -> None:
    goto = ScriptedGoTo(token_answers=[REFUSED, reply("access")])
    shelf = Shelf(refresh_token())

    async def story(tokens: AccessTokens) -> str:
        with pytest.raises(GrantRefused):
            await tokens.token()
        assert tokens.refusal is not None
        shelf.grant = ANEW
        token = await tokens.token()
        assert tokens.refusal is None
        return token

    assert use(goto, shelf, story) == "access"
    assert goto.forms[-1]["refresh_token"] == "connected-anew"


def test_taking_up_another_grant_ends_the_access_token_of_the_one_before() -> None:
    goto = ScriptedGoTo(token_answers=[reply("old"), reply("new")])
    shelf = Shelf(refresh_token())

    async def story(tokens: AccessTokens) -> list[str]:
        seen = [await tokens.token()]
        assert not await tokens.take_up()
        shelf.grant = ANEW
        assert await tokens.take_up()
        assert tokens.grant == ANEW
        return [*seen, await tokens.token()]

    assert use(goto, shelf, story) == ["old", "new"]


def test_a_new_refresh_token_of_the_old_grant_does_not_overwrite_what_was_connected() -> None:
    goto = ScriptedGoTo(token_answers=[reply("old", refresh_token="refresh-2"), reply("new")])
    shelf = Shelf(refresh_token())

    async def story(tokens: AccessTokens) -> str:
        shelf.grant = ANEW
        return await tokens.token()

    assert use(goto, shelf, story, refresh_token()) == "new"
    assert shelf.grant == ANEW
    assert [form["refresh_token"] for form in goto.forms] == ["refresh-1", "connected-anew"]


def test_a_new_refresh_token_outlives_a_database_that_was_away() -> None:
    goto = ScriptedGoTo(token_answers=[reply("one", refresh_token="refresh-2"), reply("two")])
    shelf = Shelf(refresh_token())

    async def story(tokens: AccessTokens) -> str:
        shelf.away = True
        with pytest.raises(BridgeError, match="database"):
            await tokens.token()
        shelf.away = False
        return await tokens.token()

    assert use(goto, shelf, story) == "two"
    assert goto.forms[-1]["refresh_token"] == "refresh-2"
    assert shelf.grant is not None
    assert shelf.grant.secret == "refresh-2"


def test_an_unchanged_grant_is_renewed_though_the_database_is_away() -> None:
    goto, shelf = ScriptedGoTo(token_answers=[reply("access")]), Shelf(refresh_token())
    shelf.away = True
    assert use(goto, shelf, lambda tokens: tokens.token(), refresh_token()) == "access"


def test_whoever_keeps_it_alive_and_whoever_waits_share_one_exchange() -> None:
    goto, shelf = ScriptedGoTo(), Shelf(refresh_token())

    async def story(tokens: AccessTokens) -> None:
        await asyncio.gather(tokens.refresh(), tokens.token(), tokens.refresh())
        await tokens.refresh()
        assert tokens.renewed_at is not None

    use(goto, shelf, story)
    assert len(goto.forms) == 2
