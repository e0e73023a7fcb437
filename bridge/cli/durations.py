"""How long: what a person types (``90s``, ``30m``, ``2h``, ``7d``) as a time."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = 6  # digits: what is longer than any calendar is no time


def duration(text: str) -> timedelta:
    """Return the time that ``text`` says. Raises ValueError with a text for whoever typed it."""
    match = re.fullmatch(rf"(\d{{1,{_LONGEST}}})([smhd])", text.strip().lower())
    if match is None or not int(match[1]):
        raise ValueError("a number and a unit: 90s, 30m, 2h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
