"""Each limit of a request: what is at the limit works, what is over it is refused by its name."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bridge import limits
from bridge.mapping import load_mapping
from bridge.scim import announced_limits
from tests.conftest import simulated
from tests.scim.wire import Answer, Wire, wired

pytestmark = pytest.mark.anyio

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
SHIPPED = load_mapping()
Body = dict[str, Any]
VERBS = ["POST", "PUT", "PATCH", "PATCH without path", "Bulk POST", "Bulk PUT", "Bulk PATCH"]


@pytest.fixture(params=["lenient", "strict"])
async def wire(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Wire]:
    app = simulated(users=4, groups=2)
    async with wired(app, tmp_path, mapping=SHIPPED, profile=request.param) as (wire, _):
        yield wire


async def user_of(wire: Wire, *, place: int = 0) -> Body:
    answer = await wire.ask("GET", "/Users")
    found: Body = answer.json()["Resources"][place]
    return found


def patch_of(*operations: Body) -> Body:
    return {"schemas": [MESSAGES + "PatchOp"], "Operations": list(operations)}


def bulk_of(*operations: Body) -> Body:
    return {"schemas": [MESSAGES + "BulkRequest"], "Operations": list(operations)}


async def written(wire: Wire, verb: str, attributes: Body) -> tuple[int, Body]:
    """Send attributes of a user by a verb; return the status of what was done, and its answer."""
    user = await user_of(wire)
    resource = {"schemas": [CORE + "User"], "userName": "new@example.com", **attributes}
    target, method = f"/Users/{user['id']}", verb.removeprefix("Bulk ").partition(" ")[0]
    if method == "POST":
        target, body = "/Users", resource
    elif method == "PUT":
        body = {**resource, "userName": user["userName"]}
    elif verb == "PATCH without path":
        body = patch_of({"op": "replace", "value": attributes})
    else:
        operations = [{"op": "replace", "path": n, "value": v} for n, v in attributes.items()]
        body = patch_of(*operations)
    if not verb.startswith("Bulk"):
        answer = await wire.ask(method, target, body)
        return answer.status, answer.json()
    operation = {"method": method, "path": target, "data": body}
    if method == "POST":
        operation["bulkId"] = "one"
    answer = await wire.ask("POST", "/Bulk", bulk_of(operation))
    assert answer.status == 200, answer
    outcome = answer.json()["Operations"][0]
    return int(outcome["status"]), outcome.get("response", {})


def refused(status: int, answer: Body, limit: int, *, scim_type: str | None) -> None:
    """A refusal names the limit, in one plain line."""
    assert status == (413 if scim_type is None else 400), answer
    assert answer.get("scimType") == scim_type
    assert str(limit) in answer["detail"]
    assert "\n" not in answer["detail"]


def numbers(count: int) -> list[Body]:
    return [{"value": f"+{number}", "type": "work"} for number in range(count)]


# -- Values of a user ---------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
async def test_values_of_one_attribute_are_limited(wire: Wire, verb: str) -> None:
    if verb == "PATCH without path" and (await profile_of(wire)) == "strict":
        pytest.skip("a strict client names a path")
    many = {"phoneNumbers": numbers(limits.MOST_VALUES + 1)}
    refused(*await written(wire, verb, many), limits.MOST_VALUES, scim_type="tooMany")
    status, answer = await written(wire, verb, {"phoneNumbers": numbers(limits.MOST_VALUES)})
    assert status in (200, 201), answer


async def profile_of(wire: Wire) -> str:
    answer = await wire.ask("GET", "/ServiceProviderConfig")
    return "strict" if "interopProfileConformant" in answer.json() else "lenient"


async def test_values_that_gather_by_patches_are_limited(wire: Wire) -> None:
    user = await user_of(wire)
    target = f"/Users/{user['id']}"

    def added(first: int, count: int) -> Body:
        values = [{"value": f"+{number}"} for number in range(first, first + count)]
        return {"op": "add", "path": "phoneNumbers", "value": values}

    half = limits.MOST_VALUES // 2
    for first in (0, half):
        answer = await wire.ask("PATCH", target, patch_of(added(first, half)))
        assert answer.status == 200, answer
    # None of them is new.
    assert (await wire.ask("PATCH", target, patch_of(added(0, half)))).status == 200
    before = (await wire.ask("GET", target)).content
    for operations in ([added(5000, 1)], [added(number, 1) for number in range(5000, 5010)]):
        answer = await wire.ask("PATCH", target, patch_of(*operations))
        refused(answer.status, answer.json(), limits.MOST_VALUES, scim_type="tooMany")
    assert (await wire.ask("GET", target)).content == before
    answer = await wire.ask("PATCH", target, patch_of({"op": "remove", "path": "phoneNumbers"}))
    assert answer.status == 200


# -- Bytes ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("attribute", ["title", "nickName", "displayName"])
async def test_a_long_text_is_refused(wire: Wire, verb: str, attribute: str) -> None:
    if verb == "PATCH without path" and (await profile_of(wire)) == "strict":
        pytest.skip("a strict client names a path")
    text = "x" * (limits.LONGEST_TEXT + 1)
    refused(*await written(wire, verb, {attribute: text}), limits.LONGEST_TEXT, scim_type=None)
    status, answer = await written(wire, verb, {attribute: text[1:]})
    assert status in (200, 201), answer


@pytest.mark.parametrize("verb", VERBS)
async def test_what_the_bridge_holds_of_a_user_is_limited(wire: Wire, verb: str) -> None:
    if verb == "PATCH without path" and (await profile_of(wire)) == "strict":
        pytest.skip("a strict client names a path")
    photos = [{"value": f"https://x.example/{n}/{'x' * 900}"} for n in range(80)]
    status, answer = await written(wire, verb, {"photos": photos})
    refused(status, answer, limits.LARGEST_HELD, scim_type=None)
    status, answer = await written(wire, verb, {"photos": photos[:60]})
    assert status in (200, 201), answer


async def test_what_is_held_of_a_user_may_not_grow_by_patches(wire: Wire) -> None:
    user = await user_of(wire)
    target = f"/Users/{user['id']}"
    statuses = []
    for number in range(9):
        value = [{"value": f"https://x.example/{number}/{'x' * 9000}"}]
        answer = await wire.ask(
            "PATCH", target, patch_of({"op": "add", "path": "photos", "value": value})
        )
        statuses.append(answer.status)
    assert statuses == [200] * 7 + [413] * 2
    assert str(limits.LARGEST_HELD) in answer.json()["detail"]
    # What is full can still be used, and emptied.
    for operation in (
        {"op": "replace", "path": "active", "value": False},
        {"op": "remove", "path": "photos"},
    ):
        assert (await wire.ask("PATCH", target, patch_of(operation))).status == 200


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH"])
async def test_texts_of_a_group_are_limited(wire: Wire, verb: str) -> None:
    group = (await wire.ask("GET", "/Groups")).json()["Resources"][0]
    text = "x" * (limits.LONGEST_TEXT + 1)
    body = {"schemas": [CORE + "Group"], "displayName": "New", "externalId": text}
    target = "/Groups" if verb == "POST" else f"/Groups/{group['id']}"
    if verb == "PATCH":
        body = patch_of({"op": "add", "path": "externalId", "value": text})
    answer = await wire.ask(verb, target, body)
    refused(answer.status, answer.json(), limits.LONGEST_TEXT, scim_type=None)


# -- Filters and paths ------------------------------------------------------------------


def joined(count: int, term: str = 'type eq "x"') -> str:
    return " or ".join([term] * count)


def padded(length: int) -> str:
    """A comparison of so many characters."""
    head = 'title eq "'
    return head + "x" * (length - len(head) - 1) + '"'


FILTERS = [
    (padded(limits.LONGEST_FILTER), padded(limits.LONGEST_FILTER + 1), limits.LONGEST_FILTER),
    (
        joined(limits.MOST_TERMS, "title pr"),
        joined(limits.MOST_TERMS + 1, "title pr"),
        limits.MOST_TERMS,
    ),
    (
        "not (" * (limits.DEEPEST_FILTER) + "title pr" + ")" * limits.DEEPEST_FILTER,
        "not (" * (limits.DEEPEST_FILTER + 1) + "title pr" + ")" * (limits.DEEPEST_FILTER + 1),
        limits.DEEPEST_FILTER,
    ),
]


@pytest.mark.parametrize(("good", "bad", "limit"), FILTERS)
async def test_filters_are_limited(wire: Wire, good: str, bad: str, limit: int) -> None:
    async def by_query(text: str) -> Answer:
        return await wire.ask("GET", f"/Users?filter={quote(text)}")

    async def by_body(text: str) -> Answer:
        body = {"schemas": [MESSAGES + "SearchRequest"], "filter": text}
        return await wire.ask("POST", "/Users/.search", body)

    async def of_all(text: str) -> Answer:
        return await wire.ask("GET", f"/?filter={quote(text)}")

    for ask in (by_query, by_body, of_all):
        answer = await ask(bad)
        refused(answer.status, answer.json(), limit, scim_type="invalidFilter")
        assert (await ask(good)).status == 200


PATHS = [
    (
        f"phoneNumbers[{joined(limits.MOST_TERMS)}].value",
        f"phoneNumbers[{joined(limits.MOST_TERMS + 1)}].value",
        limits.MOST_TERMS,
    ),
    (
        f'phoneNumbers[value eq "{"x" * (limits.LONGEST_FILTER - 31)}"].value',
        f'phoneNumbers[value eq "{"x" * (limits.LONGEST_FILTER - 30)}"].value',
        limits.LONGEST_FILTER,
    ),
]


@pytest.mark.parametrize(("good", "bad", "limit"), PATHS)
@pytest.mark.parametrize("form", ["path", "key", "bulk"])
async def test_filters_of_paths_are_limited(
    wire: Wire, form: str, good: str, bad: str, limit: int
) -> None:
    user = await user_of(wire)
    target = f"/Users/{user['id']}"
    if form == "key" and (await profile_of(wire)) == "strict":
        pytest.skip("a strict client names a path")

    async def ask(path: str) -> tuple[int, Body]:
        operation: Body = {"op": "remove", "path": path}
        if form == "key":
            operation = {"op": "replace", "value": {path: ""}}
        if form != "bulk":
            answer = await wire.ask("PATCH", target, patch_of(operation))
            return answer.status, answer.json()
        patch = {"method": "PATCH", "path": target, "data": patch_of(operation)}
        outcome = (await wire.ask("POST", "/Bulk", bulk_of(patch))).json()["Operations"][0]
        return int(outcome["status"]), outcome.get("response", {})

    refused(*await ask(bad), limit, scim_type="invalidPath")
    status, answer = await ask(good)
    assert status == 200, answer


async def test_all_paths_of_a_request_together_are_limited(wire: Wire) -> None:
    user = await user_of(wire)
    target = f"/Users/{user['id']}"
    text = "x" * 4000
    different = [
        {"op": "remove", "path": f'phoneNumbers[value eq "{number}{text}"]'} for number in range(20)
    ]
    answer = await wire.ask("PATCH", target, patch_of(*different))
    refused(answer.status, answer.json(), limits.LARGEST_SELECTIONS, scim_type="tooMany")
    each = [{"method": "PATCH", "path": target, "data": patch_of(one)} for one in different]
    answer = await wire.ask("POST", "/Bulk", bulk_of(*each))
    refused(answer.status, answer.json(), limits.LARGEST_SELECTIONS, scim_type="tooMany")
    answer = await wire.ask("PATCH", target, patch_of(*[different[0]] * 20))
    assert answer.status == 200, answer


# -- Names --------------------------------------------------------------------------------


@pytest.mark.parametrize("parameter", ["attributes", "excludedAttributes"])
@pytest.mark.parametrize("form", ["list", "resource", "search", "search as text", "write"])
async def test_names_of_attributes_are_limited(wire: Wire, parameter: str, form: str) -> None:
    user = await user_of(wire)

    async def ask(names: list[str]) -> Answer:
        if form.startswith("search"):
            listed: Any = names if form == "search" else ",".join(names)
            body = {"schemas": [MESSAGES + "SearchRequest"], parameter: listed}
            return await wire.ask("POST", "/Users/.search", body)
        query = f"?{parameter}={','.join(names)}"
        if form == "list":
            return await wire.ask("GET", f"/Users{query}")
        if form == "resource":
            return await wire.ask("GET", f"/Users/{user['id']}{query}")
        operation = {"op": "replace", "path": "title", "value": "x"}
        return await wire.ask("PATCH", f"/Users/{user['id']}{query}", patch_of(operation))

    answer = await ask(["title"] * (limits.MOST_ATTRIBUTES + 1))
    refused(answer.status, answer.json(), limits.MOST_ATTRIBUTES, scim_type="tooMany")
    answer = await ask(["x" * (limits.LONGEST_ATTRIBUTES + 1)])
    refused(answer.status, answer.json(), limits.LONGEST_ATTRIBUTES, scim_type="tooMany")
    assert (await ask(["title"] * limits.MOST_ATTRIBUTES)).status == 200


async def test_what_orders_and_walks_a_list_is_limited(wire: Wire) -> None:
    answer = await wire.ask("GET", "/Users?sortBy=" + "x" * (limits.LONGEST_SORT + 1))
    refused(answer.status, answer.json(), limits.LONGEST_SORT, scim_type="invalidPath")
    body = {"schemas": [MESSAGES + "SearchRequest"], "cursor": "A" * (limits.LONGEST_CURSOR + 1)}
    answer = await wire.ask("POST", "/Users/.search", body)
    refused(answer.status, answer.json(), limits.LONGEST_CURSOR, scim_type="invalidCursor")


async def test_the_longest_text_can_be_walked_by(wire: Wire) -> None:
    for place in range(3):
        user = await user_of(wire, place=place)
        operation = {"op": "add", "path": "title", "value": "\U0001f600" * limits.LONGEST_TEXT}
        answer = await wire.ask("PATCH", f"/Users/{user['id']}", patch_of(operation))
        assert answer.status == 200
    search = {"schemas": [MESSAGES + "SearchRequest"], "sortBy": "title", "count": 2}
    first = await wire.ask("POST", "/Users/.search", {**search, "cursor": ""})
    cursor = first.json()["nextCursor"]
    assert len(cursor) <= limits.LONGEST_CURSOR
    assert (await wire.ask("POST", "/Users/.search", {**search, "cursor": cursor})).status == 200


async def test_names_in_the_values_of_a_patch_are_limited(tmp_path: Path) -> None:
    async with wired(simulated(users=2, groups=1), tmp_path, mapping=SHIPPED) as (wire, _):
        target = f"/Users/{(await user_of(wire))['id']}"
        names = {f"k{number}": "v" for number in range(limits.MOST_NAMES_SENT)}
        answer = await wire.ask("PATCH", target, patch_of({"op": "add", "value": names}))
        assert answer.status == 200, answer
        names["one"] = "more"
        answer = await wire.ask("PATCH", target, patch_of({"op": "add", "value": names}))
        refused(answer.status, answer.json(), limits.MOST_NAMES_SENT, scim_type="tooMany")


# -- Operations -----------------------------------------------------------------------------


async def test_operations_of_a_patch_are_limited(wire: Wire) -> None:
    target = f"/Users/{(await user_of(wire))['id']}"
    operation = {"op": "replace", "path": "name.formatted", "value": "Name"}
    answer = await wire.ask("PATCH", target, patch_of(*[operation] * limits.MOST_CHANGES))
    assert answer.status == 200, answer
    answer = await wire.ask("PATCH", target, patch_of(*[operation] * (limits.MOST_CHANGES + 1)))
    refused(answer.status, answer.json(), limits.MOST_CHANGES, scim_type=None)


async def test_a_thousand_operations_on_members_work(wire: Wire) -> None:
    group = (await wire.ask("GET", "/Groups")).json()["Resources"][0]
    users = [each["id"] for each in (await wire.ask("GET", "/Users")).json()["Resources"]]
    operations = [
        {"op": "add", "path": "members", "value": [{"value": users[number % len(users)]}]}
        for number in range(limits.MOST_OPERATIONS)
    ]
    answer = await wire.ask("PATCH", f"/Groups/{group['id']}", patch_of(*operations))
    assert answer.status == 200, answer
    assert {each["value"] for each in answer.json()["members"]} >= set(users)


async def full_user(wire: Wire, count: int) -> str:
    body = {
        "schemas": [CORE + "User"],
        "userName": "full@example.com",
        "phoneNumbers": numbers(count),
    }
    answer = await wire.ask("POST", "/Users", body)
    assert answer.status == 201, answer
    return f"/Users/{answer.json()['id']}"


def selecting(count: int) -> Body:
    return patch_of(
        *[
            {"op": "replace", "path": f'phoneNumbers[value eq "+{number}"].type', "value": "home"}
            for number in range(count)
        ]
    )


def adding(count: int) -> Body:
    """Operations that cost as many steps, and little of the machine's time: no value is new."""
    operation = {"op": "add", "path": "phoneNumbers", "value": numbers(1)}
    return patch_of(*[operation] * count, {"op": "replace", "path": "title", "value": "Done"})


def most_selecting(values: int, steps: int = limits.MOST_WORK) -> int:
    """How many such operations a user of so many values allows: each could add one more."""
    count = 0
    while (steps := steps - (2 + values + count)) >= 0:
        count += 1
    return count


async def test_work_of_a_patch_is_limited(wire: Wire) -> None:
    target = await full_user(wire, 900)
    most = most_selecting(900, limits.MOST_WORK - 1)
    before = (await wire.ask("GET", target)).content
    answer = await wire.ask("PATCH", target, adding(most + 1))
    refused(answer.status, answer.json(), limits.MOST_WORK, scim_type="tooMany")
    assert (await wire.ask("GET", target)).content == before
    answer = await wire.ask("PATCH", target, adding(most))
    assert answer.status == 200, answer


async def test_the_patches_of_a_bulk_request_share_one_budget(wire: Wire) -> None:
    target = await full_user(wire, 400)
    half = most_selecting(400, limits.MOST_WORK // 2 - 1)
    each = {"method": "PATCH", "path": target, "data": adding(half)}
    answer = await wire.ask("POST", "/Bulk", bulk_of(each, each, each))
    outcomes = answer.json()["Operations"]
    assert [int(outcome["status"]) for outcome in outcomes] == [200, 200, 400]
    refused(400, outcomes[2]["response"], limits.MOST_WORK, scim_type="tooMany")


# -- Where they are said ---------------------------------------------------------------------


async def test_the_limits_are_announced(wire: Wire) -> None:
    asked = {"attributes": announced_limits.URN}
    config = (await wire.ask("GET", "/ServiceProviderConfig", params=asked)).json()
    assert announced_limits.URN in config["schemas"]
    said = {
        config["bulk"]["maxPayloadSize"],
        config["bulk"]["maxOperations"],
        *config[announced_limits.URN].values(),
    }
    assert said == {value for name, value in vars(limits).items() if name.isupper()}
    schema = (await wire.ask("GET", f"/Schemas/{announced_limits.URN}")).json()
    assert {each["name"] for each in schema["attributes"]} == config[announced_limits.URN].keys()
    # Clients that refuse what they do not know are spared it.
    unasked = (await wire.ask("GET", "/ServiceProviderConfig")).json()
    assert (announced_limits.URN in unasked) is ("interopProfileConformant" in unasked)


# -- Others get their turn ---------------------------------------------------------------------


async def turns_during(work: Callable[[], Awaitable[Any]]) -> int:
    """Return how often another task had its turn, with ten milliseconds between two."""
    turns = 0

    async def another() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    task = asyncio.create_task(another())
    await asyncio.sleep(0)
    try:
        await work()
    finally:
        task.cancel()
    return turns


async def test_others_get_their_turns_during_a_heavy_patch(wire: Wire) -> None:
    target = await full_user(wire, 900)
    heavy = selecting(most_selecting(900) // 2)
    answers: list[Answer] = []

    async def work() -> None:
        answers.append(await wire.ask("PATCH", target, heavy))

    assert await turns_during(work) >= 10
    assert answers[0].status == 200


async def test_others_get_their_turns_while_a_large_body_is_read(wire: Wire) -> None:
    body = {
        "schemas": [CORE + "Group"],
        "displayName": "New",
        "externalId": "not\tplain",  # so that the library reads it
        "members": [{"value": str(number)} for number in range(20_000)],
    }
    assert await turns_during(lambda: wire.ask("POST", "/Groups", body)) >= 10


async def test_others_get_their_turns_during_a_heavy_bulk(wire: Wire) -> None:
    target = await full_user(wire, 250)
    each = {"method": "PATCH", "path": target, "data": selecting(20)}
    assert await turns_during(lambda: wire.ask("POST", "/Bulk", bulk_of(*[each] * 6))) >= 10
