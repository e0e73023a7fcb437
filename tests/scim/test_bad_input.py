"""What clients get wrong: the right SCIM error, in plain words, and nothing changes upstream."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.mapping import load_mapping
from tests.conftest import Bridge, simulated
from tests.scim.face import face_over

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
SHIPPED = load_mapping()
Runner = Callable[[Callable[[httpx.AsyncClient, Bridge], Awaitable[None]]], None]
ADDRESS = {"userName": "new@example.com"}


def user(**attributes: Any) -> dict[str, Any]:
    return {"schemas": [USER], **ADDRESS, **attributes}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


# method, path, body, status, scimType, words that the detail holds
REFUSED: list[tuple[str, str, Any, int, str | None, str]] = [
    ("POST", "/Users", b"{", 400, "invalidSyntax", "not JSON"),
    ("POST", "/Users", b"", 400, "invalidSyntax", "no body"),
    ("POST", "/Users", b"[]", 400, "invalidSyntax", "JSON object"),
    ("POST", "/Users", b"\xff\xfe", 400, "invalidSyntax", "not JSON"),
    ("POST", "/Users", b'{"a":' * 40 + b"1" + b"}" * 40, 400, "invalidSyntax", "nested deeper"),
    ("POST", "/Users", b" " * (1024 * 1024 + 1), 413, None, "larger than"),
    ("POST", "/Users", {"schemas": [USER]}, 400, "invalidValue", "userName"),
    ("POST", "/Users", user(active="perhaps"), 400, "invalidValue", "active"),
    ("POST", "/Users", user(emails=True), 400, "invalidValue", "emails"),
    ("POST", "/Users", user(name="Ada"), 400, "invalidValue", "name"),
    ("POST", "/Users", user(locale="x" * 300), 400, "invalidValue", "en-US"),
    ("POST", "/Users", user(timezone="Mars/Base"), 400, "invalidValue", "timezone"),
    ("POST", "/Users", user(userName="no-address"), 400, "invalidValue", "e-mail address"),
    (
        "POST", "/Users", user(userName="x", emails=[{"value": "nobody", "primary": True}]),
        400, "invalidValue", "not an e-mail address",
    ),
    ("POST", "/Users", user(userName="{taken}"), 409, "uniqueness", "already"),
    ("POST", "/Users", user(userName="{TAKEN}"), 409, "uniqueness", "already"),
    ("POST", "/Groups", {"schemas": [GROUP]}, 400, "invalidValue", "displayName"),
    ("POST", "/Groups", {"schemas": [GROUP], "displayName": "{GROUP}"}, 409, "uniqueness", "name"),
    (
        "POST", "/Groups", {"schemas": [GROUP], "displayName": "n", "members": [{"value": "99"}]},
        400, "invalidValue", "no User with the id '99'",
    ),
    ("GET", "/Users/99", None, 404, None, "no User with the id"),
    ("GET", "/Users/letters", None, 404, None, "no User with the id"),
    ("GET", "/Users/a%22b'c", None, 404, None, "no User with the id"),
    ("GET", "/Users/%2e%2e%2fGroups", None, 404, None, "No SCIM endpoint"),
    ("GET", "/Users/1/2", None, 404, None, "No SCIM endpoint"),
    ("GET", "/Users/" + "9" * 5000, None, 404, None, "no User with the id"),
    ("PUT", "/Users/99", user(), 404, None, "no User with the id"),
    ("PATCH", "/Users/99", patch({"op": "remove", "path": "title"}), 404, None, "no User"),
    ("DELETE", "/Users/99", None, 404, None, "no User with the id"),
    ("DELETE", "/Users/letters", None, 404, None, "no User with the id"),
    ("DELETE", "/Groups/99", None, 404, None, "no Group with the id"),
    ("GET", "/Nothing", None, 404, None, "Nothing"),
    ("DELETE", "/Users", None, 405, None, "method"),
    ("GET", "/Me", None, 501, None, "/Me"),
    ("GET", "/Users?filter=userName eqq 1", None, 400, "invalidFilter", ""),
    ("GET", "/Users?filter=", None, 400, "invalidFilter", ""),
    ("GET", '/Users?filter=shoeSize eq "44"', None, 400, "invalidFilter", "shoeSize"),
    ("GET", '/Users?filter=name.shoeSize eq "44"', None, 400, "invalidFilter", "shoeSize"),
    ("GET", '/Users?filter=active gt "x"', None, 400, "invalidFilter", ""),
    ("GET", "/Users?filter=" + "not " * 1900 + "(title pr)", None, 400, "invalidFilter", ""),
    ("GET", f'/Users?filter=title eq "{"x" * 9000}"', None, 400, "invalidFilter", "longer"),
    ("GET", "/Users?sortBy=shoeSize", None, 400, "invalidPath", ""),
    ("GET", "/Users?startIndex=one", None, 400, "invalidValue", ""),
    ("GET", "/Users?cursor=forged", None, 400, "invalidCursor", ""),
    ("GET", "/Schemas?filter=name pr", None, 403, None, "filter"),
    ("PATCH", "/Users/{user}", patch({"op": "jump", "path": "title"}), 400, "invalidValue", "jump"),
    ("PATCH", "/Users/{user}", patch(), 400, "invalidValue", "operations"),
    ("PATCH", "/Users/{user}", {"schemas": [PATCH_OP]}, 400, "invalidValue", "operations"),
    (
        "PATCH", "/Users/{user}", patch({"op": "replace", "path": "id", "value": "1"}),
        400, "mutability", "",
    ),
    (
        "PATCH", "/Users/{user}", patch({"op": "replace", "path": "groups", "value": []}),
        400, "mutability", "",
    ),
    (
        "PATCH", "/Users/{user}", patch({"op": "remove", "path": "name"}),
        400, "invalidValue", "name",
    ),
    (
        "PATCH", "/Users/{user}", patch({"op": "remove", "path": "userName"}),
        400, "mutability", "required",
    ),
    ("PATCH", "/Users/{user}", patch({"op": "remove", "path": "active"}), 400, "invalidValue", ""),
    (
        "PATCH", "/Users/{user}",
        patch({"op": "replace", "path": "title", "value": "T"},
              {"op": "replace", "path": "timezone", "value": "Mars"}),
        400, "invalidValue", "timezone",
    ),
    (
        "PATCH", "/Users/{user}", patch({"op": "replace", "path": "userName", "value": "{taken}"}),
        409, "uniqueness", "userName",
    ),
    (
        "PATCH", "/Groups/{group}",
        patch({"op": "add", "path": "members", "value": [{"value": "9"}]}),
        400, "invalidValue", "no User with the id '9'",
    ),
    (
        "PATCH", "/Groups/{group}",
        patch({"op": "add", "path": "members", "value": [{"value": "{group}", "type": "Group"}]}),
        400, "invalidValue", "users only",
    ),
    (
        "POST", "/Bulk", {"schemas": [], "Operations": [{"method": "POST"}] * 1001},
        413, None, "maxOperations",
    ),
]  # fmt: skip


async def known(http: httpx.AsyncClient, bridge: Bridge) -> dict[str, str]:
    """The ids and names that the table speaks of."""
    users = (await http.get("/Users", params={"filter": "groups pr"})).json()["Resources"]
    unlocked = [u for u in users if not u[GOTO_USER]["nameLocked"]]
    groups = (await http.get("/Groups")).json()["Resources"]
    return {
        "taken": users[0]["userName"],
        "TAKEN": users[0]["userName"].upper(),
        "user": unlocked[1]["id"],
        "group": groups[0]["id"],
        "GROUP": groups[0]["displayName"].upper(),
    }


GOTO_USER = "urn:scim:schemas:extension:goto:1:User"


def filled(value: str, words: dict[str, str]) -> str:
    for name, text in words.items():
        value = value.replace("{" + name + "}", text)
    return value


async def send(
    http: httpx.AsyncClient, method: str, path: str, body: Any, words: dict[str, str]
) -> httpx.Response:
    content = body
    if isinstance(body, dict):
        content = filled(json.dumps(body), words)
    headers = {"Content-Type": "application/scim+json"}
    return await http.request(method, filled(path, words), content=content, headers=headers)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """One bridge for the whole table: nothing in it may change anything."""
    with asyncio.Runner() as runner:
        opening = face_over(simulated(), tmp_path_factory.mktemp("bad"), mapping=SHIPPED)
        http, bridge = runner.run(opening.__aenter__())
        yield lambda test: runner.run(test(http, bridge))
        runner.run(opening.__aexit__(None, None, None))


@pytest.mark.parametrize(("method", "path", "body", "status", "scim_type", "words"), REFUSED)
def test_a_bad_request_is_refused_in_plain_words(
    run: Runner, method: str, path: str, body: Any, status: int, scim_type: str | None, words: str
) -> None:
    async def test(http: httpx.AsyncClient, bridge: Bridge) -> None:
        names = await known(http, bridge)
        before = await bridge.state()
        await bridge.forget_journal()

        answer = await send(http, method, path, body, names)

        error = answer.json()
        assert answer.status_code == status, error
        assert answer.headers["content-type"].startswith("application/scim+json")
        assert error["schemas"] == [ERROR]
        assert error["status"] == str(status)
        assert error.get("scimType") == scim_type, error
        assert filled(words, names).casefold() in error["detail"].casefold()
        assert await bridge.state() == before
        # GoTo itself refuses an address that it has.
        written = [c for c in await bridge.journal() if c["method"] != "GET"]
        assert all(call["status"] == 409 for call in written)

    run(test)


ODD: list[tuple[str, dict[str, Any]]] = [
    ("/Users?startIndex=100000", {"itemsPerPage": 0, "startIndex": 100000, "Resources": []}),
    ("/Users?count=0", {"itemsPerPage": 0, "totalResults": 25, "Resources": []}),
    ("/Users?count=-1", {"itemsPerPage": 0, "totalResults": 25, "Resources": []}),
    ("/Users?startIndex=0&count=1", {"itemsPerPage": 1, "startIndex": 1}),
    ("/Users?startIndex=-7&count=1", {"itemsPerPage": 1, "startIndex": 1}),
    ("/Users?count=1000000", {"itemsPerPage": 25, "totalResults": 25}),
    ("/Users/?COUNT=2", {"itemsPerPage": 2}),
    ("/Users?filter=" + "(" * 3000 + "title pr" + ")" * 3000, {"totalResults": 0}),
    ("/Users?filter=externalId eq nobody", {"totalResults": 0, "Resources": []}),
    ('/Users?filter=id eq "no-digits"', {"totalResults": 0, "Resources": []}),
    ("/Groups?attributes=shoeSize&count=1", {"itemsPerPage": 1}),
    ("?count=1", {"totalResults": 30, "itemsPerPage": 1}),
]


@pytest.mark.parametrize(("path", "expected"), ODD)
def test_an_odd_list_gets_the_right_answer(
    run: Runner, path: str, expected: dict[str, Any]
) -> None:
    async def test(http: httpx.AsyncClient, _: Bridge) -> None:
        answer = await http.get(path)

        assert answer.status_code == 200, answer.text
        assert {name: answer.json()[name] for name in expected} == expected

    run(test)


STRICT: list[tuple[str, str, Any, str]] = [
    ("POST", "/Users", user(shoeSize=44), "shoeSize"),
    ("POST", "/Users", user(schemas=[USER, "urn:example:unknown"]), "schema"),
    ("POST", "/Users", {**ADDRESS}, "schemas"),
    ("POST", "/Groups", {"schemas": [GROUP], "displayName": " "}, "displayName"),
    ("PUT", "/Groups/{group}", {"schemas": [GROUP], "displayName": ""}, "displayName"),
    (
        "PATCH",
        "/Users/{user}",
        patch({"op": "replace", "path": "shoeSize", "value": 1}),
        "shoeSize",
    ),
    (
        "PATCH",
        "/Groups/{group}",
        patch({"op": "remove", "path": "members", "value": [{"value": "{user}"}]}),
        "remove",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "words"), STRICT)
def test_a_strict_client_is_held_to_the_rfc(
    tmp_path: Path, method: str, path: str, body: Any, words: str
) -> None:
    async def test() -> None:
        async with face_over(simulated(), tmp_path, mapping=SHIPPED, profile="strict") as (http, b):
            names = await known(http, b)
            before = await b.state()

            answer = await send(http, method, path, body, names)

            assert answer.status_code == 400, answer.text
            assert words.casefold() in answer.json()["detail"].casefold()
            assert await b.state() == before

    asyncio.run(test())


def test_a_lenient_client_may_send_what_nobody_knows(run: Runner) -> None:
    async def test(http: httpx.AsyncClient, bridge: Bridge) -> None:
        names = await known(http, bridge)
        body = patch({"op": "replace", "value": {"shoeSize": 44, "name": {"shoeSize": 44}}})

        answer = await send(http, "PATCH", "/Users/{user}", body, names)

        assert answer.status_code == 200, answer.text
        assert "shoeSize" not in answer.json()

    run(test)
