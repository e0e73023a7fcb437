"""The three forms of paging, and a guard against a list that never ends."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from tests.eic.emulator.binder import bound, valued
from tests.eic.emulator.groovy import GroovyError
from tests.eic.emulator.paths import at_path
from tests.eic.emulator.switches import Switches
from tests.eic.emulator.wire import Answer, Call, CallFailed


class Walk:
    """The pages of one call; ``send`` raises CallFailed for one that EIC does not take."""

    def __init__(self, wanted: Mapping[str, Any], send: Any, switches: Switches) -> None:
        self._wanted = wanted
        self._paging: Mapping[str, Any] = wanted.get("pagination", {})
        self._send = send
        self._switches = switches
        self._asked: set[str] = set()

    def records(self, names: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the records of every page. Raises CallFailed."""
        url = bound(self._wanted["http"]["url"], names)
        if "nextUrl" in self._paging:
            yield from self._by_url(url)
        elif "page" in self._paging:
            yield from self._by_number(url, self._paging["page"])
        elif "offset" in self._paging:
            yield from self._by_offset(url, self._paging["offset"])
        else:
            yield from self._page(url)[1]

    def _by_url(self, url: str) -> Iterator[Any]:
        while True:
            answer, records = self._page(url)
            yield from records
            following = self._following(answer, records)
            if following is None or (following == "" and self._switches.empty_url_stops):
                return
            url = following

    def _following(self, answer: Answer, records: list[Any]) -> Any:
        response = {"completeResponseMap": answer.message, "objectList": records}
        names = {"response": response, "headers": dict(answer.headers)}
        try:
            return valued(self._paging["nextUrl"]["nextUrlPath"], names)
        except GroovyError as error:
            raise CallFailed(f"nextUrlPath: {error}") from None

    def _by_number(self, url: str, page: Mapping[str, Any]) -> Iterator[Any]:
        size = int(page.get("pageRecordCount", page["pageSize"]))
        number, pages = int(page.get("firstPageNumber", 1)), 0
        seen: set[str] = set()
        while True:
            sent = {page["pageSizeParam"]: page["pageSize"], page["pageNumberParam"]: number}
            answer, records = self._page(str(httpx.URL(url).copy_merge_params(sent)))
            yield from records
            number, pages = number + 1, pages + 1
            seen |= {repr(record) for record in records}
            total = int(at_path(answer.message, page.get("totalCountPath", "")) or 0)
            ended = {
                "short": len(records) < size,
                "empty": not records,
                "seen": len(seen) >= total,
                "pages": pages * size >= total,
            }
            if ended[self._switches.page_stops]:
                return

    def _by_offset(self, url: str, offset: Mapping[str, Any]) -> Iterator[Any]:
        size = int(offset["batchSize"])
        at = {"zero": 0, "one": 1, "size": size}[self._switches.first_offset]
        while True:
            sent = {offset["offsetParam"]: at, offset["batchParam"]: size}
            answer, records = self._page(str(httpx.URL(url).copy_merge_params(sent)))
            yield from records
            at += size
            path = str(offset["totalCountPath"])
            total = int(path) if path.isdigit() else int(at_path(answer.message, path) or 0)
            if not records or at > total:
                return

    def _page(self, url: str) -> tuple[Answer, list[Any]]:
        if url in self._asked:
            raise CallFailed(f"the same page twice: {url}")
        self._asked.add(url)
        http = self._wanted["http"]
        answer = self._send(
            Call(
                http["httpMethod"],
                url,
                http["httpHeaders"],
                http["httpContentType"],
                http.get("httpParams", {}),
            )
        )
        found = at_path(answer.message, self._wanted["listField"])
        return answer, found if isinstance(found, list) else [found] if found else []
