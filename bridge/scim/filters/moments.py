"""Dates and times as clients write them in filters, read as moments in UTC (RFC 7643 §2.3.5).

A date without a zone is in UTC, and a date alone begins its day there.
"""

import re
from datetime import UTC, datetime, timedelta

# A `+` that was not percent-encoded in a query arrives as a blank.
WRITTEN = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:(?:[Tt]| +)(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r" ?(?P<zone>[Zz]|(?P<sign>[+\- \u2212])(?P<hours>\d\d):?(?P<minutes>\d\d)?)?)?",
    re.ASCII,
)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
MICROSECONDS = 6
LARGEST_OFFSET = 14 * 60
SECONDS_OF_LEAP = 60
HOUR_OF_MIDNIGHT = 24


def utc(text: str) -> datetime | None:
    """Return the moment that a text names, or None where it names none.

    What lies before the first moment or after the last one that can be told is that one.
    """
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    part = {name: int(value) for name, value in match.groupdict("0").items() if value.isdecimal()}
    offset = part["hours"] * 60 + part["minutes"]
    if part["minutes"] > 59 or offset > LARGEST_OFFSET:
        return None
    try:
        day = datetime(part["year"], part["month"], part["day"], tzinfo=UTC)
        time = _time(part, match["fraction"] or "")
    except ValueError:
        return None
    east = -1 if match["sign"] in ("-", "\u2212") else 1
    try:
        return day + time - timedelta(minutes=east * offset)
    except OverflowError:
        return FIRST if part["year"] == FIRST.year else LAST


def written(moment: datetime) -> str:
    """Return a moment as the RFC has it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time(part: dict[str, int], fraction: str) -> timedelta:
    """Return the time since midnight. Raises ValueError where a day has no such time."""
    hour, minute, second = part["hour"], part["minute"], part["second"]
    is_midnight = hour == HOUR_OF_MIDNIGHT and not (minute or second or fraction.strip("0"))
    is_leap = (second == SECONDS_OF_LEAP and minute == 59) and hour < HOUR_OF_MIDNIGHT
    if not (is_midnight or (hour < HOUR_OF_MIDNIGHT and minute < 60 and (second < 60 or is_leap))):
        raise ValueError("no time of a day")
    micros = int(fraction[:MICROSECONDS].ljust(MICROSECONDS, "0"))
    if fraction[MICROSECONDS:].strip("0") and micros % 1000 == 0:
        # Between two milliseconds, which is as precise as dates are shown.
        micros += 1
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micros)
