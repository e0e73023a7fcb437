"""How old a grant is and when it ends, as people and machines are told."""

from dataclasses import replace
from datetime import timedelta
from math import isnan

import pytest

from bridge.connect import ends_soon, grant_age, grant_facts, grant_left, grant_told
from bridge.goto import Grant
from tests.connect.grants import NOW, refresh_token

DAY = 86_400
PAT = Grant(kind="pat", secret="p", obtained_at=NOW, principal="admin@example.com")
NONE = Grant(kind="refresh_token", secret="", obtained_at=NOW)


@pytest.mark.parametrize(
    ("day", "soon", "words"),
    [
        (0, False, "good until 2026-03-31 12:00 UTC (30 days), obtained 2026-03-01 12:00 UTC"),
        (22.75, False, "(7 days), obtained 2026-03-01 12:00 UTC (22 days ago)"),
        (23, True, "(7 days)"),
        (28.5, True, "(1 day)"),
        (30, True, "ran out 2026-03-31 12:00 UTC"),
        (40, True, "ran out"),
    ],
)
def test_the_end_of_a_refresh_token_is_told_and_warned_of_from_seven_days(
    day: float, soon: bool, words: str
) -> None:
    now = NOW.timestamp() + day * DAY
    grant = refresh_token()
    assert ends_soon(grant, now) is soon
    assert words in grant_told(grant, now)
    assert grant_age(grant, now) == day * DAY
    assert grant_left(grant, now) == (30 - day) * DAY
    assert grant_facts(grant, now)["expires_in_days"] == round(30 - day, 1)


@pytest.mark.parametrize("grant", [PAT, replace(refresh_token(), expires_at=None), NONE])
def test_where_the_end_is_not_known_nobody_is_warned(grant: Grant) -> None:
    now = (NOW + timedelta(days=400)).timestamp()
    assert not ends_soon(grant, now)
    assert isnan(grant_left(grant, now))


def test_without_a_grant_there_is_no_age_and_no_fact() -> None:
    assert isnan(grant_age(NONE, NOW.timestamp()))
    assert grant_facts(NONE, NOW.timestamp()) == {}


def test_the_facts_hold_no_secret() -> None:
    assert grant_facts(PAT, NOW.timestamp()) == {
        "kind": "pat",
        "principal": "admin@example.com",
        "obtained_at": "2026-03-01T12:00:00+00:00",
        "expires_at": None,
        "expires_in_days": None,
    }
