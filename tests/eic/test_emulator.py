"""The emulator itself: bindings, paths and success rules, as EIC's pages describe them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.eic.emulator.binder import bound, valued
from tests.eic.emulator.evaluation import evaluate
from tests.eic.emulator.groovy import GroovyError
from tests.eic.emulator.paths import PathError, at_path, column

NAMES: dict[str, Any] = {
    "user": {"firstname": 'Ada "Q"', "lastname": None, "n": 3, "on": True, "list": ["a", "b"]},
    "response": {"call1": {"message": {"Resources": [{"id": "7"}], "totalResults": 1}}},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2", 3),
        ("'a' + 1 + null", "a1null"),
        ("user.firstname", 'Ada "Q"'),
        ("user.lastname", None),
        ("user.nothing?.trim()", None),
        ("user.lastname == null ? '' : user.lastname.trim()", ""),
        ("user.n > 2 ? 'many' : user.n == 2 ? 'two' : 'few'", "many"),
        ("user.n < 2 ? 'few' : user.n == 3 ? 'three' : 'many'", "three"),
        ("user.lastname ?: 'none'", "none"),
        ("user.list[1]", "b"),
        ("user.list[9]", None),
        ("user.list.size() >= 2 && !user.list.contains('c')", True),
        ("user.nothing?.size() > 0", False),
        ("null == null || user.lastname.trim()", True),
        ("response.call1.message.Resources[0].id", "7"),
        ("response.call1.message.Resources.id", ["7"]),
        ("Math.addExact(user.n, 4)", 7),
        ("user.firstname.replace('\"', '\\\\\"')", 'Ada \\"Q\\"'),
        ("'a,b'.split(',')[1].toUpperCase()", "B"),
        ("user.n.toString().equals('3')", True),
        ("-1 + (2 - 1)", 0),
        ("user.on != false", True),
        ("'it\\'s'", "it's"),
    ],
)
def test_an_expression_comes_to_what_groovy_makes_of_it(source: str, value: Any) -> None:
    assert evaluate(source, NAMES) == value


@pytest.mark.parametrize(
    "source",
    [
        "user.lastname.trim()",
        "user.firstname.execute()",
        "unknown",
        "1 +",
        "(1",
        "user.",
        "'open",
        "1 2",
        "System.exit(1)",
        "user.firstname.__class__",
        "Math.addExact(user.lastname, 1)",
        "new Date()",
        "'a' < 1",
    ],
)
def test_what_groovy_or_eic_would_stop_at_is_an_error(source: str) -> None:
    with pytest.raises(GroovyError):
        evaluate(source, NAMES)


def test_a_text_is_bound_where_it_says_so() -> None:
    assert bound("a${user.n}b${'}'}c", NAMES) == "a3b}c"
    assert bound("${user.lastname}", NAMES) == "null"
    assert bound("${user.lastname}", NAMES, null="") == ""
    assert bound("${user.on} ${user.list}", NAMES) == "true [a, b]"
    assert bound('"${user.firstname}"', NAMES, escaped=True) == '"Ada \\"Q\\""'
    assert bound("$5 {x}", NAMES) == "$5 {x}"
    assert valued("${user.lastname}", NAMES) is None
    assert valued("x${user.n}", NAMES) == "x3"
    with pytest.raises(GroovyError):
        bound("${user.n", NAMES)


RECORD: dict[str, Any] = {
    "id": 7,
    "active": True,
    "name": {"givenName": "Ada"},
    "emails": [{"value": "a@x"}, {"value": "b@x"}],
    "urn:x:2.0:User": {"department": "R"},
    "urn:x:User": {"products": ["A", "B"]},
    "at": 1_000,
    "when": "2026-01-31T00:00:00Z",
}


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("id~#~char", "7"),
        ("id~#~int", 7),
        ("active~#~char", "true"),
        ("active~#~bool", True),
        ("name.givenName~#~char", "Ada"),
        ("name.missing~#~char", None),
        ("emails[1].value~#~char", "b@x"),
        ("emails[2].value~#~char", None),
        ("urn:x:2~dot#0:User.department~#~char", "R"),
        ("urn:x:2.0:User.department~#~char", None),
        ("urn:x:User.products~#~char", "A,B"),
        ("at~#~epochdate", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("when~#~date", datetime(2026, 1, 31, tzinfo=UTC)),
        ("#CONST#Service", "Service"),
    ],
)
def test_a_column_is_read_by_path_and_type(entry: str, value: Any) -> None:
    assert column(RECORD, entry) == value


def test_a_path_that_cannot_be_read_or_has_no_type_is_an_error() -> None:
    with pytest.raises(PathError):
        column(RECORD, "id")
    with pytest.raises(PathError):
        at_path(RECORD, "emails[x].value")
