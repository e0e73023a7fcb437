"""First and last names where a client sent none: GoTo does not take a user without them."""

import re
from collections.abc import Mapping
from typing import Any


def completed(name: Mapping[str, Any], display_name: str | None, address: str) -> tuple[str, str]:
    """Return (first, last): those given, else of the displayName, else of the address.

    >>> completed({}, "Ada King Lovelace", "ada@example.com")
    ('Ada', 'King Lovelace')
    >>> completed({}, None, "ada.lovelace@example.com")
    ('Ada', 'Lovelace')
    >>> completed({"familyName": "Lovelace"}, None, "al@example.com")
    ('Al', 'Lovelace')
    >>> completed({"givenName": "Ada "}, None, "ada@example.com")
    ('Ada', 'Ada')
    """
    first, last = (str(name.get(part) or "").strip() for part in ("givenName", "familyName"))
    shown = str(display_name or name.get("formatted") or "").split()
    local = [part.capitalize() for part in re.split(r"[._+\-]+", address.split("@")[0]) if part]
    if not first and shown:
        first = shown[0]
    if not last and len(shown) > 1:
        last = " ".join(shown[1:])
    first = first or (local[0] if local else address)
    last = last or (" ".join(local[1:]) if len(local) > 1 else first)
    return first, last
