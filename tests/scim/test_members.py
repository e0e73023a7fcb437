"""Members of groups: whom a request names, and that nothing happens where that is nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.conftest import Bridge, simulated
from tests.live import live_bridge
from tests.mapping.mappings import own
from tests.scim.wire import Answer, Wire, wired

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BASE = "http://bridge.test/scim/v2"
ROLE = "role-RUN_REPORTS"
NOBODY = "5e0a9c44-1111-4222-8333-944445555666"
REFUSE = (
    'extends = "goto"\n[groups]\ninclude = ["licenses", "roles"]\nunknown_members = "refuse"\n'
    "[limits]\ndestructive_per_hour = 1000000\n"
)
IGNORE = REFUSE.replace("refuse", "ignore")


def op(verb: str, value: Any = ..., path: str | None = "members") -> dict[str, Any]:
    named = {"op": verb, "path": path, "value": value}
    return {key: each for key, each in named.items() if each is not ... and each is not None} | (
        {"value": None} if value is None else {}
    )


def values(*keys: Any) -> list[dict[str, Any]]:
    return [{"value": key} for key in keys]


@dataclass
class Team:
    """A group with two members, and users who are in none."""

    wire: Wire
    bridge: Bridge
    group: str
    members: list[str]
    others: list[str]

    async def patch(self, *operations: dict[str, Any]) -> Answer:
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return await self.wire.ask("PATCH", f"/Groups/{self.group}", body)

    async def put(self, **attributes: Any) -> Answer:
        named = await self.wire.ask("GET", f"/Groups/{self.group}")
        name = named.json()["displayName"]
        body = {"schemas": [GROUP], "displayName": name, **attributes}
        return await self.wire.ask("PUT", f"/Groups/{self.group}", body)

    async def now(self) -> list[str]:
        group = (await self.wire.ask("GET", f"/Groups/{self.group}")).json()
        return sorted(each["value"] for each in group["members"])

    async def writes(self) -> list[str]:
        calls = [c for c in await self.bridge.journal() if c["method"] != "GET"]
        return [f"{call['method']} {call['path']}" for call in calls]

    def spelled(self, sent: Any) -> Any:
        """Return what is sent, with ids: ``{m}``, ``{n}`` are members, ``{o}``, ``{p}`` not."""
        if isinstance(sent, dict):
            return {self.spelled(name): self.spelled(each) for name, each in sent.items()}
        if isinstance(sent, list):
            return [self.spelled(each) for each in sent]
        if not isinstance(sent, str):
            return sent
        keys = zip(("{m}", "{n}", "{o}", "{p}"), [*self.members, *self.others], strict=False)
        for mark, key in keys:
            sent = sent.replace(mark, key)
        return sent.replace("{G}", self.group)


Test = Callable[[Team], Awaitable[None]]


def run(
    folder: Path, test: Test, mapping: str = REFUSE, *, group: str = "", **options: Any
) -> None:
    """Run a test over a group of its own, or over one that stands for a role."""

    async def whole() -> None:
        app = simulated(users=10, groups=1)
        compiled = own(folder, mapping)
        async with wired(app, folder, mapping=compiled, **options) as (wire, bridge):
            users = (await wire.ask("GET", "/Users")).json()["Resources"][1:]
            free = [user["id"] for user in users if user["active"] and not user.get("groups")]
            free += [user["id"] for user in users if user["active"] and user.get("groups")]
            if group:
                add = {"schemas": [PATCH_OP], "Operations": [op("add", values(*free[:2]))]}
                made = await wire.ask("PATCH", f"/Groups/{group}", add)
            else:
                body = {"schemas": [GROUP], "displayName": "Team", "members": values(*free[:2])}
                made = await wire.ask("POST", "/Groups", body)
            assert made.status in (200, 201), made.content
            here = made.json()
            members = [each["value"] for each in here["members"]]
            others = [key for key in free if key not in members]
            await wire.ask("GET", "/Groups", cache_control="no-cache")
            await bridge.forget_journal()
            await test(Team(wire, bridge, here["id"], members, others))

    asyncio.run(whole())


# What names somebody who cannot exist, alone and beside those who do.
UNKNOWN: list[Any] = [
    values(NOBODY),
    values("99"),
    values("9" * 19),
    values("9" * 500),
    values("{m}", NOBODY),
    values(NOBODY, "{m}", "{n}"),
    values("{m}", "99"),
    values("\u0663"),
    values("{m}\u200b"),
    values("{m} {n}"),
    {"value": NOBODY},
    [{"$ref": f"{BASE}/Users/{NOBODY}"}],
    [{"$ref": "../Users/99"}],
    [{"value": "{m}"}, {"$ref": "Users/x"}],
    [{"value": "99", "$ref": BASE + "/Users/{m}"}],
]
# What names nobody at all.
UNREADABLE: list[Any] = [
    [{}],
    [{"display": "x"}],
    [{"type": "User"}],
    [None],
    [""],
    [" "],
    [[]],
    [7],
    [True],
    7,
    True,
    "",
    {},
    values(""),
    values(None),
    values({"value": "{m}"}),
    values(["{m}"]),
    values(True),
    values("{m}", ""),
    [{"value": "{m}"}, {}],
    [{"value": "{m}"}, None],
    [{"$ref": "{m}"}],
    [{"$ref": "Users/"}],
    [{"$ref": 7}],
    [{"value": "{m}", "type": "Group"}],
    [{"value": "{m}", "type": "group"}],
    [{"value": "{m}", "$ref": "Groups/{G}"}],
    [{"value": "{o}", "$ref": BASE + "/Groups/{G}"}],
]


def nothing_done(answer: Answer, sent: Any) -> None:
    assert answer.status == 400, (sent, answer.content)
    assert answer.json()["scimType"] in ("invalidValue", "invalidSyntax"), answer.content
    assert "pydantic" not in answer.json()["detail"]


@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("mapping", [REFUSE, IGNORE], ids=["refuse", "ignore"])
@pytest.mark.parametrize("group", ["", ROLE], ids=["group", "role"])
def test_who_cannot_exist_replaces_nobody(
    tmp_path: Path, mapping: str, group: str, profile: str
) -> None:
    async def test(team: Team) -> None:
        before = await team.now()
        for sent in [*UNKNOWN, *UNREADABLE]:
            value = team.spelled(sent)
            for operations in (
                [op("replace", value)],
                [op("replace", {"members": value}, None)],
                [op("replace", value, f"{GROUP}:members")],
                [op("add", values(team.others[0])), op("replace", value)],
                [op("replace", value), op("replace", "x", "externalId")],
                [op("replace", value), op("replace", values(*team.others[:1]))],
            ):
                answer = await team.patch(*operations)
                nothing_done(answer, sent)
            answer = await team.put(members=value)
            # A PUT with an empty text has no members, and leaves them.
            nothing_done(answer, sent)
            if not group:
                body = {"schemas": [GROUP], "displayName": "New", "members": value}
                nothing_done(await team.wire.ask("POST", "/Groups", body), sent)
            assert await team.writes() == [], sent
            assert await team.now() == before
        shown = (await team.wire.ask("GET", f"/Groups/{team.group}")).json()
        assert "externalId" not in shown

    run(tmp_path, test, mapping, group=group, profile=profile)


@pytest.mark.parametrize("mapping", [REFUSE, IGNORE], ids=["refuse", "ignore"])
def test_in_a_bulk_request_one_operation_is_refused_and_the_others_are_done(
    tmp_path: Path, mapping: str
) -> None:
    async def test(team: Team) -> None:
        for sent in [*UNKNOWN, *UNREADABLE]:
            value = team.spelled(sent)
            patch = {"schemas": [PATCH_OP], "Operations": [op("replace", value)]}
            named = {"schemas": [PATCH_OP], "Operations": [op("replace", "7", "externalId")]}
            group = {"schemas": [GROUP], "displayName": "Team", "members": value}
            place = f"/Groups/{team.group}"
            operations = [
                {"method": "PATCH", "path": place, "data": patch},
                {"method": "PUT", "path": place, "data": group},
                {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group},
                {"method": "PATCH", "path": place, "data": named},
            ]
            answer = await team.wire.ask(
                "POST", "/Bulk", {"schemas": [BULK], "Operations": operations}
            )
            assert answer.status == 200, (sent, answer.content)
            statuses = [str(each["status"]) for each in answer.json()["Operations"]]
            assert statuses == ["400", "400", "400", "200"], (sent, answer.content)
        assert await team.writes() == []
        assert await team.now() == sorted(team.members)

    run(tmp_path, test, mapping)


@pytest.mark.parametrize("group", ["", ROLE], ids=["group", "role"])
@pytest.mark.parametrize(
    ("mapping", "profile"), [(REFUSE, "lenient"), (REFUSE, "strict"), (IGNORE, "strict")]
)
def test_an_addition_with_somebody_unknown_adds_nobody(
    tmp_path: Path, mapping: str, profile: str, group: str
) -> None:
    async def test(team: Team) -> None:
        for sent in UNKNOWN:
            value = team.spelled(sent)
            for operations in (
                [op("add", value)],
                [op("add", {"members": value}, None)],
                [op("add", values(team.others[0])), op("add", value)],
                [op("add", value), op("remove", path=f'members[value eq "{team.members[0]}"]')],
                [op("remove"), op("add", value)],
                [op("add", value), op("remove")],
                [op("replace", "x", "externalId"), op("add", value)],
            ):
                nothing_done(await team.patch(*operations), (sent, operations))
        assert await team.writes() == []
        assert await team.now() == sorted(team.members)

    run(tmp_path, test, mapping, group=group, profile=profile)


def test_an_error_names_the_first_ten_unknown_ids_and_their_number(tmp_path: Path) -> None:
    async def test(team: Team) -> None:
        unknown = [f"fake-{n:02}" for n in range(25)]
        answer = await team.patch(op("add", values(team.others[0], *unknown)))
        detail = answer.json()["detail"]
        assert all(repr(key) in detail for key in unknown[:10])
        assert not any(key in detail for key in unknown[10:])
        assert "25" in detail
        assert "15 more" in detail
        assert "number from GoTo" in detail
        assert team.others[0] not in detail
        longest = await team.patch(op("add", values("x" * 10_000)))
        assert len(longest.json()["detail"]) < 500

    run(tmp_path, test)


@pytest.mark.parametrize("group", ["", ROLE], ids=["group", "role"])
def test_where_the_mapping_ignores_unknown_members_the_others_are_added(
    tmp_path: Path, group: str
) -> None:
    async def test(team: Team) -> None:
        for sent in UNKNOWN:
            answer = await team.patch(op("add", team.spelled(sent)))
            assert answer.status == 200, (sent, answer.content)
        assert await team.writes() == []
        operations = op("add", values(NOBODY, team.others[0], "99")), op("add", "7", "externalId")
        answer = await team.patch(*operations)
        assert answer.status == 200
        assert answer.json()["externalId"] == "7"
        assert await team.now() == sorted([*team.members, team.others[0]])
        assert len(await team.writes()) == 1

    run(tmp_path, test, IGNORE, group=group)


PADS = (" {} ", "\t{}", "{}\n", "\r\n {}\u00a0", "\u2003{}")


@pytest.mark.parametrize("profile", ["lenient", "strict"])
@pytest.mark.parametrize("pad", PADS, ids=ascii)
def test_blanks_around_an_id_are_no_part_of_it(tmp_path: Path, pad: str, profile: str) -> None:
    async def test(team: Team) -> None:
        one, two = team.others[:2]
        padded = pad.format(one)
        steps: list[tuple[Any, list[str]]] = [
            (team.patch(op("add", values(padded))), [*team.members, one]),
            (team.patch(op("replace", values(padded, pad.format(two)))), [one, two]),
            (team.patch(op("add", values(padded))), [one, two]),
            (team.put(members=values(padded)), [one]),
            (team.put(members=[{"$ref": pad.format(f"{BASE}/Users/{one}")}]), [one]),
            (team.patch(op("add", [{"$ref": pad.format(f"../Users/{two}")}])), [one, two]),
            (team.patch(op("replace", values(one, two))), [one, two]),
        ]
        escaped = padded.replace("\r\n", "\\r\\n").replace("\n", "\\n").replace("\t", "\\t")
        steps += [
            (team.patch(op("remove", path=f'members[value eq "{escaped}"]')), [two]),
        ]
        if profile == "lenient":
            steps.append((team.patch(op("remove", values(pad.format(two)))), []))
        for asked, expected in steps:
            answer = await asked
            assert answer.status == 200, answer.content
            assert await team.now() == sorted(expected)
        body = {"schemas": [GROUP], "displayName": "New", "members": values(padded)}
        made = await team.wire.ask("POST", "/Groups", body)
        assert [each["value"] for each in made.json()["members"]] == [one]

    run(tmp_path, test, profile=profile)


# What a removal leaves of the members {m} and {n}; None is a refusal.
REMOVALS: list[tuple[dict[str, Any], list[str] | None]] = [
    (op("remove"), []),
    (op("remove", None), []),
    (op("remove", []), ["{m}", "{n}"]),
    (op("remove", ""), None),
    (op("remove", {}), None),
    (op("remove", [{}]), None),
    (op("remove", [None]), None),
    (op("remove", [""]), None),
    (op("remove", values("")), None),
    (op("remove", [{"display": "x"}]), None),
    (op("remove", 7), None),
    (op("remove", value=False), None),
    (op("remove", values("{m}")), ["{n}"]),
    (op("remove", {"value": "{m}"}), ["{n}"]),
    (op("remove", "{m}"), ["{n}"]),
    (op("remove", ["{m}"]), ["{n}"]),
    (op("remove", [{"$ref": BASE + "/Users/{m}"}]), ["{n}"]),
    (op("remove", values("{m}", NOBODY, "99", "{o}")), ["{n}"]),
    (op("remove", path='members[value eq "{m}"]'), ["{n}"]),
    (op("remove", path='MEMBERS[VALUE EQ "{m}"]'), ["{n}"]),
    (op("remove", path=GROUP + ':members[value eq "{m}"]'), ["{n}"]),
    (op("remove", path='members[value eq "{m}" or value eq "{o}"]'), ["{n}"]),
    (op("remove", path='members[value eq "{m}" or value eq "{n}"]'), []),
    (op("remove", path=f'members[value eq "{NOBODY}"]'), ["{m}", "{n}"]),
    (op("remove", path='members[value eq "99"]'), ["{m}", "{n}"]),
    (op("remove", path='members[value ne "{m}"]'), ["{m}"]),
    (op("remove", path='members[not (value eq "{m}")]'), ["{m}"]),
    (op("remove", path='members[value sw "{m}"]'), ["{n}"]),
    (op("remove", path='members[value ew "{m}"]'), ["{n}"]),
    (op("remove", path='members[value co "{m}"]'), ["{n}"]),
    (op("remove", path="members[value pr]"), []),
    (op("remove", path='members[type eq "User"]'), []),
    (op("remove", path='members[type eq "Group"]'), ["{m}", "{n}"]),
    (op("remove", path='members[value eq "{m}" and type eq "User"]'), ["{n}"]),
    (op("remove", path='members[value eq "{m}" and type eq "Group"]'), ["{m}", "{n}"]),
    (op("remove", path='members[value eq "{m}" and value eq "{n}"]'), ["{m}", "{n}"]),
    (op("remove", path=f'members[$ref eq "{BASE}/Users/{{m}}"]'), ["{n}"]),
    (op("remove", path='members[$ref eq "/Users/{m}"]'), ["{n}"]),
    (op("remove", path='members[$ref eq "Users/{m}"]'), ["{n}"]),
    (op("remove", path='members[$ref eq "../Users/{m}"]'), ["{n}"]),
    (op("remove", path=f'members[$ref eq "{BASE}/Users/{{m}}" and type eq "User"]'), ["{n}"]),
    (op("remove", path='members[not ($ref eq "/Users/{m}")]'), ["{m}"]),
    (op("remove", path='members[$ref eq "http://elsewhere.test/Users/{m}"]'), ["{m}", "{n}"]),
    (op("remove", path='members[$ref eq "/Groups/{m}"]'), ["{m}", "{n}"]),
    (op("remove", path='members[$ref eq "{m}"]'), ["{m}", "{n}"]),
    (op("remove", path='members[$ref co "{m}"]'), None),
    (op("remove", path='members[value gt "1"]'), None),
    (op("remove", path='members[display eq "x"]'), None),
    (op("remove", path='members[not (display eq "x")]'), None),
    (op("remove", path='members[nosuch eq "x"]'), None),
    (op("remove", path='members[value eq "{m}" or nosuch pr]'), None),
    (op("remove", path="members[value eq true]"), None),
    (op("remove", path="members[value eq null]"), None),
    (op("remove", path='members[value eq "{m}"].value'), None),
    (op("remove", path='members[value eq "{m}"].display'), None),
    (op("remove", path="members.value"), None),
    (op("remove", path="members.type"), None),
    (op("remove", path="members.nosuch"), None),
    (op("remove", {"members": values("{m}")}, None), None),
]


@pytest.mark.parametrize("group", ["", ROLE], ids=["group", "role"])
def test_a_removal_takes_out_whom_it_names_and_nobody_else(tmp_path: Path, group: str) -> None:
    async def test(team: Team) -> None:
        for sent, left in REMOVALS:
            operation = team.spelled(sent)
            answer = await team.patch(operation)
            assert answer.status == (400 if left is None else 200), (sent, answer.content)
            expected = ["{m}", "{n}"] if left is None else left
            assert await team.now() == sorted(team.spelled(expected)), sent
            await team.patch(op("replace", values(*team.members)))
            assert await team.now() == sorted(team.members)

    run(tmp_path, test, group=group)


def test_a_filter_of_many_conditions_on_members_is_refused(tmp_path: Path) -> None:
    async def test(team: Team) -> None:
        keys = [team.members[0], *(str(number) for number in range(100))]
        one_by_one = " or ".join(f'value eq "{key}"' for key in keys)
        starts = " or ".join(f'value sw "{key}"' for key in keys)
        answer = await team.patch(op("remove", path=f"members[{starts}]"))
        assert (answer.status, answer.json()["scimType"]) == (400, "invalidFilter")
        assert await team.now() == sorted(team.members)
        assert (await team.patch(op("remove", path=f"members[{one_by_one}]"))).status == 200
        assert await team.now() == [team.members[1]]

    run(tmp_path, test)


# What other operations leave of the members; None is a refusal.
OTHERS: list[tuple[list[dict[str, Any]], list[str] | None]] = [
    ([op("replace", [])], []),
    ([op("replace", {"members": []}, None)], []),
    ([op("replace", None)], []),
    ([op("replace", {"members": None}, None)], []),
    ([op("replace")], None),
    ([op("add")], None),
    ([op("add", [])], ["{m}", "{n}"]),
    ([op("add", values("{m}"), 'members[value eq "{m}"]')], None),
    ([op("replace", {"value": "{o}"}, 'members[value eq "{m}"]')], None),
    ([op("replace", "x", 'members[value eq "{m}"].display')], None),
    ([op("replace", "{o}", "members.value")], None),
    ([op("add", {"members": values("{o}"), "Members": []}, None)], None),
    ([op("replace", {"Members": values("{o}")}, None)], ["{o}"]),
    ([op("replace", {GROUP + ":members": values("{o}")}, None)], ["{o}"]),
    ([op("add", [{"value": "{o}", "type": "USER"}])], ["{m}", "{n}", "{o}"]),
    ([op("add", [{"value": "{o}", "display": "Ada"}])], ["{m}", "{n}", "{o}"]),
    ([op("add", [{"VALUE": "{o}"}])], ["{m}", "{n}", "{o}"]),
    ([op("remove"), op("add", values("{m}"))], ["{m}"]),
    ([op("add", values("{o}")), op("remove", path='members[type eq "User"]')], []),
    ([op("replace", values("{m}", "{o}")), op("replace", "7", "externalId")], ["{m}", "{o}"]),
    ([op("replace", {"externalId": "7", "members": values("{o}")}, None)], ["{o}"]),
    ([op("replace", {"externalId": "7", "Members": [{}]}, None)], None),
]  # fmt: skip


def test_additions_and_replacements_do_what_they_say(tmp_path: Path) -> None:
    async def test(team: Team) -> None:
        for sent, left in OTHERS:
            answer = await team.patch(*team.spelled(sent))
            assert answer.status == (400 if left is None else 200), (sent, answer.content)
            expected = ["{m}", "{n}"] if left is None else left
            assert await team.now() == sorted(team.spelled(expected)), sent
            await team.patch(op("replace", values(*team.members)))

    run(tmp_path, test)


# What a PUT leaves of the members; None is a refusal.
PUTS: list[tuple[dict[str, Any], list[str] | None]] = [
    ({}, ["{m}", "{n}"]),
    ({"members": None}, ["{m}", "{n}"]),
    ({"members": []}, []),
    ({"members": values("{m}", "{o}")}, ["{m}", "{o}"]),
    ({"Members": values("{o}")}, ["{o}"]),
    ({"members": ["{o}"]}, ["{o}"]),
    ({"members": {"value": "{o}"}}, ["{o}"]),
    ({"members": [{"$ref": "../Users/{o}"}]}, ["{o}"]),
    ({"members": values("{m}"), "Members": values("{n}")}, None),
    ({"members": [], "MEMBERS": values("{n}")}, None),
]


def test_a_replacement_leaves_whom_it_names(tmp_path: Path) -> None:
    async def test(team: Team) -> None:
        for sent, left in PUTS:
            answer = await team.put(**team.spelled(sent))
            assert answer.status == (400 if left is None else 200), (sent, answer.content)
            expected = ["{m}", "{n}"] if left is None else left
            assert await team.now() == sorted(team.spelled(expected)), sent
            await team.patch(op("replace", values(*team.members)))

    run(tmp_path, test)


def test_each_member_that_is_ignored_is_told_of(tmp_path: Path) -> None:
    async def test(team: Team) -> None:
        with capture_logs() as logged:
            answer = await team.patch(op("add", values(NOBODY, "99", "99", team.others[0])))
        assert answer.status == 200
        told = [line for line in logged if line["event"] == "unknown_member_ignored"]
        assert [line["member"] for line in told] == [NOBODY, "99"]
        assert {line["group"] for line in told} == {team.group}
        assert {line["log_level"] for line in told} == {"warning"}
        entries = await team.bridge.store.audited(
            team.bridge.goto.account_key,
            since=datetime.now(UTC) - timedelta(hours=1),
            actions=["ignore-member"],
        )
        assert [(each.kind, each.key, each.detail) for each in entries] == [
            ("Group", team.group, {"member": NOBODY}),
            ("Group", team.group, {"member": "99"}),
        ]
        with capture_logs() as logged:
            many = [f"fake-{number}" for number in range(3000)]
            assert (await team.patch(op("add", values(*many)))).status == 200
        assert len(logged) < 200
        assert {"more": 2900} in [{"more": line.get("more")} for line in logged]

    run(tmp_path, test, IGNORE)


def test_the_sandbox_ignores_unknown_members_and_counts_them(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=5, groups=1) as live:
        group = live.scim.get("/Groups").json()["Resources"][0]["id"]
        for sent in (values("fake-member-id"), values("99", NOBODY)):
            body = {"schemas": [PATCH_OP], "Operations": [op("add", sent)]}
            assert live.scim.patch(f"/Groups/{group}", json=body).status_code == 200
        body["Operations"][0]["op"] = "replace"
        assert live.scim.patch(f"/Groups/{group}", json=body).status_code == 400
        scraped = httpx.get(f"{live.url}/metrics").text.splitlines()
        assert "bridge_unknown_members_ignored_total 3.0" in scraped


def test_a_user_hidden_by_a_delete_is_nobody(tmp_path: Path) -> None:
    async def test(team: Team) -> None:
        gone = team.others[0]
        assert (await team.wire.ask("DELETE", f"/Users/{gone}")).status == 204
        await team.bridge.forget_journal()
        for answer in (
            await team.patch(op("add", values(gone))),
            await team.patch(op("replace", values(gone, *team.members))),
            await team.put(members=values(gone)),
        ):
            nothing_done(answer, gone)
        assert (await team.patch(op("remove", values(gone)))).status == 200
        assert await team.bridge.journal() == []
        assert await team.now() == sorted(team.members)

    run(tmp_path, test, REFUSE + '[activation]\non_delete = "suspend"\n')
