"""The path reader: ``name.givenName``, ``emails[0].value``, ``~dot#`` for a dot within a name."""

import json
import re
from datetime import UTC, datetime
from typing import Any

STEP = re.compile(r"([^\[\]]*)((?:\[\d+\])*)")
CONSTANT = "#CONST#"


class PathError(Exception):
    """A path or type that EIC would not understand."""


def at_path(value: Any, path: str) -> Any:
    """Return what is at a path, None where nothing is; "" is the value itself."""
    for step in path.split(".") if path else []:
        match = STEP.fullmatch(step)
        if match is None:
            raise PathError(f"cannot read {path!r}")
        name = match[1].replace("~dot#", ".")
        if name:
            value = value.get(name) if isinstance(value, dict) else None
        for index in re.findall(r"\d+", match[2]):
            value = _item(value, int(index))
    return value


def _item(value: Any, index: int) -> Any:
    return value[index] if isinstance(value, list) and index < len(value) else None


def column(record: Any, entry: str) -> Any:
    """Return the value of ``<path>~#~<type>`` for a record."""
    path, _, kind = entry.partition("~#~")
    if path.startswith(CONSTANT):
        return path.removeprefix(CONSTANT)
    return _typed(at_path(record, path), kind)


def _typed(value: Any, kind: str) -> Any:
    if value is None:
        return None
    match kind:
        case "char":
            return text_of(value)
        case "bool":
            return text_of(value).lower() in ("true", "1")
        case "int":
            return int(value)
        case "epochdate":
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        case "date":
            return datetime.fromisoformat(str(value))
    raise PathError(f"no type in {kind!r}")


def text_of(value: Any) -> str:
    """Show a JSON value in a text column; a list with commas between its parts."""
    if isinstance(value, list):
        return ",".join(text_of(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)
