"""Users put into groups by PATCHes of ten members, and the same PATCHes once more."""

from pathlib import Path

from benchmarks import account, servers
from benchmarks.account import Person
from benchmarks.load import run as run_loop
from benchmarks.load import send_all
from benchmarks.report import Found
from benchmarks.size import Size

A_PATCH = 10
CONNECTIONS = 4


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows."""
    with (
        servers.upstream(users=size.users, groups=size.groups, rate=0, folder=folder) as goto,
        servers.bridge(goto, rate=0, folder=folder) as bridge,
    ):
        place = account.place_of(bridge)
        with account.scim(place) as client:
            account.wait_for_snapshot(client)
            people = account.people(client, min(size.wave, size.users // 3), size.users)
            groups = account.group_ids(client, min(100, size.groups))
        requests = [
            place.request(
                "PATCH",
                f"/Groups/{_group_for(some, groups)}",
                account.patch("add", "members", [{"value": person.id} for person in some]),
            )
            for some in (people[at : at + A_PATCH] for at in range(0, len(people), A_PATCH))
        ]
        calls = []
        for _ in range(2):
            before = account.calls(goto)
            load = run_loop(send_all(place, requests, connections=CONNECTIONS))
            if load.failed():
                raise RuntimeError(f"answered {dict(load.statuses)}")
            calls.append(account.calls(goto) - before)
    work = f"{len(people):,} users into groups by {len(requests)} PATCHes"
    beyond = calls[0] - len(people)
    # A process reads back the first write of each kind (BRIDGE_VERIFY_WRITES).
    found.below(
        f"{work}: calls beyond one a user",
        beyond,
        12,
        shown=f"{beyond} ({calls[0]} calls)",
        unit="",
    )
    found.exactly(f"{work}, repeated: calls", calls[1], 0, shown=str(calls[1]))


def _group_for(people: list[Person], groups: list[str]) -> str:
    taken = {person.group for person in people}
    return next(group for group in groups if group not in taken)
