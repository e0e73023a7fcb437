"""What an import reads before it changes anything: records as columns, keyed, whole or failed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.eic.emulator.auth import Authentication
from tests.eic.emulator.paging import Walk
from tests.eic.emulator.paths import at_path, column, text_of
from tests.eic.emulator.switches import Switches
from tests.eic.emulator.wire import Answer, Call, CallFailed

MAPPING_INFO = "STORE#ACC#ENT#MAPPINGINFO"


@dataclass
class Found:
    """Columns by key, what each record says of links by type, and whether a call failed."""

    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    failed: str = ""


class Reading:
    """Runs the calls of a part of ImportAccountEntJSON."""

    def __init__(self, logins: Mapping[str, Authentication], switches: Switches) -> None:
        self._logins = logins
        self._switches = switches

    def read(
        self, part: Mapping[str, Any], calls: Mapping[str, Any], mappings: Mapping[str, Any]
    ) -> Found:
        """Return all records; ``mappings`` say where in a record the ids of its links are."""
        found = Found()
        for call in sorted(calls.values(), key=lambda each: int(each.get("callOrder", 0))):
            try:
                for record in self.records(part, call, {}):
                    _take(found, record, call, mappings)
            except CallFailed as error:
                found.failed = str(error)
                return found
        return found

    def records(
        self, part: Mapping[str, Any], call: Mapping[str, Any], names: Mapping[str, Any]
    ) -> Iterator[Any]:
        """Yield the records of one call. Raises CallFailed."""
        login = self._logins[call.get("connection", part.get("connection"))]

        def send(bound: Call) -> Answer:
            answer = login.send(bound)
            good = part.get("successResponses", {}).get("statusCode", [200])
            if answer.status not in good:
                raise CallFailed(f"{answer.status} from {bound.url}")
            return answer

        yield from Walk(call, send, self._switches).records(names)


def _take(found: Found, record: Any, call: Mapping[str, Any], mappings: Mapping[str, Any]) -> None:
    wanted = call["colsToPropsMap"]
    stores_links = any(entry.startswith(MAPPING_INFO) for entry in wanted.values())
    columns = {
        name: column(record, entry)
        for name, entry in wanted.items()
        if not entry.startswith(MAPPING_INFO)
    }
    key = columns.get(call["keyField"])
    if not key:
        return
    found.columns[key] = columns
    if stores_links:
        found.links[key] = {kind: linked(record, where) for kind, where in mappings.items()}


def linked(record: Any, where: Mapping[str, Any]) -> list[str]:
    """Return the ids in the list of a record."""
    items = at_path(record, where.get("listPath", where.get("listField", ""))) or []
    ids = [at_path(item, where["idPath"]) for item in items]
    return [text_of(each) for each in ids if each is not None]
