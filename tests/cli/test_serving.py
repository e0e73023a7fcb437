"""How a command listens, serves several applications and ends."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette

from bridge.cli.serving import Site, listen, run_until_stopped, serve, url_of
from bridge.errors import BridgeError


def test_port_0_is_a_free_port_with_a_url() -> None:
    with listen("127.0.0.1", 0, named="--port") as listening:
        port = listening.getsockname()[1]
        assert url_of(listening) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_name_is_listened_on_by_its_ipv4_address() -> None:
    with listen("localhost", 0, named="--port") as listening:
        assert url_of(listening).startswith("http://127.0.0.1:")


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_stands_in_brackets() -> None:
    try:
        listening = listen("::1", 0, named="--port")
    except BridgeError:
        pytest.skip("this machine has no IPv6 address")
    with listening:
        assert url_of(listening).startswith("http://[::1]:")


@pytest.mark.parametrize("named", ["--port", "BRIDGE_PORT"])
def test_a_port_in_use_is_told_with_what_names_it(named: str) -> None:
    with listen("127.0.0.1", 0, named=named) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(BridgeError) as refused:
            listen("127.0.0.1", port, named=named)
    assert refused.value.detail == f"{named}: 127.0.0.1:{port} is in use, choose another port."


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_told(host: str) -> None:
    with pytest.raises(BridgeError, match=rf"^--port: {host}:0 cannot be listened on \(\S.*\)\.$"):
        listen(host, 0, named="--port")


def site(name: str, events: list[str], *, starts: bool = True) -> Site:
    """An application that writes down when it starts and ends."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if not starts:
            raise RuntimeError(name)
        events.append(f"{name} starts")
        yield
        events.append(f"{name} ends")

    return Site(app=Starlette(lifespan=lifespan), socket=listen("127.0.0.1", 0, named=name))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_sites_start_in_order_and_end_in_reverse_on_a_signal(number: signal.Signals) -> None:
    events: list[str] = []

    def announce() -> None:
        events.append("announced")
        signal.raise_signal(number)

    sites = [site("first", events), site("second", events)]
    with sites[0].socket, sites[1].socket:
        run_until_stopped(lambda stop: serve(sites, stop=stop, announce=announce))
    assert events == ["first starts", "second starts", "announced", "second ends", "first ends"]


def test_a_site_that_cannot_start_ends_those_before_it() -> None:
    events: list[str] = []
    sites = [site("first", events), site("second", events, starts=False)]
    with (
        sites[0].socket,
        sites[1].socket,
        pytest.raises(BridgeError, match="could not start"),
    ):
        run_until_stopped(lambda stop: serve(sites, stop=stop, announce=events.clear))
    assert events == ["first starts", "first ends"]


def test_nohup_keeps_a_service_alive() -> None:
    async def outlives(stop: asyncio.Event) -> None:
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0)
        assert not stop.is_set()

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run_until_stopped(outlives)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("attempt", range(20))
def test_a_site_that_fails_at_any_moment_is_never_announced(attempt: int) -> None:
    announced: list[str] = []

    @asynccontextmanager
    async def fails(_: Starlette) -> AsyncIterator[None]:
        await asyncio.sleep(attempt / 1000)
        raise RuntimeError("late")
        yield

    with listen("127.0.0.1", 0, named="--port") as listening:
        sites = [Site(app=Starlette(lifespan=fails), socket=listening)]
        with pytest.raises(BridgeError, match="could not start"):
            run_until_stopped(
                lambda stop: serve(sites, stop=stop, announce=lambda: announced.append("yes"))
            )
    assert announced == []


def test_a_second_signal_cuts_short_what_does_not_end() -> None:
    reached: list[str] = []

    async def stubborn(stop: asyncio.Event) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await stop.wait()
            reached.append("stopping")
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(3600)
        finally:
            reached.append("cleaned up")

    before = signal.getsignal(signal.SIGINT)
    run_until_stopped(stubborn)
    assert reached == ["stopping", "cleaned up"]
    assert signal.getsignal(signal.SIGINT) is before
