"""Patterns on e-mail addresses: ``*`` stands for any characters, ``?`` for one; case is ignored."""

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

LONGEST = 254
"""Characters of the longest pattern, and of the longest address that there is (RFC 5321)."""
STARS = 4
PATTERNS = 20


def mistake_in(pattern: str) -> str | None:
    """Return what is wrong with a pattern, None for nothing."""
    if not pattern.strip() or len(pattern) > LONGEST:
        return f"a pattern has 1 to {LONGEST} characters"
    if pattern.count("*") > STARS:
        return f"a pattern has at most {STARS} times *"
    if any(sign in pattern for sign in "[]"):
        return "a pattern has only * and ? beside the characters of an address"
    if not pattern.strip("*?@."):
        return f"{pattern!r} would hide every user"
    return None


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return what tells whether an address fits one of some patterns; none fits nothing."""
    if not patterns:
        return lambda _: False
    fits = re.compile("|".join(translate(each) for each in patterns), re.IGNORECASE).match
    return lambda address: fits(address[: LONGEST + 1]) is not None
