"""An account without HTTP, for tests of the rules."""

from typing import Any

import pytest

from bridge.sandbox import Account, Clock, SimulatorSettings
from bridge.sandbox.records import USER_FIELDS, View, record
from bridge.sandbox.rows import Refusal

NOW = 1_760_000_000


def account(*, users: int = 25, groups: int = 5, seed: int = 1, **settings: Any) -> Account:
    return Account(
        users=users,
        groups=groups,
        seed=seed,
        settings=SimulatorSettings(**settings),
        clock=Clock(wall=lambda: NOW, ticks=lambda: 0.0),
    )


def seen(account: Account, key: str) -> dict[str, Any]:
    view = View(account.reading, account.clock.now_ms(), account.settings)
    return record(account.reading.users[key], view, USER_FIELDS)


def create(account: Account, email: str = "new@example.com", **shared: Any) -> str:
    entry = {"email": email, "firstName": "New", "lastName": "Person"}
    key: str = account.create_users({"users": [entry], **shared})[0]["key"]
    return key


def licenses(account: Account) -> dict[str, str]:
    """The key of the licence for each product."""
    return {row.products[0]: row.key for row in account.stored.licenses.values()}


def refused(status: int, code: str) -> Any:
    return pytest.raises(Refusal, match=rf"^{status} {code}")
