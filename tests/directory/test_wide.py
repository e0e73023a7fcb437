"""Many distinct values: what is found at once is what a look at each of them finds."""

import datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models.path import CompareOperator

from bridge.directory import buckets, joined, wide
from bridge.directory.buckets import Buckets
from bridge.directory.filters import Test as Comparison
from bridge.directory.joined import Joined
from bridge.directory.wide import Wide

ORDERED = [CompareOperator(op) for op in ("eq", "gt", "ge", "lt", "le")]
TEXTUAL = [CompareOperator(op) for op in ("eq", "co", "sw", "ew")]
WITHIN = [CompareOperator.co, CompareOperator.ew]
# Few letters, so that there are hits, hits in a row, and hits that overlap.
ANY = st.text("ab@\0\1\2é\ud800", max_size=5)
# And a domain that most have in common.
TEXTS = st.builds("".join, st.tuples(ANY, st.sampled_from(["", "@ab", "@ab", "@ab"])))
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
MOMENTS = st.integers(0, 40).map(lambda days: EPOCH + datetime.timedelta(days=days))
VALUES: list[st.SearchStrategy[Any]] = [TEXTS, st.integers(-20, 20), MOMENTS]


PEOPLE = list(product(["ada", "ana", "bo", "x"], ["ng", "ana", "li", ""]))


def one_by_one(test: Comparison, values: list[Any]) -> bytes:
    return bytes(test(value) for value in values)


@settings(max_examples=400)
@given(
    st.lists(TEXTS, min_size=1, max_size=40),
    st.sampled_from(["", "@", "@ab", "@a"]),
    st.sampled_from(WITHIN),
    TEXTS,
)
def test_a_text_is_found_where_a_look_at_each_finds_it(
    texts: list[str], tail: str, op: CompareOperator, text: str
) -> None:
    found = Joined.of(texts, tail)
    assert (found is None) is any(mark in each for each in texts for mark in "\0\1")
    if found is not None and text and "\0" not in text:
        marks = found.where(op, text.encode(errors="surrogatepass"))
        assert marks == one_by_one(Comparison(op, text), texts)


@pytest.mark.parametrize("op", WITHIN)
@pytest.mark.parametrize("hits", [1, joined.FEW // 4, joined.FEW, joined.FEW * 3])
def test_many_texts_are_found_as_few_are(op: CompareOperator, hits: int) -> None:
    texts = ["aaxaa"] * hits + ["b"] * 30 + ["aa"] * hits
    found = Joined.of(texts)
    assert found is not None
    assert found.where(op, b"aa") == one_by_one(Comparison(op, "aa"), texts)


@pytest.mark.parametrize("op", WITHIN)
def test_a_common_end_is_part_of_each_text(op: CompareOperator) -> None:
    texts = ["a@ab", "b@ab", "ba@ab", "ab", "a", "@ab", "b@a", "a@ab@ab", "b"]
    found = Joined.of(texts, "@ab")
    assert found is not None
    pieces = {each[first:last] for each in texts for first in range(7) for last in range(1, 8)}
    for text in {*pieces, "a@abb", "ab@b"} - {""}:
        assert found.where(op, text.encode()) == one_by_one(Comparison(op, text), texts), text


@pytest.mark.parametrize(
    ("texts", "tail"),
    [
        ([], ""),
        (["a", "b"], ""),
        (["a@x.com", "b@x.com", "c@y.com"], "@x.com"),
        (["a@x.com", "b@y.com", "c@z.com"], ""),
        (["a@b@x.com", "@x.com", "d"], "@x.com"),
    ],
)
def test_the_domain_of_most_addresses_is_known(texts: list[str], tail: str) -> None:
    assert joined.common_tail(texts) == tail


@pytest.mark.parametrize("op", TEXTUAL)
@pytest.mark.parametrize("grown", [1, 4])
def test_pieces_of_texts_are_found_in_whichever_block_they_are(
    op: CompareOperator, grown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wide, "BLOCK", 5)
    monkeypatch.setattr(wide, "GROWN", grown)
    texts = [f"{first}{last}{each % 3}@ab" for each, (first, last) in enumerate(PEOPLE)]
    texts += ["without", "an", "", "é\ud800"]
    plane = Wide(texts)

    def look() -> None:
        pieces = {each[a:b] for each in texts for a in range(6) for b in range(1, 9)}
        for text in {*pieces, *texts, "za", "a@b", "xx"}:
            test = Comparison(op, text)
            assert plane.where(test, no_item=False) == one_by_one(test, texts), text

    look()
    for position, text in ((0, "zaza"), (7, "xx@ab"), (len(texts), "last"), *((3, "an"),) * 12):
        plane.put(position, text, inserted=True)
        texts.insert(position, text)
        look()
    plane.put(2, "xyz", inserted=False)
    texts[2] = "xyz"
    look()
    while texts:
        plane.drop(len(texts) // 2)
        del texts[len(texts) // 2]
        look()
    plane.put(0, "again", inserted=True)
    texts.append("again")
    look()


CHANGES = st.lists(st.tuples(st.sampled_from(["set", "insert", "drop"]), st.integers(0, 99)))


@settings(max_examples=300)
@pytest.mark.parametrize("values", VALUES)
@given(st.data())
def test_what_is_found_stays_right_while_rows_change(
    values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wide, "BLOCK", 5)
        patch.setattr(buckets, "MOST_CUTS", data.draw(st.integers(1, 6)))
        patch.setattr(buckets, "MOST_BESIDE", data.draw(st.sampled_from([0, 4, 8000])))
        rows = data.draw(st.lists(values, min_size=1, max_size=30))
        plane = Wide(rows)
        ops = st.sampled_from([*ORDERED, CompareOperator.ne, *(TEXTUAL if values is TEXTS else [])])
        for change, place in [("", 0), *data.draw(CHANGES)]:
            value, position = data.draw(values), place % (len(rows) or 1)
            if change == "drop" and rows:
                plane.drop(position)
                del rows[position]
            elif change == "insert" or not rows:
                plane.put(position, value, inserted=True)
                rows.insert(position, value)
            elif change == "set":
                plane.put(position, value, inserted=False)
                rows[position] = value
            test = Comparison(data.draw(ops), data.draw(values))
            assert plane.where(test, no_item=False) == one_by_one(test, rows)


def test_ranges_hold_where_all_values_are_one() -> None:
    rows = [7] * 9_000 + [8]
    plane = Buckets(rows)
    for op in ORDERED:
        for right in (6, 7, 8, 9):
            test = Comparison(op, right)
            assert plane.where(test, rows) == one_by_one(test, rows)
