"""PATCHes read without the library: the same answers and the same account as by the library."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.clock import Clock
from bridge.scim import verbs
from tests.conftest import Bridge, simulated
from tests.scim.wire import Answer, Wire, wired

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GOTO = "urn:scim:schemas:extension:goto:1:User"
NOW = 1_800_000_000
SHORT, WHOLE = True, False


def replace(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


# What is sent in PATCHes of a user, and whether it is read without the library.
TEXTS: list[tuple[bool, list[Any]]] = [
    (SHORT, [replace("title", "Baker")]),
    (SHORT, [replace("title", "Baker")]),
    (SHORT, [replace("title", "baker", "add")]),
    (SHORT, [replace("name.givenName", "Zoë"), replace("name.familyName", "O'Neil")]),
    (SHORT, [replace("name.givenName", "A"), replace("name.givenName", "B")]),
    (SHORT, [replace("externalId", "hr-1"), replace("title", "Cook")]),
    (SHORT, [replace("locale", "de-DE")]),
    (SHORT, [replace("preferredLanguage", "nonsense")]),
    (SHORT, [replace("timezone", "Europe/Berlin")]),
    (SHORT, [replace("userName", "somebody.else@example.com")]),
    (SHORT, [replace("userName", "no address")]),
    (SHORT, [replace("externalId", "hr-2")] * 20),
    (WHOLE, [replace("title", "Chef")] * 21),
    (WHOLE, [replace("title", "")]),
    (WHOLE, [replace("title", " Chef ")]),
    (WHOLE, [replace("title", "Ch\u0000ef")]),
    (WHOLE, [replace("title", None)]),
    (WHOLE, [replace("title", 7)]),
    (WHOLE, [replace("title", ["Chef"])]),
    (WHOLE, [replace("TITLE", "Butcher")]),
    (WHOLE, [replace("title ", "Butcher")]),
    (WHOLE, [replace(f"{USER}:title", "Waiter")]),
    (WHOLE, [replace("title", "Waiter", "Replace")]),
    (WHOLE, [replace("title", "Waiter", "move")]),
    (WHOLE, [{"op": "replace", "path": "title", "value": "Waiter", "more": 1}]),
    (WHOLE, [{"op": "remove", "path": "title"}]),
    (WHOLE, [{"op": "replace", "value": {"title": "Barman"}}]),
    (WHOLE, [replace("title", "Barman"), {"op": "remove", "path": "title"}]),
    (WHOLE, [replace("active", "False")]),
    (WHOLE, [replace("active", value=True)]),
    (WHOLE, [replace("id", "1")]),
    (WHOLE, [replace("meta.location", "elsewhere")]),
    (WHOLE, [replace("groups", "1")]),
    (WHOLE, [replace("groups.value", "1")]),
    (WHOLE, [replace("schemas", "x")]),
    (WHOLE, [replace("password", "x")]),
    (WHOLE, [replace("name", "Zoë")]),
    (WHOLE, [replace("emails", "other@example.com")]),
    (WHOLE, [replace("emails.value", "other@example.com")]),
    (WHOLE, [replace('emails[type eq "work"].value', "other@example.com")]),
    (WHOLE, [replace("entitlements", "G2M")]),
    (WHOLE, [replace(f"{GOTO}:status", "SUSPENDED")]),
    (WHOLE, [replace("nothing", "x")]),
    (WHOLE, [replace("name.nothing", "x")]),
    (WHOLE, [replace("a" * 300, "x")]),
    (WHOLE, ["title"]),
    (WHOLE, []),
]


def members(*keys: Any, op: str = "add") -> dict[str, Any]:
    return replace("members", [{"value": key} for key in keys], op)


def without(key: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{key}"]'}


FULL = {"value": "{5}", "type": "User", "display": "?", "$ref": "x"}
# {0} and so on are ids of users. Of lists to take out, and to leave only, strict knows nothing.
MEMBERS: list[tuple[bool | str, list[Any]]] = [
    (SHORT, [members("{0}", "{1}")]),
    (SHORT, [members("{0}", "{1}")]),
    (SHORT, [members("{2}", "{2}"), members("{3}")]),
    (SHORT, [without("{0}"), members("{4}"), without("{4}")]),
    (SHORT, [without("1")]),
    (SHORT, [members("1")]),
    (SHORT, [members(" {7} ")]),
    ("lenient", [members("nobody", "{7}", op="remove")]),
    ("lenient", [members("nobody", "{7}", op="replace")]),
    (SHORT, [replace("members", [FULL], "add")]),
    ("lenient", [members("{1}", "{3}", op="remove")]),
    ("lenient", [members("{0}", "{6}", op="replace")]),
    (WHOLE, [members(op="replace")]),
    (WHOLE, [members()]),
    (SHORT, [members("nobody")]),
    (WHOLE, [members("")]),
    (WHOLE, [members(7)]),
    (SHORT, [members("٣")]),
    (WHOLE, [replace("members", [{"value": "{1}", "type": "Group"}], "add")]),
    (WHOLE, [replace("members", [{"value": "{1}", "more": "x"}], "add")]),
    (WHOLE, [replace("members", {"value": "{1}"}, "add")]),
    (WHOLE, [replace("members", ["{2}"], "add")]),
    (WHOLE, [replace("MEMBERS", [{"value": "{3}"}], "add")]),
    (WHOLE, [replace("members", None, "remove")]),
    (WHOLE, [{"op": "remove", "path": 'members[value eq "{3}" or value eq "{2}"]'}]),
    (WHOLE, [{"op": "remove", "path": 'members[display eq "x"]'}]),
    (WHOLE, [{"op": "add", "value": {"members": [{"value": "{4}"}]}}]),
    (WHOLE, [members("{5}"), replace("displayName", "Night shift")]),
    (WHOLE, [{"op": "remove", "path": "members"}]),
    (WHOLE, [members("{0}")] * 1001),
]  # fmt: skip


def told(answer: Answer) -> tuple[int, Any]:
    """What was answered, but for the time."""
    body = answer.json() if answer.content else {}
    body.get("meta", {}).pop("lastModified", None)
    return answer.status, {name: value for name, value in body.items() if name != "meta"}


def filled(operations: list[Any], users: list[str]) -> list[Any]:
    """The operations with the ids of users put in."""
    if isinstance(operations, list):
        return [filled(each, users) for each in operations]
    if isinstance(operations, dict):
        return {name: filled(value, users) for name, value in operations.items()}  # type: ignore[return-value]
    if isinstance(operations, str):
        for number, key in enumerate(users):
            operations = operations.replace(f"{{{number}}}", key)
    return operations


class Pair:
    """Two accounts that begin alike, of which one's PATCHes are all read by the library."""

    def __init__(self, short: tuple[Wire, Bridge], whole: tuple[Wire, Bridge]) -> None:
        self.short, self.short_bridge = short
        self.whole, self.whole_bridge = whole
        self.taken = False

    async def patched(self, target: str, body: Any, patch: pytest.MonkeyPatch) -> None:
        """Send a PATCH to both, and hold the answers and the accounts together."""
        with patch.context() as here:
            here.setattr(verbs, "plain_texts", self._noted(verbs.plain_texts))
            here.setattr(verbs, "plain_membership", self._noted(verbs.plain_membership))
            self.taken = False
            short = await self.short.ask("PATCH", target, body)
        with patch.context() as here:
            here.setattr(verbs, "plain_texts", lambda *_: None)
            here.setattr(verbs, "plain_membership", lambda *_, **__: None)
            whole = await self.whole.ask("PATCH", target, body)
        assert told(short) == told(whole)
        assert await self.short_bridge.state() == await self.whole_bridge.state()

    def _noted(self, reading: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, **named: Any) -> Any:
            found = reading(*given, **named)
            self.taken = found is not None
            return found

        return noted


@pytest.fixture(params=["lenient", "strict"])
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Test = Callable[[Pair, list[str], str], Any]
PairRunner = Callable[[Test], None]


@pytest.fixture
def on_both(tmp_path: Path, profile: str) -> PairRunner:
    """Runs a test against two accounts that begin alike, with their users' ids and a group's."""

    def runner(test: Test) -> None:
        async def run() -> None:
            async with AsyncExitStack() as stack:
                pair = []
                for name in ("short", "whole"):
                    folder = tmp_path / name
                    folder.mkdir()
                    account = simulated(users=10, groups=2, clock=Clock(wall=lambda: NOW))
                    service = wired(account, folder, profile=profile)
                    wire, bridge = await stack.enter_async_context(service)
                    users = (await wire.ask("GET", "/Users")).json()["Resources"]
                    groups = (await wire.ask("GET", "/Groups")).json()["Resources"]
                    pair.append((wire, bridge))
                # The first is the administrator, whom the bridge protects.
                await test(Pair(*pair), [user["id"] for user in users[1:]], groups[-1]["id"])

        asyncio.run(run())

    return runner


def test_texts_are_put_in_place_as_by_the_library(
    on_both: PairRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(pair: Pair, users: list[str], _: str) -> None:
        for is_short, operations in TEXTS:
            body = {"schemas": [PATCH_OP], "Operations": operations}
            for target in (f"/Users/{users[0]}", f"/Users/{users[1]}", "/Users/1"):
                await pair.patched(target, body, monkeypatch)
                assert pair.taken is is_short, operations

    on_both(test)


def test_members_come_and_go_as_by_the_library(
    on_both: PairRunner, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    async def test(pair: Pair, users: list[str], group: str) -> None:
        for is_short, operations in MEMBERS:
            body = {"schemas": [PATCH_OP], "Operations": filled(operations, users)}
            for target in (f"/Groups/{group}", "/Groups/1"):
                await pair.patched(target, body, monkeypatch)
                assert pair.taken is (is_short in (True, profile)), operations

    on_both(test)


BODIES = (
    {"Operations": [replace("title", "Baker")]},
    {"schemas": [], "Operations": [replace("title", "Baker")]},
    {"schemas": [PATCH_OP, PATCH_OP], "Operations": [replace("title", "Baker")]},
    {"schemas": [PATCH_OP], "operations": [replace("title", "Baker")]},
    {"schemas": [PATCH_OP], "Operations": [replace("title", "Baker")], "more": 1},
    {"schemas": [PATCH_OP], "Operations": replace("title", "Baker")},
    {"schemas": [PATCH_OP]},
    {},
)


def test_bodies_of_another_shape_are_the_librarys(
    on_both: PairRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(pair: Pair, users: list[str], group: str) -> None:
        for body in BODIES:
            for target in (f"/Users/{users[0]}", f"/Groups/{group}"):
                await pair.patched(target, body, monkeypatch)
                assert not pair.taken

    on_both(test)


def test_a_condition_is_held_by_the_short_way_too(
    on_both: PairRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(pair: Pair, users: list[str], group: str) -> None:
        for target, operation in (
            (f"/Users/{users[0]}", replace("title", "Baker")),
            (f"/Groups/{group}", members(users[0])),
        ):
            body = {"schemas": [PATCH_OP], "Operations": [operation]}
            before = await pair.short_bridge.state()
            late = await pair.short.ask("PATCH", target, body, if_match='W/"old"')
            assert late.status == 412
            assert await pair.short_bridge.state() == before
            version = (await pair.short.ask("GET", target)).headers["etag"]
            assert (await pair.short.ask("PATCH", target, body, if_match=version)).status == 200

    on_both(test)
