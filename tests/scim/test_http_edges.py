"""Odd but legal HTTP before SCIM begins: URLs, header fields and codings, over a real socket."""

import gzip
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.live import TOKEN, Live, live_bridge

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
OTHER = "Bearer another"
MINE = f"Bearer {TOKEN}"


@pytest.fixture(scope="module", params=["lenient", "strict"])
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    with live_bridge(folder, users=6, groups=2, profile=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_bridge(tmp_path_factory.mktemp("any-case"), users=6, groups=2) as running:
        yield running


def detail(answer: httpx.Response, status: int, scim_type: str | None = None) -> str:
    """The detail of a SCIM error."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/scim+json")
    error = answer.json()
    assert error["schemas"] == [ERROR]
    assert error["status"] == str(status)
    assert error.get("scimType") == scim_type
    text: str = error["detail"]
    return text


def raw(live: Live, sent: bytes) -> bytes:
    place = urlsplit(live.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as client:
        client.sendall(sent)
        received = b""
        while data := client.recv(65536):
            received += data
    return received


# -- The base URL


def test_the_base_url_is_a_search_of_everything(live: Live) -> None:
    for url in (f"{live.url}/scim/v2", f"{live.url}/scim/v2/"):
        answer = live.scim.get(url)
        assert answer.status_code == 200, answer.text
        assert answer.json()["totalResults"] == 8
        kinds = {each["meta"]["resourceType"] for each in answer.json()["Resources"]}
        assert kinds == {"User", "Group"}
        head = live.scim.head(url)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == answer.headers["content-length"]
        assert "Allow" in live.scim.post(url, json={}).headers
        assert (
            live.scim.get(url, params={"filter": 'displayName eq "nobody"'}).json()["totalResults"]
            == 0
        )


def test_the_base_url_needs_a_token(live: Live) -> None:
    answer = httpx.get(f"{live.url}/scim/v2")
    assert detail(answer, 401).startswith("invalid_token")


def test_a_base_url_below_a_path(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=3, groups=1, base_path="/goto") as running:
        assert running.scim.get(f"{running.url}/goto/scim/v2").json()["totalResults"] == 4
        assert running.scim.get(f"{running.url}/scim/v2").status_code == 404


# -- URLs


@pytest.mark.parametrize("name", ["User", "user", "USER", "group"])
def test_a_resource_type_in_any_case(lenient: Live, name: str) -> None:
    answer = lenient.scim.get(f"/ResourceTypes/{name}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == name.capitalize()
    assert answer.json()["meta"]["location"].endswith(f"/ResourceTypes/{name.capitalize()}")


def test_a_strict_client_names_a_resource_type_exactly(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=1, groups=1, profile="strict") as running:
        assert running.scim.get("/ResourceTypes/User").status_code == 200
        assert "user" in detail(running.scim.get("/ResourceTypes/user"), 404)


@pytest.mark.parametrize("schema", [USER, USER.upper(), USER.lower()])
def test_a_schema_in_any_case(live: Live, schema: str) -> None:
    assert live.scim.get(f"/Schemas/{schema}").json()["id"] == USER


@pytest.mark.parametrize("path", ["//Users", "/Users//", "///Users", "/Users.scim", "/%55sers"])
def test_a_path_of_another_form(live: Live, path: str) -> None:
    assert live.scim.get(f"{live.url}/scim/v2{path}").json()["totalResults"] == 6


@pytest.mark.parametrize(
    "path",
    [
        "/Users/%2e%2e/Groups", "/Users/..%2fGroups", "/Users/%00", "/Users/%ff%fe", "/%zz",
        "/Users/" + "9" * 60_000, "/" + "x/" * 10_000,
    ],
)  # fmt: skip
def test_a_path_that_names_nothing(live: Live, path: str) -> None:
    sent = f"GET /scim/v2{path} HTTP/1.1\r\nHost: a\r\nAuthorization: {MINE}\r\n"
    received = raw(live, sent.encode() + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 404 ")
    assert ERROR.encode() in received


BROKEN = [
    "filter=userName%20eq%20%22caf%e9%22",
    "filter=userName%20eq%20%22caf%c3%22",
    "filter=userName+eq+%22100%%22",
    "filter=userName%20eq%20%22%zz%22&count=1",
    "filter=displayName%20sw%20%22%u00e9%22",
    "filter=title%20eq%20%22%ed%a0%80%22",
]


@pytest.mark.parametrize("query", BROKEN)
def test_a_filter_that_is_not_utf_8_is_never_an_empty_list(live: Live, query: str) -> None:
    for path in ("/Users", "/Groups", ""):
        sent = f"GET /scim/v2{path}?{query} HTTP/1.1\r\nHost: a\r\nAuthorization: {MINE}\r\n"
        received = raw(live, sent.encode() + b"Connection: close\r\n\r\n")
        assert received.startswith(b"HTTP/1.1 400 "), received
        assert b"invalidFilter" in received
        assert b"percent-encoded" in received


@pytest.mark.parametrize("query", ["sortBy=%ff", "attributes=%", "count=%1", "cursor=%e9"])
def test_a_query_that_is_not_utf_8(live: Live, query: str) -> None:
    assert "percent-encoded" in detail(live.scim.get(f"/Users?{query}"), 400, "invalidValue")


def test_percent_and_accents_that_are_encoded(live: Live) -> None:
    for text in ("100%25", "caf%C3%A9"):
        answer = live.scim.get(f"/Users?filter=userName%20eq%20%22{text}%22")
        assert answer.json()["totalResults"] == 0


@pytest.mark.parametrize("order", ["Descending", "DESCENDING", "descending", "Ascending"])
def test_a_sort_order_in_any_case(lenient: Live, order: str) -> None:
    right = [u["id"] for u in lenient.scim.get("/Users?sortBy=userName").json()["Resources"]]
    expected = right[::-1] if order.lower() == "descending" else right
    for answer in (
        lenient.scim.get("/Users", params={"sortBy": "userName", "sortOrder": order}),
        lenient.scim.post(
            "/Users/.search",
            json={"schemas": [SEARCH], "sortBy": "userName", "sortOrder": order},
        ),
    ):
        assert [each["id"] for each in answer.json()["Resources"]] == expected


@pytest.mark.parametrize("order", ["desc", "down", "1", "descending,ascending"])
def test_a_sort_order_that_is_none(live: Live, order: str) -> None:
    answer = live.scim.get("/Users", params={"sortBy": "userName", "sortOrder": order})
    detail(answer, 400, "invalidValue")
    body = {"schemas": [SEARCH], "sortBy": "userName", "sortOrder": order}
    detail(live.scim.post("/Users/.search", json=body), 400, "invalidValue")


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PROPFIND", "QUERY"])
def test_a_method_that_scim_does_not_use(live: Live, method: str) -> None:
    detail(live.scim.request(method, "/Users"), 405)
    assert live.scim.request(method, "/Users").headers["allow"] == "GET, HEAD, POST"


def test_a_method_that_health_does_not_have(live: Live) -> None:
    answer = httpx.post(f"{live.url}/health/live")
    detail(answer, 405)
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "post" in httpx.get(f"{live.url}/oauth/token").headers["allow"].lower()


# -- Signing in


def twice(*values: str) -> list[tuple[str, str]]:
    return [("Authorization", value) for value in values]


def joined(*values: str) -> list[tuple[str, str]]:
    return [("Authorization", ", ".join(values))]


@pytest.mark.parametrize("way", [twice, joined])
@pytest.mark.parametrize("path", ["/Users", "/Nothing", "/ServiceProviderConfig", ""])
def test_several_authorization_headers(live: Live, way: Any, path: str) -> None:
    url = f"{live.url}/scim/v2{path}"
    for pair in ((MINE, OTHER), (OTHER, MINE), (MINE, "Basic eDp5"), (MINE, MINE + "x")):
        refused = httpx.get(url, headers=way(*pair))
        assert "Authorization" in detail(refused, 400, "invalidSyntax")
    same = httpx.get(url, headers=way(MINE, MINE))
    assert same.status_code == (404 if path == "/Nothing" else 200), same.text


def test_several_authorization_headers_at_the_token_endpoint(live: Live) -> None:
    refused = httpx.post(
        f"{live.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        headers=twice("Basic eDp5", "Basic eDp6"),
    )
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_request"


# -- Bodies


def bodies(live: Live) -> list[tuple[str, str, dict[str, Any]]]:
    """One of each verb with a body, none of which changes anything."""
    user = live.scim.get("/Users?count=1").json()["Resources"][0]
    title = {"op": "replace", "path": "title", "value": user.get("title") or "T"}
    patch = {"schemas": [PATCH_OP], "Operations": [title]}
    search = {"schemas": [SEARCH], "count": 1}
    bulk = {"schemas": [BULK], "Operations": []}
    put = {"schemas": [USER], "userName": user["userName"], "title": title["value"]}
    path = f"/Users/{user['id']}"
    return [
        ("PATCH", path, patch), ("PUT", path, put), ("POST", "/.search", search),
        ("POST", "/Users/.search", search), ("POST", "/Bulk", bulk),
        ("POST", "/Users", {**put, "name": {"givenName": "é"}}),
    ]  # fmt: skip


def send(live: Live, method: str, path: str, content: bytes, **headers: str) -> httpx.Response:
    sent = {"Content-Type": "application/scim+json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return live.scim.request(method, path, content=content, headers=sent)


def encoded(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


def test_a_byte_order_mark_is_skipped(live: Live) -> None:
    for method, path, body in bodies(live):
        plain = send(live, method, path, encoded(body).encode())
        marked = send(live, method, path, encoded(body).encode("utf-8-sig"))
        assert marked.status_code == plain.status_code, marked.text


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
def test_a_body_that_is_not_utf_8(live: Live, coding: str) -> None:
    for method, path, body in bodies(live):
        told = {**body, "displayName": "é"}
        answer = send(live, method, path, encoded(told).encode(coding))
        assert "UTF-8" in detail(answer, 400, "invalidSyntax")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip"])
def test_a_compressed_body(live: Live, coding: str) -> None:
    for method, path, body in bodies(live):
        content = gzip.compress(encoded(body).encode())
        answer = send(live, method, path, content, Content_Encoding=coding)
        assert "uncompressed" in detail(answer, 415)


def test_a_body_that_says_it_is_not_compressed(live: Live) -> None:
    for method, path, body in bodies(live):
        plain = send(live, method, path, encoded(body).encode())
        answer = send(live, method, path, encoded(body).encode(), Content_Encoding="Identity")
        assert answer.status_code == plain.status_code


CHARSETS = ["application/json; charset=iso-8859-1", 'application/scim+json;charset="UTF-16"']


@pytest.mark.parametrize("media_type", CHARSETS)
def test_another_charset_is_taken_where_it_makes_no_difference(live: Live, media_type: str) -> None:
    for method, path, body in bodies(live):
        if method == "POST" and path == "/Users":
            continue
        plain = send(live, method, path, json.dumps(body).encode())
        answer = send(live, method, path, json.dumps(body).encode(), Content_Type=media_type)
        assert answer.status_code == plain.status_code, answer.text
        told = encoded({**body, "displayName": "é"}).encode()
        refused = send(live, method, path, told, Content_Type=media_type)
        assert "UTF-8" in detail(refused, 415)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json", "application/scim+json", "APPLICATION/JSON", "application/json;",
        "application/json; charset=utf-8", "application/json;charset=UTF8", "",
    ],
)  # fmt: skip
def test_media_types_that_are_taken(live: Live, media_type: str) -> None:
    answer = send(
        live, "POST", "/.search", encoded({"schemas": [SEARCH]}).encode(), Content_Type=media_type
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("media_type", ["text/plain", "text/json", "application/xml", "nonsense"])
def test_media_types_that_are_not(live: Live, media_type: str) -> None:
    answer = send(
        live, "POST", "/.search", encoded({"schemas": [SEARCH]}).encode(), Content_Type=media_type
    )
    detail(answer, 415)


@pytest.mark.parametrize("accept", ["text/html", "*/*", "image/png;q=0", "", "nonsense,,;"])
def test_any_accept_is_served(live: Live, accept: str) -> None:
    answer = live.scim.get("/Users?count=1", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/scim+json")


def test_a_body_over_the_limit_without_a_length(live: Live) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    answer = live.scim.post("/Users", content=endless())
    assert "1048576" in detail(answer, 413)
    assert answer.headers["connection"] == "close"
    assert live.scim.get("/Users?count=1").status_code == 200
