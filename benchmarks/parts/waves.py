"""An onboarding wave: lookup by userName, create with a licence, read back, 32 clients at once."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks import account, servers
from benchmarks.load import Line, Place, line_to
from benchmarks.load import run as run_loop
from benchmarks.report import Found
from benchmarks.servers import Server
from benchmarks.size import Size

CLIENTS = 32
MAX_AGE = 60
OF_THE_ACCOUNT = (100, 10, 1)
FEWER_CALLS, FASTER = 20, 15


@dataclass(frozen=True)
class Wave:
    """What a wave of so many users took."""

    users: int
    seconds: float
    calls: int
    refused: int


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows; smaller accounts are for the plot."""
    plain = _plain(size, folder)
    times = found.numbers.setdefault("wave_seconds", {})
    for part in OF_THE_ACCOUNT:
        users = max(200, size.users // part)
        place = folder / str(part)
        place.mkdir()
        bridge = _bridge(users, max(2, size.groups // part), size, place)
        times[users] = {"bridge": bridge.seconds, "plain translator": plain.seconds}
    _tell(found, bridge, plain, size)


def _bridge(users: int, groups: int, size: Size, folder: Path) -> Wave:
    with (
        servers.upstream(users=users, groups=groups, rate=size.rate, folder=folder) as goto,
        servers.bridge(goto, rate=size.rate, folder=folder, max_age=MAX_AGE) as bridge,
    ):
        license_key = account.license_key(goto)
        place = account.place_of(bridge)
        with account.scim(place) as client:
            account.wait_for_snapshot(client)
        time.sleep(1)  # the rate limit's window
        return run_loop(_wave(place, goto, size.wave, license_key))


def _plain(size: Size, folder: Path) -> Wave:
    users = min(size.plain_wave, size.wave)
    with (
        servers.upstream(users=size.users, groups=2, rate=size.rate, folder=folder) as goto,
        servers.plain(goto, rate=size.rate, folder=folder) as plain,
    ):
        license_key = account.license_key(goto)
        time.sleep(1)
        place = account.place_of(plain, root="/v2")
        wave = run_loop(_wave(place, goto, users, license_key))
    scale = size.wave / users
    return Wave(users, wave.seconds * scale, round(wave.calls * scale), wave.refused)


async def _wave(place: Place, goto: Server, users: int, license_key: str) -> Wave:
    before = account.counts(goto)
    names = iter([f"wave-{number}" for number in range(users)])
    lines = [await line_to(place) for _ in range(min(CLIENTS, users))]
    began = time.perf_counter()
    await asyncio.gather(*(_client(line, place, names, license_key) for line in lines))
    seconds = time.perf_counter() - began
    after = account.counts(goto)
    for line in lines:
        line.close()
    calls = sum(after.values()) - sum(before.values())
    return Wave(users, seconds, calls, after.get("refused", 0) - before.get("refused", 0))


async def _client(line: Line, place: Place, names: Iterator[str], license_key: str) -> None:
    for name in names:
        path = account.filtered(f'userName eq "{name}@example.com"')
        known = await _asked(line, place.request("GET", path), 200)
        assert known["totalResults"] == 0
        body = account.newcomer(name, license_key)
        made = await _asked(line, place.request("POST", "/Users", body), 201)
        seen = await _asked(line, place.request("GET", f"/Users/{made['id']}"), 200)
        assert seen["active"]
        assert [each["value"] for each in seen["entitlements"]] == [license_key]


async def _asked(line: Line, request: bytes, expected: int) -> Any:
    status, body = await line.ask(request)
    if status != expected:
        raise RuntimeError(f"{status} instead of {expected}: {body[:500]!r}")
    return orjson.loads(body)


def _tell(found: Found, bridge: Wave, plain: Wave, size: Size) -> None:
    work = f"onboarding wave of {size.wave:,} users at {size.rate} calls a second"
    each = f"{bridge.calls / size.wave:.2f} calls a user"
    found.note(f"{work}: bridge", f"{bridge.seconds:.1f} s, {bridge.calls} calls, {each}")
    reckoned = f", reckoned from {plain.users}" if plain.users < size.wave else ""
    each = f"{plain.calls / size.wave:.2f} calls a user"
    shown = f"{plain.seconds:,.0f} s, {plain.calls:,} calls, {each}{reckoned}"
    found.note(f"{work}: plain translator", shown)
    ratio = plain.calls / bridge.calls
    found.at_least(f"{work}: fewer calls", ratio, FEWER_CALLS, shown=f"{ratio:.1f} ×")
    ratio = plain.seconds / bridge.seconds
    found.at_least(f"{work}: faster", ratio, FASTER, shown=f"{ratio:.1f} ×")
    refused = bridge.refused
    found.exactly(f"{work}: calls answered 429", refused, 0, shown=str(refused))
    found.numbers.setdefault("calls", {})["onboarding of a user"] = {
        "bridge": bridge.calls / size.wave,
        "plain translator": plain.calls / size.wave,
    }
