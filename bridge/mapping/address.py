"""Which of a user's values is the e-mail that GoTo needs, and what `emails` shows of it.

The public contract fixes the order for a new user: the primary value of `emails`, else the work
one, else the only one, else `userName`. Afterwards `userName` is no fallback any more. A mapping
can only add a domain for a userName that is no address.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from bridge.case_mapping import case_mapped
from bridge.mapping.errors import ValueRefused
from bridge.mapping.several import once

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


def user_name_of(wanted: Mapping[str, Any]) -> str:
    """Return the `userName` of a wanted user, without the blanks around it that nobody means."""
    return str(wanted.get("userName") or "").strip()


def made_address(user_name: str, domain: str) -> str:
    """Make an address of a userName that is none."""
    local = re.sub(r"[.]{2,}", ".", NOT_IN_LOCAL_PART.sub("-", user_name)).strip(".-")
    return f"{local[:64].rstrip('.-') or 'user'}@{domain}"


def mirror(email: str) -> list[dict[str, Any]]:
    """What `emails` shows of GoTo's e-mail where a client sent nothing else."""
    return [{"value": email, "type": "work", "primary": True}]


def in_order(emails: Any) -> list[dict[str, Any]]:
    """Return the e-mails that have a value, each once, the primary one first.

    Raises ValueRefused.
    """
    if not isinstance(emails, list) or not all(isinstance(email, Mapping) for email in emails):
        raise ValueRefused("emails", "emails must be a list of objects with a value each")
    valued = [email for email in map(_trimmed, emails) if email.get("value")]
    return sorted(once(valued), key=lambda email: email.get("primary") is not True)


def _trimmed(email: Email) -> dict[str, Any]:
    value = email.get("value")
    return {**email, "value": value.strip()} if isinstance(value, str) else dict(email)


def carrier(emails: Sequence[Email]) -> int | None:
    """Return which e-mail is the address: the primary, the work or the only one, or None."""
    for index, email in enumerate(emails):
        if email.get("primary") is True:
            return index
    for index, email in enumerate(emails):
        if str(email.get("type") or "").casefold() == "work":
            return index
    return 0 if len(emails) == 1 else None


def is_same(one: str, other: str) -> bool:
    """Whether two texts are the same address: neither case nor Unicode form tells them apart."""
    return case_mapped(one) == case_mapped(other)


def shown(email: str, held: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return `emails` as clients see them: those held, with GoTo's address among them."""
    emails = held.get("emails")
    if not emails:
        return mirror(email) if email else []
    index = carrier(emails)
    if index is None:
        return list(emails) if not email or _holds(emails, email) else with_first(email, emails)
    if not email or is_same(str(emails[index].get("value")), email):
        return list(emails)
    return once(
        {**entry, "value": email} if number == index else entry
        for number, entry in enumerate(emails)
    )


def kept(email: str, emails: Sequence[Email], before: str | None = None) -> list[dict[str, Any]]:
    """Return the e-mails to be held where ``email`` is GoTo's address.

    The one that carried the address ``before`` carries the new one. An address that no e-mail
    carries is put first, so that clients see which one it is.
    """
    index = carrier(emails)
    if not emails or (index is None and _holds(emails, email)):
        return [dict(entry) for entry in emails]
    carried = str(emails[index]["value"]) if index is not None else ""
    if is_same(carried, email):
        return [dict(entry) for entry in emails]
    if before and is_same(carried, before):
        moved = {**emails[index or 0], "value": email}
        return once(moved if number == index else entry for number, entry in enumerate(emails))
    return with_first(email, emails)


def with_first(email: str, emails: Sequence[Email]) -> list[dict[str, Any]]:
    """Return e-mails with GoTo's address as the primary one before them."""
    others = ({n: v for n, v in entry.items() if n != "primary"} for entry in emails)
    return once([*mirror(email), *others])


def _holds(emails: Sequence[Email], email: str) -> bool:
    return any(is_same(str(entry.get("value")), email) for entry in emails)


def of_emails(emails: Sequence[Email]) -> str | None:
    """Return the address, in NFC, that e-mails name. Raises ValueRefused where it is none."""
    index = carrier(emails)
    if index is None:
        return None
    value = emails[index]["value"]
    if is_address(value):
        return normalize("NFC", value)
    raise ValueRefused("emails", f"emails: {str(value)[:80]!r} is not an e-mail address")


def of_user_name(user_name: str, domain: str | None) -> str | None:
    """Return the address that a userName is, or is made into, or None."""
    if is_address(user_name):
        return normalize("NFC", user_name)
    return made_address(user_name, domain) if domain and user_name else None


def of_new_user(user_name: str, emails: Sequence[Email], domain: str | None) -> str | None:
    """Return the address that a new user gets, or None where nothing sent is one.

    Raises ValueRefused where the e-mail that should be it is no address.
    """
    named = of_emails(emails)
    if named is not None:
        return named
    if emails and not is_address(user_name):
        # Several, and nothing says which: better the first than no user.
        return of_emails(emails[:1])
    return of_user_name(user_name, domain)
