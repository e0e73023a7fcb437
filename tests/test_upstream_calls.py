"""What each SCIM write costs at GoTo: the table of docs/architecture.md, held against the journal.

Every case has users and groups of its own, and runs once with a snapshot that is young enough and
once with one that is too old. GETs are reads; every other method is a write, refused ones included.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.directory import Directory
from bridge.directory.write_verification import Policy
from bridge.mapping import Mapping
from bridge.sandbox import SimulatorSettings
from bridge.scim import Authenticator, scim_application
from tests.conftest import SANDBOX_MAPPING, Bridge, bridge_over, simulated
from tests.mapping.mappings import own

ARCHITECTURE = Path(__file__).parent.parent / "docs" / "architecture.md"
MAX_AGE = 60.0
TOKEN = "a-token"
USERS = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUPS = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
TERM = re.compile(r"(\d+)( a user)?")


class Clock:
    """The directory's clock, moved by hand, and by ``tick`` seconds whenever it is looked at."""

    now = 1000.0
    tick = 0.0

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


@dataclass
class Face:
    """A SCIM client of a bridge over a simulated GoTo."""

    bridge: Bridge
    directory: Directory
    client: httpx.AsyncClient
    clock: Clock
    taken: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer

    async def patch(self, path: str, *operations: dict[str, Any]) -> None:
        await self.ask("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)})

    async def calls(self) -> tuple[int, int]:
        """The writes and the reads that reached GoTo."""
        methods = [call["method"] for call in await self.bridge.journal()]
        reads = methods.count("GET")
        return len(methods) - reads, reads

    async def users(self, number: int, **wanted: Any) -> list[str]:
        """So many users of whom all of this is true, and whom no other case has."""
        found = [
            user["key"]
            for user in (await self.bridge.state())["users"]
            if user["key"] not in self.taken
            and not (user["nameLocked"] or user["emailLocked"] or user["identityReadOnly"])
            and all(user.get(name) == value for name, value in wanted.items())
        ]
        assert len(found) >= number
        self.taken.update(found[:number])
        return found[:number]

    async def group(self, members: Sequence[str] = ()) -> str:
        """A new group with these members."""
        return str((await self.ask("POST", "/Groups", self.new_group(members))).json()["id"])

    def new_group(self, members: Sequence[str] = ()) -> dict[str, Any]:
        name = f"Shift {next(self.numbers)}"
        return {"schemas": [GROUPS], "displayName": name, "members": _values(members)}

    def new_user(self, **attributes: Any) -> dict[str, Any]:
        address = f"ada{next(self.numbers)}@example.org"
        name = {"givenName": "Ada", "familyName": "Byron"}
        return {"schemas": [USERS], "userName": address, "name": name, **attributes}


@asynccontextmanager
async def face_over(
    folder: Path,
    *,
    users: int = 25,
    max_age: float = MAX_AGE,
    mapping: Mapping = SANDBOX_MAPPING,
    verify_writes: Policy = "never",
    **settings: Any,
) -> AsyncIterator[Face]:
    """Open a SCIM client on a bridge that has taken no snapshot yet."""
    app = simulated(users=users, settings=SimulatorSettings(rate_limit=0, **settings))
    clock = Clock()
    async with bridge_over(app, folder) as bridge:
        administrator = (await bridge.goto.me()).key

        async def connected() -> str:
            return administrator

        directory = Directory(
            bridge.goto,
            bridge.store,
            mapping,
            connect=connected,
            max_age=max_age,
            verify_writes=verify_writes,
            clock=clock,
        )
        scim = scim_application(
            directory,
            mapping,
            Authenticator(_no_other_client, static_token=TOKEN),
            secret=b"c" * 32,
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=scim),
            base_url="http://scim.test",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as client:
            yield Face(bridge, directory, client, clock, taken={administrator})
        await directory.close()


async def _no_other_client(_: bytes) -> None:
    return None


# -- The table -----------------------------------------------------------------

Send = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Cost:
    """A row of the table; ``prepare`` readies the account and returns what sends the request."""

    what: str
    writes: str
    reads: str
    reads_when_old: str
    prepare: Callable[[Face], Awaitable[Send]]
    users: int = 0


def _values(keys: Sequence[str]) -> list[dict[str, str]]:
    return [{"value": key} for key in keys]


async def create_user(face: Face) -> Send:
    return lambda: face.ask("POST", "/Users", face.new_user())


async def create_user_of_two_addresses(face: Face) -> Send:
    emails = [{"value": f"byron{next(face.numbers)}@example.org", "primary": True}]
    return lambda: face.ask("POST", "/Users", face.new_user(emails=emails))


async def change_several(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    emails = [{"value": f"ade{next(face.numbers)}@example.org", "primary": True}]
    operations = [
        {"op": "replace", "path": "name.givenName", "value": "Adeline"},
        {"op": "replace", "path": "emails", "value": emails},
        {"op": "add", "path": "title", "value": "Baker"},
    ]
    return lambda: face.patch(f"/Users/{key}", *operations)


async def replace_with_another_name(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    resource = (await face.ask("GET", f"/Users/{key}")).json()
    resource["name"]["familyName"] = "Ngata"
    return lambda: face.ask("PUT", f"/Users/{key}", resource)


async def change_held(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    operations = [
        {"op": "add", "path": "title", "value": "Baker"},
        {"op": "add", "path": "externalId", "value": "hr-17"},
    ]
    return lambda: face.patch(f"/Users/{key}", *operations)


async def change_nothing(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    resource = (await face.ask("GET", f"/Users/{key}")).json()
    return lambda: face.ask("PUT", f"/Users/{key}", resource)


def _set_active(face: Face, key: str, value: bool) -> Send:
    return lambda: face.patch(f"/Users/{key}", {"op": "replace", "path": "active", "value": value})


async def deactivate(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    return _set_active(face, key, False)


async def activate(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    await _set_active(face, key, False)()
    return _set_active(face, key, True)


async def activate_with_the_default_licence(face: Face) -> Send:
    (key,) = await face.users(1, status="SUSPENDED")
    return _set_active(face, key, True)


def _giving(face: Face, key: str) -> Send:
    value = {"entitlements": ["G2T"], "roles": [{"value": "RUN_REPORTS"}]}
    return lambda: face.patch(f"/Users/{key}", {"op": "add", "value": value})


async def give(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    return _giving(face, key)


async def give_again(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    await _giving(face, key)()
    return _giving(face, key)


async def delete_user(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    return lambda: face.ask("DELETE", f"/Users/{key}")


async def delete_user_on_condition(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    version = (await face.ask("GET", f"/Users/{key}")).headers["etag"]
    return lambda: face.ask("DELETE", f"/Users/{key}", **{"If-Match": version})


async def create_group(face: Face) -> Send:
    return lambda: face.group()


async def create_group_with_members(face: Face) -> Send:
    keys = await face.users(3, groupKey=None)
    return lambda: face.group(keys)


async def rename_group(face: Face) -> Send:
    group = await face.group(await face.users(2, groupKey=None))
    name = f"Shift {next(face.numbers)}"
    operation = {"op": "replace", "path": "displayName", "value": name}
    return lambda: face.patch(f"/Groups/{group}", operation)


async def change_held_of_group(face: Face) -> Send:
    group = await face.group()
    operation = {"op": "add", "path": "externalId", "value": "hr-17"}
    return lambda: face.patch(f"/Groups/{group}", operation)


def _add(face: Face, group: str, keys: list[str]) -> Send:
    operation = {"op": "add", "path": "members", "value": _values(keys)}
    return lambda: face.patch(f"/Groups/{group}", operation)


def _remove(face: Face, group: str, keys: list[str]) -> Send:
    operation = {"op": "remove", "path": "members", "value": _values(keys)}
    return lambda: face.patch(f"/Groups/{group}", operation)


async def add_members(face: Face) -> Send:
    keys = await face.users(3, groupKey=None)
    return _add(face, await face.group(), keys)


async def move_members(face: Face) -> Send:
    keys = await face.users(2, groupKey=None)
    await face.group(keys)
    return _add(face, await face.group(), keys)


async def add_members_again(face: Face) -> Send:
    keys = await face.users(3, groupKey=None)
    return _add(face, await face.group(keys), keys)


async def remove_members(face: Face) -> Send:
    keys = await face.users(3, groupKey=None)
    return _remove(face, await face.group(keys), keys)


async def remove_strangers(face: Face) -> Send:
    keys = await face.users(3, groupKey=None)
    return _remove(face, await face.group(), keys)


async def strangers(face: Face) -> Send:
    return _remove(face, await face.group(), ["99"])


async def delete_empty_group(face: Face) -> Send:
    group = await face.group()
    return lambda: face.ask("DELETE", f"/Groups/{group}")


async def delete_group(face: Face) -> Send:
    group = await face.group(await face.users(2, groupKey=None))
    return lambda: face.ask("DELETE", f"/Groups/{group}")


COSTS = [
    Cost("Create a user", "1", "1", "1", create_user),
    Cost(
        "Create a user whose userName is another address than its e-mail",
        "1", "1", "2", create_user_of_two_addresses,
    ),
    Cost("PATCH name, e-mail and held attributes of a user at once", "1", "0", "1", change_several),
    Cost("PUT a user with another name", "1", "0", "1", replace_with_another_name),
    Cost("Change only attributes that the bridge holds", "0", "0", "1", change_held),
    Cost("PUT or PATCH that changes nothing", "0", "0", "1", change_nothing),
    Cost("Deactivate a user", "1", "1", "1", deactivate),
    Cost("Activate a user who gets back what it had", "1", "2", "2", activate),
    Cost(
        "Activate a user who gets the default licence",
        "1", "2", "2", activate_with_the_default_licence,
    ),
    Cost("Give or take licences and roles", "1", "1", "1", give),
    Cost("Give licences and roles that the user has", "0", "1", "1", give_again),
    Cost("Delete a user", "1", "0", "0", delete_user),
    Cost("Delete a user with If-Match", "1", "0", "1", delete_user_on_condition),
    Cost("Create a group", "1", "0", "0", create_group),
    Cost(
        "Create a group with members",
        "1 + 1 a user", "0", "1", create_group_with_members, users=3,
    ),
    Cost("Rename a group", "1", "0", "1", rename_group),
    Cost("Change only what the bridge holds of a group", "0", "0", "1", change_held_of_group),
    Cost("Put users in a group", "1 a user", "0", "1 + 1", add_members, users=3),
    Cost("Move users from another group", "1 a user", "0", "1 + 1", move_members, users=2),
    Cost("Put users in a group that are in it", "0", "0", "1 + 1", add_members_again, 3),
    Cost("Take somebody out of a group, or put in it, who is no user", "0", "0", "2", strangers),
    Cost("Take users out of a group", "1 a user", "1 a user", "1 + 1 a user", remove_members, 3),
    Cost(
        "Take users out of a group that are not in it",
        "0", "1 + 1 a user", "2 + 1 a user", remove_strangers, users=3,
    ),
    Cost("Delete a group without members", "1", "0", "0", delete_empty_group),
    Cost("Delete a group of up to fifty members", "1", "1", "0", delete_group),
]  # fmt: skip


def amount(cell: str, *, users: int) -> int:
    """Read a cell: numbers, some of them ``a user``, added up."""
    terms = [TERM.fullmatch(term) for term in cell.split(" + ")]
    assert all(terms), cell
    return sum(int(term[1]) * (users if term[2] else 1) for term in terms if term)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Face]]:
    """One bridge for all cases: its models take longer to build than a case to run."""
    with asyncio.Runner() as runner:
        opened = face_over(tmp_path_factory.mktemp("upstream"), users=400)
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("is_old", [False, True], ids=["young", "old"])
@pytest.mark.parametrize("cost", COSTS, ids=lambda cost: cost.prepare.__name__)
def test_a_write_costs_what_the_table_says(
    shared: tuple[asyncio.Runner, Face], cost: Cost, is_old: bool
) -> None:
    assert _spent(shared, cost, is_old=is_old) == _expected(cost, is_old=is_old)


def _spent(shared: tuple[asyncio.Runner, Face], cost: Cost, *, is_old: bool) -> tuple[int, int]:
    runner, face = shared

    async def run() -> tuple[int, int]:
        await face.directory.warm_up()
        send = await cost.prepare(face)
        # What was just written is as young as a look at GoTo, so the preparation ages as well.
        face.clock.now += 2 * MAX_AGE
        if not is_old:
            await face.directory.warm_up()
            # A look counts as live only from a later moment on.
            face.clock.now += 1
        return await _counted(face, send)

    return runner.run(run())


def _expected(cost: Cost, *, is_old: bool) -> tuple[int, int]:
    reads = cost.reads_when_old if is_old else cost.reads
    return amount(cost.writes, users=cost.users), amount(reads, users=cost.users)


def documented(first_column: str) -> list[list[str]]:
    """The rows of the table with this first column."""
    lines = ARCHITECTURE.read_text("utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_document_has_the_same_table() -> None:
    rows = [[cost.what, cost.writes, cost.reads, cost.reads_when_old] for cost in COSTS]
    assert documented("SCIM write") == rows


def _shown(face: Face, op: str, keys: list[str], group: str = "role-RUN_REPORTS") -> Send:
    operation = {"op": op, "path": "members", "value": _values(keys)}
    return lambda: face.patch(f"/Groups/{group}", operation)


async def add_to_role(face: Face) -> Send:
    return _shown(face, "add", await face.users(3, status="ACTIVE"))


async def add_to_role_again(face: Face) -> Send:
    keys = await face.users(3, status="ACTIVE")
    await _shown(face, "add", keys)()
    return _shown(face, "add", keys)


async def remove_from_role(face: Face) -> Send:
    keys = await face.users(3, status="ACTIVE")
    await _shown(face, "add", keys)()
    return _shown(face, "remove", keys)


async def add_to_licence(face: Face) -> Send:
    licenses = (await face.bridge.state())["licenses"]
    key = next(each["key"] for each in licenses if each["products"] == ["G2T"])
    meetings = next(each["key"] for each in licenses if each["products"] == ["G2M"])
    keys = await face.users(1, status="ACTIVE", licenseKeys=[meetings])
    return _shown(face, "add", keys, f"license-{key}")


async def change_held_of_role(face: Face) -> Send:
    value = f"hr-{next(face.numbers)}"
    operation = {"op": "add", "path": "externalId", "value": value}
    return lambda: face.patch("/Groups/role-RUN_REPORTS", operation)


SHOWN_COSTS = [
    Cost("Add members", "1 a user", "1 a user", "3 + 1 a user", add_to_role, 3),
    Cost("Add members", "1 a user", "1 a user", "3 + 1 a user", add_to_licence, 1),
    Cost("Add members that have it", "0", "1 a user", "3 + 1 a user", add_to_role_again, 3),
    Cost("Remove members", "1 a user", "1 a user", "3 + 1 a user", remove_from_role, 3),
    Cost("Change what the bridge holds of it", "0", "0", "3", change_held_of_role),
]


@pytest.fixture(scope="module")
def shared_with_groups(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[asyncio.Runner, Face]]:
    """A bridge whose mapping shows licences and roles as groups."""
    folder = tmp_path_factory.mktemp("shown")
    including = own(folder, 'extends = "sandbox"\n[groups]\ninclude = ["licenses", "roles"]\n')
    with asyncio.Runner() as runner:
        opened = face_over(folder, users=100, mapping=including)
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("is_old", [False, True], ids=["young", "old"])
@pytest.mark.parametrize("cost", SHOWN_COSTS, ids=lambda cost: cost.prepare.__name__)
def test_members_of_a_licence_or_role_cost_what_the_table_says(
    shared_with_groups: tuple[asyncio.Runner, Face], cost: Cost, is_old: bool
) -> None:
    assert _spent(shared_with_groups, cost, is_old=is_old) == _expected(cost, is_old=is_old)


def test_the_document_has_the_same_table_of_licences_and_roles() -> None:
    rows = [[cost.what, cost.writes, cost.reads, cost.reads_when_old] for cost in SHOWN_COSTS]
    expected = [row for n, row in enumerate(rows) if row not in rows[:n]]
    assert documented("SCIM write to a licence or role") == expected


@dataclass(frozen=True)
class ReadCost:
    """A row of the table of reads; ``path`` is made for the account."""

    what: str
    reads: str
    reads_when_old: str
    path: Callable[[dict[str, Any]], str]


READS = [
    ReadCost("List licences, or read one", "0", "1", lambda _: "/Licenses"),
    ReadCost(
        "List licences, or read one", "0", "1", lambda of: f"/Licenses/{of['licenses'][0]['key']}"
    ),
    ReadCost("List admin roles, or read a custom one", "0", "1", lambda _: "/AdminRoles"),
    ReadCost("Read one of GoTo's own admin roles", "0", "0", lambda _: "/AdminRoles/MANAGE_USERS"),
    ReadCost("Read a schema", "0", "0", lambda _: f"/Schemas/{USERS}"),
]


@pytest.mark.parametrize("cost", READS, ids=lambda cost: cost.what)
def test_a_read_costs_what_the_table_says(
    shared: tuple[asyncio.Runner, Face], cost: ReadCost
) -> None:
    runner, face = shared

    async def run() -> list[tuple[int, int]]:
        path = cost.path(await face.bridge.state())
        face.clock.now += 2 * MAX_AGE
        await face.directory.warm_up()
        await face.ask("GET", "/AdminRoles")
        young = await _counted(face, lambda: face.ask("GET", path))
        face.clock.now += 2 * MAX_AGE
        return [young, await _counted(face, lambda: face.ask("GET", path))]

    assert runner.run(run()) == [(0, int(cost.reads)), (0, int(cost.reads_when_old))]


def test_the_document_has_the_same_table_of_reads() -> None:
    rows = [[cost.what, cost.reads, cost.reads_when_old] for cost in READS]
    assert documented("SCIM read") == [row for n, row in enumerate(rows) if row not in rows[:n]]


async def _counted(face: Face, send: Send) -> tuple[int, int]:
    await face.bridge.forget_journal()
    await send()
    return await face.calls()


# -- What is read back -----------------------------------------------------------


@dataclass(frozen=True)
class ReadBack:
    """A row of the table of what is read back: a kind of write, and the reads that it adds."""

    what: str
    first: int
    always: int
    prepare: Callable[[Face], Awaitable[Send]]
    without: int


def _patching(key: str, face: Face, op: str, path: str, value: Any = None) -> Send:
    operation = {"op": op, "path": path, "value": value}
    return lambda: face.patch(f"/Users/{key}", operation)


async def put_in_group(face: Face) -> Send:
    (key,) = await face.users(1, groupKey=None)
    return _add(face, await face.group(), [key])


async def move_to_group(face: Face) -> Send:
    (key,) = await face.users(1, groupKey=None)
    await face.group([key])
    return _add(face, await face.group(), [key])


async def take_out_of_group(face: Face) -> Send:
    (key,) = await face.users(1, groupKey=None)
    return _remove(face, await face.group([key]), [key])


async def give_licence(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE", products=["G2M"])
    return _patching(key, face, "add", "entitlements", [{"value": "G2T"}])


async def take_licence(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE", products=["G2M"])
    await _patching(key, face, "add", "entitlements", [{"value": "G2T"}])()
    return _patching(key, face, "replace", "entitlements", [{"value": "G2M"}])


async def give_role(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    return _patching(key, face, "add", "roles", [{"value": "RUN_REPORTS"}])


async def take_role(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    await _patching(key, face, "add", "roles", [{"value": "RUN_REPORTS"}])()
    return _patching(key, face, "remove", "roles")


async def change_email(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    value = [{"value": f"ade{next(face.numbers)}@example.org", "primary": True}]
    return _patching(key, face, "replace", "emails", value)


async def change_name(face: Face) -> Send:
    (key,) = await face.users(1, status="ACTIVE")
    return _patching(key, face, "replace", "name.givenName", f"Ade {next(face.numbers)}")


READ_BACK = [
    ReadBack("Put a user in a group", 1, 0, put_in_group, 0),
    # That a user is put in a group at all is read back while the case is readied.
    ReadBack("Move a user from another group", 1, 0, move_to_group, 0),
    ReadBack("Take a user out of a group", 1, 1, take_out_of_group, 1),
    ReadBack("Deactivate a user", 1, 1, deactivate, 1),
    ReadBack("Activate a user", 0, 0, activate_with_the_default_licence, 2),
    ReadBack("Give a licence", 1, 0, give_licence, 1),
    ReadBack("Take a licence", 1, 1, take_licence, 1),
    ReadBack("Give an admin role", 1, 0, give_role, 1),
    ReadBack("Take an admin role", 1, 1, take_role, 1),
    ReadBack("Change an e-mail address", 1, 0, change_email, 0),
    ReadBack("Change a name or locale", 1, 0, change_name, 0),
    ReadBack("Rename a group", 1, 0, rename_group, 0),
    ReadBack("Delete a user", 1, 1, delete_user, 0),
    ReadBack("Delete a group", 1, 1, delete_empty_group, 0),
]


@pytest.mark.parametrize("cost", READ_BACK, ids=lambda cost: cost.prepare.__name__)
@pytest.mark.parametrize("policy", ["first", "always"])
def test_the_first_of_each_kind_is_read_back(
    tmp_path: Path, policy: Policy, cost: ReadBack
) -> None:
    async def run() -> list[tuple[int, int]]:
        async with face_over(tmp_path, users=60, verify_writes=policy) as face:
            await face.directory.warm_up()
            sends = [await cost.prepare(face) for _ in range(2)]
            face.clock.now += 2 * MAX_AGE
            await face.directory.warm_up()
            face.clock.now += 1
            return [await _counted(face, send) for send in sends]

    # What readies a case may have proven its kind.
    first, second = asyncio.run(run())
    later = cost.without + (cost.always if policy == "always" else 0)
    assert second == (1, later)
    assert first == (1, cost.without + cost.first)


def test_the_document_has_the_same_table_of_what_is_read_back() -> None:
    rows = [[cost.what, str(cost.first), str(cost.always)] for cost in READ_BACK]
    assert documented("Kind of write") == rows
    # No more than that in the life of a process, whatever its clients do.
    assert sum(cost.first for cost in READ_BACK) == 13


# -- What adds to it -------------------------------------------------------------


def test_a_create_looks_at_the_licences_where_none_are_known(tmp_path: Path) -> None:
    async def run() -> list[tuple[int, int]]:
        async with face_over(tmp_path) as face:
            await face.directory.open()
            inactive = face.new_user(active=False)
            return [
                await _counted(face, lambda: face.ask("POST", "/Users", inactive)),
                await _counted(face, await create_user(face)),
                await _counted(face, await create_user(face)),
            ]

    assert asyncio.run(run()) == [(1, 1), (1, 2), (1, 1)]


def test_the_first_removal_costs_more_where_goto_has_only_the_wide_one(tmp_path: Path) -> None:
    async def run() -> list[tuple[int, int]]:
        async with face_over(
            tmp_path, per_group_removal=False, per_group_removal_off_status=405
        ) as face:
            await face.directory.warm_up()
            keys = await face.users(2, groupKey=None)
            group = await face.group(keys)
            counted = []
            for key in keys:
                face.clock.now += 1
                counted.append(await _counted(face, _remove(face, group, [key])))
            return counted

    # The first one finds out, by a removal that GoTo does not know.
    assert asyncio.run(run()) == [(2, 2), (1, 1)]


def test_without_an_age_what_is_needed_twice_is_read_twice(tmp_path: Path) -> None:
    async def run() -> list[tuple[int, int]]:
        async with face_over(tmp_path, max_age=0) as face:
            face.clock.tick = 0.001
            rename, add = await rename_group(face), await add_members(face)
            return [await _counted(face, rename), await _counted(face, add)]

    # The group; the group, its three users together, and each again under its lock.
    assert asyncio.run(run()) == [(1, 1), (3, 1 + 1 + 3)]


@pytest.mark.parametrize("max_age", [MAX_AGE, 0], ids=["aged", "no age"])
@pytest.mark.parametrize("op", ["add", "remove", "replace", "PUT"])
def test_thousands_who_are_no_users_cost_a_refresh_at_most(
    tmp_path: Path, op: str, max_age: float
) -> None:
    keys = [str(number) for number in range(5000)]

    async def run() -> list[tuple[int, int]]:
        async with face_over(tmp_path, max_age=max_age) as face:
            face.clock.tick = 0.001
            group = await face.group()

            async def send() -> None:
                value = _values(keys)
                body: dict[str, Any] = {"schemas": [GROUPS], "displayName": "A", "members": value}
                if op != "PUT":
                    operation = {"op": op, "path": "members", "value": value}
                    body = {"schemas": [PATCH_OP], "Operations": [operation]}
                method = "PUT" if op == "PUT" else "PATCH"
                answer = await face.client.request(method, f"/Groups/{group}", json=body)
                assert answer.status_code == (200 if op in ("add", "remove") else 400)

            face.clock.now += 2 * MAX_AGE
            old = await _counted(face, send)
            return [old, await _counted(face, send)]

    # The group, and licences, users and groups for the refresh.
    young = (0, 0) if max_age else (0, 4)
    assert asyncio.run(run()) == [(0, 4), young]


def test_the_list_after_a_group_is_deleted_takes_no_new_snapshot(tmp_path: Path) -> None:
    async def run() -> list[tuple[int, int]]:
        async with face_over(tmp_path) as face:
            await face.directory.warm_up()
            send = await delete_group(face)
            before = await _counted(face, lambda: face.ask("GET", "/Users"))
            await send()
            return [before, await _counted(face, lambda: face.ask("GET", "/Users"))]

    assert asyncio.run(run()) == [(0, 0), (0, 0)]


def test_what_would_lock_the_bridge_out_is_refused_without_a_write(tmp_path: Path) -> None:
    async def run() -> tuple[int, int]:
        async with face_over(tmp_path) as face:
            await face.directory.warm_up()
            (administrator,) = face.taken
            off = {"op": "replace", "path": "active", "value": False}
            body = {"schemas": [PATCH_OP], "Operations": [off]}
            await face.bridge.forget_journal()
            for method, content in (("DELETE", None), ("PATCH", body)):
                path = f"/Users/{administrator}"
                answer = await face.client.request(method, path, json=content)
                assert answer.status_code == 403
            return await face.calls()

    writes, _ = asyncio.run(run())
    assert writes == 0
