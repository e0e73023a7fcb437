"""Calls within one GoTo account: reads, writes and whole lists below its path.

Knows how a path, a page and a body become a call. Knows no verb of the API.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from bridge.goto.errors import Call
from bridge.goto.exchange import backoff
from bridge.goto.paging import Page, read_page, read_whole
from bridge.goto.records import read_key
from bridge.goto.throttle import Priority
from bridge.goto.transport import Transport

T = TypeVar("T")

API = "/admin/rest/v1"

# Told of each page of a list: what is listed, how many rows were read so far, and of how many.
Paged = Callable[[str, int, int], object]


class Account:
    """The account with ``key``; the path of a call is written from there on, ``users/1``."""

    def __init__(
        self,
        transport: Transport,
        *,
        key: str,
        page_size: int,
        sleep: Callable[[float], Awaitable[object]],
        paged: Paged = lambda _what, _seen, _total: None,
    ) -> None:
        self._transport = transport
        self._page_size = page_size
        self._sleep = sleep
        self._paged = paged
        self.key = key

    @property
    def calls(self) -> int:
        """How many requests were sent so far, those that were tried again too."""
        return self._transport.sent

    async def me(self, read: Callable[[bytes], T]) -> T:
        """``GET /me``, the one call outside an account."""
        call = Call("GET", f"{API}/me", "me")
        return await self._transport.carry(call, read, priority=Priority.INTERACTIVE)

    async def read(
        self,
        path: str,
        read: Callable[[bytes], T],
        *,
        about: str,
        priority: Priority = Priority.INTERACTIVE,
    ) -> T:
        """What ``read`` makes of the body of a GET."""
        call = Call("GET", f"{API}/accounts/{self.key}/{path}", about)
        return await self._transport.carry(call, read, priority=priority)

    @property
    def has_to_wait(self) -> bool:
        """Whether a call that came now would have to wait for the rate limit."""
        return self._transport.has_to_wait

    async def read_gathered(
        self,
        path: str,
        read: Callable[[bytes], T],
        *,
        about: str,
        gather: Callable[[], str],
    ) -> T:
        """As ``read``; ``gather`` gives the path, which ``path`` stands for, when it may leave."""
        root = f"{API}/accounts/{self.key}/"

        def at_departure() -> Call:
            return Call("GET", root + gather(), about)

        call = Call("GET", root + path, about)
        return await self._transport.carry(
            call, read, priority=Priority.INTERACTIVE, at_departure=at_departure
        )

    async def write(
        self,
        method: str,
        path: str,
        *,
        about: str,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        """A write whose answer says nothing but that it was done."""
        await self.write_and_read(method, path, lambda _: None, about=about, body=body)

    async def write_and_read(
        self,
        method: str,
        path: str,
        read: Callable[[bytes], T],
        *,
        about: str,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        """What ``read`` makes of the answer to a write."""
        content = None if body is None else orjson.dumps(body)
        call = Call(method, f"{API}/accounts/{self.key}/{path}", about, content)
        return await self._transport.carry(call, read, priority=Priority.INTERACTIVE)

    async def write_gathered(
        self,
        method: str,
        path: str,
        read: Callable[[bytes], T],
        *,
        about: str,
        gather: Callable[[], tuple[str, Mapping[str, Any]]],
    ) -> T:
        """As ``write_and_read``; ``gather`` gives query and body when the call may leave."""
        whole = f"{API}/accounts/{self.key}/{path}"

        def at_departure() -> Call:
            query, body = gather()
            return Call(method, f"{whole}?{query}", about, orjson.dumps(body))

        call = Call(method, whole, about)
        return await self._transport.carry(
            call, read, priority=Priority.INTERACTIVE, at_departure=at_departure
        )

    async def list(
        self,
        path: str,
        *,
        about: str,
        priority: Priority,
        query: str = "",
        may_lack_total: bool = False,
        key: str = "key",
    ) -> Sequence[dict[str, Any]]:
        """Every row of a list; ``query`` is percent-encoded and ends with ``&`` where not empty."""
        return await self.list_of(
            lambda row: row,
            path,
            about=about,
            priority=priority,
            query=query,
            may_lack_total=may_lack_total,
            key=key,
        )

    async def list_of(
        self,
        make: Callable[[dict[str, Any]], T],
        path: str,
        *,
        about: str,
        priority: Priority,
        query: str = "",
        may_lack_total: bool = False,
        key: str = "key",
    ) -> Sequence[T]:
        """What ``make`` makes of every row of a list, page by page, so that no more is kept."""

        async def page_at(offset: int) -> Page:
            page = await self.read(
                f"{path}?{query}offset={offset}&pageSize={self._page_size}",
                lambda body: read_page(body, may_lack_total=may_lack_total),
                about=about,
                priority=priority,
            )
            self._paged(about, offset + len(page.rows), page.total)
            return page

        return await read_whole(
            page_at,
            key=lambda row: read_key(row.get(key)),
            wait=lambda: self._sleep(backoff(1)),
            make=make,
        )
