"""A mapping file as it is written: found, read, joined with the one it extends, lines remembered.

It knows TOML and files, and nothing of what the entries mean.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from bridge.mapping.errors import MappingError, Mistake

CHECKOUT = Path(__file__).resolve().parents[2] / "mappings"


def shipped(name: str) -> Path:
    """Return the file of a shipped mapping, such as ``goto``: from the wheel or the checkout."""
    packaged = Path(str(files("bridge") / "_mappings")) / f"{name}.toml"
    return packaged if packaged.exists() else CHECKOUT / f"{name}.toml"


def shipped_names() -> list[str]:
    """The names of the shipped mappings."""
    return sorted(path.stem for path in shipped("goto").parent.glob("*.toml"))


@dataclass
class Document:
    """The joined tables of a mapping file and those below it."""

    path: Path
    tables: dict[str, Any]
    below: "Document | None" = None
    _lines: list[str] = field(default_factory=list)

    def mistake(self, keys: Sequence[str], text: str) -> Mistake:
        """Say what is wrong with the entry at ``keys``, at the line where it was written."""
        if not keys:
            return Mistake(str(self.path), 0, text)
        document: Document | None = self
        while document is not None:
            line = document._line_of(keys)
            if line or document.below is None:
                return Mistake(str(document.path), line, text)
            document = document.below
        raise AssertionError("a document always answers")

    def _line_of(self, keys: Sequence[str]) -> int:
        """Return the line where an entry was written, or where its table begins, or 0."""
        header: tuple[str, ...] = ()
        best = 0
        in_list = False
        for number, line in enumerate(self._lines, start=1):
            if match := re.match(r"\s*\[(.+)\]\s*(?:#.*)?$", line):
                header = tuple(_split_keys(match[1]))
                if header == tuple(keys[: len(header)]):
                    best = number
            elif header == tuple(keys[: len(header)]):
                rest = keys[len(header) :]
                key, sign, _ = line.partition("=")
                written = tuple(_split_keys(key)) if sign else ()
                if written and written == tuple(rest[: len(written)]):
                    in_list = len(written) < len(rest) and line.rstrip().endswith("[")
                    if not in_list:
                        return number
                    best = number
                elif in_list and line.strip().strip(",'\"") == rest[-1]:
                    return number
        return best


def _split_keys(text: str) -> Iterator[str]:
    for quoted, plain, bare in re.findall(r'"([^"]*)"|\'([^\']*)\'|([A-Za-z0-9_-]+)', text):
        yield quoted or plain or bare


def read(path: Path, *, seen: tuple[Path, ...] = ()) -> Document:
    """Read a mapping file and what it extends. Raises MappingError."""
    if path in seen:
        raise MappingError([Mistake(str(path), 0, "the file extends itself")])
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise MappingError([Mistake(str(path), 0, f"cannot be read: {reason}")]) from None
    except UnicodeDecodeError:
        raise MappingError([Mistake(str(path), 0, "is not UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as error:
        raise MappingError([_syntax_mistake(path, error)]) from None
    document = Document(path, tables, _lines=text.splitlines())
    base = tables.pop("extends", None)
    if base is None:
        return document
    below_path = _base(document, base)
    document.below = read(below_path, seen=(*seen, path))
    document.tables = _joined(document.below.tables, tables)
    return document


def _base(document: Document, base: Any) -> Path:
    if not isinstance(base, str):
        raise MappingError([document.mistake(["extends"], "extends must be a name or a file")])
    if base in shipped_names():
        return shipped(base)
    beside = document.path.parent / base
    if beside.suffix == ".toml":
        return beside
    near = get_close_matches(base, shipped_names(), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    known = ", ".join(shipped_names())
    text = f"no shipped mapping is named {base!r}{hint} (there are {known}, or name a .toml file)"
    raise MappingError([document.mistake(["extends"], text)])


def _joined(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    joined = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(joined.get(key), dict) and not _is_rule(value):
            joined[key] = _joined(joined[key], value)
        else:
            joined[key] = value
    return joined


def _is_rule(table: dict[str, Any]) -> bool:
    """Whether a table is the rule of one attribute, which is replaced whole."""
    return "field" in table or "template" in table


def _syntax_mistake(path: Path, error: tomllib.TOMLDecodeError) -> Mistake:
    match = re.search(r"line (\d+)", str(error))
    text = re.sub(r" \(at line \d+, column \d+\)", "", str(error))
    return Mistake(str(path), int(match[1]) if match else 0, f"is not TOML: {text}")
