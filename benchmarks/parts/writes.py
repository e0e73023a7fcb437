"""Create, PATCH of a name, membership PATCH: without an upstream limit."""

from pathlib import Path

from benchmarks import account, servers
from benchmarks.account import Person
from benchmarks.compare import Compared, Contestant, compare
from benchmarks.load import Place
from benchmarks.load import run as run_loop
from benchmarks.report import Found
from benchmarks.servers import Server
from benchmarks.size import Size

LEAST = {"create": 8, "PATCH of a name": 10, "membership PATCH": 10}
# Each round takes about as long for all of them.
A_ROUND = {"bridge": 400, "plain": 40, "direct": 400}
GROUPS = 50


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows."""
    with (
        servers.upstream(users=size.users, groups=size.groups, rate=0, folder=folder) as goto,
        servers.bridge(goto, rate=0, folder=folder) as bridge,
        servers.plain(goto, rate=0, folder=folder) as plain,
    ):
        with account.scim(account.place_of(bridge)) as client:
            account.wait_for_snapshot(client)
            people = account.people(client, 600, size.users)
            groups = account.group_ids(client, GROUPS)
        writers = {
            "bridge": Writer(bridge, account.place_of(bridge)),
            "plain": Writer(plain, account.place_of(plain, root="/v2")),
            "direct": Writer(goto, account.upstream_place(goto)),
        }
        license_key = account.license_key(goto)
        shares = {name: people[number::3] for number, name in enumerate(writers)}
        for work in LEAST:
            contestants = {}
            for name, writer in writers.items():
                count = max(4, round(A_ROUND[name] * min(1, size.seconds))) * size.rounds
                requests = writer.requests(work, count, shares[name], groups, license_key)
                contestants[name] = Contestant(writer.server, writer.place, requests, once=True)
            _tell(found, work, run_loop(compare(contestants, size, goto=goto)))


class Writer:
    """Turns work into requests for one service."""

    def __init__(self, server: Server, place: Place) -> None:
        self.server = server
        self.place = place

    def requests(
        self, work: str, count: int, people: list[Person], groups: list[str], license_key: str
    ) -> list[bytes]:
        """So many requests, each of which changes something."""
        made = []
        for number in range(count):
            lap, turn = divmod(number, len(people))
            person = people[turn]
            group = groups[(turn + lap) % len(groups)]
            if work == "create":
                made.append(self._create(f"{self.server.pid}-{number}", license_key))
            elif work == "PATCH of a name":
                made.append(self._rename(person, f"Given{number}"))
            else:
                made.append(self._put_in(person, group))
        return made

    @property
    def _direct(self) -> bool:
        return self.place.root.startswith(account.API)

    def _create(self, name: str, license_key: str) -> bytes:
        if not self._direct:
            return self.place.request("POST", "/Users", account.newcomer(name, license_key))
        user = {"email": f"{name}@example.com", "firstName": "New", "lastName": "Comer"}
        body = {"users": [user], "licenseKeys": [license_key]}
        return self.place.request("POST", "/users", body)

    def _rename(self, person: Person, name: str) -> bytes:
        if self._direct:
            return self.place.request("PUT", f"/users/{person.id}", {"firstName": name})
        body = account.patch("replace", "name.givenName", name)
        return self.place.request("PATCH", f"/Users/{person.id}", body)

    def _put_in(self, person: Person, group: str) -> bytes:
        if self._direct:
            return self.place.request("PUT", f"/groups/{group}/users/{person.id}")
        body = account.patch("add", "members", [{"value": person.id}])
        return self.place.request("PATCH", f"/Groups/{group}", body)


def _tell(found: Found, work: str, compared: Compared) -> None:
    names = {"bridge": "bridge", "plain": "plain translator", "direct": "GoTo itself"}
    for name, told in names.items():
        calls = f", {compared.calls(name):.2f} GoTo calls each"
        found.note(f"{work}: {told}", compared.shown(name) + calls)
    clock, cpu = compared.ratio("bridge", "plain"), compared.cpu_ratio("bridge", "plain")
    shown = f"{clock:.1f} × ({cpu:.1f} × by CPU)"
    found.at_least(f"{work}, of the plain translator", clock, LEAST[work], shown=shown)
    speeds = {told: compared.per_second(name) for name, told in names.items()}
    found.numbers.setdefault("speed", {})[work] = speeds
    calls_each = {told: compared.calls(name) for name, told in names.items()}
    found.numbers.setdefault("calls", {})[work] = calls_each
