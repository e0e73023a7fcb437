"""HTTP around SCIM: content types, URLs, methods, conditions, locations, credentials, limits."""

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from bridge.mapping import load_mapping
from tests.conftest import Bridge, simulated
from tests.live import TOKEN as LIVE_TOKEN
from tests.live import live_bridge
from tests.scim.face import TOKEN
from tests.scim.wire import ERROR, MEDIA_TYPE, MOUNT, Wire, wired

SHIPPED = load_mapping()
ROOT = f"http://bridge.test{MOUNT}"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
Test = Callable[[Wire, Bridge], Coroutine[Any, Any, None]]
Runner = Callable[[Test], None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """One bridge for all these tests: each cleans up, or makes users of its own."""
    with asyncio.Runner() as runner:
        opening = wired(simulated(users=6), tmp_path_factory.mktemp("protocol"), mapping=SHIPPED)
        wire, bridge = runner.run(opening.__aenter__())
        yield lambda test: runner.run(test(wire, bridge))
        runner.run(opening.__aexit__(None, None, None))


async def any_user(wire: Wire) -> dict[str, Any]:
    listed = (await wire.ask("GET", "/Users")).json()["Resources"]
    found: dict[str, Any] = listed[-1]
    return found


async def made_user(wire: Wire, name: str) -> dict[str, Any]:
    answer = await wire.ask("POST", "/Users", {"userName": f"{name}@example.com"})
    assert answer.status == 201, answer
    made: dict[str, Any] = answer.json()
    return made


# -- Content types and methods ---------------------------------------------------

JSON_TYPES = [
    None, "", "application/scim+json", "application/json", "application/json;charset=utf-8",
    'APPLICATION/SCIM+JSON; Charset="UTF-8"', "application/vnd.vendor.v1+json",
]  # fmt: skip
OTHER_TYPES = ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json", ";"]


@pytest.mark.parametrize("content_type", JSON_TYPES)
def test_json_is_read_under_any_of_its_names(run: Runner, content_type: str | None) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        headers: dict[str, Any] = {} if content_type is None else {"content_type": content_type}
        body = {"filter": "userName pr"}

        answer = await wire.ask("POST", "/Users/.search", body, **headers)

        assert answer.status == 200, answer

    run(test)


@pytest.mark.parametrize("content_type", OTHER_TYPES)
@pytest.mark.parametrize("path", ["/Users", "/Bulk", "/.search", "/Groups/.search"])
def test_what_is_not_json_is_refused(run: Runner, path: str, content_type: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        answer = await wire.ask("POST", path, {}, content_type=content_type)

        assert answer.status == 415
        assert answer.json()["schemas"] == [ERROR]

    run(test)


@pytest.mark.parametrize("accept", [None, "", "*/*", "text/html", "application/xml;q=1", "\xff"])
def test_answers_are_scim_json_whatever_is_accepted(run: Runner, accept: str | None) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        headers: dict[str, Any] = {} if accept is None else {"accept": accept}

        answers = [await wire.ask("GET", path, **headers) for path in ("/Users", "/Users/x")]

        assert [answer.status for answer in answers] == [200, 404]
        assert {answer.headers["content-type"] for answer in answers} == {MEDIA_TYPE}

    run(test)


NOT_ALLOWED = [
    ("DELETE", "/Users", "GET, HEAD, POST"),
    ("POST", "/Users/1", "DELETE, GET, HEAD, PATCH, PUT"),
    ("OPTIONS", "/Users", "GET, HEAD, POST"),
    ("GET", "/Bulk", "POST"),
    ("PUT", "/Schemas", "GET, HEAD"),
    ("POST", "/ServiceProviderConfig", "GET, HEAD"),
    ("GET", "/.search", "POST"),
    ("get", "/Users", "GET, HEAD, POST"),
    ("PROPFIND", "/", "GET, HEAD"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), NOT_ALLOWED)
def test_a_method_that_is_not_served_is_answered_with_those_that_are(
    run: Runner, method: str, path: str, allowed: str
) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        answer = await wire.ask(method, path)

        assert (answer.status, answer.headers["allow"]) == (405, allowed)
        assert answer.json()["schemas"] == [ERROR]

    run(test)


def test_head_is_get_without_the_body(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        key = (await any_user(wire))["id"]
        for path in (f"/Users/{key}", "/Users", "/ServiceProviderConfig", "/Users/99", "/Schemas"):
            got, head = await wire.ask("GET", path), await wire.ask("HEAD", path)

            assert (head.status, head.headers) == (got.status, got.headers)
            assert int(head.headers["content-length"]) == len(got.content)
            assert head.content == b""

    run(test)


# -- URLs ------------------------------------------------------------------------

SAME_USER = [
    "/Users/{id}", "/Users/{id}/", "//Users/{id}", "//Users//{id}//", "/users/{id}",
    "/Users/{id}.scim", "/Users/{id}.scim/", "/Users/{id}?aadOptscim062020",
    "?aadOptscim062020/Users/{id}", "/?aadOptscim062020/Users/{id}", "/%55sers/{id}",
    "?AzureAdScimPatch062020/Users/{id}?attributes=", "/Users/{id}?", "/Users/{id}?&=&x",
]  # fmt: skip


@pytest.mark.parametrize("path", SAME_USER)
def test_clients_find_a_user_by_every_spelling_of_its_url(run: Runner, path: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await any_user(wire)

        answer = await wire.send("GET", path.replace("{id}", user["id"]))

        assert answer.json() == user

    run(test)


@pytest.mark.parametrize(
    "path", ["/Users?count=2", "?aadOptscim062020/Users?count=2", "//Users/?COUNT=2&x=1"]
)
def test_a_list_is_found_by_every_spelling_of_its_url(run: Runner, path: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        answer = await wire.send("GET", path)

        assert answer.json()["itemsPerPage"] == 2
        assert answer.json()["totalResults"] > 2

    run(test)


@pytest.mark.parametrize(
    "path", ["/Users%3Fcount=1", "/Users/1%23x", "/Users/1%2F2", "/a/b/c", "/.scim/x", "/%00"]
)
def test_what_is_escaped_stays_a_part_of_the_path(run: Runner, path: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        answer = await wire.send("GET", path + "?count=1")

        assert answer.status == 404
        assert answer.json()["schemas"] == [ERROR]

    run(test)


def test_a_query_is_read_as_sent_beside_a_path_with_escapes(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await any_user(wire)
        names = f"/Schemas/{USER}%3F%23?filter=x"

        answers = [
            await wire.send("GET", f"/%55sers/{user['id']}?attributes=userName".encode() + b"&x=1"),
            await wire.send("GET", names),
        ]

        assert set(answers[0].json()) == {"schemas", "id", "userName"}
        # The filter is seen: discovery documents take none.
        assert answers[1].status == 403

    run(test)


DISCOVERED = [
    (f"/Schemas/{USER}", 200), (f"/Schemas/{USER.upper()}", 200), (f"/Schemas/{USER}.scim", 200),
    ("/Schemas/urn:unknown", 404), ("/Schemas/User", 404), ("/Schemas/a/b", 404),
    ("/ResourceTypes/User", 200), ("/ResourceTypes/Group", 200), ("/ResourceTypes/user", 200),
    ("/ResourceTypes/Unknown", 404), ("/ServiceProviderConfig/", 200),
    ("/ServiceProviderConfig/x", 404), ("/Unknown", 404), ("/Unknown/1", 404),
]  # fmt: skip


@pytest.mark.parametrize(("path", "status"), DISCOVERED)
def test_what_there_is_can_be_discovered_and_nothing_else(
    run: Runner, path: str, status: int
) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        answer = await wire.ask("GET", path)

        assert answer.status == status, answer
        if status == 200:
            location = answer.json()["meta"]["location"]
            assert answer.headers["content-location"] == location
            again = await wire.send("GET", location.removeprefix(ROOT))
            assert again.json() == answer.json()

    run(test)


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes"])
def test_every_discovered_document_is_where_it_says(run: Runner, path: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        listed = (await wire.ask("GET", path)).json()["Resources"]

        for document in listed:
            answer = await wire.send("GET", document["meta"]["location"].removeprefix(ROOT))
            assert answer.json() == document

    run(test)


# -- Locations -------------------------------------------------------------------

# what the server adds to the scope, Host -> the SCIM root that answers name
ROOTS: list[tuple[dict[str, Any], bytes, str]] = [
    ({}, b"bridge.test", ROOT),
    ({}, b"[::1]:8080", f"http://[::1]:8080{MOUNT}"),
    ({}, b"goto_bridge:80", f"http://goto_bridge:80{MOUNT}"),
    ({}, b"[", f"http://bridge.test:80{MOUNT}"),
    ({}, b"a/b\xff", f"http://bridge.test:80{MOUNT}"),
    ({"server": ("::1", 81)}, b"", f"http://[::1]:81{MOUNT}"),
    ({"server": None}, b"?", f"http://localhost{MOUNT}"),
    ({"scheme": "https"}, b"b.test", f"https://b.test{MOUNT}"),
    (
        {"root_path": f"/goto{MOUNT}", "app_root_path": "/goto"},
        b"b.test",
        f"http://b.test/goto{MOUNT}",
    ),
]
BEHIND_A_PROXY = {"root_path": f"/goto{MOUNT}", "app_root_path": "/goto"}
# BRIDGE_PUBLIC_URL, what the server adds to the scope -> the SCIM root
PUBLIC: list[tuple[str, dict[str, Any], str]] = [
    ("https://id.example/goto", {}, f"https://id.example/goto{MOUNT}"),
    ("https://id.example/goto/", BEHIND_A_PROXY, f"https://id.example/goto{MOUNT}"),
    (f"https://id.example{MOUNT}", {}, f"https://id.example{MOUNT}"),
]


@pytest.mark.parametrize(("scope", "host", "root"), ROOTS)
def test_locations_begin_as_the_request_did(
    run: Runner, scope: dict[str, Any], host: bytes, root: str
) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        await all_locations_begin_with(wire.at(host=host, **scope), root)

    run(test)


@pytest.mark.parametrize(("public_url", "scope", "root"), PUBLIC)
def test_locations_begin_with_the_public_url(
    tmp_path: Path, public_url: str, scope: dict[str, Any], root: str
) -> None:
    async def test() -> None:
        opening = wired(simulated(users=2), tmp_path, mapping=SHIPPED, public_url=public_url)
        async with opening as (wire, _):
            await all_locations_begin_with(wire.at(host=b"evil.example", **scope), root)

    asyncio.run(test())


async def all_locations_begin_with(wire: Wire, root: str) -> None:
    made = await wire.ask("POST", "/Users", {"userName": "ada@example.com"})
    user = made.json()
    there = f"{root}/Users/{user['id']}"
    operation = {"op": "replace", "path": "title", "value": "Boss"}
    patch = {"schemas": [PATCH_OP], "Operations": [operation]}
    answers = [
        made,
        await wire.ask("GET", f"//Users/{user['id']}.scim"),
        await wire.ask("PUT", f"/users/{user['id']}/", user),
        await wire.ask("PATCH", f"/Users/{user['id']}", patch, params={"attributes": "meta"}),
    ]
    assert made.headers["location"] == there
    for answer in answers:
        assert answer.headers["content-location"] == answer.json()["meta"]["location"] == there
        assert answer.headers["etag"] == answer.json()["meta"]["version"]
    members = {"displayName": "Staff", "members": [{"value": user["id"]}]}
    group = (await wire.ask("POST", "/Groups", members)).json()
    assert group["members"][0]["$ref"] == there
    listed = (await wire.ask("GET", "", params={"filter": f'id eq "{user["id"]}"'})).json()
    assert listed["Resources"][0]["meta"]["location"] == there
    assert listed["Resources"][0]["groups"][0]["$ref"] == f"{root}/Groups/{group['id']}"
    bulk = {"Operations": [{"method": "DELETE", "path": f"/Users/{user['id']}"}]}
    assert (await wire.ask("POST", "/Bulk", bulk)).json()["Operations"][0]["location"] == there
    config = await wire.ask("GET", "/ServiceProviderConfig")
    assert config.json()["meta"]["location"] == f"{root}/ServiceProviderConfig"
    assert (await wire.ask("DELETE", f"/Groups/{group['id']}")).status == 204


# -- Conditional requests ----------------------------------------------------------


@pytest.mark.parametrize("conditions", ["{etag}", "{opaque}", '"x", {etag}', '{opaque},W/"y"', "*"])
def test_who_has_the_newest_version_is_told_so(run: Runner, conditions: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await any_user(wire)
        etag = user["meta"]["version"]

        answer = await wire.ask("GET", f"/Users/{user['id']}", if_none_match=of(conditions, etag))

        assert (answer.status, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert "content-type" not in answer.headers

    run(test)


def of(conditions: str, etag: str) -> str:
    return conditions.replace("{etag}", etag).replace("{opaque}", etag.removeprefix("W/"))


@pytest.mark.parametrize("conditions", ['W/"x"', '"x", "y"', "", "x", '"', "W/"])
def test_who_has_another_version_gets_the_newest(run: Runner, conditions: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await any_user(wire)

        answer = await wire.ask("GET", f"/Users/{user['id']}", if_none_match=conditions)

        assert answer.json() == user

    run(test)


def patched(text: str, path: str = "title") -> dict[str, Any]:
    operation = {"op": "replace", "path": path, "value": text}
    return {"schemas": [PATCH_OP], "Operations": [operation]}


NOT_MET = [
    {"if_match": '"x"'},
    {"if_match": 'W/"x", "y"'},
    {"if_none_match": "*"},
    {"if_none_match": "{etag}"},
    {"if_match": "*", "if_none_match": "*"},
]


@pytest.mark.parametrize("headers", NOT_MET)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_a_write_to_another_version_is_refused(
    run: Runner, kind: str, method: str, headers: dict[str, str]
) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        resource = (await wire.ask("GET", f"/{kind}")).json()["Resources"][-1]
        etag = resource["meta"]["version"]
        change = patched("x", "displayName")
        body = {"PUT": {**resource, "title": "x", "displayName": "x"}, "PATCH": change}
        before = await bridge.state()
        await bridge.forget_journal()

        sent: dict[str, Any] = {name: of(value, etag) for name, value in headers.items()}
        answer = await wire.ask(method, f"/{kind}/{resource['id']}", body.get(method), **sent)

        assert answer.status == 412, answer
        assert await bridge.state() == before
        assert [call for call in await bridge.journal() if call["method"] != "GET"] == []

    run(test)


@pytest.mark.parametrize("conditions", ["{etag}", "{opaque}", '"x", {etag}', "*", ""])
def test_a_write_to_the_version_that_was_read_is_done(run: Runner, conditions: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await made_user(wire, "conditional")
        path = f"/Users/{user['id']}"
        for method, body in (("PATCH", patched("a")), ("PUT", {**user, "title": "b"})):
            etag = (await wire.ask("GET", path)).headers["etag"]
            answer = await wire.ask(method, path, body, if_match=of(conditions, etag))
            assert answer.status == 200, answer
            assert answer.headers["etag"] != etag
        etag = answer.headers["etag"]
        assert (await wire.ask("DELETE", path, if_match=of(conditions, etag))).status == 204

    run(test)


def test_conditions_in_several_lines_are_one_list(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await any_user(wire)
        etag = user["meta"]["version"].encode()
        lines = [(b"if-none-match", b'"x"'), (b"If-None-Match".lower(), etag)]

        answer = await wire.send("GET", f"/Users/{user['id']}", headers=lines)

        assert answer.status == 304

    run(test)


def test_a_change_changes_the_version_and_none_keeps_it(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await made_user(wire, "versioned")
        path = f"/Users/{user['id']}"

        same = await wire.ask("PUT", path, user)
        changed = await wire.ask("PATCH", path, patched("new"))
        again = await wire.ask("PATCH", path, patched("new"))

        assert same.headers["etag"] == user["meta"]["version"] != changed.headers["etag"]
        assert again.json() == changed.json()
        assert (await wire.ask("DELETE", path)).status == 204

    run(test)


# -- Credentials -------------------------------------------------------------------

PATHS = [
    ("GET", "/Users"), ("GET", "/Unknown"), ("GET", "/Users/1/2/3"), ("DELETE", "/Users"),
    ("POST", "/Bulk"), ("GET", "/Me"), ("GET", "/Schemas"), ("GET", ""), ("OPTIONS", "/Users"),
    ("POST", "/ServiceProviderConfig"), ("GET", "/ServiceProviderConfig/x"), ("X", "/%00"),
]  # fmt: skip
BAD_CREDENTIALS = [
    None, b"", b"Bearer", b"Bearer ", b"Bearer wrong", b"Basic dXNlcjpwYXNz", b"bearer\xff\xfe",
    b"Bearer \xff\xfe\x00", "Bearer tökén".encode(), TOKEN.encode(), b"Bearer  " + b"x" * 5000,
    f"Bearer {TOKEN} {TOKEN}".encode(), f"Token {TOKEN}".encode(), f"Bearer {TOKEN[:-1]}".encode(),
]  # fmt: skip


@pytest.mark.parametrize("credentials", BAD_CREDENTIALS)
def test_a_stranger_learns_nothing_but_how_to_come_in(
    run: Runner, credentials: bytes | None
) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        headers = [] if credentials is None else [(b"authorization", credentials)]
        # An address of their own for each credential: many failures from one are answered with 429.
        address = f"198.51.100.{BAD_CREDENTIALS.index(credentials)}"
        await bridge.forget_journal()
        answers = [
            await wire.send(
                method, path, headers=headers, body=b"{", authorized=False, address=address
            )
            for method, path in PATHS
        ]

        assert {answer.status for answer in answers} == {401}
        assert len({answer.content for answer in answers}) == 1
        assert len({tuple(answer.headers.items()) for answer in answers}) == 1
        assert answers[0].headers["www-authenticate"].startswith("Bearer ")
        assert 'error="invalid_token"' in answers[0].headers["www-authenticate"]
        assert answers[0].json()["detail"].startswith("invalid_token")
        assert answers[0].json()["schemas"] == [ERROR]
        assert TOKEN not in answers[0].content.decode()
        assert await bridge.journal() == []

    run(test)


@pytest.mark.parametrize("credentials", BAD_CREDENTIALS)
def test_anybody_may_read_what_the_service_can_do(run: Runner, credentials: bytes | None) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        headers = [] if credentials is None else [(b"authorization", credentials)]

        answer = await wire.send("GET", "/ServiceProviderConfig", headers=headers, authorized=False)

        assert answer.status == 200

    run(test)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer ", "Bearer  "])
def test_the_scheme_is_read_in_any_case(run: Runner, scheme: str) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        headers = [(b"authorization", f"{scheme} {TOKEN} ".encode())]

        answer = await wire.send("GET", "/Users", headers=headers, authorized=False)

        assert answer.status == 200

    run(test)


# -- Limits ------------------------------------------------------------------------


def many(times: int, operation: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": [operation] * times}


TITLE = {"op": "replace", "path": "title", "value": "x"}
MEMBER = {"op": "remove", "path": "members", "value": [{"value": "99"}]}
PATCHES = [
    ("Users", many(250, TITLE), 200),
    ("Users", many(251, TITLE), 413),
    ("Groups", many(1000, MEMBER), 200),
    ("Groups", many(1001, MEMBER), 413),
    ("Groups", {"Operations": [TITLE, *many(250, MEMBER)["Operations"]]}, 413),
    ("Users", {"Operations": [{"op": "replace", "value": {f"ims[type eq {n}].value": "x"}}
                              for n in range(251)]}, 413),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "patch", "status"), PATCHES)
def test_a_patch_holds_no_more_than_can_be_done_while_others_wait(
    run: Runner, kind: str, patch: dict[str, Any], status: int
) -> None:
    async def test(wire: Wire, bridge: Bridge) -> None:
        resource = (await wire.ask("GET", f"/{kind}")).json()["Resources"][-1]
        before = await bridge.state()

        answer = await wire.ask("PATCH", f"/{kind}/{resource['id']}", patch)

        assert answer.status == status, answer
        assert await bridge.state() == before

    run(test)


def test_blanks_between_conditions_are_not_read_at_length(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await any_user(wire)
        conditions = f'"x"{" " * 50_000}y, {user["meta"]["version"]}'

        answer = await wire.ask("GET", f"/Users/{user['id']}", if_none_match=conditions)

        assert answer.status == 304

    run(test)


def test_a_body_over_the_limit_is_refused_while_it_is_still_coming(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=2) as live, connected(live.url) as connection:
        connection.sendall(head(LIVE_TOKEN, "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        answer = b""
        sent = 0
        # The body never ends: only a server that stops reading answers at all.
        while not answer and sent < 64 * len(chunk):
            try:
                connection.sendall(chunk)
                sent += len(chunk)
                answer = arrived(connection)
            except ConnectionError:
                break
        connection.settimeout(10)
        answer = answer or connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413")
    assert sent < 64 * len(chunk)


def test_a_body_that_announces_too_much_is_refused_unread(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=2) as live, connected(live.url) as connection:
        connection.sendall(head(LIVE_TOKEN, "Content-Length: 99999999", "Expect: 100-continue"))
        connection.settimeout(10)

        assert connection.recv(65536).startswith(b"HTTP/1.1 413")


def head(token: str, *lines: str) -> bytes:
    first = [f"POST {MOUNT}/Users HTTP/1.1", "Host: bridge.test", f"Authorization: Bearer {token}"]
    return "\r\n".join([*first, *lines, "", ""]).encode()


def connected(url: str) -> closing[socket.socket]:
    where = urlsplit(url)
    return closing(socket.create_connection((where.hostname, where.port), timeout=10))


def arrived(connection: socket.socket) -> bytes:
    connection.settimeout(0.01)
    try:
        return connection.recv(65536)
    except TimeoutError:
        return b""
    finally:
        connection.settimeout(10)


# -- Logs --------------------------------------------------------------------------


def test_no_log_line_tells_of_people_or_secrets(run: Runner) -> None:
    async def test(wire: Wire, _: Bridge) -> None:
        user = await made_user(wire, "secretive")
        address, key = user["userName"], user["id"]
        with capture_logs() as lines:
            await wire.ask("GET", "/Users", params={"filter": f'userName eq "{address}"'})
            await wire.ask("GET", "/Users", params={"filter": f"emails.value eqq {address}"})
            await wire.ask("POST", "/Users", {"userName": address})
            await wire.ask("POST", "/Users", {"userName": "x", "emails": [{"value": address * 9}]})
            await wire.ask("PATCH", f"/Users/{key}", patched(address))
            await wire.ask("PUT", f"/Users/{key}", {**user, "name": address})
            await wire.ask("POST", f"/{address}/.search", {"filter": address})
            await wire.send("GET", f"/Users/{address}", headers=[(b"x-token", TOKEN.encode())])
            await wire.send(
                "GET", "/Users", headers=[(b"authorization", b"Bearer wr0ng")], authorized=False
            )
            await wire.ask("DELETE", f"/Users/{key}")
        written = json.dumps(lines, default=repr)

        assert len(lines) >= 10
        for secret in (address, "secretive", TOKEN, "wr0ng", key):
            assert secret not in written

    run(test)
