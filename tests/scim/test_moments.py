"""Dates as clients write them are moments, to the microsecond, or they are none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.scim.filters.moments import FIRST, LAST, utc, written

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
MOMENTS = [
    ("2024-02-29", NOON - timedelta(hours=12)),
    ("2024-02-29T12:00:00Z", NOON),
    ("2024-02-29T12:00:00", NOON),
    ("2024-02-29t12:00:00z", NOON),
    ("2024-02-29 12:00:00Z", NOON),
    (" 2024-02-29T12:00Z ", NOON),
    ("2024-02-29T14:00:00+02:00", NOON),
    ("2024-02-29T14:00:00 02:00", NOON),
    ("2024-02-29T14:00:00+0200", NOON),
    ("2024-02-29T14:00:00+02", NOON),
    ("2024-02-29T06:30:00-05:30", NOON),
    ("2024-02-29T06:30:00\u221205:30", NOON),
    ("2024-02-29T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
    ("2024-02-29T12:00:00,123456789Z", NOON + timedelta(microseconds=123456)),
    ("2024-02-29T12:00:00.1230000001Z", NOON + timedelta(microseconds=123001)),
    ("2024-02-29T12:00:00.12300000000Z", NOON + timedelta(microseconds=123000)),
    ("2024-02-28T24:00:00Z", NOON - timedelta(hours=12)),
    ("2024-02-29T11:59:60Z", NOON),
    ("0001-01-01T00:00:00+14:00", FIRST),
    ("9999-12-31T23:59:59-14:00", LAST),
    ("9999-12-31T24:00:00", LAST),
]


@pytest.mark.parametrize(("text", "moment"), MOMENTS)
def test_a_date_is_read_as_the_moment_it_names(text: str, moment: datetime) -> None:
    assert utc(text) == moment


@given(moment=st.datetimes(timezones=st.timezones()))
def test_any_moment_is_read_as_it_is_written(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    assert utc(written(expected)) == expected


@given(text=st.text(alphabet="0123456789-:TZtz+., \u0662"))
def test_a_text_is_a_moment_or_none(text: str) -> None:
    moment = utc(text)
    assert moment is None or moment.tzinfo is UTC
