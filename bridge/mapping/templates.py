"""Templates: a text with attributes of the resource in braces."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bridge.mapping.catalog import AttributePath

SLOT = re.compile(r"\{([^{}]+)\}")


class Template:
    """``"{name.givenName} {name.familyName}"``: what is missing leaves no blank behind."""

    def __init__(self, text: str, parse: Callable[[str], AttributePath]) -> None:
        self.text = text
        pieces = SLOT.split(text)
        self._texts = pieces[0::2]
        self.paths = [parse(path) for path in pieces[1::2]]

    def fill(self, resource: Mapping[str, Any]) -> str | None:
        """Return the text for a resource, or None where none of its attributes has a value."""
        values = [path.get(resource) for path in self.paths]
        if not any(values):
            return None
        parts = [self._texts[0]]
        for value, text in zip(values, self._texts[1:], strict=True):
            parts += ["" if value is None else str(value), text]
        return " ".join("".join(parts).split())
