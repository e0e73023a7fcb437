"""What a large account weighs: memory a user, the start, and a page beside that of a small one."""

import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import account, servers
from benchmarks.compare import Contestant, compare
from benchmarks.load import run as run_loop
from benchmarks.report import Found
from benchmarks.servers import Server
from benchmarks.size import Size

SMALL = 1_000
MOST_KB = 5
MOST_START = 3
MOST_PAGE = 1.2
STARTS = 3
PAGES = 10


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows."""
    with ExitStack() as stack:
        gotos = {}
        for name, users in (("empty", 1), ("small", min(SMALL, size.users // 2))):
            gotos[name] = _upstream(stack, name, users, 10, folder)
        gotos["large"] = _upstream(stack, "large", size.users, size.groups, folder)
        bridges = {name: _bridge(stack, name, goto, folder) for name, goto in gotos.items()}
        _memory(found, bridges, size)
        _page(found, bridges, gotos, size)
    with ExitStack() as stack:
        gotos = {"empty": _upstream(stack, "empty", 1, 0, folder)}
        gotos["large"] = _upstream(stack, "large", size.users, size.groups, folder)
        _start(found, gotos, size, folder)


def _upstream(stack: ExitStack, name: str, users: int, groups: int, folder: Path) -> Server:
    place = folder / name
    place.mkdir(exist_ok=True)
    opening = servers.upstream(users=users, groups=groups, rate=0, folder=place)
    return stack.enter_context(opening)


def _bridge(stack: ExitStack, name: str, goto: Server, folder: Path) -> Server:
    bridge = stack.enter_context(servers.bridge(goto, rate=0, folder=folder / name))
    with account.scim(account.place_of(bridge)) as client:
        account.wait_for_snapshot(client)
    bridge.wait_until_idle()
    return bridge


def _memory(found: Found, bridges: dict[str, Server], size: Size) -> None:
    before, after = bridges["empty"].memory(), bridges["large"].memory()
    a_user = (after - before) / size.users / 1024
    shown = f"{a_user:.2f} KB ({before >> 20} MB empty, {after >> 20} MB with {size.users:,} users)"
    found.below("resident memory a user", a_user, MOST_KB, shown=shown, unit="KB")


def _page(found: Found, bridges: dict[str, Server], gotos: dict[str, Server], size: Size) -> None:
    users = {"small": min(SMALL, size.users // 2), "large": size.users}
    contestants = {}
    for name, total in users.items():
        place = account.place_of(bridges[name])
        requests = account.requests(place, account.pages(total, PAGES))
        contestants[name] = Contestant(bridges[name], place, requests)
    compared = run_loop(compare(contestants, size, goto=gotos["large"]))
    ratio = compared.cpu_ratio("small", "large")
    shown = f"{ratio:.2f} × by CPU ({compared.ratio('small', 'large'):.2f} × by the clock)"
    work = f"a page at {size.users:,} users, of one at {users['small']:,}"
    found.below(work, ratio, MOST_PAGE, shown=shown)


def _start(found: Found, gotos: dict[str, Server], size: Size, folder: Path) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in gotos}
    asked = 0
    # The large one was there before and has stored what it keeps; the empty one begins anew.
    for _ in range(min(STARTS, size.rounds)):
        for name, goto in gotos.items():
            if name == "empty":
                for file in (folder / name).glob("bridge.db*"):
                    file.unlink()
            before, began = account.calls(goto), time.perf_counter()
            with (
                servers.bridge(goto, rate=0, folder=folder / name) as bridge,
                account.scim(account.place_of(bridge)) as client,
            ):
                account.wait_for_snapshot(client)
                seconds[name].append(time.perf_counter() - began)
                asked = account.calls(goto) - before
    ratio = median(
        one / other for one, other in zip(seconds["large"], seconds["empty"], strict=True)
    )
    each = {name: f"{median(times):.2f} s" for name, times in seconds.items()}
    shown = f"{ratio:.2f} × ({each['large']}, empty {each['empty']}, {asked} calls)"
    work = f"start with {size.users:,} users stored, to the first list answered, of an empty start"
    found.below(work, ratio, MOST_START, shown=shown)
