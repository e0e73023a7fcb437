"""The listener that the browser is redirected to, over real sockets."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from bridge.connect import Consent, ConsentRefused, RedirectListener, listen_for_redirect
from bridge.connect.consent import Code
from bridge.errors import BridgeError

CONSENT = Consent(url="http://goto.test/", redirect_uri="", state="the-state", verifier="v")
GOOD = "?code=c0de&state=the-state"


def open_browser() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=10, trust_env=False)


def listen(
    story: Callable[[RedirectListener, httpx.AsyncClient], Awaitable[Any]], **options: Any
) -> Any:
    async def run() -> Any:
        async with open_browser() as browser, listen_for_redirect(**options) as listener:
            return await story(listener, browser)

    return asyncio.run(run())


async def waiting(listener: RedirectListener) -> "asyncio.Task[Code]":
    task = asyncio.ensure_future(listener.code(CONSENT))
    await asyncio.sleep(0)
    return task


def test_the_browser_is_shown_what_became_of_its_answer_and_the_listener_closes() -> None:
    async def story() -> tuple[str, httpx.Response, str]:
        async with open_browser() as browser:
            async with listen_for_redirect() as listener:
                uri = listener.redirect_uri
                code = await waiting(listener)
                page = asyncio.ensure_future(browser.get(uri + GOOD))
                assert (await code).value == "c0de"
                assert not page.done(), "it waits for the outcome"
                listener.worked()
            with pytest.raises(httpx.ConnectError):
                await browser.get(uri + GOOD)
            return uri, await page, "c0de"

    uri, answer, secret = asyncio.run(story())
    assert uri.startswith("http://127.0.0.1:")
    assert uri.endswith("/callback")
    assert answer.status_code == 200
    assert "It worked" in answer.text
    assert secret not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in answer.text, "it needs nothing from anywhere"


def test_what_went_wrong_afterwards_is_on_the_page() -> None:
    async def story() -> str:
        async with open_browser() as browser:
            with suppress(BridgeError):
                async with listen_for_redirect() as listener:
                    code = await waiting(listener)
                    page = asyncio.ensure_future(browser.get(listener.redirect_uri + GOOD))
                    await code
                    raise BridgeError("GoTo said <no>.")
            return (await page).text

    text = asyncio.run(story())
    assert "did not work" in text
    assert "GoTo said &lt;no&gt;." in text


@pytest.mark.parametrize("query", ["", "?code=evil", "?code=evil&state=x", "?error=access_denied"])
def test_an_answer_without_the_state_is_refused_and_the_right_one_still_taken(query: str) -> None:
    async def story(listener: RedirectListener, browser: httpx.AsyncClient) -> str:
        code = await waiting(listener)
        refused = await browser.get(listener.redirect_uri + query)
        assert (refused.status_code, "does not belong" in refused.text) == (400, True)
        assert not code.done()
        page = asyncio.ensure_future(browser.get(listener.redirect_uri + GOOD))
        found = await code
        listener.worked()
        await page
        return found.value

    assert listen(story) == "c0de"


def test_only_one_code_is_taken() -> None:
    async def story(listener: RedirectListener, browser: httpx.AsyncClient) -> None:
        code = await waiting(listener)
        first = asyncio.ensure_future(browser.get(listener.redirect_uri + GOOD))
        await code
        second = await browser.get(f"{listener.redirect_uri}?code=other&state=the-state")
        assert (second.status_code, "arrived already" in second.text) == (409, True)
        assert (await listener.code(CONSENT)).value == "c0de"
        listener.worked()
        assert "It worked" in (await first).text

    listen(story)


def test_an_administrator_who_says_no_ends_it_and_sees_why() -> None:
    async def story(listener: RedirectListener, browser: httpx.AsyncClient) -> str:
        code = await waiting(listener)
        query = "?error=access_denied&state=the-state"
        page = await browser.get(listener.redirect_uri + query)
        with pytest.raises(ConsentRefused, match="did not allow"):
            await code
        return page.text

    assert "did not allow" in listen(story)


def test_nobody_who_answers_is_told() -> None:
    async def story(listener: RedirectListener, _: httpx.AsyncClient) -> None:
        with pytest.raises(ConsentRefused, match="Nobody answered in time"):
            await listener.code(CONSENT, patience=0)

    listen(story)


def test_other_paths_and_other_methods_change_nothing() -> None:
    async def story(listener: RedirectListener, browser: httpx.AsyncClient) -> None:
        code = await waiting(listener)
        root = listener.redirect_uri.removesuffix("/callback")
        assert (await browser.get(f"{root}/favicon.ico")).status_code == 404
        assert (await browser.get(f"{root}/callback/{GOOD}")).status_code == 404
        for bad in (
            browser.post(listener.redirect_uri + GOOD),
            browser.get(f"{root}/callback?x={'y' * 40_000}"),
        ):
            with pytest.raises(httpx.TransportError):
                await bad
        assert not code.done()
        code.cancel()

    listen(story)


def test_a_connection_that_says_nothing_is_ended_with_the_listener() -> None:
    async def run() -> bytes:
        async with listen_for_redirect() as listener:
            port = int(listener.redirect_uri.rpartition(":")[2].partition("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /callb")
            await writer.drain()
            await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(3):
                return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    assert asyncio.run(run()) == b""


def test_the_usual_port_gives_way_to_a_free_one_and_a_wanted_port_does_not() -> None:
    async def story(first: RedirectListener, _: httpx.AsyncClient) -> None:
        async with listen_for_redirect() as second:
            assert second.redirect_uri != first.redirect_uri
        port = int(first.redirect_uri.rpartition(":")[2].partition("/")[0])
        with pytest.raises(BridgeError, match=rf"--port: 127\.0\.0\.1:{port} cannot"):
            async with listen_for_redirect(port=port):
                pass

    listen(story)


def test_a_given_address_is_what_goto_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    uri = f"http://localhost:{port}/goto/back"

    async def story(listener: RedirectListener, browser: httpx.AsyncClient) -> None:
        assert listener.redirect_uri == uri
        code = await waiting(listener)
        page = asyncio.ensure_future(browser.get(f"http://127.0.0.1:{port}/goto/back{GOOD}"))
        assert (await code).value == "c0de"
        listener.worked()
        assert (await page).status_code == 200

    listen(story, port=port, path="/goto/back", redirect_uri=uri)
