"""The limit of destructive operations, as a mapping file states it: a number, or "auto".

Knows how a limit follows from the size of an account; what is counted is the directory's.
"""

from typing import Literal

DestructiveLimit = int | Literal["auto"]
"""Suspensions and deletions of users within an hour; "auto" goes by the size of the account."""

AUTO_SHARE = 10
"""With "auto", one user in so many may be suspended or deleted within an hour."""
AUTO_LOWEST = 5
AUTO_HIGHEST = 500


def hourly_limit(limit: DestructiveLimit, *, users: int) -> int:
    """Return how many suspensions and deletions an account of so many users allows in an hour."""
    if limit != "auto":
        return limit
    return max(AUTO_LOWEST, min(AUTO_HIGHEST, users // AUTO_SHARE))


def limit_in_words(limit: DestructiveLimit) -> str:
    """Return a limit as a person reads it."""
    if limit != "auto":
        return str(limit)
    return f"auto: one user in {AUTO_SHARE}, at least {AUTO_LOWEST}, at most {AUTO_HIGHEST}"
