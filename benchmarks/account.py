"""The account that is measured, as SCIM clients see it: ids, userNames, groups, and counts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from benchmarks.load import Place
from benchmarks.servers import TOKEN, Server
from benchmarks.upstream import COUNT

PAGE = 100


def place_of(server: Server, *, root: str = "/scim/v2") -> Place:
    """Where the load goes."""
    return Place(server.url, TOKEN, root)


def scim(place: Place) -> httpx.Client:
    """An ordinary client of a SCIM service, for what is not measured."""
    return httpx.Client(
        base_url=place.url + place.root,
        headers={"Authorization": f"Bearer {place.token}"},
        timeout=600,
        trust_env=False,
    )


@dataclass(frozen=True)
class Person:
    """A user as far as requests need it."""

    id: str
    user_name: str


def people(client: httpx.Client, count: int, total: int) -> list[Person]:
    """So many users from all over the account."""
    size = min(count, 100)
    pages = -(-count // size)
    found: list[Person] = []
    for number in range(pages):
        start = 1 + number * (total // pages)
        page = listed(client, start=start, count=size)
        found += [Person(each["id"], each["userName"]) for each in page["Resources"]]
    return found[:count]


def listed(client: httpx.Client, *, start: int, count: int, kind: str = "Users") -> Any:
    """One page of a list."""
    answer = client.get(f"/{kind}", params={"startIndex": start, "count": count})
    answer.raise_for_status()
    return answer.json()


def by_id(person: Person) -> str:
    return f"/Users/{person.id}"


def by_user_name(person: Person) -> str:
    return filtered(f'userName eq "{person.user_name}"')


def filtered(text: str, *, count: int | None = None) -> str:
    """The path of a filter over the users."""
    limit = "" if count is None else f"&count={count}"
    return f"/Users?filter={quote(text)}{limit}"


def pages(total: int, count: int) -> list[str]:
    """Paths of so many whole pages from all over the account."""
    whole = max(1, total // PAGE)
    step = max(1, whole // count)
    starts = [1 + PAGE * number for number in range(0, whole, step)]
    return [f"/Users?startIndex={start}&count={PAGE}" for start in starts[:count]]


def calls(goto: Server) -> int:
    """How many calls of the Admin API arrived, refused ones included."""
    return sum(counts(goto).values())


def counts(goto: Server) -> dict[str, int]:
    """The calls by method; those refused for the rate limit under ``refused``."""
    answer = httpx.get(goto.url + COUNT, trust_env=False, timeout=60)
    return {str(name): int(number) for name, number in answer.json().items()}


def wait_for_snapshot(client: httpx.Client) -> float:
    """Ask for one user until the bridge has its snapshot; how many seconds that took."""
    began = time.perf_counter()
    while True:
        answer = client.get("/Users", params={"count": 1})
        if answer.status_code == 200:
            return time.perf_counter() - began
        if answer.status_code != 503:
            answer.raise_for_status()
        time.sleep(0.05)


def requests(place: Place, paths: Sequence[str]) -> list[bytes]:
    """GETs of these paths."""
    return [place.request("GET", path) for path in paths]
