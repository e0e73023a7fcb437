"""A connection's attributes, read from a folder of files named after them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Files:
    """The parsed attributes by name."""

    attributes: dict[str, Any]

    @classmethod
    def of_folder(cls, folder: Path, **replaced: str) -> "Files":
        """Read ``<attribute>.json``; ``replaced`` fills placeholders such as ``BRIDGE_TOKEN``."""
        found: dict[str, Any] = {}
        for path in folder.glob("*.json"):
            text = path.read_text("utf-8")
            for name, value in replaced.items():
                text = text.replace(f"@{name}@", value)
            if not path.name.startswith(".") and "." not in path.stem:
                found[path.stem] = json.loads(text)
        return cls(found)

    def __getitem__(self, name: str) -> Any:
        return self.attributes[name]

    def get(self, name: str) -> Any:
        """The attribute, or an empty one."""
        return self.attributes.get(name, {})

    def with_(self, **changed: Any) -> "Files":
        """The same connection with some attributes changed."""
        return Files({**self.attributes, **changed})
