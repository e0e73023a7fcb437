"""Asking for some fields of each row, at a GoTo that may refuse that, or leave some of them out.

Knows the two spellings of the parameter. Before the first list, some rows are read with and
without it and compared: a spelling that is refused, or that drops fields, is given up.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import structlog

from bridge.errors import GoToRejected
from bridge.goto.account import Account
from bridge.goto.behavior import AccountBehavior
from bridge.goto.bodies import record_reader
from bridge.goto.paging import read_page
from bridge.goto.records import UserRecord, read_key

T = TypeVar("T")

SPELLINGS = ("attributes", "attributeNames")
NONE = "none"
ALWAYS_THERE = "status"
"""A field that every user has."""
ROWS = 10
"""Rows that are compared: a field that nobody has tells nothing."""

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]


class _Partial(Exception):
    """A row lacks a field that was asked for and that it, or every row, has."""


class Projection:
    """The spelling in use in ``account``; whole rows are asked for once none is of use.

    ``is_trusted`` says that the first spelling is known to be answered in full.
    """

    def __init__(self, account: Account, *, is_trusted: bool = False) -> None:
        self._account = account
        self._spelling = SPELLINGS[0]
        self._is_settled = is_trusted

    def adapt(self, behavior: AccountBehavior) -> None:
        """Begin with the spelling that was found out."""
        if behavior.projection in ("partial", "refused"):
            self._spelling = NONE
        elif behavior.projection_spelling in (*SPELLINGS, NONE):
            self._spelling = behavior.projection_spelling
            self._is_settled = self._is_settled or behavior.projection == "complete"

    async def listed(
        self,
        fields: Sequence[str] | None,
        make: Callable[[dict[str, Any]], T],
        listing: Callable[[Callable[[dict[str, Any]], T], str], Awaitable[list[T]]],
    ) -> list[T]:
        """List rows, by ``listing`` with what is made of each and the query that names the fields.

        A spelling that GoTo refuses, or with which rows are not whole, is given up.
        """
        whole: Sequence[Row] | None = None
        while fields and self._spelling != NONE:
            query = _query(self._spelling, fields)
            try:
                if not self._is_settled:
                    whole = await self._rows("") if whole is None else whole
                    await self._compare(whole, query, fields)
                    self._is_settled = True
                return await listing(_checked(fields, make), query)
            except GoToRejected as refusal:
                if refusal.status != 400:
                    raise
                self._give_up("refused")
            except _Partial:
                self._give_up("partial")
        return await listing(make, "")

    async def _compare(self, whole: Sequence[Row], query: str, fields: Sequence[str]) -> None:
        rows = await self._rows(query)
        known = {read_key(row.get("key")): row for row in whole}
        pairs = [(known[key], row) for row in rows if (key := read_key(row.get("key"))) in known]
        if not pairs and rows:
            # The order of a list may change from call to call.
            key = read_key(rows[0].get("key"))
            read = record_reader(UserRecord, key)
            pairs = [(await self._account.read(f"users/{key}", read, about="users"), rows[0])]
        if dropped_fields(pairs, fields):
            raise _Partial

    async def _rows(self, query: str) -> Sequence[Row]:
        path = f"users?{query}offset=0&pageSize={ROWS}"
        return await self._account.read(path, lambda body: read_page(body).rows, about="users")

    def _give_up(self, outcome: str) -> None:
        following = {SPELLINGS[0]: SPELLINGS[1]}.get(self._spelling, NONE)
        log.warning("goto_projection_given_up", spelling=self._spelling, because=outcome)
        self._spelling = following


def dropped_fields(pairs: Sequence[tuple[Row, Row]], fields: Sequence[str]) -> list[str]:
    """Return the fields that rows have without a projection and lack with it."""
    return sorted(
        {name for whole, row in pairs for name in fields if whole.get(name) and name not in row}
    )


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
