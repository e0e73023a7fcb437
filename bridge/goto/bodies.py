"""What the bodies of GoTo's single answers hold, each checked to be what was promised.

Knows the shapes; lists that come in pages are ``paging``'s. Raises ``GoToUnreadable`` alone.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from bridge.errors import GoToUnreadable
from bridge.goto.paging import read_json
from bridge.goto.records import Administrator, CreatedUser, read_key

T = TypeVar("T")


def read_administrator(body: bytes) -> Administrator:
    """From ``GET /me``: key values come as strings, numbers are accepted too."""
    fields = _object(body)
    entries = fields.get("accounts") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise GoToUnreadable("GoTo's list of accounts is not one.")
    accounts = tuple(
        (read_key(entry.get("key")), str(entry.get("name") or "")) for entry in entries
    )
    account_key = read_key(fields["accountKey"]) if fields.get("accountKey") else ""
    if not account_key and len(accounts) == 1:
        account_key = accounts[0][0]
    roles = fields.get("adminRoles") or []
    return Administrator(
        key=read_key(fields.get("key")),
        email=str(fields.get("email") or ""),
        account_key=account_key,
        account_name=dict(accounts).get(account_key, ""),
        admin_roles=tuple(str(role) for role in roles) if isinstance(roles, list) else (),
        accounts=accounts,
    )


def record_reader(kind: Callable[[dict[str, Any]], T], key: str) -> Callable[[bytes], T]:
    """Reads the record with ``key``, and refuses another one."""

    def read(body: bytes) -> T:
        fields = _object(body)
        if read_key(fields.get("key")) != key:
            raise GoToUnreadable("GoTo's answer is another record than the one asked for.")
        return kind(fields)

    return read


def read_created_users(body: bytes) -> list[CreatedUser]:
    """From the reply to a create: ``[{"key":…,"email":…}]``, without ``key`` where not created.

    A reply without any entry, or with an entry that says nothing, is not one.
    """
    entries = read_json(body)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise GoToUnreadable("GoTo's answer to a create is not a list.")
    if not entries or not all(entry.get("key") or entry.get("email") for entry in entries):
        raise GoToUnreadable("GoTo's answer to a create does not say what was created.")
    return [
        CreatedUser(
            email=str(entry.get("email") or ""),
            key=None if entry.get("key") is None else _read_digits(entry["key"]),
        )
        for entry in entries
    ]


def read_new_key(body: bytes) -> str:
    """From the reply to a new group: a bare JSON string or number."""
    return _read_digits(read_json(body))


def _read_digits(value: object) -> str:
    key = read_key(value)
    if not (key.isascii() and key.isdigit()):
        raise GoToUnreadable("GoTo's answer to a create holds a key that is none of its own.")
    return key


def _object(body: bytes) -> dict[str, Any]:
    parsed = read_json(body)
    if not isinstance(parsed, dict):
        raise GoToUnreadable("GoTo's answer is not a record.")
    return parsed
