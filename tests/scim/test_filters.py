"""What a filter means is the same on every way in, and what means nothing is refused on each.

A row is a filter and whom it finds, or 400. It is asked by GET and by POST, at the type's endpoint
and at the root, page by page with a cursor, of a young and an old snapshot, of none at all, and by
lenient and strict clients.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import load_mapping
from tests.conftest import simulated
from tests.scim.wire import Wire, wired

SHIPPED = load_mapping()
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GOTO = "urn:scim:schemas:extension:goto:1:User"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BASE = "http://bridge.test/scim/v2"
REFUSED = 400
NFC, NFD = "zo\u00eb@example.com", "zoe\u0308@example.com"

Test = Callable[["Doors"], Coroutine[Any, Any, None]]
Runner = Callable[[Test], None]


def user(user_name: str, **more: Any) -> dict[str, Any]:
    extensions = [urn for urn in more if urn.startswith("urn:")]
    return {
        "schemas": [USER, *extensions],
        "userName": user_name,
        "name": {"givenName": "G", "familyName": "F"},
        "active": True,
        "emails": [{"value": user_name, "type": "work", "primary": True}],
        **more,
    }


ADA = user(
    "ada@example.com",
    externalId="Ze\u0301-1",
    title="Stra\u00dfe",
    nickName="Zoe\u0308",
    name={"givenName": "Ada", "familyName": "O'Brien"},
    addresses=[{"country": "DE", "locality": "K\u00f6ln"}],
    roles=[],
    **{ENTERPRISE: {"department": "Tours", "manager": {"value": "26118915"}}},
)
BOB = user("bob@example.com", title="STRASSE", active=False)
ZOE = user(NFD, title="Guide", phoneNumbers=[{"value": "+1", "type": "work"}])
WANTED = (ADA, BOB, ZOE)
A, B, Z = "ada", "bob", "zoe"
NAMES = {ADA["userName"]: A, BOB["userName"]: B, NFD: Z, NFC: Z}


@dataclass
class Door:
    """One bridge, and the ids of those whom the tests know, by their names."""

    wire: Wire
    profile: str
    age: str
    ids: dict[str, str]
    later: Callable[[], None]

    async def found(self, answer: Any, *, path: str) -> Any:
        """Whom an answer holds of those known, or 400."""
        if answer.status != 200:
            body = answer.json()
            assert (answer.status, body.get("scimType")) == (400, "invalidFilter"), body
            assert 10 < len(body["detail"]) < 600, body
            assert "\n" not in body["detail"]
            return REFUSED
        listed = answer.json()["Resources"]
        known = {key: name for name, key in self.ids.items()}
        # At the root other types may match, too.
        kind = path[1:-1]
        of_kind = (each["id"] for each in listed if each["meta"]["resourceType"] == kind)
        return {known[key] for key in of_kind if key in known}

    async def asked(self, path: str, text: str) -> dict[str, Any]:
        """What is found on each way."""
        self.later()
        text = text.format(**self.ids)
        root = {} if path in ("/Licenses", "/AdminRoles") else {"root": ("GET", "/", {})}
        ways: dict[str, tuple[str, str, dict[str, Any]]] = {
            "GET": ("GET", path, {}),
            "POST": ("POST", f"{path}/.search", {}),
            **root,
        }
        found = {}
        for way, (method, target, more) in ways.items():
            found[way] = await self.found(await self._ask(method, target, text, more), path=path)
        found["live"] = await self.found(
            await self.wire.ask("GET", path, params={"filter": text}, cache_control="no-cache"),
            path=path,
        )
        found["cursor"] = await self._walked(path, text)
        found["sorted"] = await self.found(
            await self._ask("GET", path, text, {"sortBy": "id", "sortOrder": "descending"}),
            path=path,
        )
        found["joined"] = await self.found(
            await self._ask("GET", path, f'({text}) and not (id eq "0")', {}), path=path
        )
        return found

    async def _ask(self, method: str, path: str, text: str, more: dict[str, Any]) -> Any:
        if method == "GET":
            return await self.wire.ask("GET", path, params={"filter": text, **more})
        return await self.wire.ask("POST", path, {"schemas": [SEARCH], "filter": text, **more})

    async def _walked(self, path: str, text: str) -> Any:
        whole: set[str] = set()
        cursor: str | None = ""
        while cursor is not None:
            params = {"filter": text, "cursor": cursor, "count": 2}
            answer = await self.wire.ask("GET", path, params=params)
            found = await self.found(answer, path=path)
            if found == REFUSED:
                return REFUSED
            whole |= found
            cursor = answer.json().get("nextCursor")
        return whole


class Doors(list[Door]):
    """Every way to open the same account."""


async def filled(wire: Wire) -> dict[str, str]:
    ids = {}
    for wanted in WANTED:
        answer = await wire.ask("POST", "/Users", wanted)
        assert answer.status == 201, answer.content
        ids[NAMES[wanted["userName"]]] = answer.json()["id"]
    body = {
        "schemas": [GROUP],
        "displayName": "Tour Promotion",
        "members": [{"value": ids[A]}],
    }
    answer = await wire.ask("POST", "/Groups", body)
    assert answer.status == 201, answer.content
    return {**ids, "group": answer.json()["id"]}


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Doors]:
    doors = Doors()
    async with AsyncExitStack() as stack:
        for profile in ("lenient", "strict"):
            for age in ("young", "old", "none"):
                place = folder / f"{profile}-{age}"
                place.mkdir()
                ahead = [0.0]

                def clock(ahead: list[float] = ahead) -> float:
                    return time.monotonic() + ahead[0]

                def later(ahead: list[float] = ahead, age: str = age) -> None:
                    ahead[0] += 1000 if age == "old" else 0

                wire, _ = await stack.enter_async_context(
                    wired(
                        simulated(users=3, groups=1),
                        place,
                        mapping=SHIPPED,
                        profile=profile,
                        clock=clock,
                        max_age=0.0 if age == "none" else 60.0,
                    )
                )
                doors.append(Door(wire, profile, age, await filled(wire), later))
        yield doors


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with asyncio.Runner() as runner:
        opening = opened(tmp_path_factory.mktemp("filters"))
        doors = runner.run(opening.__aenter__())
        yield lambda test: runner.run(test(doors))
        runner.run(opening.__aexit__(None, None, None))


EVERYBODY = {A, B, Z}
NOBODY: set[str] = set()
CREATED = (f"meta.{name}" for name in ("created", "lastModified"))

# -- Dates -------------------------------------------------------------------------

PAST = (
    "2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-01-01", "2020-01-01t00:00:00z",
    "2020-01-01 00:00:00", "2020-01-01T00:00", "2020-01-01T00:00:00.1", "2020-01-01T00:00:00,5Z",
    "2020-01-01T00:00:00.123456789012345Z", "2020-01-01T00:00:00+0200", "2020-01-01T00:00:00+02",
    "2020-01-01T00:00:00 02:00", "2020-01-01T00:00:00-12:00", "2020-01-01T24:00:00Z",
    "2016-12-31T23:59:60Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00+05:00",
)  # fmt: skip
NO_DATE = (
    "", " ", "yesterday", "10/18/2019", "10/18/2019 6:50:23 AM", "1577836800", "2020", "2020-01",
    "2020-13-01", "2020-02-30", "2020-01-01T25:00:00Z", "2020-01-01T24:00:01Z",
    "2020-01-01T00:60:00Z", "2020-01-01T00:00:61Z", "2020-01-01T00:00:60Z", "0000-01-01T00:00:00Z",
    "12020-01-01T00:00:00Z", "2020-01-01T00:00:00+99:00", "2020-01-01T00:00:00Z junk",
    "2020-01-01T00:00:00 UTC", "\u0662020-01-01", "2020-1-1", "20200101T000000Z", "2020-W01-1",
)  # fmt: skip
LATE = ("9999-12-31", "9999-12-31T23:59:59-12:00", "9999-12-31T24:00:00Z", "2999-01-01T00:00:00")
OF_DATES: Any = {"gt": 1, "ge": 1, "ne": 1, "lt": 0, "le": 0, "eq": 0}

Row = tuple[str, str, Any]
DATES: list[Row] = [
    *(("/Users", f'meta.lastModified gt "{text}"', EVERYBODY) for text in PAST),
    *(("/Users", f'meta.created {op} "{PAST[1]}"', EVERYBODY if found else NOBODY)
      for op, found in OF_DATES.items()),
    *(("/Users", f'meta.lastModified {op} "2020-01-01"', EVERYBODY if found else NOBODY)
      for op, found in OF_DATES.items()),
    *(("/Users", f'meta.lastModified lt "{text}"', EVERYBODY) for text in LATE),
    *(("/Users", f'meta.lastModified {op} "{text}"', REFUSED)
      for text in NO_DATE for op in ("gt", "eq")),
    *(("/Users", f'{path} {op} "2020-01-01"', REFUSED)
      for path in ("meta.created", "meta.lastModified", f"{GOTO}:invitedDate")
      for op in ("co", "sw", "ew")),
    ("/Users", f'{GOTO}:invitedDate gt "2020-01-01"', {A, B, Z}),
    ("/Users", f'{GOTO}:invitedDate lt "2020-01-01"', NOBODY),
    ("/Users", f'{GOTO}:invitedDate ge "soon"', REFUSED),
    ("/Users", "meta.created gt 1577836800", REFUSED),
    ("/Users", "meta.created gt true", REFUSED),
    ("/Groups", 'meta.lastModified gt "2020-01-01T00:00:00"', {"group"}),
    ("/Groups", 'meta.created lt "2020-01-01"', NOBODY),
    ("/Groups", 'meta.created lt "then"', REFUSED),
]  # fmt: skip

# -- Quotes and syntax ----------------------------------------------------------------

MARKS = (
    "''", "``", "\u2018\u2019", "\u201a\u2018", "\u201c\u201d", "\u201e\u201c", "\u00ab\u00bb",
    "\u00b4\u00b4", "\u2033\u2033", "\uff02\uff02", "\u2039\u203a",
)  # fmt: skip
FOREIGN = [
    *(f"userName eq {mark[0]}ada@example.com{mark[1]}" for mark in MARKS),
    *(f"title eq {mark[0]}Tour Guide{mark[1]}" for mark in MARKS),
    "emails[value eq 'ada@example.com']", "externalId eq 'x' and active eq true",
    "title eq \"Guide\" and nickName eq 'x'", "userName eq 'ada@example.com",
    "userName eq ada@example.com'", "userName eq ada@example.com\u201d",
]  # fmt: skip
HALF = [
    'userName eq "ada@example.com', 'userName eq ada@example.com"', 'userName eq ""ada""',
    r"userName eq \"ada@example.com\"", 'title eq "Tour" Guide"', 'userName eq "',
]  # fmt: skip
NONSENSE = [
    "displayName eq Tour Promotion", 'userName == "ada@example.com"', "userName=ada",
    'userName = "ada@example.com"', "userName:eq:ada", 'userName contains "ada"',
    'userName like "ada%"', "(userName=ada)", "(&(userName=ada)(active=true))",
    "startswith(userName,'ada')", 'startswith(userName,"ada")', 'userName eq "ada" junk',
    'userName eq "ada" && active eq true', 'userName eq "ada" and', "and", "userName", "eq", " ",
    'userName eq "ada", active eq true', 'not userName eq "ada"', 'userName eq "a" userName eq "b"',
    'userName eq ("ada")', 'userName in ["ada"]', '"ada" eq userName', "userName eq", "*",
    r'title eq "\x41"', 'emails[value eq "x"', 'emails.value[type eq "x"]', 'userName  pr "x"',
]  # fmt: skip
QUOTES: list[Row] = [
    *(("/Users", text, REFUSED) for text in [*FOREIGN, *HALF, *NONSENSE]),
    ("/Groups", "displayName eq 'Tour Promotion'", REFUSED),
    ("/Groups", "displayName eq Tour Promotion", REFUSED),
    ("/Licenses", "displayName eq 'x'", REFUSED),
    ("/AdminRoles", "displayName eq \u201cx\u201d", REFUSED),
    ("/Users", 'name.familyName eq "O\'Brien"', {A}),
    ("/Users", 'userName eq "ada@example.com" AND active eq true', {A}),
    ("/Users", 'title eq "eq \'x\' and y eq z" or title eq "Guide"', {Z}),
    ("/Users", 'title eq "a eq 5" or userName eq "ada@example.com"', {A}),
]  # fmt: skip

# -- Complex attributes, types, unknown names -------------------------------------------

MANAGER = f"{ENTERPRISE}:manager"
SPELLINGS = (MANAGER, MANAGER.upper().replace("URN", "urn"), MANAGER.lower(), f"{MANAGER}.value",
             f"{MANAGER}.VALUE")  # fmt: skip
COMPLEX: list[Row] = [
    *(("/Users", f'{path} eq "26118915"', {A}) for path in SPELLINGS),
    *(("/Users", f'{path} ne "26118915"', {B, Z}) for path in SPELLINGS),
    *(("/Users", f'{path} co "6118"', {A}) for path in SPELLINGS),
    *(("/Users", f'{path} eq "2611891"', NOBODY) for path in SPELLINGS),
    *(("/Users", f"{path} pr", {A}) for path in SPELLINGS),
    *(("/Users", f"{path} eq null", {B, Z}) for path in SPELLINGS),
    *(("/Users", f'{path} {op} "x"', REFUSED)
      for path in ("name", "addresses", "meta", f"{USER}:name", "NAME")
      for op in ("eq", "ne", "co", "sw", "gt")),
    *(("/Users", f"{path} eq null", REFUSED) for path in ("name", "addresses", "meta")),
    *((f"/{kind}", 'meta eq "x"', REFUSED) for kind in ("Groups", "Licenses", "AdminRoles")),
    ("/Users", f'{ENTERPRISE} eq "x"', REFUSED),
    ("/Users", "name pr and addresses pr", {A}),
    ("/Users", "meta pr", EVERYBODY),
    ("/Users", 'addresses.country eq "de"', {A}),
    ("/Users", 'addresses[country eq "DE" and locality sw "K"]', {A}),
    ("/Users", 'emails co "@EXAMPLE"', EVERYBODY),
    ("/Users", 'emails eq "ada@example.com"', {A}),
    ("/Users", 'phoneNumbers co "+1"', {Z}),
    ("/Users", 'groups eq "{group}"', {A}),
    ("/Groups", 'members eq "{ada}"', {"group"}),
    ("/Groups", 'members ne "{ada}"', NOBODY),
    ("/Groups", 'members[value eq "{bob}"]', NOBODY),
    # Types
    *(("/Users", f"active {op} true", REFUSED) for op in ("gt", "ge", "lt", "le", "co", "sw")),
    *(("/Users", text, REFUSED) for text in (
        'active co "t"', 'active eq "yes"', 'active eq "1"', "active eq 1", "userName eq true",
        "emails.primary gt false", "emails[primary co true]", "userName co null", "title gt null",
        "active sw null", f"{GOTO}:inviteCount eq true", f'{GOTO}:inviteCount co "1"',
        f'{GOTO}:inviteCount eq "many"', f"{GOTO}:inviteCount gt 1.5",
        'x509Certificates.value eq "!"', 'x509Certificates co "A"', 'password eq "x"',
        "password pr", 'password ne "x"', 'not (password eq "x")')),
    *(("/Users", text, REFUSED) for text in (
        'nosuch eq "x"', "nosuch pr", 'name.nosuch eq "x"', 'emails.nosuch eq "x"',
        'emails[nosuch eq "x"]', "emails[value.type pr]", 'title.x eq "y"', 'schemas[type eq "x"]',
        'urn:nosuch:User:title eq "x"', "urn:x:y pr", f'{ENTERPRISE}:title eq "x"',
        'not (nosuch eq "x")', 'active eq true or nosuch eq "x"', 'userName[value eq "x"]',
        f'{GOTO}:products[type eq "G2M"]', f'{USER}:manager eq "1"')),
    ("/Licenses", "seats ge 0 and nosuch pr", REFUSED),
    ("/Licenses", 'seats sw "1"', REFUSED),
    ("/AdminRoles", 'grantable gt true', REFUSED),
    ("/Users", 'userName gt "b"', {B, Z}),
    ("/Users", "title eq null", NOBODY),
    ("/Users", "nickName ne null", {A}),
    ("/Users", f'schemas eq "{ENTERPRISE}"', {A}),
    ("/Users", f'schemas[value eq "{ENTERPRISE}"]', {A}),
    ("/Users", 'meta.resourceType eq "User"', EVERYBODY),
    ("/Users", 'id eq "{ada}"', {A}),
]  # fmt: skip
# What only lenient clients are understood in; strict ones are refused.
LENIENT: list[Row] = [
    ("/Users", 'manager eq "26118915"', {A}),
    ("/Users", 'Manager.value eq "26118915"', {A}),
    ("/Users", "MANAGER pr", {A}),
    ("/Users", 'manager ne "26118915"', {B, Z}),
    ("/Users", 'manager[value eq "26118915"]', {A}),
    ("/Users", f'{MANAGER}[value eq "26118915"]', {A}),
    ("/Users", f'{MANAGER}[not (value eq "1")]', {A}),
    ("/Users", 'name[familyName co "brien" and givenName sw "A"]', {A}),
    ("/Users", "manager eq 26118915", {A}),
    ("/Users", 'department eq "tours"', {A}),
    ("/Users", 'active eq "true"', {A, Z}),
    ("/Users", 'active eq "False"', {B}),
    ("/Users", 'emails[primary eq "true" and value sw "ada"]', {A}),
    ("/Users", f'{GOTO}:inviteCount ge "0"', EVERYBODY),
    ("/Users", "name.familyName eq O'Brien", {A}),
    ("/Users", "userName eq ada@example.com", {A}),
    ("/Users", 'title eq "Guide" and userName sw zoe', NOBODY),
]

# -- References ----------------------------------------------------------------------------

REFERENCES: list[Row] = [
    *(("/Users", f'{path} {op} "{text}"', found)
      for path, name, kind in (
          ("meta.location", "ada", "Users"), ("groups.$ref", "group", "Groups"))
      for op, text, found in (
          ("eq", f"{BASE}/{kind}/{{{name}}}", {A}), ("eq", f"{kind}/{{{name}}}", {A}),
          ("eq", f"/scim/v2/{kind}/{{{name}}}", {A}), ("eq", f"{BASE}/{kind}/0", NOBODY),
          ("eq", f"https://elsewhere.example/{kind}/{{{name}}}", NOBODY),
          ("co", f"/v2/{kind}/{{{name}}}", {A}), ("co", "elsewhere", NOBODY),
          ("ew", f"{kind}/{{{name}}}", {A}), ("ew", f"test/scim/v2/{kind}/{{{name}}}", {A}),
          ("sw", f"{BASE}/{kind}/{{{name}}}", {A}), ("sw", "https://", NOBODY),
          ("lt", "a", NOBODY), ("ge", f"{BASE}/x", NOBODY))),
    *(("/Users", f'meta.location {op} "{text}"', EVERYBODY) for op, text in (
        ("sw", f"{BASE}/"), ("sw", BASE), ("sw", "http"), ("co", "bridge.test"),
        ("co", "test/scim"), ("co", "/Users/"), ("co", "v2/Us"), ("gt", "a"),
        ("gt", f"{BASE}/Users/"), ("lt", "x"), ("ne", f"{BASE}/Users/0"))),
    ("/Users", f'meta.location ne "{BASE}/Users/{{ada}}"', {B, Z}),
    ("/Users", "meta.location pr", EVERYBODY),
    ("/Users", f'{MANAGER}.$ref eq "{BASE}/Users/26118915"', {A}),
    ("/Users", f'{MANAGER}.$ref ew "/26118915"', {A}),
    ("/Users", f'{MANAGER}.$ref ne "{BASE}/Users/26118915"', {B, Z}),
    ("/Users", f"{MANAGER}.$ref pr", {A}),
    ("/Users", f'groups[$ref eq "{BASE}/Groups/{{group}}"]', {A}),
    ("/Users", f'groups[$ref sw "{BASE}/Groups/{{group}}" and value eq "{{group}}"]', {A}),
    ("/Groups", f'members.$ref eq "{BASE}/Users/{{ada}}"', {"group"}),
    ("/Groups", f'members.$ref eq "{BASE}/Users/{{bob}}"', NOBODY),
    ("/Groups", f'members.$ref ne "{BASE}/Users/{{ada}}"', NOBODY),
    ("/Groups", f'members.$ref eq "{BASE}/Groups/{{ada}}"', NOBODY),
    ("/Groups", f'members[$ref eq "{BASE}/Users/{{ada}}"]', {"group"}),
    ("/Groups", f'members[$ref eq "{BASE}/Users/{{ada}}" and type eq "user"]', {"group"}),
    ("/Groups", 'members.$ref co "/Users/{ada}"', {"group"}),
    ("/Groups", f'members.$ref sw "{BASE}/Users/{{ada}}"', {"group"}),
    ("/Groups", 'members.$ref pr and displayName sw "Tour"', {"group"}),
    ("/Groups", f'meta.location eq "{BASE}/Groups/{{group}}"', {"group"}),
    ("/Licenses", f'meta.location sw "{BASE}/Licenses/"', NOBODY),
]  # fmt: skip

# -- Case and form -------------------------------------------------------------------------

FORMS: list[Row] = [
    *(("/Users", f'{path} eq "{text}"', {Z})
      for path in ("userName", "emails", "emails.value", f"{USER}:userName")
      for text in (NFC, NFD, NFC.upper(), NFD.upper())),
    *(("/Users", f'emails[value eq "{text}"]', {Z}) for text in (NFC, NFD)),
    *(("/Users", f'userName sw "{text}"', {Z}) for text in ("zo\u00eb", "zoe\u0308", "ZO\u00cb@")),
    ("/Users", 'userName co "o\u00eb@"', {Z}),
    ("/Users", 'userName ew "\u00eb@example.com"', {Z}),
    ("/Users", f'userName ne "{NFC}"', {A, B}),
    ("/Users", 'nickName eq "ZO\u00cb"', {A}),
    *(("/Users", f'title {op} "{text}"', found)
      for op in ("eq", "sw", "ew", "co")
      for text, found in (("Stra\u00dfe", {A}), ("STRA\u1e9eE", {A}), ("strasse", {B}))),
    ("/Users", 'title co "\u00df"', {A}),
    ("/Users", 'title co "ss"', {B}),
    ("/Users", 'title ne "strasse"', {A, Z}),
    ("/Users", 'userName eq "\uff41da@example.com"', NOBODY),
    ("/Users", 'name.familyName eq "o\'br\u0131en"', NOBODY),
    ("/Users", 'addresses.locality eq "\u212a\u00d6LN"', {A}),
    ("/Users", 'externalId eq "Ze\u0301-1"', {A}),
    ("/Users", 'externalId eq "Z\u00e9-1"', NOBODY),
    ("/Users", 'externalId co "Z\u00e9-1"', NOBODY),
    ("/Users", 'externalId eq "ze\u0301-1"', NOBODY),
    ("/Users", 'userName eq " ada@example.com "', {A}),
    ("/Users", 'userName ne "ada@example.com "', {B, Z}),
    ("/Users", 'userName sw " ada"', NOBODY),
    ("/Groups", 'displayName eq "Tour Promotion "', {"group"}),
    ("/Groups", 'displayName eq "tour promotion"', {"group"}),
]  # fmt: skip


def asks(row: Row, *profiles: str) -> Test:
    """Ask on every way, and compare with what is expected."""
    path, text, expected = row

    async def test(doors: Doors) -> None:
        for door in doors:
            if profiles and door.profile not in profiles:
                continue
            found = await door.asked(path, text)
            assert found == dict.fromkeys(found, expected), (door.profile, door.age, text)

    return test


def _texts(rows: list[Row]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=[f"{path} {text}" for path, text, _ in rows])


@_texts(DATES)
def test_a_date_is_a_moment_in_utc_or_refused(run: Runner, row: Row) -> None:
    run(asks(row))


@_texts(QUOTES)
def test_a_text_stands_in_straight_double_quotes(run: Runner, row: Row) -> None:
    run(asks(row))


@_texts(COMPLEX)
def test_a_comparison_is_of_values_of_one_type(run: Runner, row: Row) -> None:
    run(asks(row))


@_texts(LENIENT)
def test_some_forms_are_for_lenient_clients(run: Runner, row: Row) -> None:
    run(asks(row, "lenient"))
    run(asks((row[0], row[1], REFUSED), "strict"))


@_texts(REFERENCES)
def test_what_a_read_shows_is_found_by_the_same_text(run: Runner, row: Row) -> None:
    run(asks(row))


@_texts(FORMS)
def test_case_and_unicode_form_make_no_other_name(run: Runner, row: Row) -> None:
    run(asks(row))


# -- What belongs to filters ---------------------------------------------------------------

TWICE = [
    (b"filter=userName%20eq%20%22a%22&filter=title%20pr", "invalidFilter"),
    (b"filter=title%20pr&Filter=userName%20pr", "invalidFilter"),
    (b"count=1&COUNT=2", "invalidValue"),
]


@pytest.mark.parametrize(("query", "kind"), TWICE)
@pytest.mark.parametrize("path", [b"/Users", b"/Groups", b"/", b"/Licenses"])
def test_one_query_has_one_filter(run: Runner, path: bytes, query: bytes, kind: str) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            answer = await door.wire.send("GET", path + b"?" + query)
            assert (answer.status, answer.json()["scimType"]) == (400, kind)
            assert "twice" in answer.json()["detail"]

    run(test)


def test_the_same_twice_is_once_and_attributes_add_up(run: Runner) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            twice = b"filter=title%20eq%20%22guide%22&filter=title%20eq%20%22guide%22"
            lists = b"&attributes=userName&attributes=title"
            answer = await door.wire.send("GET", b"/Users?" + twice + lists)
            assert [set(each) for each in answer.json()["Resources"]] == [
                {"schemas", "id", "userName", "title"}
            ]

    run(test)


@pytest.mark.parametrize("sent", [5, True, ["title pr"], {"eq": 1}])
def test_a_filter_is_a_text(run: Runner, sent: Any) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            body = {"schemas": [SEARCH], "filter": sent}
            answer = await door.wire.ask("POST", "/Users/.search", body)
            assert (answer.status, answer.json()["scimType"]) == (400, "invalidFilter")

    run(test)


def test_a_reference_is_below_the_url_that_is_asked(run: Runner) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            there = door.wire.at(host=b"other.test")
            text = f'meta.location eq "http://other.test/scim/v2/Users/{door.ids[A]}"'
            for wire, expected in ((there, {A}), (door.wire, NOBODY), (there, {A})):
                answer = await wire.ask("GET", "/Users", params={"filter": text})
                assert await door.found(answer, path="/Users") == expected

    run(test)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("op", ["remove", "replace", "add"])
def test_quotes_in_the_path_of_a_patch_are_refused(run: Runner, op: str, mark: str) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            path = f"phoneNumbers[type eq {mark[0]}work{mark[1]}].value"
            operation = {"op": op, "path": path, "value": "+2"}
            if op == "remove":
                del operation["value"]
            target = f"/Users/{door.ids[Z]}"
            before = (await door.wire.ask("GET", target)).json()
            pathless = {"op": "replace", "value": {path: "+2"}}
            for each in (operation, pathless) if door.profile == "lenient" else (operation,):
                body = {"schemas": [PATCH_OP], "Operations": [each]}
                answer = await door.wire.ask("PATCH", target, body)
                problem = answer.json()
                assert (answer.status, problem["scimType"]) == (400, "invalidFilter"), problem
                assert f"quote {mark[0]}" in problem["detail"]
            assert (await door.wire.ask("GET", target)).json() == before

    run(test)


# -- Names that are one name ------------------------------------------------------------------


def test_a_name_in_another_form_is_taken(run: Runner) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            for name in (NFC, NFD, NFC.upper(), NFD.upper()):
                door.later()
                answer = await door.wire.ask("POST", "/Users", user(name))
                assert (answer.status, answer.json()["scimType"]) == (409, "uniqueness"), name
            for name in ("TOUR PROMOTION", "Tour Promotion ", " tour promotion"):
                door.later()
                body = {"schemas": [GROUP], "displayName": name}
                answer = await door.wire.ask("POST", "/Groups", body)
                assert (answer.status, answer.json()["scimType"]) == (409, "uniqueness"), name

    run(test)


def test_other_letters_are_another_name(run: Runner) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            made = []
            for name in ("stra\u00dfe@example.com", "strasse@example.com", "\uff41da@example.com"):
                door.later()
                answer = await door.wire.ask("POST", "/Users", user(name))
                assert answer.status == 201, (answer.content, name)
                made.append(answer.json()["id"])
            for name, key in zip(("STRA\u00dfE@", "STRASSE@"), made, strict=False):
                door.later()
                text = f'userName eq "{name}example.com"'
                answer = await door.wire.ask("GET", "/Users", params={"filter": text})
                assert [each["id"] for each in answer.json()["Resources"]] == [key]
            for key in made:
                assert (await door.wire.ask("DELETE", f"/Users/{key}")).status == 204

    run(test)


def test_blanks_around_names_are_no_change(run: Runner) -> None:
    async def test(doors: Doors) -> None:
        for door in doors:
            wanted = user(" blank@example.com ", name={"givenName": " Ann ", "familyName": "Lee "})
            made = await door.wire.ask("POST", "/Users", wanted)
            assert made.status == 201, made.content
            shown = made.json()
            assert shown["userName"] == shown["emails"][0]["value"] == "blank@example.com"
            assert (shown["name"]["givenName"], shown["name"]["familyName"]) == ("Ann", "Lee")
            target = f"/Users/{shown['id']}"
            for _ in range(2):
                again = await door.wire.ask("PUT", target, wanted)
                assert again.status == 200, again.content
                assert again.json()["meta"] == shown["meta"]
            for text in ('userName eq " blank@example.com "', 'name.givenName eq " Ann "'):
                answer = await door.wire.ask("GET", "/Users", params={"filter": text})
                assert [each["id"] for each in answer.json()["Resources"]] == [shown["id"]]
            assert (await door.wire.ask("DELETE", target)).status == 204

            body = {"schemas": [GROUP], "displayName": "Blank "}
            group = (await door.wire.ask("POST", "/Groups", body)).json()
            target = f"/Groups/{group['id']}"
            before = (await door.wire.ask("GET", target)).json()
            again = await door.wire.ask("PUT", target, body)
            assert (again.status, again.json()) == (200, before)
            await door.wire.ask("DELETE", target)

    run(test)
