"""Bulk requests: each operation as if it came alone, with references between them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from bridge.mapping import load_mapping
from tests.conftest import Bridge, simulated
from tests.scim.wire import ERROR, MOUNT, Wire, wired

SHIPPED = load_mapping()
ROOT = f"http://bridge.test{MOUNT}"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
Test = Callable[[Wire, Bridge], Coroutine[Any, Any, None]]
Runner = Callable[[Test], None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """One bridge; each test makes users of its own names."""
    with asyncio.Runner() as runner:
        opening = wired(simulated(users=3), tmp_path_factory.mktemp("bulk"), mapping=SHIPPED)
        wire, bridge = runner.run(opening.__aenter__())
        yield lambda test: runner.run(test(wire, bridge))
        runner.run(opening.__aexit__(None, None, None))


def new_user(name: str, bulk_id: str | None = None, **attributes: Any) -> dict[str, Any]:
    data = {"schemas": [USER], "userName": f"{name}@example.com", **attributes}
    return operation("POST", "/Users", data, bulkId=bulk_id or "new")


def new_group(name: str, members: list[str], bulk_id: str | None = None) -> dict[str, Any]:
    data = {
        "schemas": [GROUP],
        "displayName": name,
        "members": [{"value": member} for member in members],
    }
    return operation("POST", "/Groups", data, bulkId=bulk_id or "new group")


def operation(method: str, path: str, data: Any = None, **others: Any) -> dict[str, Any]:
    whole = {"method": method, "path": path, "data": data, **others}
    return {name: value for name, value in whole.items() if value is not None}


def patched(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


async def done(wire: Wire, *operations: Any, **others: Any) -> list[dict[str, Any]]:
    body = {"schemas": [BULK], "Operations": list(operations), **others}
    answer = await wire.ask("POST", "/Bulk", body)
    assert answer.status == 200, answer
    outcomes: list[dict[str, Any]] = answer.json()["Operations"]
    for outcome in outcomes:
        assert int(outcome["status"]) < 500, outcome
        assert ("response" in outcome) == (int(outcome["status"]) >= 400)
        if "response" in outcome:
            assert outcome["response"]["schemas"] == [ERROR]
            assert outcome["response"]["status"] == outcome["status"]
    return outcomes


def statuses(outcomes: list[dict[str, Any]]) -> list[str]:
    return [outcome["status"] for outcome in outcomes]


async def there(wire: Wire, outcome: dict[str, Any]) -> Any:
    return (await wire.send("GET", outcome["location"].removeprefix(ROOT))).json()


def test_what_was_made_is_named_by_its_bulk_id_location_and_version(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        outcomes = await done(wire, new_user("a1", "one"), new_user("a2", "two"))

        assert statuses(outcomes) == ["201", "201"]
        assert [outcome.get("bulkId") for outcome in outcomes] == ["one", "two"]
        for outcome in outcomes:
            user = await there(wire, outcome)
            assert user["meta"]["version"] == outcome["version"]
            assert user["meta"]["location"] == outcome["location"]

    run(test)


@pytest.mark.parametrize("forward", [False, True])
def test_an_operation_may_name_what_another_makes(run: Runner, forward: bool) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        name = f"b{forward:d}"
        operations = [new_user(name, "u"), new_group(name, ["bulkId:u"], "g")]
        outcomes = await done(wire, *(operations[::-1] if forward else operations))

        assert statuses(outcomes) == ["201", "201"]
        by_id = {outcome["bulkId"]: await there(wire, outcome) for outcome in outcomes}
        assert [each["value"] for each in by_id["g"]["members"]] == [by_id["u"]["id"]]
        assert [each["value"] for each in by_id["u"]["groups"]] == [by_id["g"]["id"]]
        assert [outcome["bulkId"] for outcome in outcomes] == (
            ["g", "u"] if forward else ["u", "g"]
        )

    run(test)


def test_references_work_in_paths_and_in_patches(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        member = {"op": "add", "path": "members", "value": [{"value": "bulkId:u"}]}
        title = {"op": "replace", "path": "title", "value": "Boss"}
        outcomes = await done(
            wire,
            operation("PATCH", "/Groups/bulkId:g", patched(member)),
            operation("PATCH", "/Users/bulkId:u", patched(title)),
            new_user("c1", "u"),
            new_group("c1", [], "g"),
        )

        assert statuses(outcomes) == ["200", "200", "201", "201"]
        group, user = [await there(wire, outcome) for outcome in outcomes[:2]]
        assert [each["value"] for each in group["members"]] == [user["id"]]
        assert user["title"] == "Boss"

    run(test)


@pytest.mark.parametrize(
    "path",
    [
        'members[value eq "bulkId:u"]',
        'members[value eq "bulkid:u" or value eq "1"]',
        'members[$ref eq "../Users/1" or value eq " bulkId:u"]',
    ],
)
def test_a_reference_within_a_filter_is_refused(run: Runner, path: str) -> None:
    """It would not be resolved, and a removal would be 200 with the member still there."""

    async def test(wire: Wire, _: Bridge) -> None:
        name = f"filter {len(path)}"
        member = {"op": "add", "path": "members", "value": [{"value": "bulkId:u"}]}
        outcomes = await done(
            wire,
            new_user(f"f{len(path)}", "u"),
            new_group(name, [], "g"),
            operation("PATCH", "/Groups/bulkId:g", patched(member)),
            operation("PATCH", "/Groups/bulkId:g", patched({"op": "remove", "path": path})),
        )
        assert statuses(outcomes) == ["201", "201", "200", "400"]
        assert outcomes[-1]["response"]["scimType"] == "invalidPath"
        assert "in the value" in outcomes[-1]["response"]["detail"]
        group, user = await there(wire, outcomes[1]), await there(wire, outcomes[0])
        assert [each["value"] for each in group["members"]] == [user["id"]]

    run(test)


def test_a_member_is_removed_by_a_reference_in_the_value(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        member = {"path": "members", "value": [{"value": "bulkId:u"}]}
        outcomes = await done(
            wire,
            new_user("g1", "u"),
            new_group("g1", ["bulkId:u"], "g"),
            operation("PATCH", "/Groups/bulkId:g", patched({"op": "remove", **member})),
        )
        assert statuses(outcomes) == ["201", "201", "200"]
        assert (await there(wire, outcomes[1]))["members"] == []

    run(test)


def test_a_circle_is_refused_and_the_rest_is_done(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        outcomes = await done(
            wire,
            new_group("d1", ["bulkId:d2"], "d1"),
            new_group("d2", ["bulkId:d1"], "d2"),
            new_user("d3"),
        )

        assert outcomes[-1]["status"] == "201"
        assert "409" in statuses(outcomes)
        assert "location" not in next(each for each in outcomes if each["status"] == "409")

    run(test)


UNRESOLVED = [
    new_group("e", ["bulkId:nobody"]),
    operation("PATCH", "/Users/bulkId:nobody", patched({"op": "remove", "path": "title"})),
    operation("DELETE", "/Users/bulkId:nobody"),
    operation("DELETE", "/Users/bulkId:"),
]


@pytest.mark.parametrize("unresolved", UNRESOLVED)
def test_a_reference_to_nothing_is_refused(run: Runner, unresolved: dict[str, Any]) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        before = await bridge.state()

        assert statuses(await done(wire, unresolved)) == ["409"]
        assert await bridge.state() == before

    run(test)


def test_what_failed_cannot_be_referred_to(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        outcomes = await done(
            wire, new_user("not an address", "u"), new_group("f", ["bulkId:u"]), new_user("f", "u")
        )

        assert statuses(outcomes) == ["400", "409", "400"]
        assert "not unique" in outcomes[2]["response"]["detail"]

    run(test)


@pytest.mark.parametrize(("most", "ran"), [(1, 1), (2, 3), (3, 4), (None, 4)])
def test_it_ends_at_as_many_errors_as_were_allowed(run: Runner, most: int | None, ran: int) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        missing = operation("DELETE", "/Users/99")
        others = {} if most is None else {"failOnErrors": most}
        outcomes = await done(
            wire, missing, new_user(f"g{most}", "u"), missing, new_user(f"g{most}"), **others
        )

        assert statuses(outcomes) == ["404", "201", "404", "409"][:ran]

    run(test)


def test_everything_else_that_can_be_done_alone_can_be_done_here(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await there(wire, (await done(wire, new_user("h1")))[0])
        group = await there(wire, (await done(wire, new_group("h1", [])))[0])
        path, etag = f"/Users/{user['id']}", user["meta"]["version"]
        replaced = {**user, "title": "New"}
        outcomes = await done(
            wire,
            operation("PUT", path, replaced, version='W/"other"'),
            operation("PUT", path, replaced, version=etag),
            operation("PATCH", path, patched({"op": "remove", "path": "title"}), version=etag),
            operation("PATCH", path, patched({"op": "remove", "path": "title"})),
            operation(
                "PATCH", f"/Groups/{group['id']}", patched({"op": "remove", "path": "externalId"})
            ),
            operation("DELETE", f"/Groups/{group['id']}", version="*"),
            operation("DELETE", path, version=etag),
            operation("DELETE", path),
        )

        # Without its title the user is again what it was, and so is its version.
        expected = ["412", "200", "412", "200", "200", "204", "204", "404"]
        assert statuses(outcomes) == expected
        assert all("location" in outcome for outcome in outcomes)
        assert all("bulkId" not in outcome for outcome in outcomes)
        assert (await wire.ask("GET", path)).status == 404

    run(test)


# an operation -> its status, and words of the detail
BAD_OPERATIONS: list[tuple[Any, str, str]] = [
    (operation("POST", "/Unknown", {}), "404", "Unknown"),
    (operation("POST", "/Me", {}), "400", "must target"),
    (operation("POST", "/Users/.search", {}), "400", "must target"),
    (operation("POST", "/Bulk", {}), "400", "must target"),
    (operation("POST", "/Users/1", {}), "405", "method"),
    (operation("PUT", "/Users", {}), "405", "method"),
    (operation("GET", "/Users"), "400", "method"),
    (operation("FETCH", "/Users"), "400", "method"),
    (operation("DELETE", "/Users/99"), "404", "99"),
    (operation("DELETE", "/Users/letters"), "404", "letters"),
    (operation("PUT", "/Users/99", {"userName": "x@example.com"}), "404", "99"),
    (operation("POST", "/Users"), "400", "data"),
    (operation("POST", "/Users", []), "400", "data"),
    (operation("POST", "/Users", {}), "400", "userName"),
    (operation("POST", "/Users", {"userName": "x"}, bulkId="u"), "400", "e-mail"),
    (operation("POST", "/Users", {"userName": "x@example.com"}), "400", "bulkId"),
    (operation("PATCH", "/Users/99", {"Operations": []}), "400", "operations"),
    ({"path": "/Users/1"}, "400", "method"),
    ({"method": "DELETE"}, "400", "path"),
    ({"method": "POST", "path": 5, "data": {}}, "400", "path"),
    (5, "400", ""),
    (None, "400", ""),
    ({}, "400", ""),
]


@pytest.mark.parametrize(("bad", "status", "words"), BAD_OPERATIONS)
def test_a_bad_operation_is_refused_and_the_next_is_done(
    run: Runner, bad: Any, status: str, words: str
) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        before = await bridge.state()
        outcomes = await done(wire, bad, new_user("next"))
        await wire.send("DELETE", outcomes[1]["location"].removeprefix(ROOT))

        assert statuses(outcomes) == [status, "201"]
        assert words.casefold() in outcomes[0]["response"]["detail"].casefold()
        assert await bridge.state() == before

    run(test)


BAD_REQUESTS: list[tuple[Any, int]] = [
    ({"Operations": [{"method": "DELETE", "path": "/Users/1"}] * 1001}, 413),
    ({"Operations": []}, 400),
    ({"Operations": {}}, 400),
    ({"Operations": "x"}, 400),
    ({}, 400),
    ({"Operations": [new_user("x")], "failOnErrors": "many"}, 400),
]


@pytest.mark.parametrize(("body", "status"), BAD_REQUESTS)
def test_a_bad_request_does_nothing(run: Runner, body: Any, status: int) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        before = await bridge.state()

        answer = await wire.ask("POST", "/Bulk", {"schemas": [BULK], **body})

        assert answer.status == status, answer
        assert answer.json()["schemas"] == [ERROR]
        assert await bridge.state() == before

    run(test)


def test_a_thousand_operations_are_not_too_many(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        missing = operation("DELETE", "/Users/99")

        assert statuses(await done(wire, *[missing] * 1000)) == ["404"] * 1000

    run(test)


def test_dialects_are_read_here_too(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        text = {"op": "Replace", "value": {"active": "False", "title": ""}}
        nothing = {"op": "Add", "value": {"title": ""}}
        body = {
            "operations": [
                {
                    "Method": "post",
                    "Path": "Users",
                    "BulkId": "u",
                    "Data": {"UserName": "i@e.test"},
                },
                operation("PATCH", "Users/bulkId:u/", {"operations": [text]}),
                operation("PATCH", "/users/bulkId:u", {"operations": [nothing]}),
            ]
        }

        answer = await wire.ask("POST", "/Bulk", body)

        outcomes = answer.json()["Operations"]
        assert statuses(outcomes) == ["201", "200", "200"], outcomes
        assert (await there(wire, outcomes[0]))["active"] is False

    run(test)


async def upstream(bridge: Bridge) -> Counter[str]:
    return Counter(call["method"] for call in await bridge.journal())


def test_fifty_creates_are_one_call_and_keep_their_places(run: Runner) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        await done(wire, new_user("tog-taken"))
        await bridge.forget_journal()
        names = [f"tog{number}" for number in range(48)]
        names[20:20] = ["tog-taken"]
        outcomes = await done(wire, *(new_user(name, name) for name in names), new_user("tog0"))

        assert [outcome.get("bulkId") for outcome in outcomes] == [*names, "new"]
        failed = {number for number, each in enumerate(outcomes) if each["status"] == "409"}
        assert failed == {20, 49}, "whose userName is taken, and the second of two"
        for name, outcome in zip(names, outcomes, strict=False):
            if name != "tog-taken":
                user = await there(wire, outcome)
                assert user["userName"] == f"{name}@example.com"
        calls = await upstream(bridge)
        assert calls["POST"] == 1

    run(test)


def test_no_create_runs_that_would_come_after_the_last_error_allowed(run: Runner) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        await done(wire, new_user("stop-taken"))
        operations = [
            new_user("stop1", "a"), new_user("stop-taken", "b"), new_user("stop-taken", "c"),
            new_user("stop2", "d"),
        ]  # fmt: skip
        outcomes = await done(wire, *operations, failOnErrors=2)
        assert statuses(outcomes) == ["201", "409", "409"]
        emails = {user["email"] for user in (await bridge.state())["users"]}
        assert "stop1@example.com" in emails
        assert "stop2@example.com" not in emails

    run(test)


def test_operations_on_one_user_keep_their_order(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        (made,) = await done(wire, new_user("order1"))
        path = made["location"].removeprefix(ROOT)
        titles = [
            operation(
                "PATCH", path, patched({"op": "replace", "path": "title", "value": f"T{number}"})
            )
            for number in range(10)
        ]
        assert statuses(await done(wire, *titles)) == ["200"] * 10
        assert (await there(wire, made))["title"] == "T9"
        outcomes = await done(wire, operation("DELETE", path), operation("DELETE", path))
        assert statuses(outcomes) == ["204", "404"]

    run(test)


def test_a_name_that_one_user_leaves_can_be_taken_by_the_next(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        first, second = await done(wire, new_user("leave1", "a"), new_user("leave2", "b"))
        paths = [each["location"].removeprefix(ROOT) for each in (first, second)]

        def renamed(path: str, name: str) -> dict[str, Any]:
            change = {"op": "replace", "path": "userName", "value": f"{name}@example.com"}
            return operation("PATCH", path, patched(change))

        outcomes = await done(wire, renamed(paths[0], "leave3"), renamed(paths[1], "leave1"))
        assert statuses(outcomes) == ["200", "200"]
        assert (await there(wire, second))["userName"] == "leave1@example.com"

    run(test)


def test_many_users_are_deleted_and_their_names_taken_again(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        names = [f"again{number}" for number in range(6)]
        made = await done(wire, *(new_user(name, name) for name in names))
        gone = [operation("DELETE", each["location"].removeprefix(ROOT)) for each in made]
        outcomes = await done(wire, *gone, *(new_user(name, name) for name in names))
        assert statuses(outcomes) == ["204"] * 6 + ["201"] * 6

    run(test)
