"""A connection's attributes, read from a folder of files named after them."""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.eic.emulator.switches import Switches


class PackageRefused(Exception):
    """A transport package that is not taken."""


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

    @classmethod
    def of_package(cls, packed: bytes, switches: Switches) -> "Files":
        """Import a transport package: its one connection. Raises PackageRefused."""
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            names = {name.partition("_")[0]: name for name in archive.namelist()}
            if set(names) != {"Connection", "ObjectSummary"} or len(archive.namelist()) != 2:
                raise PackageRefused(f"not a connection and its summary: {archive.namelist()}")
            (name,) = json.loads(archive.read(names["ObjectSummary"]))["Objects"]["connection"]
            connection = json.loads(archive.read(names["Connection"]))[name]
        if connection["externalconnectiontype"] != "REST":
            raise PackageRefused("no connection of type REST")
        texts = {
            each["attributename"]: each["encryptedattributevalue"]
            for each in connection["EXTERNAL_ATTR"]
        }
        if "" in texts.values() and not switches.takes_empty_attribute:
            raise PackageRefused("an attribute is empty")
        return cls({name: json.loads(text) for name, text in texts.items() if text})

    def __getitem__(self, name: str) -> Any:
        return self.attributes[name]

    def get(self, name: str) -> Any:
        """The attribute, or an empty one."""
        return self.attributes.get(name, {})

    def with_(self, **changed: Any) -> "Files":
        """The same connection with some attributes changed."""
        return Files({**self.attributes, **changed})
