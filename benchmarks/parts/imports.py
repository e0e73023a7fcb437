"""A full import by pages of 100 at GoTo's rate limit, and a second one while that is young."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import orjson

from benchmarks import account, servers
from benchmarks.load import Place, line_to
from benchmarks.load import run as run_loop
from benchmarks.report import Found
from benchmarks.size import Size

GOTO_PAGE = 1000
LEAST = 1.1
MAX_AGE = 600
PLAIN_PAGES = 30
OF_THE_ACCOUNT = (100, 10, 1)


@dataclass(frozen=True)
class Imported:
    """What an import brought, and what it cost."""

    seconds: float
    calls: int
    users: int
    distinct: int
    groups: int


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows; smaller accounts are for the plot."""
    times = found.numbers.setdefault("import_seconds", {})
    for part in OF_THE_ACCOUNT:
        users, groups = max(200, size.users // part), max(2, size.groups // part)
        place = folder / str(part)
        place.mkdir()
        with (
            servers.upstream(users=users, groups=groups, rate=size.rate, folder=place) as goto,
            servers.bridge(goto, rate=size.rate, folder=place, max_age=MAX_AGE) as bridge,
        ):
            seen = account.place_of(bridge)
            first = run_loop(_import(seen, goto))
            second = run_loop(_import(seen, goto))
        times[users] = {"bridge": first.seconds, "GoTo's limit": _least(users, groups) / size.rate}
    _tell(found, size, first, second)
    _plain(found, size, folder)


def _least(users: int, groups: int) -> int:
    return ceil(users / GOTO_PAGE) + ceil(groups / GOTO_PAGE) + 1


async def _import(place: Place, goto: servers.Server) -> Imported:
    # The pass begins when the bridge starts, and calls of before are this import's too.
    before, began = account.calls(goto), time.perf_counter()
    before = 0 if before <= 2 else before
    bodies: dict[str, list[bytes]] = {"Users": [], "Groups": []}
    line = await line_to(place)
    for kind, pages in bodies.items():
        start, total = 1, 1
        while start <= total:
            path = f"/{kind}?startIndex={start}&count={account.PAGE}"
            status, body = await line.ask(place.request("GET", path))
            if status == 503:  # the snapshot takes longer than a client waits
                continue
            if status != 200:
                raise RuntimeError(f"page {start}: {status} {body!r}")
            if not pages:
                total = orjson.loads(body)["totalResults"]
            pages.append(body)
            start += account.PAGE
    line.close()
    seconds = time.perf_counter() - began
    # What a client makes of the pages is not what is measured.
    ids, groups = (list(_ids(pages)) for pages in bodies.values())
    calls = account.calls(goto) - before
    return Imported(seconds, calls, len(ids), len(set(ids)), len(set(groups)))


def _ids(pages: Iterable[bytes]) -> Iterator[str]:
    for page in pages:
        yield from (each["id"] for each in orjson.loads(page)["Resources"])


def _tell(found: Found, size: Size, first: Imported, second: Imported) -> None:
    least = _least(size.users, size.groups)
    work = f"full import of {size.users:,} users"
    shown = f"{first.calls / least:.2f} × ({first.calls} calls, least {least})"
    found.below(f"{work}: calls", first.calls / least, LEAST, shown=shown)
    shortest = least / size.rate
    ratio = first.seconds / shortest
    shown = f"{ratio:.2f} × ({first.seconds:.1f} s, least {shortest:.1f} s)"
    found.below(f"{work}: time at {size.rate} calls a second", ratio, LEAST, shown=shown)
    whole = (first.users, first.distinct, first.groups)
    wanted = (size.users, size.users, size.groups)
    missing = f"{first.distinct:,} of {size.users:,} users, {first.groups:,} groups, each once"
    found.exactly(f"{work}: whole", whole == wanted, True, shown=missing)
    shown = f"{second.calls} ({second.seconds:.1f} s)"
    found.exactly("second import: upstream calls", second.calls, 0, shown=shown)


def _plain(found: Found, size: Size, folder: Path) -> None:
    pages = min(PLAIN_PAGES, size.users // account.PAGE)
    with (
        servers.upstream(users=size.users, groups=2, rate=size.rate, folder=folder) as goto,
        servers.plain(goto, rate=size.rate, folder=folder) as plain,
        account.scim(account.place_of(plain, root="/v2")) as client,
    ):
        began = time.perf_counter()
        for number in range(pages):
            account.listed(client, start=1 + number * account.PAGE, count=account.PAGE)
        each = (time.perf_counter() - began) / pages
    for users, times in found.numbers["import_seconds"].items():
        times["plain translator"] = each * users / account.PAGE
    seconds = each * size.users / account.PAGE
    found.note("full import: plain translator", f"{seconds:,.0f} s, reckoned from {pages} pages")
