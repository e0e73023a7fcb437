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
API = "/admin/rest/v1"
GOTO_USER = "urn:scim:schemas:extension:goto:1:User"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


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
    group: str


def people(client: httpx.Client, count: int, total: int) -> list[Person]:
    """So many users from all over the account, as far as it has them; none that GoTo has locked."""
    pages = min(-(-2 * count // PAGE), max(1, total // PAGE))
    found: list[Person] = []
    for number in range(pages):
        page = listed(client, start=1 + number * (total // pages), count=PAGE)
        found += [_person(each) for each in page["Resources"] if _free(each)]
    return found[:: max(1, len(found) // count)][:count]


def _free(user: dict[str, Any]) -> bool:
    own = user.get(GOTO_USER, {})
    locks = ("nameLocked", "emailLocked", "identityReadOnly")
    administers = any(role["value"] == "SUPER_USER" for role in user.get("roles", ()))
    return not (administers or any(own.get(lock) for lock in locks))


def _person(user: dict[str, Any]) -> Person:
    group = next((each["value"] for each in user.get("groups", ())), "")
    return Person(user["id"], user["userName"], group)


def group_ids(client: httpx.Client, count: int) -> list[str]:
    """The ids of so many groups."""
    return [each["id"] for each in listed(client, start=1, count=count, kind="Groups")["Resources"]]


def license_key(goto: Server) -> str:
    """The licence that has a seat for everybody: the first one of the simulated account."""
    with upstream_client(goto) as client:
        licenses = client.get("licenses").json()["results"]
    return str(next(each["key"] for each in licenses if "G2M" in each["products"]))


def upstream_client(goto: Server) -> httpx.Client:
    """A client of GoTo's own API, below the account."""
    token = access_token(goto)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, trust_env=False) as client:
        key = client.get(f"{goto.url}{API}/me").json()["accountKey"]
    return httpx.Client(
        base_url=f"{goto.url}{API}/accounts/{key}/", headers=headers, timeout=600, trust_env=False
    )


def upstream_place(goto: Server) -> Place:
    """Where a load goes that asks GoTo itself."""
    with upstream_client(goto) as client:
        root = client.base_url.path.rstrip("/")
        token = client.headers["authorization"].partition(" ")[2]
    return Place(goto.url, token, root)


def access_token(goto: Server) -> str:
    """A token for GoTo's API."""
    answer = httpx.post(f"{goto.url}/_sim/token", trust_env=False)
    return str(answer.json()["access_token"])


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


def newcomer(name: str, license_key: str) -> dict[str, Any]:
    """The body that creates a user with a licence."""
    return {
        "schemas": [CORE_USER],
        "userName": f"{name}@example.com",
        "name": {"givenName": "New", "familyName": "Comer"},
        "emails": [{"value": f"{name}@example.com", "primary": True}],
        "entitlements": [{"value": license_key}],
        "active": True,
    }


def patch(operation: str, path: str, value: Any) -> dict[str, Any]:
    """The body of a PATCH with one operation."""
    one = {"op": operation, "path": path, "value": value}
    return {"schemas": [PATCH_OP], "Operations": [one]}
