"""Asking for some fields of each row, at a GoTo that may refuse that, or leave some of them out.

Knows the two spellings of the parameter, and how an answer shows that a spelling is of no use.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import structlog

from bridge.errors import GoToRejected
from bridge.goto.behavior import AccountBehavior

T = TypeVar("T")

SPELLINGS = ("attributes", "attributeNames")
NONE = "none"
ALWAYS_THERE = "status"
"""A field that every user has."""

log = structlog.get_logger(__name__)


class _Partial(Exception):
    """A row lacks a field that was asked for and that every row has."""


class Projection:
    """The spelling in use; whole rows are asked for once no spelling is of use."""

    def __init__(self) -> None:
        self._spelling = SPELLINGS[0]

    def adapt(self, behavior: AccountBehavior) -> None:
        """Begin with the spelling that was found out."""
        if behavior.projection in ("partial", "refused"):
            self._spelling = NONE
        elif behavior.projection_spelling in (*SPELLINGS, NONE):
            self._spelling = behavior.projection_spelling

    async def listed(
        self,
        fields: Sequence[str] | None,
        make: Callable[[dict[str, Any]], T],
        listing: Callable[[Callable[[dict[str, Any]], T], str], Awaitable[list[T]]],
    ) -> list[T]:
        """List rows, by ``listing`` with what is made of each and the query that names the fields.

        A spelling that GoTo refuses, or with which the first row is not whole, is given up.
        """
        while fields and self._spelling != NONE:
            try:
                return await listing(_checked(fields, make), _query(self._spelling, fields))
            except GoToRejected as refusal:
                if refusal.status != 400:
                    raise
                self._give_up("refused")
            except _Partial:
                self._give_up("partial")
        return await listing(make, "")

    def _give_up(self, outcome: str) -> None:
        following = {SPELLINGS[0]: SPELLINGS[1]}.get(self._spelling, NONE)
        log.warning("goto_projection_given_up", spelling=self._spelling, because=outcome)
        self._spelling = following


def _checked(
    fields: Sequence[str], make: Callable[[dict[str, Any]], T]
) -> Callable[[dict[str, Any]], T]:
    if ALWAYS_THERE not in fields:
        return make
    is_first = True

    def checked(row: dict[str, Any]) -> T:
        nonlocal is_first
        if is_first and ALWAYS_THERE not in row:
            raise _Partial
        is_first = False
        return make(row)

    return checked


def _query(spelling: str, fields: Sequence[str]) -> str:
    names = ",".join(quote(name, safe="") for name in dict.fromkeys(("key", *fields)))
    return f"{spelling}={names}&"
