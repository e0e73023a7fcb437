"""What checking a mapping finds wrong: every mistake with its place, none of them fatal at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from bridge.mapping.document import Document
from bridge.mapping.errors import MappingError, Mistake


@dataclass
class Findings:
    """Collects the mistakes of a document, and reads its parts as what they should be."""

    document: Document
    _mistakes: dict[Mistake, None] = field(default_factory=dict)

    def wrong(self, keys: Sequence[str], text: str) -> None:
        """Note what is wrong with the entry at ``keys``."""
        self._mistakes[self.document.mistake(keys, text)] = None

    def known(self, keys: Sequence[str], table: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Note every key of a table that means nothing, with the nearest that does."""
        options = sorted(allowed)
        for key in table:
            if key not in options:
                hint = suggestion(key, options)
                listed = ", ".join(options)
                self.wrong([*keys, key], f"{key!r} means nothing here{hint} (known: {listed})")

    def table(self, *keys: str) -> dict[str, Any]:
        """Return the table at ``keys``, an empty one where there is none."""
        table = self.document.tables
        for depth, key in enumerate(keys, start=1):
            value = table.get(key, {})
            if not isinstance(value, dict):
                self.wrong(keys[:depth], f"{key!r} must be a table")
                return {}
            table = value
        return table

    def texts(self, *keys: str) -> list[str]:
        """Return the list of texts at ``keys``, an empty one where there is none."""
        value: Any = self.table(*keys[:-1]).get(keys[-1], [])
        if is_texts(value):
            return list(value)
        self.wrong(keys, f"{keys[-1]!r} must be a list of texts")
        return []

    def raise_if_any(self) -> None:
        """Raise MappingError with every mistake, those of the topmost file first."""
        if self._mistakes:
            files = [str(document.path) for document in self.document.chain()]
            raise MappingError(
                sorted(self._mistakes, key=lambda each: (files.index(each.file), each.line))
            )


def is_texts(value: Any) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the end of a message that names the nearest known name, or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
