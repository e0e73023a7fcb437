"""GET by id, lookup by userName, a page of 100: warm, without an upstream limit."""

import pickle
from collections.abc import Sequence
from pathlib import Path

import httpx

from benchmarks import account, servers
from benchmarks.bare import keyed
from benchmarks.compare import Compared, Contestant, compare
from benchmarks.load import Place
from benchmarks.load import run as run_loop
from benchmarks.report import Found
from benchmarks.servers import Server
from benchmarks.size import Size

PEOPLE = 200
PAGES = 20
# So many times the plain translator's requests a second.
LEAST = {"GET by id": 25, "lookup by userName": 30, "page of 100": 600}
OF_BARE = 0.5


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows."""
    with (
        servers.upstream(users=size.users, groups=size.groups, rate=0, folder=folder) as goto,
        servers.bridge(goto, rate=0, folder=folder) as bridge,
        servers.plain(goto, rate=0, folder=folder) as plain,
    ):
        place = account.place_of(bridge)
        with account.scim(place) as client:
            account.wait_for_snapshot(client)
            work = _work(client, size)
            answers = _answers(client, work)
        file = folder / "answers.pickle"
        file.write_bytes(pickle.dumps(answers))
        with servers.bare(file, folder=folder) as bare:
            for name, paths in work.items():
                with_bare = run_loop(
                    _against(goto, paths, place, {"bridge": bridge, "bare": bare}, size)
                )
                with_plain = run_loop(
                    _against(goto, paths, place, {"bridge": bridge, "plain": plain}, size)
                )
                _tell(found, name, with_bare, with_plain)


def _work(client: httpx.Client, size: Size) -> dict[str, list[str]]:
    people = account.people(client, min(PEOPLE, size.users), size.users)
    return {
        "GET by id": [account.by_id(person) for person in people],
        "lookup by userName": [account.by_user_name(person) for person in people],
        "page of 100": account.pages(size.users, PAGES),
    }


def _answers(client: httpx.Client, work: dict[str, list[str]]) -> dict[str, bytes]:
    return {
        keyed(path): client.get(path).raise_for_status().content
        for paths in work.values()
        for path in paths
    }


async def _against(
    goto: Server, paths: Sequence[str], place: Place, both: dict[str, Server], size: Size
) -> Compared:
    contestants = {}
    for name, server in both.items():
        root = "/v2" if name == "plain" else place.root
        its_place = account.place_of(server, root=root)
        contestants[name] = Contestant(server, its_place, account.requests(its_place, paths))
    return await compare(contestants, size, goto=goto)


def _tell(found: Found, name: str, with_bare: Compared, with_plain: Compared) -> None:
    found.note(f"{name}: bridge", with_bare.shown("bridge"))
    found.note(f"{name}: bare Starlette", with_bare.shown("bare"))
    found.note(f"{name}: plain translator", with_plain.shown("plain"))
    clock, cpu = with_bare.ratio("bridge", "bare"), with_bare.cpu_ratio("bridge", "bare")
    shown = f"{clock:.2f} × ({cpu:.2f} × by CPU)"
    found.at_least(f"{name}, of bare Starlette", min(clock, cpu), OF_BARE, shown=shown)
    clock, cpu = with_plain.ratio("bridge", "plain"), with_plain.cpu_ratio("bridge", "plain")
    shown = f"{clock:,.0f} × ({cpu:,.0f} × by CPU)"
    found.at_least(f"{name}, of the plain translator", clock, LEAST[name], shown=shown)
    asked = with_bare.calls("bridge")
    found.exactly(f"{name}: upstream calls of the bridge", asked, 0, shown=f"{asked:g}")
    speeds = found.numbers.setdefault("speed", {})
    speeds[name] = {
        "bridge": with_bare.per_second("bridge"),
        "bare Starlette": with_bare.per_second("bare"),
        "plain translator": with_plain.per_second("plain"),
    }
    found.numbers.setdefault("calls", {})[name] = {
        "bridge": asked,
        "plain translator": with_plain.calls("plain"),
    }
