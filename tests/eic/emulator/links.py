"""The five ways in which accounts and entitlements are linked (``acctEntParams``)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.eic.emulator.paths import at_path, text_of
from tests.eic.emulator.reading import Reading
from tests.eic.emulator.store import Store
from tests.eic.emulator.wire import CallFailed

Pairs = set[tuple[str, str]]


class Links:
    """Finds the pairs of account and entitlement of each type.

    What the account import stored is in the accounts, ``by_entitlement`` is what this one read.
    """

    def __init__(
        self,
        part: Mapping[str, Any],
        reading: Reading,
        store: Store,
        *,
        by_entitlement: Mapping[str, Mapping[str, list[str]]],
    ) -> None:
        self._part = part
        self._reading = reading
        self._store = store
        self._by_entitlement = by_entitlement

    def found(self, kinds: list[str]) -> Iterator[tuple[str, Pairs]]:
        """Yield each type and its pairs. Raises CallFailed."""
        named = self._part.get("entTypes")
        if named is None:
            for kind in kinds:
                yield kind, self._of(kind, self._part)
            return
        for kind, wanted in named.items():
            pairs: Pairs = set()
            for call in wanted["call"].values():
                pairs |= self._of(kind, call)
            yield kind, pairs

    def _of(self, kind: str, call: Mapping[str, Any]) -> Pairs:
        match call["processingType"]:
            case "acctToEntMapping":
                accounts = self._store.accounts.values()
                return {(of.key, each) for of in accounts for each in of.reported.get(kind, [])}
            case "entToAcctMapping":
                stored = self._by_entitlement.get(kind, {}).items()
                return {(account, each) for each, members in stored for account in members}
            case "httpEntToAcct":
                return {
                    (text_of(at_path(record, call["acctIdPath"])), key)
                    for key in self._store.of_kind(kind)
                    for record in self._records(call, key)
                }
            case "httpAcctToEnt":
                return {
                    (key, text_of(at_path(record, call["entIdPath"])))
                    for key in self._store.accounts
                    for record in self._records(call, key)
                }
            case "http":
                return {
                    (
                        text_of(at_path(record, call["acctIdPath"])),
                        text_of(at_path(record, call["entIdPath"])),
                    )
                    for record in self._records(call, "")
                }
        raise CallFailed(f"no processingType in {call!r}")

    def _records(self, call: Mapping[str, Any], key: str) -> list[Any]:
        return list(self._reading.records(self._part, call, {"id": key}))
