"""A mapping file as it is written: found, read, joined with the one it extends, lines remembered.

It knows TOML and files, and of what the entries mean only that an attribute's rule is one thing.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from bridge.mapping.errors import MappingError, Mistake

CHECKOUT = Path(__file__).resolve().parents[2] / "mappings"
HEADER = re.compile(r"\s*\[(.+)\]\s*(?:#.*)?$")
QUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'')


def shipped(name: str) -> Path:
    """Return the file of a shipped mapping, such as ``goto``: from the wheel or the checkout."""
    packaged = Path(str(files("bridge") / "_mappings")) / f"{name}.toml"
    return packaged if packaged.exists() else CHECKOUT / f"{name}.toml"


def shipped_names() -> list[str]:
    """The names of the shipped mappings."""
    return sorted(path.stem for path in shipped("goto").parent.glob("*.toml"))


@dataclass
class Document:
    """A mapping file: ``tables`` joined with those below it, ``own`` as they stand in the file."""

    path: Path
    own: dict[str, Any]
    tables: dict[str, Any] = field(default_factory=dict)
    below: "Document | None" = None
    _lines: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """The same for the same tables, in whichever files they stand."""
        text = orjson.dumps(self.tables, option=orjson.OPT_SORT_KEYS, default=str)
        return blake2b(text, digest_size=8).hexdigest()

    def mistake(self, keys: Sequence[str], text: str) -> Mistake:
        """Say what is wrong with the entry at ``keys``, at the line where it was written last."""
        for length in range(len(keys), 0, -1):
            for document in self.chain():
                if document._has(keys[:length]):
                    return Mistake(str(document.path), document._line_of(keys[:length]), text)
        return Mistake(str(self.path), 0, text)

    def chain(self) -> Iterator["Document"]:
        """The file and those below it, the topmost first."""
        document: Document | None = self
        while document is not None:
            yield document
            document = document.below

    def depth_of(self, keys: Sequence[str]) -> int:
        """Return how many files below the topmost one an entry was written last."""
        return next((n for n, each in enumerate(self.chain()) if each._has(keys)), -1)

    def _has(self, keys: Sequence[str]) -> bool:
        value: Any = self.own
        for key in keys:
            if isinstance(value, list):
                return key in value
            if not isinstance(value, dict) or key not in value:
                return False
            value = value[key]
        return True

    def _line_of(self, keys: Sequence[str]) -> int:
        """Return the line where an entry was written, or where its table begins, or 0."""
        header: tuple[str, ...] = ()
        best = 0
        in_list = False
        for number, line in enumerate(self._lines, start=1):
            if match := HEADER.match(line):
                header = tuple(_split_keys(match[1]))
                if header == tuple(keys[: len(header)]):
                    best = number
            elif header == tuple(keys[: len(header)]):
                rest = tuple(keys[len(header) :])
                if in_list:
                    if rest[-1] in ("".join(pair) for pair in QUOTED.findall(line)):
                        return number
                    in_list = not line.lstrip().startswith("]")
                    continue
                key, sign, value = line.partition("=")
                written = tuple(_split_keys(key)) if sign and key.lstrip()[:1] != "#" else ()
                if written and written == rest[: len(written)]:
                    in_list = len(written) < len(rest) and _opens_list(value)
                    if not in_list:
                        return number
                    best = number
        return best


def _opens_list(value: str) -> bool:
    return value.lstrip().startswith("[") and "]" not in value


def _split_keys(text: str) -> Iterator[str]:
    for quoted, plain, bare in re.findall(r'"([^"]*)"|\'([^\']*)\'|([A-Za-z0-9_-]+)', text):
        yield quoted or plain or bare


def read(path: Path) -> Document:
    """Read a mapping file and what it extends. Raises MappingError."""
    return _read(path, ())


def _read(path: Path, above: tuple[Document, ...]) -> Document:
    try:
        # A byte order mark is what some editors of Windows begin a file with.
        text = path.read_text(encoding="utf-8-sig")
        own = tomllib.loads(text)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        if above:
            problem = f"extends {str(path)!r}, which cannot be read: {reason}"
            raise MappingError([above[-1].mistake(["extends"], problem)]) from None
        raise MappingError([Mistake(str(path), 0, f"cannot be read: {reason}")]) from None
    except UnicodeDecodeError:
        raise MappingError([Mistake(str(path), 0, "is not UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as error:
        raise MappingError([_syntax_mistake(path, text, error)]) from None
    document = Document(path, own, dict(own), _lines=text.splitlines())
    if "extends" not in own:
        return document
    del document.tables["extends"]
    below = _base(document, own["extends"])
    for each in (*above, document):
        if below.resolve() == each.path.resolve():
            text = f"extends {str(below)!r}, and so the file extends itself"
            raise MappingError([document.mistake(["extends"], text)])
    document.below = _read(below, (*above, document))
    document.tables = _joined(document.below.tables, document.tables, ())
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


def _joined(below: dict[str, Any], above: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    joined = dict(below)
    for key, value in above.items():
        at = (*keys, key)
        known = joined.get(key)
        if isinstance(value, dict) and isinstance(known, dict) and not _is_new_rule(value, at):
            joined[key] = _joined(known, value, at)
        else:
            joined[key] = value
    return joined


def _is_new_rule(table: dict[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether a table is the whole rule of an attribute: it replaces the one below it."""
    is_rule = len(keys) == 3 and keys[0] in ("users", "groups") and keys[1] == "attributes"
    return is_rule and ("field" in table or "template" in table)


def _syntax_mistake(path: Path, text: str, error: tomllib.TOMLDecodeError) -> Mistake:
    match = re.search(r"line (\d+)", str(error))
    reason = re.sub(r" \(at [^)]*\)$", "", str(error))
    line = int(match[1]) if match else len(text.splitlines())
    return Mistake(str(path), line, f"is not TOML: {reason}")
