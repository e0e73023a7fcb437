"""What is found by columns is what a look at each resource finds, also after any changes."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scim2_models import InvalidFilterException, ScimFilter, SearchRequest
from scim2_models.path import CompareOperator

import bridge.directory.rows
from bridge.directory import Query
from bridge.directory.attributes import Accessor
from bridge.directory.columns import MOST_PLANES, Column
from bridge.directory.entries import Kind, iso
from bridge.directory.filters import Test as Comparison
from bridge.directory.filters import predicate
from bridge.directory.order import Listing, id_order
from bridge.directory.rows import MOST_CODES, NO_ITEM, NO_VALUE, Coded
from bridge.directory.table import MOST_CHANGES, Table
from bridge.directory.wide import BLOCK, Wide, plane_of
from tests.conftest import bridge_over, simulated
from tests.directory.test_filters import (
    ENTERPRISE,
    EXTENSION,
    MODELS,
    WANTED,
    Sample,
    filters,
    literal,
)
from tests.directory.witness import GROUP_EXTENSION, NO_CACHE, Run, Witness, new_user

DAWN = datetime(2026, 1, 1, tzinfo=UTC)
USER = MODELS["User"]


# -- One column ------------------------------------------------------------------

TEXTS = st.sampled_from(["", "a", "ab", "b", "ba", "aba", "a\0b", "\0", "\u00e4", "a\u0308", "zz"])
MOMENTS = st.integers(0, 5).map(lambda days: DAWN + timedelta(days=days))
SOME_KIND = st.sampled_from([TEXTS, MOMENTS, st.integers(-2, 3), st.booleans()])


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[Any], Comparison]:
    """Values of a column, more than a block of them, and what they are compared with."""
    kind = draw(SOME_KIND)
    other = draw(st.sampled_from([kind, TEXTS, st.none(), st.just(1.5), st.just(True)]))
    missing = draw(st.sampled_from([st.nothing(), st.sampled_from([NO_VALUE, NO_ITEM])]))
    odd = draw(st.sampled_from([st.nothing(), st.nothing(), TEXTS]))
    values = draw(st.lists(st.one_of(kind, missing, odd), min_size=1, max_size=12))
    values *= draw(st.sampled_from([1, 1, 2 * BLOCK // len(values)]))
    operators = list(CompareOperator)
    return values, Comparison(draw(st.sampled_from(operators)), draw(st.one_of(kind, other)))


@settings(max_examples=600, deadline=None)
@given(drawn=rows(), no_item=st.booleans())
def test_rows_of_any_kind_find_what_a_look_at_each_value_finds(
    drawn: tuple[list[Any], Comparison], no_item: bool
) -> None:
    values, test = drawn
    expected = [
        no_item if value is NO_ITEM else test(None if value is NO_VALUE else value)
        for value in values
    ]
    coded = Coded.of(values)
    assert coded is not None
    assert list(coded.where(test, no_item=no_item)) == expected
    assert list(Wide(values).where(test, no_item=no_item)) == expected


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_rows_stay_right_while_values_change(data: st.DataObject) -> None:
    (values, test), (others, _) = data.draw(rows()), data.draw(rows())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bridge.directory.rows, "LOW", data.draw(st.sampled_from([1, 2, 3, 256])))
        _stay_right(data, values, test, others)


def _stay_right(
    data: st.DataObject, values: list[Any], test: Comparison, others: list[Any]
) -> None:
    is_wide = data.draw(st.booleans())
    plane = Wide(values) if is_wide else plane_of(values)
    expected = list(values)
    for value in others[:20]:
        plane.where(test, no_item=False)
        position = data.draw(st.integers(0, len(expected)))
        what = data.draw(st.sampled_from(["insert", "set", "drop"]))
        if what == "insert":
            assert plane.put(position, value, inserted=True)
            expected.insert(position, value)
        elif position < len(expected) and what == "set":
            assert plane.put(position, value, inserted=False)
            expected[position] = value
        elif position < len(expected):
            plane.drop(position)
            del expected[position]
    assert plane.values() == expected
    fresh = Wide(expected).where(test, no_item=False)
    assert plane.where(test, no_item=False) == fresh


def test_rows_of_more_values_than_there_are_codes_are_wide() -> None:
    assert isinstance(plane_of([str(number % MOST_CODES) for number in range(9999)]), Coded)
    assert isinstance(plane_of([str(number % (MOST_CODES + 1)) for number in range(9999)]), Wide)


def test_what_is_known_of_a_block_is_forgotten_when_a_value_in_it_changes() -> None:
    texts = Wide([f"text {number}" for number in range(2 * BLOCK)])
    holds = Comparison(CompareOperator.co, "needle")
    assert texts.where(holds, no_item=False).count(1) == 0
    texts.put(7, "a needle", inserted=False)
    assert texts.where(holds, no_item=False).find(1) == 7
    numbers = Wide(list(range(2 * BLOCK)))
    is_greater = Comparison(CompareOperator.gt, 5000)
    assert numbers.where(is_greater, no_item=False).count(1) == 0
    numbers.put(BLOCK + 7, 5001, inserted=False)
    assert numbers.where(is_greater, no_item=False).find(1) == BLOCK + 7


def test_a_truth_is_no_number() -> None:
    coded = Coded.of([1, True, 0, False])
    assert coded is not None
    assert [type(value) for value in coded.values()] == [int, bool, int, bool]


SEVERAL = st.one_of(
    st.none(), TEXTS, st.lists(st.one_of(st.none(), TEXTS), max_size=MOST_PLANES + 2).map(tuple)
)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_column_keeps_several_values_of_each(data: st.DataObject) -> None:
    values = data.draw(st.lists(SEVERAL, min_size=1, max_size=8))
    column = Column(values)
    for _ in range(data.draw(st.integers(0, 6))):
        position = data.draw(st.integers(0, len(values)))
        value = data.draw(SEVERAL)
        what = data.draw(st.sampled_from(["insert", "set", "drop"]))
        if what == "insert":
            column.put(position, value, inserted=True)
            values.insert(position, value)
        elif position < len(values) and what == "set":
            column.put(position, value)
            values[position] = value
        elif position < len(values):
            column.drop(position)
            del values[position]
    operator = data.draw(st.sampled_from(list(CompareOperator)))
    test = Comparison(operator, data.draw(st.one_of(st.none(), TEXTS)))
    join = all if operator == CompareOperator.ne else any
    expected = [
        join(map(test, value)) if isinstance(value, tuple) else test(value) for value in values
    ]
    assert list(column.where(test)) == expected
    assert list(column.where_present()) == [
        any(value) if isinstance(value, tuple) else bool(value) for value in values
    ]


# -- A table of a real account ------------------------------------------------------


async def entries_of(folder: Path) -> dict[Kind, dict[str, Any]]:
    """Entries as a bridge makes them, of a simulated account with a few users more."""
    found: dict[Kind, dict[str, Any]] = {}
    async with bridge_over(simulated(users=9, groups=3, seed=5), folder) as bridge:
        for wanted in WANTED:
            await bridge.directory.create("User", wanted)
        for kind in MODELS:
            page = await bridge.directory.search(Query([kind], SearchRequest()))
            found[kind] = {entry.key: entry for entry in page.entries}
    return found


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, dict[str, Any]]:
    return asyncio.run(entries_of(tmp_path_factory.mktemp("account")))


def sample_of(kind: Kind, resources: Sequence[dict[str, Any]]) -> Sample:
    """The values that stand in resources, for filters on them."""
    sample = Sample(kind)
    for resource in resources:
        for name, value in resource.items():
            sample.note(name, value)
    for name in ("locale", "nickName", "members.value", "unheardOf", "emails.unheardOf"):
        sample.values.setdefault(name, [])
    return sample


def listed(table: Table, kind: Kind, text: str | None, **options: Any) -> Listing:
    wanted = ScimFilter(text) if text is not None else None
    return asyncio.run(table.listing(wanted, MODELS[kind], **options))


def assert_found(table: Table, entries: dict[str, Any], kind: Kind, text: str) -> None:
    """The table finds, in the order of ids, whom the predicate describes."""
    try:
        ScimFilter[MODELS[kind]](text)
    except InvalidFilterException:
        assume(False)
    matches = predicate(ScimFilter(text), MODELS[kind])
    expected = [key for key in sorted(entries, key=id_order) if matches(entries[key].resource)]
    found = listed(table, kind, text)
    assert list(found.keys()) == expected, text
    assert len(found) == len(expected)


@pytest.mark.parametrize("kind", ["User", "Group"])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_table_finds_what_the_predicate_finds(
    account: dict[Kind, dict[str, Any]], kind: Kind, data: st.DataObject
) -> None:
    entries = account[kind]
    sample = sample_of(kind, [dict(entry.resource) for entry in entries.values()])
    assert_found(Table(entries), entries, kind, data.draw(filters(sample)))


# -- A table of many, who come and go ------------------------------------------------


@dataclass
class Made:
    """An entry that is made up."""

    key: str
    resource: dict[str, Any]
    state: Any

    @property
    def text(self) -> bytes:
        return repr(self.resource).encode()


def made(key: str, chance: random.Random) -> Made:
    """A user with much that others have too, much that nobody else has, and much missing."""
    first, last = (
        chance.choice(
            ["Ada", "ada", "\u00c4da", "Z", "Stra\u00dfe", "STRASSE", "Zoe\u0308", "zo\u00eb"]
        )
        for _ in range(2)
    )
    moment = DAWN + timedelta(milliseconds=chance.randrange(10**6))
    mails = [
        {"value": f"{last}.{chance.randrange(5000)}@{part}.example", "type": part}
        for part in chance.sample(["work", "home", "other"], chance.randrange(4))
    ]
    if mails and chance.random() < 0.5:
        mails[-1]["primary"] = True
    resource: dict[str, Any] = {
        "id": key,
        "userName": f"{first}.{chance.randrange(5000)}@x.example",
        "name": {"givenName": first, "familyName": f"{last}{chance.randrange(999)}"},
        "active": chance.random() < 0.9,
        EXTENSION: {
            "status": chance.choice(["ACTIVE", "INVITED"]),
            "inviteCount": chance.randrange(2000),
            "products": chance.sample(["G2M", "G2W", "OPENVOICE"], chance.randrange(4)),
        },
    }
    if mails:
        resource["emails"] = mails
    if chance.random() < 0.5:
        resource["title"] = chance.choice(["", "Guide", "guide", "t" * chance.randrange(900)])
    if chance.random() < 0.3:
        resource[ENTERPRISE] = {"department": f"D{chance.randrange(400)}"}
        resource["externalId"] = f"e-{chance.randrange(10**6)}"
    if chance.random() < 0.01:
        resource["phoneNumbers"] = [{"value": str(each)} for each in range(chance.randrange(12))]
    resource["meta"] = {
        "resourceType": "User",
        "created": iso(DAWN),
        "lastModified": iso(moment),
        "version": 'W/"1"',
    }
    return Made(key, resource, SimpleNamespace(first_seen=DAWN, last_modified=moment))


def change(table: Table, entries: dict[str, Any], chance: random.Random) -> None:
    """Let somebody come, go or change."""
    key = str(chance.randrange(900, 3 * BLOCK + 900))
    if key in entries and chance.random() < 0.4:
        del entries[key]
    else:
        entries[key] = made(key, chance)
    table.touch(key)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_a_table_of_many_finds_what_the_predicate_finds_while_they_change(
    data: st.DataObject, seed: int
) -> None:
    chance = random.Random(seed)
    keys = [str(number) for number in range(900, 2 * BLOCK + 900)]
    entries: dict[str, Any] = {key: made(key, chance) for key in keys}
    table = Table(entries)
    some = [entry.resource for entry in list(entries.values())[:20]]
    sample = sample_of("User", some)
    texts = data.draw(st.lists(filters(sample), min_size=1, max_size=3))
    for changes in (0, 1, 20):
        for _ in range(changes):
            change(table, entries, chance)
        for text in texts:
            assert_found(table, entries, "User", text)


PATHS = ("userName", "emails.value", "title", "name.familyName", "meta.lastModified", "active")


@pytest.mark.parametrize("path", [*PATHS, f"{EXTENSION}:inviteCount", "phoneNumbers.value"])
@pytest.mark.parametrize("descending", [False, True])
def test_a_table_is_in_the_order_of_any_attribute(path: str, descending: bool) -> None:
    chance = random.Random(7)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(900, 1300)}
    table = Table(entries)
    binding = SearchRequest[USER](sort_by=path).sort_binding(USER)
    accessor = Accessor(binding)

    def place(key: str) -> tuple[Any, ...]:
        value = accessor.sort_value(entries[key].resource)
        return value is None, "" if value is None else value, len(key), key

    for text in (None, "active eq true", "title pr"):
        for _ in range(9):
            change(table, entries, chance)
        matches = predicate(ScimFilter(text), USER) if text else lambda _: True
        found = listed(table, "User", text, sort_by=accessor, descending=descending)
        matching = [key for key in entries if matches(entries[key].resource)]
        assert list(found.keys()) == sorted(matching, key=place, reverse=descending)
        shown = [found.value(index) for index in range(len(found))]
        keys = found.keys()
        assert shown == [accessor.sort_value(entries[key].resource) for key in keys]


# -- Pages, changes of many, and looks at once -----------------------------------------


@pytest.mark.parametrize("text", [None, "active eq true", 'userName co "1"', 'userName co "77"'])
def test_pages_make_up_the_whole(text: str | None) -> None:
    chance = random.Random(3)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(5000)}
    whole = listed(Table(entries), "User", text)
    total = len(whole)
    pages: list[str] = []
    for first in range(0, total + 200, 100):
        # Each page of a look of its own, or of what the first one found.
        looked = listed(Table(entries), "User", text) if total < 500 else whole
        pages += looked.keys(first, first + 100)
    assert pages == list(whole.keys())
    assert len(set(pages)) == total


@pytest.mark.parametrize("changes", [1, 30, 2 * MOST_CHANGES])
def test_pages_of_all_are_of_what_is_there_now(changes: int) -> None:
    chance = random.Random(8)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(900, 2900, 2)}
    table = Table(entries)
    found = 0
    for _ in range(6):
        everybody = listed(table, "User", None)
        for first in range(0, len(entries), 70):
            keys = everybody.keys(first, first + 70)
            at_hand = table.texts(everybody, first, first + 70)
            assert at_hand is not None
            assert at_hand == [entries[key].text for key in keys]
            found += len(at_hand)
        for _ in range(changes):
            change(table, entries, chance)
    assert found > 5000


def test_texts_are_at_hand_for_nothing_but_all_that_there_are() -> None:
    chance = random.Random(9)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(900, 990)}
    table = Table(entries)
    everybody, some = listed(table, "User", None), listed(table, "User", "active eq true")
    assert table.texts(everybody, 0, 9) is not None
    assert table.texts(some, 0, 9) is None
    entries["950"] = made("950", chance)
    table.touch("950")
    assert table.texts(everybody, 50, 51) == [entries["950"].text]
    del entries["901"]
    table.touch("901")
    assert table.texts(everybody, 0, 9) is None


def test_a_listing_stays_as_it_is_while_others_come_and_go() -> None:
    chance = random.Random(4)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(100, 200)}
    table = Table(entries)
    everybody = listed(table, "User", None)
    active = listed(table, "User", "active eq true")
    before = list(everybody.keys()), list(active.keys())
    for key in ("100", "150"):
        del entries[key]
        table.touch(key)
    entries["099"] = made("099", chance)
    table.touch("099")
    assert "099" in set(listed(table, "User", None).keys())
    assert (list(everybody.keys()), list(active.keys())) == before


def test_entries_that_others_take_the_place_of_are_compared() -> None:
    chance = random.Random(5)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(3 * MOST_CHANGES)}
    table = Table(entries)
    text = 'title eq "guide"'
    assert_found(table, entries, "User", text)
    few = {**entries, "7": made("7", chance), "99999": made("99999", chance)}
    del few["8"]
    table.replace(few)
    assert_found(table, few, "User", text)
    many = {key: made(key, chance) for key in list(few)[500:]}
    table.replace(many)
    assert_found(table, many, "User", text)


def test_what_changes_while_a_column_is_made_is_in_it() -> None:
    chance = random.Random(6)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(1000, 4000)}
    table = Table(entries)

    async def scenario() -> None:
        async def look(text: str) -> None:
            found = await table.listing(ScimFilter(text), USER)
            matches = predicate(ScimFilter(text), USER)
            expected = [key for key in sorted(entries) if matches(entries[key].resource)]
            assert list(found.keys()) == expected

        async def write() -> None:
            for number in range(12):
                for key in (str(1000 + number), str(3999 - number)):
                    entries[key].resource = {**entries[key].resource, "title": "New"}
                    table.touch(key)
                entries.pop(str(2000 + number))
                table.touch(str(2000 + number))
                entries[str(5000 + number)] = made(str(5000 + number), chance)
                table.touch(str(5000 + number))
                await asyncio.sleep(0)

        texts = ['title eq "new"', 'title ne "new"', "active eq true", 'userName sw "z"']
        await asyncio.gather(write(), *(look(text) for text in texts))
        for text in texts:
            await look(text)

    asyncio.run(scenario())


def test_brackets_are_right_whether_a_resource_has_few_values_or_many() -> None:
    chance = random.Random(9)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(100, 150)}
    table = Table(entries)
    for number in (0, 2, MOST_PLANES + 3):
        phones = [{"value": str(each), "type": "work"} for each in range(number)]
        entries["120"].resource = {**entries["120"].resource, "phoneNumbers": phones}
        table.touch("120")
        for value in range(MOST_PLANES + 3):
            for kind in ("work", "home"):
                inner = f'value eq "{value}" and type eq "{kind}"'
                assert_found(table, entries, "User", f"phoneNumbers[{inner}]")
                assert_found(table, entries, "User", f"phoneNumbers[not ({inner})]")


def test_a_filter_on_moments_is_exact_to_the_millisecond() -> None:
    chance = random.Random(8)
    entries: dict[str, Any] = {str(key): made(str(key), chance) for key in range(1000, 1700)}
    table = Table(entries)
    for entry in list(entries.values())[:20]:
        for off in (-1, 0, 1):
            moment = entry.state.last_modified + timedelta(milliseconds=off)
            for operator in ("eq", "ne", "gt", "ge", "lt", "le"):
                text = f"meta.lastModified {operator} {literal(iso(moment))}"
                assert_found(table, entries, "User", text)


# -- Over a whole bridge -----------------------------------------------------------

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

USERS_FILTERS = (
    "active eq true",
    'groups.value eq "{group}"',
    'groups[display co "{name}"]',
    'emails[type eq "work" and value sw "new"]',
    f'{EXTENSION}:groupPath co "{{name}}"',
    'meta.lastModified gt "{moment}"',
    "name pr and not (title pr)",
    'title eq "guide"',
)
GROUPS_FILTERS = (
    'members.value eq "{user}"',
    'members ne "{user}"',
    'members[value eq "{user}"]',
    "members pr",
    f"{GROUP_EXTENSION}:memberCount gt 0",
    *(f"{GROUP_EXTENSION}:totalMemberCount eq {count}" for count in range(12)),
    'displayName co "{name}"',
    'meta.lastModified gt "{moment}"',
)


def test_lists_keep_up_with_whatever_clients_and_administrators_do(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        users, groups = sees.somebody(5), await sees.ids("/Groups")
        for key, group in list(sees.account.stored.groups.items()):
            above = groups[1] if key == groups[0] else None
            sees.account.stored.put_group(replace(group, parent_key=above))
        sees.clock.grow_old()
        made = (await sees.done("POST", "/Users", new_user(title="Guide")))["id"]
        values = {"user": made, "group": groups[0], "name": "New", "moment": ""}

        async def all_right() -> None:
            for kind, texts in (("User", USERS_FILTERS), ("Group", GROUPS_FILTERS)):
                page = await sees.bridge.directory.search(Query([kind], SearchRequest()))
                resources = [dict(entry.resource) for entry in page.entries]
                stored = sees.account.stored
                known = stored.users if kind == "User" else stored.groups
                assert [each["id"] for each in resources] == sorted(known, key=id_order)
                moments = sorted(each["meta"]["lastModified"] for each in resources)
                values["moment"] = moments[len(moments) // 2]
                for text in (each.format(**values) for each in texts):
                    matches = predicate(ScimFilter(text), MODELS[kind])
                    expected = [each["id"] for each in resources if matches(each)]
                    body = {"schemas": [SEARCH], "filter": text}
                    found = await sees.done("POST", f"/{kind}s/.search", body)
                    assert [each["id"] for each in found["Resources"]] == expected, text

        add = {"op": "add", "path": "members", "value": [{"value": made}]}
        remove = {"op": "remove", "path": "members"}
        for step in (
            lambda: sees.patch(f"/Groups/{groups[0]}", add),
            lambda: sees.patch(f"/Groups/{groups[1]}", add),
            lambda: sees.replace(f"/Users/{made}", title="New", active=False),
            lambda: sees.replace(f"/Groups/{groups[1]}", displayName="New"),
            lambda: sees.ask("DELETE", f"/Users/{users[3]}"),
            lambda: sees.ask("POST", "/Users", new_user()),
            lambda: sees.patch(f"/Groups/{groups[1]}", remove),
            lambda: sees.ask("DELETE", f"/Groups/{groups[2]}"),
            lambda: sees.ask("GET", f"/Users/{made}", **NO_CACHE),
        ):
            await all_right()
            assert (await step()).status_code < 300
        await all_right()
        for key in users[:3]:
            sees.account.stored.users[key] = replace(sees.stored(key), first_name="New")
        sees.new_at_goto("new@people.example")
        sees.clock.grow_old()
        await all_right()

    witnessed(test)
