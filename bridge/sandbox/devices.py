"""Rows of devices in the list of users, as accounts with GoTo Connect may have them.

Knows how such a row looks. How many there are is a setting.
"""

from collections.abc import Iterator

from bridge.sandbox.rows import User
from bridge.sandbox.tables import Tables

_FIRST_KEY = 9_100_000_000_000_000_000
_DOMAIN = "devices.logmein.com"


def devices(tables: Tables, count: int) -> Iterator[User]:
    """The rows that are missing to have ``count`` of them."""
    for number in range(count):
        key = str(_FIRST_KEY + number)
        if key not in tables.users:
            name = f"{number + 1:06d}"
            yield User(key=key, email=f"{name}@{_DOMAIN}", first_name="Device", last_name=name)


def excess_devices(tables: Tables, count: int) -> list[User]:
    """The rows beyond ``count``."""
    last = _FIRST_KEY + count
    return [
        user
        for user in tables.users.values()
        if user.email.endswith("@" + _DOMAIN) and int(user.key) >= last
    ]
