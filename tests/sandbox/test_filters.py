"""Both filter dialects, as tables."""

from typing import Any

import pytest

from bridge.sandbox import SimulatorSettings
from bridge.sandbox.filters import compiled
from bridge.sandbox.rows import Refusal

FIELDS = ("key", "email", "firstName", "lastName")
ADA = {"key": "12", "email": "Ada.B@example.com", "firstName": "Ada", "lastName": 'B "Bo" C'}


def matches(text: str, **settings: Any) -> bool:
    test = compiled(text, fields=FIELDS, settings=SimulatorSettings(**settings))
    return test.matches(ADA.get)


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ('email eq "Ada.B@example.com"', {}, True),
        ('email EQ "ada.b@EXAMPLE.com"', {}, True),
        ('email eq "ada.b@EXAMPLE.com"', {"eq_ignores_case": False}, False),
        ('email eq "b@example.com"', {}, False),
        ('firstName eq "Ada"', {"eq_fields": "any"}, True),
        ('lastName eq "B \\"Bo\\" C"', {"eq_fields": "any"}, True),
        ('(email="(?i)ada\\.b@example\\.com")', {}, True),
        ('email="(?i)ada\\.b@example\\.com"', {}, True),
        ('(email="ada\\.b@example\\.com")', {}, False),
        ('(email="(?i)ada.*")|(firstName="Nobody")', {}, True),
        ('(email="(?i)ada.*")&(firstName="Nobody")', {}, False),
        ('(firstName="X")&(firstName="Y")|(firstName="Ada")', {}, True),
        ('(firstName="X")&((firstName="Y")|(firstName="Ada"))', {}, False),
        ('firstName="A"', {}, False),
        ('firstName="A"', {"regex_match": "part"}, True),
        ('email="(?i)\\Qada.b@\\E.*"', {}, True),
        ('email="(?i)\\Qada.b@example.com"', {}, True),
        ('lastName="B \\"Bo\\" C"', {}, True),
        ('key="12"', {}, True),
    ],
)
def test_a_filter_matches(text: str, settings: dict[str, Any], expected: bool) -> None:
    assert matches(text, **settings) is expected


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("nonsense", {}),
        ('firstName eq "Ada"', {}),
        ('status eq "ACTIVE"', {"eq_fields": "any"}),
        ('email ne "x"', {}),
        ('email eq "x" and firstName eq "y"', {}),
        ('(status="ACTIVE")', {}),
        ('(email="(")', {}),
        ('(email="x"', {}),
        ('(email="x"))', {}),
        ('(email="x")(email="y")', {}),
        ("(email=x)", {}),
        ("", {}),
        ('email="' + "x" * 9000 + '"', {}),
        ('email eq "x"', {"filter_dialects": "regex"}),
        ('email="x"', {"filter_dialects": "eq"}),
    ],
)
def test_an_unusable_filter_is_refused(text: str, settings: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match=r"400 filter\.invalid"):
        matches(text, **settings)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ('email eq "a@b.c"', (("email", "a@b.c"),)),
        ('(email="(?i)a\\.b@c\\.d")', (("email", "a.b@c.d"),)),
        ('(email="a\\.b@c\\.d")|(key="7")', (("email", "a.b@c.d"), ("key", "7"))),
        ('(firstName="A.*")&(key="7")', (("key", "7"),)),
        ('(firstName="A.*")|(key="7")', None),
        ('(email="a.b@c.d")', None),
        ('(email="\\d")', None),
    ],
)
def test_exact_values_are_found_for_the_index(text: str, exact: Any) -> None:
    assert compiled(text, fields=FIELDS, settings=SimulatorSettings()).exact == exact
