"""GETs answered straight from memory: the same answers, to the letter, as by the whole way."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from pathlib import Path

import pytest

from bridge.scim.lookups import lookup
from bridge.scim.plain_reads import PlainReads
from tests.conftest import simulated
from tests.scim.wire import Answer, Wire, wired

# Any header that a plain read leaves to the others, and that changes nothing.
THE_WHOLE_WAY = ((b"pragma", b"x"),)
NAME = "o'neil+tag@example.com"

LISTS = (
    "/Users",
    "/Groups",
    "/Users?count=3",
    "/Users?startIndex=4&count=3",
    "/Users?startIndex=0&count=2",
    "/Users?startIndex=900",
    "/Users?count=0",
    "/Users?attributes=userName,name.givenName",
    "/Groups?excludedAttributes=members",
    "/Users?sortBy=userName&sortOrder=descending&count=4",
    "/Users?filter=active eq true&count=2",
    "/Users?filter=name.givenName%20sw%20%22a%22",
    "/Users?filter=nothing%20to%20be%20read",
    "/Users?filter=",
    "/Users?cursor=&count=2",
    "/Users?cursor=nonsense",
    "/Users/",
    "/Users/1",
    "/Users/nobody",
    "/Groups/1",
    "/Devices",
    "/Users?unknown=1",
)
TEXTS = (
    "{name}", "{NAME}", "nobody@example.com", "", "a%5C%22b", "a%22%20or%20active%20eq%20%22b",
    "%22", "%E2%82", "%0A", "%C3%A9", "a b", "{name}%20",
)  # fmt: skip
FORMS = (
    "/Users?filter=userName%20eq%20%22{}%22",
    "/Users?filter=userName+eq+%22{}%22",
    '/Users?filter=USERNAME+EQ+"{}"&count=1',
    "/Users?filter=userName+eq+%22{}%22&attributes=id",
    "/Users?filter=userName+eq+%22{}%22&startIndex=2",
    "/Users?filter=userName+eq+%22{}%22&count=0",
    "/Users?filter=userName+eq+%22{}%22&filter=active+eq+true",
    "/Users?filter=userName+eq+%22{}%22&cursor=",
    "/Users?count=5&filter=userName+eq+%22{}%22",
    "/Users?filter=userName+ne+%22{}%22&count=2",
    "/Users?filter=not+(userName+eq+%22{}%22)&count=2",
    "/Groups?filter=userName+eq+%22{}%22",
)


Running = Callable[[Callable[[Wire], Awaitable[None]]], None]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """Runs a test against a service over an account of its own."""

    def runner(test: Callable[[Wire], Awaitable[None]]) -> None:
        async def run() -> None:
            async with wired(simulated(users=8, groups=2), tmp_path) as (wire, _):
                await test(wire)

        asyncio.run(run())

    return runner


async def asked_both_ways(wire: Wire, target: str) -> tuple[Answer, Answer]:
    target = target.replace(" ", "%20")
    plain = await wire.send("GET", target)
    return plain, await wire.send("GET", target, headers=THE_WHOLE_WAY)


def shown(answer: Answer) -> dict[str, object]:
    """A list but for its cursor, which is sealed anew each time."""
    return {name: value for name, value in answer.json().items() if name != "nextCursor"}


def test_a_plain_read_answers_as_the_whole_way_does(running: Running) -> None:
    async def test(wire: Wire) -> None:
        await wire.send("POST", "/Users", body=b'{"userName":"%b"}' % NAME.encode())
        users = (await wire.send("GET", "/Users")).json()["Resources"]
        groups = (await wire.send("GET", "/Groups")).json()["Resources"]
        for each in [*users, *groups]:
            kind = each["meta"]["resourceType"]
            plain, whole = await asked_both_ways(wire, f"/{kind}s/{each['id']}")
            assert plain == whole
            assert plain.json() == each
            assert plain.headers["etag"] == each["meta"]["version"]
            assert plain.headers["content-location"] == each["meta"]["location"]
        for target in LISTS:
            plain, whole = await asked_both_ways(wire, target)
            assert (target, plain.status, shown(plain)) == (target, whole.status, shown(whole))
            if "cursor" not in target:
                assert plain == whole

    running(test)


def test_a_lookup_by_user_name_answers_as_the_whole_way_does(running: Running) -> None:
    async def test(wire: Wire) -> None:
        await wire.send("POST", "/Users", body=b'{"userName":"%b"}' % NAME.encode())
        found = 0
        sent = NAME.replace("+", "%2B")
        for form, text in product(FORMS, TEXTS):
            text = text.replace("{name}", sent).replace("{NAME}", sent.upper())
            target = form.format(text.replace("%2b", "%2B"))
            plain, whole = await asked_both_ways(wire, target)
            assert (target, plain.status, shown(plain)) == (target, whole.status, shown(whole))
            found += plain.status == 200 and plain.json()["totalResults"] == 1
        assert found > len(FORMS)

    running(test)


def test_reads_and_lookups_take_the_short_way(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bool] = []
    answer = PlainReads.answer

    async def noted(self: PlainReads, scope: object) -> object:
        found = await answer(self, scope)  # type: ignore[arg-type]
        taken.append(found is not None)
        return found

    async def test(wire: Wire) -> None:
        monkeypatch.setattr(PlainReads, "answer", noted)
        user = (await wire.send("GET", "/Users?count=1")).json()["Resources"][0]
        for target in (
            f"/Users/{user['id']}",
            f"/Users?filter=userName+eq+%22{user['userName']}%22",
            "/Users?count=2",
            "/Groups",
        ):
            taken.clear()
            assert (await wire.send("GET", target)).status == 200
            assert taken == [True], target
        for headers in (((b"if-none-match", b'"x"'),), ((b"cache-control", b"no-cache"),)):
            taken.clear()
            assert (await wire.send("GET", f"/Users/{user['id']}", headers=headers)).status == 200
            assert taken == [False]

    running(test)


def test_a_stranger_learns_nothing_by_the_short_way(running: Running) -> None:
    async def test(wire: Wire) -> None:
        users = (await wire.send("GET", "/Users")).json()["Resources"]
        for target in (f"/Users/{users[0]['id']}", "/Users", "/Users?filter=userName+eq+%22a%22"):
            assert (await wire.send("GET", target, authorized=False)).status == 401
            wrong = ((b"authorization", b"Bearer wrong"),)
            assert (await wire.send("GET", target, headers=wrong, authorized=False)).status == 401

    running(test)


def test_a_lookup_is_read_only_where_it_is_nothing_else() -> None:
    assert lookup(b'filter=userName+eq+"A%40b"&count=1') is not None
    assert lookup(b"filter=userName+eq+%22A%40b%22").user_name == "A@b"  # type: ignore[union-attr]
    for query in (b"", b"filter=userName+eq+1", b"filter=id+eq+%22a%22", b"count=1"):
        assert lookup(query) is None
