"""What a body may say: removals with values, odd types, lists of one, read-only values, paths."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
import pytest

from bridge.mapping import load_mapping
from tests.conftest import simulated
from tests.scim.face import face_over

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GOTO_USER = "urn:scim:schemas:extension:goto:1:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
Json = dict[str, Any]
Test = Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]
NUMBERS = count(1)


def some(*values: Any) -> tuple[Any, ...]:
    return values


@pytest.fixture(scope="module", params=["lenient", "strict"])
def both(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Callable[[Test], None]]:
    yield from running(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Test], None]]:
    yield from running("lenient", tmp_path_factory)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Test], None]]:
    yield from running("strict", tmp_path_factory)


def running(profile: str, paths: pytest.TempPathFactory) -> Iterator[Callable[[Test], None]]:
    """One bridge for many tests: each makes the user that it changes."""
    with asyncio.Runner() as runner:
        folder = paths.mktemp(profile)
        opening = face_over(simulated(), folder, mapping=load_mapping(), profile=profile)
        http, _ = runner.run(opening.__aenter__())
        yield lambda test: runner.run(test(http))
        runner.run(opening.__aexit__(None, None, None))


def body(**attributes: Any) -> Json:
    address = f"user-{next(NUMBERS)}@bodies.example"
    return {"schemas": [USER], "userName": address, **attributes}


def full() -> Json:
    return {
        **body(title="Old", name={"givenName": "Ada", "familyName": "B", "middleName": "M"}),
        "schemas": [USER, ENTERPRISE],
        "phoneNumbers": [{"value": "+39 3", "type": "work"}, {"value": "+39 4", "type": "home"}],
        "ims": [{"value": "i", "type": "a", "display": "I"}, {"value": "i", "type": "b"}],
        "addresses": [{"type": "work", "postalCode": "1"}, {"type": "home", "postalCode": "2"}],
        ENTERPRISE: {"department": "D", "manager": {"value": "B"}},
    }


@asynccontextmanager
async def made(http: httpx.AsyncClient) -> AsyncIterator[Json]:
    answer = await http.post("/Users", json=full())
    assert answer.status_code == 201, answer.text
    yield answer.json()
    assert (await http.delete(f"/Users/{answer.json()['id']}")).status_code == 204


async def patched(http: httpx.AsyncClient, key: str, *operations: Any) -> httpx.Response:
    sent = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return await http.patch(f"/Users/{key}", json=sent)


def own(resource: Json) -> Json:
    """What can be compared: neither version nor date."""
    return {name: value for name, value in resource.items() if name != "meta"}


def at(resource: Json, path: str) -> Any:
    host = resource.get(ENTERPRISE, {}) if path.startswith(f"{ENTERPRISE}:") else resource
    for name in path.removeprefix(f"{ENTERPRISE}:").split("."):
        host = (host or {}).get(name)
    return host


# -- 12: removals with values -------------------------------------------------------

MANAGER = f"{ENTERPRISE}:manager"
PHONES = "phoneNumbers"
# path, value, attribute to look at, what is left of it; taken under both profiles
PLAIN_REMOVALS: list[tuple[str, Any, str, Any]] = [
    ("title", "Old", "title", None),
    ("title", "another", "title", None),
    ("title", ["Old"], "title", None),
    ("title", None, "title", None),
    ("name.middleName", "M", "name.middleName", None),
    ("name.middleName", None, "name.middleName", None),
    (f"{USER}:title", "Old", "title", None),
    (f'{PHONES}[value eq "+39 3"]', [{"value": "+39 3"}], PHONES,
     [{"value": "+39 4", "type": "home"}]),
    (f'{PHONES}[value eq "+39 3"]', "+39 3", PHONES, [{"value": "+39 4", "type": "home"}]),
    (f'{PHONES}[type eq "work"].value', "+39 3", PHONES,
     [{"type": "work"}, {"value": "+39 4", "type": "home"}]),
    (MANAGER, [{"$ref": None, "value": "B"}], MANAGER, None),
    (MANAGER, {"value": "B"}, MANAGER, None),
    (MANAGER, "B", MANAGER, None),
    (MANAGER, {"value": "another"}, MANAGER, None),
    (f"{MANAGER}.value", "B", MANAGER, None),
    (f"{MANAGER}.value", None, MANAGER, None),
    (f'{MANAGER}[value eq "B"]', None, MANAGER, None),
    (f'{MANAGER}[value eq "B"]', {"value": "B"}, MANAGER, None),
    (f'{MANAGER}[not (value eq "C")]', None, MANAGER, None),
    (f'{MANAGER}[value eq "B" and value pr].value', None, MANAGER, None),
    (f"{ENTERPRISE}:department", "D", f"{ENTERPRISE}:department", None),
    (ENTERPRISE, None, ENTERPRISE, None),
    (ENTERPRISE, {"department": "D"}, ENTERPRISE, None),
]  # fmt: skip
LENIENT_REMOVALS: list[tuple[str, Any, str, Any]] = [
    ("manager", [{"$ref": None, "value": "B"}], MANAGER, None),
    ("manager", "B", MANAGER, None),
    ('manager[value eq "B"]', None, MANAGER, None),
    ("manager.value", "B", MANAGER, None),
    ("department", "D", f"{ENTERPRISE}:department", None),
    (PHONES, [{"value": "+39 3"}], PHONES, [{"value": "+39 4", "type": "home"}]),
    (PHONES, {"value": "+39 3", "display": "not kept", "primary": True}, PHONES,
     [{"value": "+39 4", "type": "home"}]),
    (PHONES, "+39 3", PHONES, [{"value": "+39 4", "type": "home"}]),
    (PHONES, ["+39 3", "+39 4"], PHONES, None),
    (PHONES, [{"$ref": None, "value": "+39 3", "type": None}], PHONES,
     [{"value": "+39 4", "type": "home"}]),
    (PHONES, [{"value": "+39 3", "shoeSize": 44}], PHONES, [{"value": "+39 4", "type": "home"}]),
    (f"{PHONES}.value", "+39 3", PHONES, [{"value": "+39 4", "type": "home"}]),
    (f"{PHONES}.type", "work", PHONES, [{"value": "+39 3"}, {"value": "+39 4", "type": "home"}]),
    ("ims", [{"value": "i", "type": "a"}], "ims", [{"value": "i", "type": "b"}]),
    ("ims", [{"VALUE": "i"}], "ims", None),
    ("addresses", [{"type": "work"}], "addresses", [{"type": "home", "postalCode": "2"}]),
    ("addresses", [{"postalCode": 1}], "addresses", [{"type": "home", "postalCode": "2"}]),
    (PHONES, [], PHONES, [{"value": "+39 3", "type": "work"}, {"value": "+39 4", "type": "home"}]),
]  # fmt: skip


def removal(path: str, value: Any) -> Json:
    return {"op": "Remove", "path": path, **({} if value is None else {"value": value})}


async def removes(
    http: httpx.AsyncClient, path: str, value: Any, looked_at: str, left: Any
) -> None:
    async with made(http) as user:
        answer = await patched(http, user["id"], removal(path, value))

        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert (at(shown, looked_at) if looked_at != ENTERPRISE else shown.get(ENTERPRISE)) == left
        assert own((await http.get(f"/Users/{user['id']}")).json()) == own(shown)


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("value", [None, "", " ", [], [None], 5, True])
def test_an_operation_that_names_nothing_is_refused(both: Any, op: str, value: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        async with made(http) as user:
            answer = await patched(http, user["id"], {"op": op, "value": value})

            assert answer.status_code == 400, answer.text
            assert "path" in answer.json()["detail"]

    both(test)


@pytest.mark.parametrize(("path", "value", "looked_at", "left"), PLAIN_REMOVALS)
def test_a_removal_may_carry_a_value(
    both: Any, path: str, value: Any, looked_at: str, left: Any
) -> None:
    both(lambda http: removes(http, path, value, looked_at, left))


@pytest.mark.parametrize(("path", "value", "looked_at", "left"), LENIENT_REMOVALS)
def test_a_lenient_removal_takes_away_what_its_value_tells(
    lenient: Any, path: str, value: Any, looked_at: str, left: Any
) -> None:
    lenient(lambda http: removes(http, path, value, looked_at, left))


@pytest.mark.parametrize(
    "path",
    [f'{MANAGER}[value eq "C"]', f'{MANAGER}[value eq "C"].value', f"{MANAGER}[not (value pr)]"],
)
def test_a_manager_who_is_not_the_selected_one_stays(both: Any, path: str) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        async with made(http) as user:
            answer = await patched(http, user["id"], {"op": "remove", "path": path})

            assert answer.status_code == 200, answer.text
            assert answer.json() == user

    both(test)


def test_a_selection_sees_what_the_operations_before_it_did(lenient: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        async with made(http) as user:
            answer = await patched(
                http,
                user["id"],
                {"op": "replace", "path": "manager", "value": "C"},
                {"op": "remove", "path": 'manager[value eq "C"]'},
                {"op": "remove", "path": 'manager[value eq "B"]'},
                {"op": "replace", "path": "title", "value": "New"},
            )

            assert answer.status_code == 200, answer.text
            assert at(answer.json(), MANAGER) is None
            assert answer.json()["title"] == "New"

    lenient(test)


# operation -> scimType
REFUSED_REMOVALS: list[tuple[Json, str]] = [
    ({"op": "remove", "value": {"title": "Old"}}, "noTarget"),
    ({"op": "remove", "value": {"title": None}}, "noTarget"),
    ({"op": "remove", "value": [{"title": "Old"}]}, "noTarget"),
    ({"op": "remove", "value": "title"}, "noTarget"),
    ({"op": "remove"}, "noTarget"),
    ({"op": "remove", "path": PHONES, "value": [{"shoeSize": 1}]}, "invalidValue"),
    ({"op": "remove", "path": PHONES, "value": [{}]}, "invalidValue"),
    ({"op": "remove", "path": PHONES, "value": {}}, "invalidValue"),
    ({"op": "remove", "path": PHONES, "value": [{"value": ""}]}, "invalidValue"),
    ({"op": "remove", "path": PHONES, "value": [""]}, "invalidValue"),
    ({"op": "remove", "path": PHONES, "value": [{"value": {"a": 1}}]}, "invalidValue"),
    ({"op": "remove", "path": "userName", "value": "x"}, "mutability"),
    ({"op": "remove", "path": "id", "value": "x"}, "mutability"),
]


@pytest.mark.parametrize(("operation", "scim_type"), REFUSED_REMOVALS)
def test_a_removal_of_nothing_that_can_be_told_is_refused(
    lenient: Any, operation: Json, scim_type: str
) -> None:
    lenient(lambda http: is_refused(http, [operation], scim_type))


def test_a_strict_removal_does_not_choose_by_its_value(strict: Any) -> None:
    operation = {"op": "remove", "path": PHONES, "value": [{"value": "+39 3"}]}
    strict(lambda http: is_refused(http, [operation], "invalidValue"))


@pytest.mark.parametrize("path", ["name.givenName", "name.familyName"])
@pytest.mark.parametrize("value", ["", " ", "\t\n", "\u00a0"])
def test_blanks_are_no_name(both: Any, path: str, value: str) -> None:
    operation = {"op": "replace", "path": path, "value": value}
    both(lambda http: is_refused(http, [operation], "invalidValue"))


@pytest.mark.parametrize("value", ["", " ", "\t\n", "\u00a0"])
def test_blanks_are_no_name_of_a_group(both: Any, value: str) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        new = {"schemas": [GROUP], "displayName": f"Group {next(NUMBERS)}"}
        group = (await http.post("/Groups", json=new)).json()
        path = f"/Groups/{group['id']}"
        operation = {"op": "replace", "path": "displayName", "value": value}
        sent = {"schemas": [PATCH_OP], "Operations": [operation]}
        for answer in (
            await http.patch(path, json=sent),
            await http.put(path, json={**new, "displayName": value}),
        ):
            assert answer.status_code == 400, answer.text
            plain(answer.json()["detail"])
        assert (await http.get(path)).json() == group

    both(test)


async def is_refused(http: httpx.AsyncClient, operations: list[Any], scim_type: str | None) -> None:
    """Alone and in a bulk request: 400, and nothing is done."""
    async with made(http) as user:
        answer = await patched(http, user["id"], *operations)
        assert answer.status_code == 400, answer.text
        plain(answer.json()["detail"])
        if scim_type is not None:
            assert answer.json()["scimType"] == scim_type, answer.text
        data = {"schemas": [PATCH_OP], "Operations": operations}
        bad = {"method": "PATCH", "path": f"/Users/{user['id']}", "data": data}
        good = {"op": "replace", "path": "nickName", "value": "Nick"}
        data = {"schemas": [PATCH_OP], "Operations": [good]}
        fine = {"method": "PATCH", "path": f"/Users/{user['id']}", "data": data}
        sent = {"schemas": [BULK], "Operations": [bad, fine]}
        bulk = (await http.post("/Bulk", json=sent)).json()
        assert [each["status"] for each in bulk["Operations"]] == ["400", "200"], bulk
        plain(bulk["Operations"][0]["response"]["detail"])
        now = (await http.get(f"/Users/{user['id']}")).json()
        assert now.pop("nickName") == "Nick"
        assert own(now) == own(user)


def plain(detail: str) -> None:
    for word in ("validation error", "pydantic", "Input should", "Traceback", "<class",
                 "dictionary", "NoneType", "Extra inputs", "Value error", "\n"):  # fmt: skip
        assert word not in detail, detail
    assert 0 < len(detail) < 300, detail


# -- 13: absurd forms --------------------------------------------------------------

TITLE = {"op": "replace", "path": "title", "value": "T"}
MALFORMED: list[tuple[list[Any], str | None]] = [
    *[([{**TITLE, "path": path}], "invalidPath")
      for path in (["title"], 5, 1.5, {}, {"a": 1}, True)],
    *[([{**TITLE, "op": op}], "invalidValue")
      for op in some(None, 5, ["add"], {}, "", "jump", True)],
    ([{"path": "title", "value": "T"}], "invalidValue"),
    *[([item], "invalidSyntax") for item in (None, 5, "title", [], [TITLE], True)],
    ([TITLE, 5], "invalidSyntax"),
    ([{"op": "add", "path": "title"}], None),
    ([{"op": "replace"}], None),
    *[([{"op": "replace", "value": value}], "invalidValue") for value in (5, "x", True)],
    ([{"op": "add", "value": [{"title": "a"}, {"title": "b"}]}], None),
    ([{**TITLE, "path": "title\u0000"}], "invalidPath"),
    ([{**TITLE, "path": "title\nnickName"}], "invalidPath"),
    ([{**TITLE, "path": "a" * 5000}], None),
    ([{**TITLE, "path": "emails["}], None),
    ([{**TITLE, "path": "urn:"}], None),
    ([{**TITLE, "OP": "add"}], "invalidSyntax"),
    ([{"op": "replace", "path": "name", "value": {"givenName": "a", "GIVENNAME": "b"}}],
     "invalidSyntax"),
]  # fmt: skip


@pytest.mark.parametrize(("operations", "scim_type"), MALFORMED)
def test_an_operation_of_an_absurd_form_is_refused(
    both: Any, operations: list[Any], scim_type: str | None
) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        is_lenient = (await patched(http, "0", {"op": "add", "value": {}})).status_code == 404
        await is_refused(http, operations, scim_type if is_lenient else None)

    both(test)


@pytest.mark.parametrize("operations", [None, [], {}, 5, "x", [5], True, [[]]])
def test_operations_that_are_no_list_of_objects_are_refused(both: Any, operations: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        async with made(http) as user:
            for sent in (
                {"schemas": [PATCH_OP], "Operations": operations},
                {"schemas": [PATCH_OP]},
            ):
                answer = await http.patch(f"/Users/{user['id']}", json=sent)
                assert answer.status_code == 400, answer.text
                plain(answer.json()["detail"])
                bulk = await http.post("/Bulk", json={**sent, "schemas": [BULK]})
                assert operations == [] or bulk.status_code == 400 or operations in ([5], [[]])
                assert bulk.status_code < 500, bulk.text

    both(test)


@pytest.mark.parametrize("schemas", [[{}], [5], [None], 5, {}, True, [[USER]]])
def test_schemas_that_are_no_list_of_texts_are_refused(both: Any, schemas: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        async with made(http) as user:
            path = f"/Users/{user['id']}"
            for answer in (
                await http.post("/Users", json=body(schemas=schemas)),
                await http.put(path, json={**user, "schemas": schemas}),
                await http.patch(path, json={"schemas": schemas, "Operations": [TITLE]}),
                await http.post("/Bulk", json={"schemas": schemas, "Operations": []}),
            ):
                assert answer.status_code == 400, answer.text
                plain(answer.json()["detail"])
            assert (await http.get(path)).json() == user

    both(test)


def test_lenient_schemas_may_be_one_text(lenient: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        assert (await http.post("/Users", json=body(schemas=USER))).status_code == 201

    lenient(test)


GONE = {"method": "DELETE", "path": "/Users/1"}
POSTED = {"method": "POST", "path": "/Users", "bulkId": "b", "data": {}}
BAD_IN_BULK: list[Any] = [
    None, 5, "x", [], [POSTED], True, {},
    *({**GONE, "method": method} for method in some(None, 5, "GET", "", ["DELETE"], {})),
    *({**GONE, "path": path} for path in some(None, 5, ["/Users/1"], {}, True)),
    *({**GONE, "version": version} for version in some(5, ["W/1"], {})),
    *({**POSTED, "bulkId": bulk_id} for bulk_id in some(["b"], {}, True, None)),
    *({**POSTED, "data": data} for data in some(None, 5, "x", [], [{}], True, {"schemas": [{}]},
                                            {"schemas": 5}, {"userName": {}},
                                            {"userName": "a", "USERNAME": "b"})),
    *({"method": "PATCH", "path": "/Users/1", "data": data}
      for data in some(None, 5, [], {}, {"Operations": 5}, {"Operations": [5]}, {"schemas": [{}]},
                   {"Operations": [{**TITLE, "path": ["title"]}]})),
    {"method": "DELETE", "METHOD": "POST", "path": "/Users/1"},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_IN_BULK)
def test_one_malformed_operation_fails_alone(both: Any, bad: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        good = {**POSTED, "bulkId": "good", "data": body()}
        sent = {"schemas": [BULK], "Operations": [bad, good]}

        answer = await http.post("/Bulk", json=sent)

        assert answer.status_code == 200, answer.text
        first, second = answer.json()["Operations"]
        assert first["status"] == "400", first
        plain(first["response"]["detail"])
        assert second["status"] == "201", second
        assert second["bulkId"] == "good"

    both(test)


@pytest.mark.parametrize("most", ["x", {}, [1, 2], True, -1, 1.5])
def test_a_bulk_request_that_is_malformed_itself_is_refused(both: Any, most: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        sent = {"schemas": [BULK], "failOnErrors": most, "Operations": []}
        answer = await http.post("/Bulk", json=sent)
        assert answer.status_code == 400, answer.text
        assert "failOnErrors" in answer.json()["detail"]

    both(test)


RAW = [b"[]", b'"x"', b"null", b"5", b"true", b"{", b"", b"NaN", b'{"a":NaN}',
       b'{"userName":Infinity}',
       b'{"title":"\\ud800"}', b'{"title":"\xff"}', b'{"a":' * 50 + b"1" + b"}" * 50,
       b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
       b'{"userName":' + b"9" * 400 + b"}"]  # fmt: skip


@pytest.mark.parametrize("raw", RAW)
def test_a_body_that_is_no_object_is_refused(both: Any, raw: bytes) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        async with made(http) as user:
            for method, path in (
                ("POST", "/Users"), ("POST", "/Bulk"), ("POST", "/Groups"),
                ("PUT", f"/Users/{user['id']}"), ("PATCH", f"/Users/{user['id']}"),
            ):  # fmt: skip
                headers = {"Content-Type": "application/scim+json"}
                answer = await http.request(method, path, content=raw, headers=headers)
                assert answer.status_code == 400, answer.text
                plain(answer.json()["detail"])

    both(test)


# -- 14: read-only values ----------------------------------------------------------

READ_ONLY: list[Json] = [
    {"meta": {"created": "10/18/2019 6:50:23 AM"}},
    {"meta": {"lastModified": 5, "version": [], "location": {}, "resourceType": None}},
    {"meta": "x"}, {"meta": 5}, {"meta": []}, {"meta": None},
    {"id": 4711}, {"id": {}}, {"id": ["x"]}, {"id": "x"}, {"id": None},
    {"groups": ["871"]}, {"groups": "x"}, {"groups": 5}, {"groups": [{"value": 5}]}, {"groups": {}},
    {GOTO_USER: {"inviteCount": "many", "invitedDate": "yesterday", "nameLocked": "no"}},
    {GOTO_USER: {"products": {"a": 1}, "status": 5}}, {GOTO_USER: {}},
    {ENTERPRISE: {"manager": {"value": "B", "displayName": 5}}},
    {ENTERPRISE: {"manager": {"value": "B", "displayName": ["x"]}}},
    {"ID": 1, "Meta": 2, "GROUPS": 3},
]  # fmt: skip


@pytest.mark.parametrize("malformed", READ_ONLY)
def test_read_only_values_are_ignored_however_they_look(both: Any, malformed: Json) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        extensions = [name for name in malformed if name.startswith("urn:")]
        sent = {**body(title="T"), **malformed, "schemas": [USER, *extensions]}
        answer = await http.post("/Users", json=sent)
        assert answer.status_code == 201, answer.text
        path = f"/Users/{answer.json()['id']}"

        sent["title"] = "U"
        put = await http.put(path, json=sent)

        assert put.status_code == 200, put.text
        assert put.json()["title"] == "U"
        assert put.json()["id"] == answer.json()["id"]
        assert put.json()[GOTO_USER] == answer.json()[GOTO_USER]
        operation = {"op": "replace", "value": {**malformed, "title": "V"}}
        bulk = {"method": "PUT", "path": path, "data": {**sent, "title": "W"}}
        done = await http.post("/Bulk", json={"schemas": [BULK], "Operations": [bulk]})
        assert done.json()["Operations"][0]["status"] == "200", done.text
        if (await patched(http, "0", {"op": "add", "value": {}})).status_code == 404:
            patch = await patched(http, path.removeprefix("/Users/"), operation)
            assert patch.status_code == 200, patch.text
            assert patch.json()["title"] == "V"

    both(test)


@pytest.mark.parametrize("path", ["id", "meta", "meta.created", "groups", "groups.value",
                                  f"{GOTO_USER}:status", f"{MANAGER}.displayName"])  # fmt: skip
@pytest.mark.parametrize("value", ["x", 5, ["x"], True])
def test_a_path_to_what_is_read_only_stays_refused(both: Any, path: str, value: Any) -> None:
    operation = {"op": "replace", "path": path, "value": value}
    both(lambda http: is_refused(http, [operation], "mutability"))


# -- 16 and 19: lists of one, numbers, bare values ---------------------------------

# attributes as sent -> as they are then
READ_AS: list[tuple[Json, Json]] = [
    ({"title": ["x"]}, {"title": "x"}),
    ({"title": []}, {"title": None}),
    ({"name": [{"givenName": "G", "familyName": "F"}]}, {"name.givenName": "G"}),
    ({"name": {"givenName": ["G"], "familyName": "F"}}, {"name.givenName": "G"}),
    ({"name": {"givenName": 5, "familyName": "F"}}, {"name.givenName": "5"}),
    ({"active": ["true"]}, {"active": True}),
    ({"active": "True"}, {"active": True}),
    ({"active": 1}, {"active": True}),
    ({"externalId": 7}, {"externalId": "7"}),
    ({"externalId": -7}, {"externalId": "-7"}),
    ({"externalId": 1.5}, {"externalId": "1.5"}),
    ({"externalId": 12345678901234567890}, {"externalId": "12345678901234567890"}),
    ({"displayName": 12}, {"displayName": "12"}),
    ({"title": [5]}, {"title": "5"}),
    ({ENTERPRISE: {"employeeNumber": 12345}}, {f"{ENTERPRISE}:employeeNumber": "12345"}),
    ({ENTERPRISE: [{"employeeNumber": [12345]}]}, {f"{ENTERPRISE}:employeeNumber": "12345"}),
    ({ENTERPRISE: {"manager": 7}}, {f"{MANAGER}.value": "7"}),
    ({ENTERPRISE: {"manager": ["7"]}}, {f"{MANAGER}.value": "7"}),
    ({ENTERPRISE: {"manager": [{"value": 7}]}}, {f"{MANAGER}.value": "7"}),
    ({"addresses": [{"postalCode": 8000, "type": "work"}]},
     {"addresses": [{"postalCode": "8000", "type": "work"}]}),
    ({"addresses": {"postalCode": [8000]}}, {"addresses": [{"postalCode": "8000"}]}),
    ({"phoneNumbers": "+39 3"}, {"phoneNumbers": [{"value": "+39 3"}]}),
    ({"phoneNumbers": 393}, {"phoneNumbers": [{"value": "393"}]}),
    ({"phoneNumbers": ["+39 3", 394]}, {"phoneNumbers": [{"value": "+39 3"}, {"value": "394"}]}),
    ({"phoneNumbers": [{"value": 393}, ""]}, {"phoneNumbers": [{"value": "393"}]}),
    ({"ims": "i"}, {"ims": [{"value": "i"}]}),
    ({"photos": ["https://p.example/1"]}, {"photos": [{"value": "https://p.example/1"}]}),
    ({"x509Certificates": "AAEC"}, {"x509Certificates": [{"value": "AAEC"}]}),
    ({"x509Certificates": ["AAE"]}, {"x509Certificates": [{"value": "AAE="}]}),
    ({"x509Certificates": [{"value": "AA\r\nEC"}]}, {"x509Certificates": [{"value": "AAEC"}]}),
    ({"x509Certificates": [
        {"value": "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"}]},
     {"x509Certificates": [{"value": "AAEC"}]}),
]  # fmt: skip


async def holds(http: httpx.AsyncClient, answer: httpx.Response, means: Json) -> None:
    assert answer.status_code in (200, 201), answer.text
    shown = answer.json()
    assert {path: at(shown, path) for path in means} == means
    assert own((await http.get(f"/Users/{shown['id']}")).json()) == own(shown)


@pytest.mark.parametrize(("sent", "means"), READ_AS)
def test_values_of_another_type_are_read_as_what_they_mean(
    lenient: Any, sent: Json, means: Json
) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        address = body()
        answer = await http.post("/Users", json={**address, **sent})
        await holds(http, answer, means)
        key = answer.json()["id"]
        await http.put(f"/Users/{key}", json=address)
        await holds(http, await http.put(f"/Users/{key}", json={**address, **sent}), means)
        for operations in (
            [{"op": "replace", "value": sent}],
            [{"op": "replace", "value": [sent]}],
            [{"op": "add", "path": path, "value": value} for path, value in sent.items()],
            [{"op": "replace", "path": path, "value": value} for path, value in sent.items()],
        ):
            await http.put(f"/Users/{key}", json=address)
            await holds(http, await patched(http, key, *operations), means)

    lenient(test)


def test_addresses_may_be_bare(lenient: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        for form in (str, lambda text: [text], lambda text: {"value": text}):
            address = f"bare-{next(NUMBERS)}@bodies.example"
            answer = await http.post("/Users", json={**body(), "emails": form(address)})
            assert answer.status_code == 201, answer.text
            assert answer.json()["emails"][0]["value"] == address
            sent = {**body(), "userName": answer.json()["userName"], "emails": form(f"n{address}")}
            put = await http.put(f"/Users/{answer.json()['id']}", json=sent)
            assert put.json()["emails"][0]["value"] == f"n{address}"

    lenient(test)


WRONG: list[tuple[Json, str]] = [
    ({"title": ["x", "y"]}, "title"),
    ({"title": True}, "title"),
    ({"title": {}, "nickName": {"a": 1}}, "nickName"),
    ({"externalId": 1e300}, "externalId"),
    ({"active": "maybe"}, "active"),
    ({"active": 5}, "active"),
    ({"active": [True, False]}, "active"),
    ({"name": [{"givenName": "a"}, {"givenName": "b"}]}, "name"),
    ({"name": "Ada"}, "name"),
    ({"emails": [True]}, "emails[0]"),
    ({"emails": [{"value": "a@b.example"}, {"value": {}, "type": ["x", "y"]}]}, "emails[1].type"),
    ({"phoneNumbers": [{"value": "1", "primary": True}, {"value": "2", "primary": True}]},
     "phoneNumbers"),
    ({ENTERPRISE: "x"}, ENTERPRISE),
    ({ENTERPRISE: {"manager": ["1", "2"]}}, f"{MANAGER}"),
    ({ENTERPRISE: {"costCenter": [1, 2]}}, f"{ENTERPRISE}:costCenter"),
    *[({"x509Certificates": [{"value": value}]}, "x509Certificates[0].value")
      for value in ("*", "AA*C", "A", "AAEC=A", "é", 5.5, "-----BEGIN", "AA_-")],
]  # fmt: skip


@pytest.mark.parametrize(("sent", "named"), WRONG)
def test_values_that_mean_nothing_are_refused(lenient: Any, sent: Json, named: str) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        posted = await http.post("/Users", json={**body(), **sent})
        async with made(http) as user:
            put = await http.put(f"/Users/{user['id']}", json={**user, **sent})
            patch = await patched(http, user["id"], {"op": "replace", "value": sent})
        for answer in (posted, put, patch):
            assert answer.status_code == 400, answer.text
            assert named in answer.json()["detail"]
            plain(answer.json()["detail"])

    lenient(test)


def test_a_strict_client_sends_the_types_of_the_schema(strict: Any) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        for sent in ({"title": ["x"]}, {"externalId": 7}, {"active": "true"}, {"active": 1},
                     {"phoneNumbers": "1"}, {"phoneNumbers": {"value": "1"}}):  # fmt: skip
            answer = await http.post("/Users", json={**body(), **sent})
            assert answer.status_code == 400, answer.text
            assert next(iter(sent)) in answer.json()["detail"]

    strict(test)


# -- 18: paths that name nothing ---------------------------------------------------

NOWHERE = ["nosuch", "memebers", "titel", "name.nosuch", "emails.nosuch", "title.nosuch",
           'emails[type eq "work"].nosuch', 'emails[nosuch eq "x"]', 'emails[nosuch eq "x"].value',
           f"{USER}:nosuch", f"{ENTERPRISE}:nosuch", f"{ENTERPRISE}:manager.nosuch", "members",
           f"{GROUP}:members", f"{ENTERPRISE}.department", f'{ENTERPRISE}:manager[nosuch eq "x"]',
           "urn:ietf:params:scim:schemas:core:2.0:Usr:title"]  # fmt: skip


@pytest.mark.parametrize("op", ["add", "replace", "remove", "Replace"])
@pytest.mark.parametrize("path", NOWHERE)
def test_a_path_that_names_nothing_is_refused(lenient: Any, op: str, path: str) -> None:
    operation = {"op": op, "path": path, **({} if op == "remove" else {"value": "x"})}
    other = {"op": "replace", "path": "title", "value": "never"}
    lenient(lambda http: is_refused(http, [other, operation], "invalidPath"))


@pytest.mark.parametrize(
    "path", ["memebers", "nosuch", f"{GROUP}:nosuch", "members.nosuch", "title"]
)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_a_path_that_names_nothing_of_a_group_is_refused(lenient: Any, op: str, path: str) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        group = (await http.get("/Groups")).json()["Resources"][0]
        operation = {"op": op, "path": path, **({} if op == "remove" else {"value": "x"})}
        sent = {"schemas": [PATCH_OP], "Operations": [operation]}
        answer = await http.patch(f"/Groups/{group['id']}", json=sent)
        assert answer.status_code == 400, answer.text
        assert answer.json()["scimType"] == "invalidPath"
        if path == "memebers":
            assert "did you mean members?" in answer.json()["detail"]
        assert (await http.get(f"/Groups/{group['id']}")).json() == group

    lenient(test)


DROPPED: list[Json] = [
    {"op": "add", "path": "urn:example:extension:1:User:shoeSize", "value": 44},
    {"op": "replace", "path": "urn:example:extension:1:User:shoe.size", "value": {"a": [1]}},
    {"op": "remove", "path": "urn:example:extension:1:User:shoeSize"},
    {"op": "replace", "value": {"shoeSize": 44, "name": {"shoeSize": 44}, "a b": 1, "a.b.c": {}}},
    {"op": "add", "value": {"urn:example:extension:1:User": {"shoeSize": 44}}},
    {"op": "replace", "path": "name", "value": {"shoeSize": 44}},
    {"op": "replace", "path": ENTERPRISE, "value": {"shoeSize": 44}},
]


@pytest.mark.parametrize("operation", DROPPED)
def test_what_a_lenient_client_says_of_other_schemas_is_dropped(
    lenient: Any, operation: Json
) -> None:
    async def test(http: httpx.AsyncClient) -> None:
        async with made(http) as user:
            answer = await patched(http, user["id"], operation)
            assert answer.status_code == 200, answer.text
            assert own(answer.json()) == own(user)

    lenient(test)
