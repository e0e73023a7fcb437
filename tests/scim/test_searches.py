"""Searches over the face: which resources, in which order, on which page, with which attributes."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from bridge.mapping import load_mapping
from tests.conftest import simulated
from tests.scim.wire import ERROR, Wire, wired

SHIPPED = load_mapping()
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GOTO = "urn:scim:schemas:extension:goto:1:User"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
Test = Callable[[Wire], Coroutine[Any, Any, None]]
Runner = Callable[[Test], None]

BJENSEN = {
    "userName": "bjensen@example.com",
    "externalId": "701984",
    "name": {"givenName": "Barbara", "familyName": "O'Malley", "middleName": "Jane"},
    "title": "Tour Guide",
    "userType": "Employee",
    "nickName": "Babs",
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@jensen.example.org", "type": "home"},
    ],
    "ims": [{"type": "xmpp", "value": "babs@foo.com"}],
    "phoneNumbers": [{"value": "555-1", "type": "work"}, {"value": "555-9", "type": "mobile"}],
    ENTERPRISE: {"department": "Tours", "manager": {"value": "26118915"}},
}
JSMITH = {
    "userName": "jsmith@example.com",
    "name": {"givenName": "John", "familyName": "Smith"},
    "title": "Guide",
    "userType": "Intern",
    "emails": [{"value": "jsmith@example.org", "type": "work", "primary": True}],
    "phoneNumbers": [{"value": "555-0"}, {"value": "555-2", "primary": True}],
    "active": False,
}
JUNIOR = {
    "userName": "junior@example.com",
    "emails": [{"value": "junior@example.net", "type": "work"}],
    "phoneNumbers": [{"value": "555-3", "type": "home"}],
}
WANTED: list[dict[str, Any]] = [BJENSEN, JSMITH, JUNIOR]
B, S, J = (user["userName"] for user in WANTED)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A bridge over an account with three users whom the tests know, and some whom they do not."""

    async def fill(wire: Wire) -> None:
        for user in WANTED:
            assert (await wire.ask("POST", "/Users", user)).status == 201

    with asyncio.Runner() as runner:
        app = simulated(users=6, groups=2)
        opening = wired(app, tmp_path_factory.mktemp("searches"), mapping=SHIPPED)
        wire, _ = runner.run(opening.__aenter__())
        runner.run(fill(wire))
        yield lambda test: runner.run(test(wire))
        runner.run(opening.__aexit__(None, None, None))


async def listed(wire: Wire, path: str = "/Users", **params: Any) -> dict[str, Any]:
    answer = await wire.ask("GET", path, params=params)
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json()
    assert found["itemsPerPage"] == len(found["Resources"])
    return found


def known(found: dict[str, Any]) -> list[str]:
    """The users that the tests know, in the order of the list."""
    names = (resource.get("userName") for resource in found["Resources"])
    return [name for name in names if name in (B, S, J)]


# -- Filters -----------------------------------------------------------------------

# The examples of RFC 7644 §3.4.2.2 in its order, and after them what else clients rely on.
FILTERS: list[tuple[str, list[str]]] = [
    ('userName Eq "bjensen@example.com"', [B]),
    ('name.familyName co "O\'Malley"', [B]),
    ('userName sw "J"', [S, J]),
    ('urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"', [S, J]),
    ("title pr", [B, S]),
    ('meta.lastModified gt "2011-05-13T04:42:34Z"', [B, S, J]),
    ('meta.lastModified ge "2011-05-13T04:42:34Z"', [B, S, J]),
    ('meta.lastModified lt "2011-05-13T04:42:34Z"', []),
    ('meta.lastModified le "2011-05-13T04:42:34Z"', []),
    ('title pr and userType eq "Employee"', [B]),
    ('title pr or userType eq "Intern"', [B, S]),
    (f'schemas eq "{ENTERPRISE}"', [B]),
    ('userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', [B]),
    (
        'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
        [J],
    ),
    ('userType eq "Employee" and (emails.type eq "work")', [B]),
    ('userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', [B]),
    (
        'emails[type eq "work" and value co "@example.com"] or '
        'ims[type eq "xmpp" and value co "@foo.com"]',
        [B],
    ),
    ('USERNAME EQ "BJENSEN@example.com"', [B]),
    ('externalId eq "701984"', [B]),
    ('externalId eq "701984" and active eq true', [B]),
    ('emails[type eq "home"].value eq "babs@jensen.example.org"', [B]),
    ('emails.value eq "JSMITH@example.org"', [S]),
    ('emails eq "jsmith@example.org"', [S]),
    ("active eq false", [S]),
    ("active eq False", [S]),
    ("not (active eq true) and nickName pr", []),
    ('title eq null and userName sw "j"', [J]),
    (f'{ENTERPRISE}:department eq "tours"', [B]),
    ('department eq "Tours"', [B]),
    ('manager eq "26118915"', [B]),
    (f'{ENTERPRISE}:manager.value eq "26118915"', [B]),
    (f'{GOTO}:status eq "SUSPENDED"', [S]),
    ('userName eq "bjensen@example.com" and title eq "Guide"', []),
    ('userName eq "nobody@example.com" or title eq "Guide"', [S]),
    ("externalId eq 701984", [B]),
    ("externalId eq 0701984", []),
    (f"title pr and ({ENTERPRISE}:manager.value eq 26118915)", [B]),
    (f"{GOTO}:inviteCount ge 1", [B, S, J]),
    ("userName eq bjensen@example.com", [B]),
    ('title sw "Tour\\u0020G"', [B]),
]


@pytest.mark.parametrize(("scim_filter", "expected"), FILTERS)
def test_a_filter_finds_whom_it_describes(
    run: Runner, scim_filter: str, expected: list[str]
) -> None:
    async def test(wire: Wire) -> None:
        found = await listed(wire, filter=scim_filter, sortBy="userName")

        assert known(found) == expected

    run(test)


# -- Order -------------------------------------------------------------------------

# how a list is sorted, and whom of those known it then begins with
ORDERS: list[tuple[dict[str, str], list[str]]] = [
    ({"sortBy": "userName"}, [B, S, J]),
    ({"sortBy": "USERNAME", "sortOrder": "ascending"}, [B, S, J]),
    ({"sortBy": "userName", "sortOrder": "descending"}, [J, S, B]),
    ({"sortBy": f"{USER}:userName", "sortOrder": "descending"}, [J, S, B]),
    # Who has no value comes last, and first in the other direction.
    ({"sortBy": "title"}, [S, B, J]),
    ({"sortBy": "title", "sortOrder": "descending"}, [J, B, S]),
    # Of several values the primary one counts, else the first.
    ({"sortBy": "phoneNumbers"}, [B, S, J]),
    ({"sortBy": "phoneNumbers.value", "sortOrder": "descending"}, [J, S, B]),
    ({"sortBy": "emails"}, [B, S, J]),
    ({"sortBy": f"{ENTERPRISE}:department"}, [B]),
    ({"sortBy": "active"}, [S]),
    ({"sortBy": ""}, []),
]


@pytest.mark.parametrize(("params", "expected"), ORDERS)
def test_lists_are_in_the_order_that_was_asked_for(
    run: Runner, params: dict[str, str], expected: list[str]
) -> None:
    async def test(wire: Wire) -> None:
        whole = await listed(wire, **params)
        ids = [each["id"] for each in whole["Resources"]]
        by_index = [
            (await listed(wire, **params, startIndex=index, count=1))["Resources"][0]["id"]
            for index in range(1, len(ids) + 1)
        ]
        by_cursor = [each["id"] for page in await walked(wire, **params) for each in page]

        assert known(whole)[: len(expected)] == expected
        assert ids == by_index == by_cursor

    run(test)


UNSORTABLE = ["name", "meta", "x509Certificates", "shoeSize", f"{ENTERPRISE}:manager", "a(b", "."]


@pytest.mark.parametrize("name", UNSORTABLE)
@pytest.mark.parametrize("path", ["/Users", ""])
def test_what_has_no_order_cannot_be_sorted_by(run: Runner, name: str, path: str) -> None:
    async def test(wire: Wire) -> None:
        answer = await wire.ask("GET", path, params={"sortBy": name})

        assert (answer.status, answer.json()["scimType"]) == (400, "invalidPath")

    run(test)


# -- Cursors -----------------------------------------------------------------------


async def walked(wire: Wire, **params: Any) -> list[list[dict[str, Any]]]:
    """The pages of a walk by cursor, two resources each."""
    pages = []
    cursor: str | None = ""
    while cursor is not None:
        found = await listed(wire, **params, cursor=cursor, count=2)
        assert "startIndex" not in found
        pages.append(found["Resources"])
        cursor = found.get("nextCursor")
    return pages


@pytest.mark.parametrize("order", ["ascending", "descending"])
@pytest.mark.parametrize("sort_by", ["title", "userName", "meta.lastModified", "active"])
def test_a_walk_goes_back_as_it_came(run: Runner, sort_by: str, order: str) -> None:
    async def test(wire: Wire) -> None:
        params: dict[str, Any] = {"sortBy": sort_by, "sortOrder": order, "count": 2}
        page = await listed(wire, **params, cursor="")
        assert "previousCursor" not in page
        forth = [page["Resources"]]
        while "nextCursor" in page:
            page = await listed(wire, **params, cursor=page["nextCursor"])
            forth.append(page["Resources"])
        back = [page["Resources"]]
        while "previousCursor" in page:
            page = await listed(wire, **params, cursor=page["previousCursor"])
            back.append(page["Resources"])

        assert [len(page) for page in forth] == [2, 2, 2, 2, 1]
        assert back[::-1] == forth

    run(test)


def test_a_walk_neither_skips_nor_repeats_while_users_come_and_go(run: Runner) -> None:
    async def test(wire: Wire) -> None:
        before = [each["id"] for each in (await listed(wire, sortBy="userName"))["Resources"]]
        first = await listed(wire, sortBy="userName", cursor="", count=3)
        made = [
            (await wire.ask("POST", "/Users", {"userName": f"{name}@example.com"})).json()["id"]
            for name in ("aaa", "zzz")
        ]
        assert (await wire.ask("DELETE", f"/Users/{made[0]}")).status == 204
        seen = [each["id"] for each in first["Resources"]]
        page = first
        while "nextCursor" in page:
            page = await listed(wire, sortBy="userName", cursor=page["nextCursor"], count=3)
            seen += [each["id"] for each in page["Resources"]]
        assert (await wire.ask("DELETE", f"/Users/{made[1]}")).status == 204

        assert seen == [*before, made[1]]

    run(test)


OTHER_QUERIES: list[tuple[dict[str, Any], str]] = [
    ({"count": 3}, "invalidCount"),
    ({"count": ""}, "invalidCount"),
    ({"sortBy": "title"}, "invalidCursor"),
    ({"sortOrder": "descending"}, "invalidCursor"),
    ({"filter": "userName pr"}, "invalidCursor"),
    ({"attributes": "title"}, "invalidCursor"),
    ({"path": "/Groups"}, "invalidCursor"),
    ({"path": ""}, "invalidCursor"),
    ({"startIndex": "1"}, "invalidValue"),
]


@pytest.mark.parametrize(("changed", "scim_type"), OTHER_QUERIES)
def test_a_cursor_serves_the_query_it_was_given_for_and_no_other(
    run: Runner, changed: dict[str, Any], scim_type: str
) -> None:
    async def test(wire: Wire) -> None:
        params: dict[str, Any] = {"sortBy": "id", "count": 2, "cursor": ""}
        params["cursor"] = (await listed(wire, **params))["nextCursor"]
        path = changed.get("path", "/Users")
        again = params | {name: value for name, value in changed.items() if name != "path"}

        answer = await wire.ask("GET", path, params=again)

        assert (answer.status, answer.json()["scimType"]) == (400, scim_type), answer
        assert (await wire.ask("GET", "/Users", params=params)).status == 200

    run(test)


MALFORMED = ["x", "AQ", "=", "ä", "AQ==", "\x00", "A" * 200, "{cursor}x", "x{cursor}", "{short}"]


@pytest.mark.parametrize("cursor", MALFORMED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_malformed_cursor_is_refused(run: Runner, method: str, cursor: str) -> None:
    async def test(wire: Wire) -> None:
        good = (await listed(wire, cursor="", count=2))["nextCursor"]
        text = cursor.replace("{cursor}", good).replace("{short}", good[:-4])
        sent = {"cursor": text, "count": 2}

        if method == "GET":
            answer = await wire.ask("GET", "/Users", params=sent)
        else:
            answer = await wire.ask("POST", "/Users/.search", {"schemas": [SEARCH], **sent})

        assert (answer.status, answer.json()["scimType"]) == (400, "invalidCursor"), answer
        assert answer.json()["schemas"] == [ERROR]

    run(test)


def test_a_cursor_of_another_key_is_refused(run: Runner) -> None:
    async def test(wire: Wire) -> None:
        good = (await listed(wire, cursor="", count=2))["nextCursor"]
        forged = good[:60] + ("A" if good[60] != "A" else "B") + good[61:]

        answer = await wire.ask("GET", "/Users", params={"cursor": forged, "count": 2})

        assert answer.json()["scimType"] == "invalidCursor"

    run(test)


# -- Pages -------------------------------------------------------------------------

PAGES: list[tuple[dict[str, str], int, int]] = [
    ({"startIndex": "9" * 30}, 0, 2**53 - 1),
    ({"startIndex": str(2**63)}, 0, 2**53 - 1),
    ({"count": "9" * 30}, 9, 1),
    ({"count": ""}, 9, 1),
    ({"startIndex": "", "count": "2", "sortBy": "", "sortOrder": "", "attributes": ""}, 2, 1),
    ({"startIndex": "9", "count": "2"}, 1, 9),
    ({"startIndex": "10", "count": "2"}, 0, 10),
    ({"STARTINDEX": "8", "Count": "5"}, 2, 8),
    ({"start_index": "8", "schemas": "x", "aadOptscim062020": ""}, 9, 1),
]


@pytest.mark.parametrize(("params", "size", "start"), PAGES)
def test_pages_are_cut_where_they_were_asked_for(
    run: Runner, params: dict[str, str], size: int, start: int
) -> None:
    async def test(wire: Wire) -> None:
        found = await listed(wire, **params)

        assert (found["itemsPerPage"], found["startIndex"]) == (size, start)
        assert found["totalResults"] == 9

    run(test)


# -- Attributes --------------------------------------------------------------------

# attributes, and what of bjensen is then in the answer beside schemas and id
SHOWN: list[tuple[str, dict[str, Any]]] = [
    ("userName", {"userName": B}),
    ("USERNAME, title ", {"userName": B, "title": "Tour Guide"}),
    (f"{USER}:userName", {"userName": B}),
    ("name.givenName", {"name": {"givenName": "Barbara"}}),
    (
        "NAME.GIVENNAME,name.familyName",
        {"name": {"givenName": "Barbara", "familyName": "O'Malley"}},
    ),
    ("name,name.givenName", {"name": BJENSEN["name"]}),
    ("name.givenName,name", {"name": BJENSEN["name"]}),
    ("ims.value", {"ims": [{"value": "babs@foo.com"}]}),
    (f"{USER}:ims.type", {"ims": [{"type": "xmpp"}]}),
    ("emails.primary", {"emails": [{"primary": True}]}),
    (f"{ENTERPRISE}:department", {ENTERPRISE: {"department": "Tours"}}),
    (f"{ENTERPRISE.upper()}:DEPARTMENT", {ENTERPRISE: {"department": "Tours"}}),
    (f"{ENTERPRISE}:manager.value", {ENTERPRISE: {"manager": {"value": "26118915"}}}),
    (f"{GOTO}:status", {GOTO: {"status": "INVITED"}}),
    ("shoeSize", {}),
    ("name.shoeSize,urn:x:y:z", {}),
    ("password", {}),
    ("id", {}),
    ("schemas,id,externalId", {"externalId": "701984"}),
    ("meta.resourceType", {"meta": {"resourceType": "User"}}),
]


@pytest.mark.parametrize(("names", "shown"), SHOWN)
def test_an_answer_holds_the_attributes_asked_for(
    run: Runner, names: str, shown: dict[str, Any]
) -> None:
    async def test(wire: Wire) -> None:
        whole = (await listed(wire, filter=f'userName eq "{B}"'))["Resources"][0]
        expected = {"schemas": whole["schemas"], "id": whole["id"], **shown}

        for answer in await every_answer(wire, whole, {"attributes": names}):
            assert answer == expected

    run(test)


# excludedAttributes, and what of bjensen is then left out
HIDDEN: list[tuple[str, list[str]]] = [
    ("userName", ["userName"]),
    ("title,NICKNAME", ["title", "nickName"]),
    ("id,schemas,title", ["title"]),
    (f"{USER}:title", ["title"]),
    (ENTERPRISE, [ENTERPRISE]),
    (ENTERPRISE.upper(), [ENTERPRISE]),
    (f"{ENTERPRISE}:department,{ENTERPRISE}:manager", [ENTERPRISE]),
    ("ims.type,ims.value", ["ims"]),
    ("meta,emails,name", ["meta", "emails", "name"]),
    ("members,groups,shoeSize,urn:x:y:z", []),
]


@pytest.mark.parametrize(("names", "hidden"), HIDDEN)
def test_an_answer_lacks_the_attributes_not_wanted(
    run: Runner, names: str, hidden: list[str]
) -> None:
    async def test(wire: Wire) -> None:
        whole = (await listed(wire, filter=f'userName eq "{B}"'))["Resources"][0]
        assert hidden == [name for name in hidden if name in whole]
        expected = {name: value for name, value in whole.items() if name not in hidden}

        for answer in await every_answer(wire, whole, {"excludedAttributes": names}):
            assert answer == expected

    run(test)


def test_a_part_can_be_left_out(run: Runner) -> None:
    async def test(wire: Wire) -> None:
        whole = (await listed(wire, filter=f'userName eq "{B}"'))["Resources"][0]
        names = f"name.middleName,emails.type,{ENTERPRISE}:manager"

        for answer in await every_answer(wire, whole, {"excludedAttributes": names}):
            assert answer["name"] == {"givenName": "Barbara", "familyName": "O'Malley"}
            assert answer["emails"][1] == {"value": "babs@jensen.example.org"}
            assert answer[ENTERPRISE] == {"department": "Tours"}

    run(test)


async def every_answer(
    wire: Wire, whole: dict[str, Any], params: dict[str, str]
) -> list[dict[str, Any]]:
    """The user as each request that takes these parameters answers it."""
    path, select = f"/Users/{whole['id']}", {"filter": f'userName eq "{B}"'}
    listed_names = {name: value.split(",") for name, value in params.items()}
    patch = {"Operations": [{"op": "replace", "path": "title", "value": whole["title"]}]}
    answers = [
        await wire.ask("GET", path, params=params),
        await wire.ask("PUT", path, whole, params=params),
        await wire.ask("PATCH", path, patch, params=params),
    ]
    lists = [
        await wire.ask("GET", "/Users", params={**params, **select}),
        await wire.ask("GET", "", params={**params, **select}),
        await wire.ask("POST", "/Users/.search", {**select, **listed_names}),
    ]
    assert {answer.status for answer in answers + lists} == {200}
    return [answer.json() for answer in answers] + [each.json()["Resources"][0] for each in lists]


@pytest.mark.parametrize(
    "params",
    [{"attributes": "a(b"}, {"excludedAttributes": 'emails[type eq "x"]'},
     {"attributes": "title", "excludedAttributes": "name"}],
)  # fmt: skip
def test_attributes_that_cannot_be_read_are_refused_before_anything_is_done(
    run: Runner, params: dict[str, str]
) -> None:
    async def test(wire: Wire) -> None:
        whole = (await listed(wire, filter=f'userName eq "{B}"'))["Resources"][0]
        path = f"/Users/{whole['id']}"
        patch = {"Operations": [{"op": "replace", "path": "title", "value": "Other"}]}
        new = {"userName": "unwanted@example.com"}
        answers = [
            await wire.ask("GET", path, params=params),
            await wire.ask("GET", "/Users", params=params),
            await wire.ask("POST", "/Users", new, params=params),
            await wire.ask("PUT", path, {**whole, "title": "Other"}, params=params),
            await wire.ask("PATCH", path, patch, params=params),
        ]

        assert [answer.status for answer in answers] == [400] * 5
        if len(params) == 2:
            details = {answer.json()["detail"] for answer in answers}
            assert details == {
                "attributes and excludedAttributes cannot both be there; send one of them"
            }
        assert (await wire.ask("GET", path)).json() == whole
        assert (await listed(wire, filter='userName eq "unwanted@example.com"'))["Resources"] == []

    run(test)


# -- POST .search ------------------------------------------------------------------

SEARCHES: list[dict[str, Any]] = [
    {},
    {"filter": "title pr"},
    {"FILTER": "title pr", "StartIndex": 2, "COUNT": 1},
    {"filter": 'emails[type eq "home"].value eq "babs@jensen.example.org"'},
    {"filter": "department eq Tours"},
    {"sortBy": "userName", "sortOrder": "descending", "count": 4, "startIndex": 3},
    {"attributes": "userName,name.givenName"},
    {"excludedAttributes": "meta,emails", "count": None},
    {"startIndex": "2", "count": "1"},
    {"count": 0},
    {"startIndex": 2**64 - 1},
    {"filter": ""},
    {"filter": "x" * 9000},
    {"FILTER": "x" * 9000},
    {"sortBy": "name"},
    {"sortBy": "", "sortOrder": ""},
    {"startIndex": "one"},
    {"cursor": "", "startIndex": 1},
]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("path", ["/Users", "/Groups", ""])
def test_a_search_by_post_is_a_search_by_get(
    run: Runner, path: str, search: dict[str, Any]
) -> None:
    async def test(wire: Wire) -> None:
        params = {name: value for name, value in search.items() if value is not None}
        asked = {
            name: value.split(",") if name.endswith("ttributes") else value
            for name, value in search.items()
        }

        got = await wire.ask("GET", path, params=params)
        posted = await wire.ask("POST", f"{path}/.search", {"schemas": [SEARCH], **asked})

        assert (posted.status, posted.json()) == (got.status, got.json())

    run(test)


@pytest.mark.parametrize("path", ["/Unknown/.search", "/Schemas/.search", "/Users/1/.search"])
def test_a_search_where_nothing_is_kept_finds_no_endpoint(run: Runner, path: str) -> None:
    async def test(wire: Wire) -> None:
        answer = await wire.ask("POST", path, {"schemas": [SEARCH]})

        assert answer.status in (404, 405)

    run(test)


def test_a_search_of_the_root_finds_users_and_groups(run: Runner) -> None:
    async def test(wire: Wire) -> None:
        users, groups = await listed(wire), await listed(wire, "/Groups")

        both = await listed(wire, "", sortBy="id")
        pages = await walked_root(wire)

        ids = {each["id"] for each in users["Resources"] + groups["Resources"]}
        assert {each["id"] for each in both["Resources"]} == ids == set(pages)
        assert len(pages) == both["totalResults"] == len(ids)

    run(test)


async def walked_root(wire: Wire) -> list[str]:
    found = await listed(wire, "", cursor="", count=3, sortBy="displayName")
    ids = [each["id"] for each in found["Resources"]]
    while "nextCursor" in found:
        params = {"cursor": found["nextCursor"], "count": 3, "sortBy": "displayName"}
        found = await listed(wire, "", **params)
        ids += [each["id"] for each in found["Resources"]]
    return ids
