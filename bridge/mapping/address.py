"""Which of a user's values is the e-mail that GoTo needs, and what `emails` shows of it.

The order is fixed by the public contract: the primary value of `emails`, else the work one, else
`userName`; a mapping can only add a domain for a userName that is no address.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.mapping.errors import ValueRefused

ADDRESS = re.compile(
    r"[^@\s\"<>(),:;\\\[\]\x00-\x1f\x7f-\x9f]{1,64}"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]*"
)
NOT_IN_LOCAL_PART = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
LONGEST = 254

Email = Mapping[str, Any]


def is_address(text: Any) -> bool:
    """Whether a text can be an e-mail address (RFC 5321, without quoted local parts)."""
    return isinstance(text, str) and len(text) <= LONGEST and bool(ADDRESS.fullmatch(text))


def made_address(user_name: str, domain: str) -> str:
    """Make an address of a userName that is none."""
    local = re.sub(r"[.]{2,}", ".", NOT_IN_LOCAL_PART.sub("-", user_name)).strip(".-")
    return f"{local[:64].rstrip('.-') or 'user'}@{domain}"


def mirror(email: str) -> list[dict[str, Any]]:
    """What `emails` shows of GoTo's e-mail where a client sent nothing else."""
    return [{"value": email, "type": "work", "primary": True}]


def in_order(emails: Any) -> list[dict[str, Any]]:
    """Return the e-mails that have a value, the primary one first. Raises ValueRefused."""
    if not isinstance(emails, list) or not all(isinstance(email, Mapping) for email in emails):
        raise ValueRefused("emails", "emails must be a list of objects with a value each")
    valued = [dict(email) for email in emails if email.get("value")]
    return sorted(valued, key=lambda email: email.get("primary") is not True)


def carrier(emails: Sequence[Email], user_name: str) -> int | None:
    """Return which of the e-mails carries GoTo's address, or None where the userName does."""
    for index, email in enumerate(emails):
        if email.get("primary") is True:
            return index
    for index, email in enumerate(emails):
        if str(email.get("type") or "").casefold() == "work":
            return index
    return 0 if emails and not is_address(user_name) else None


def shown(email: str, held: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return `emails` as clients see them: those held, with GoTo's address in its place."""
    emails = held.get("emails")
    if not emails:
        return mirror(email) if email else []
    index = carrier(emails, held.get("userName") or email)
    if index is None or str(emails[index].get("value")).casefold() == email.casefold():
        return list(emails)
    return [
        {**entry, "value": email} if number == index else entry
        for number, entry in enumerate(emails)
    ]


def wanted_address(user_name: str, emails: Sequence[Email], domain: str | None) -> str | None:
    """Return the address that GoTo gets, or None where nothing sent is one.

    Raises ValueRefused where the e-mail that should be it is no address.
    """
    index = carrier(emails, user_name)
    if index is not None:
        value = emails[index]["value"]
        if is_address(value):
            return str(value)
        raise ValueRefused("emails", f"emails: {str(value)[:80]!r} is not an e-mail address")
    if is_address(user_name):
        return user_name
    return made_address(user_name, domain) if domain and user_name else None
