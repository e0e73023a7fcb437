"""Reads what a mapping declares for its rules to use: schemas of its own, and tables of values."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bridge.mapping.catalog import CORE
from bridge.mapping.findings import Findings, is_texts, suggestion
from bridge.mapping.values import TIME_ZONES, ValueTable, time_zones

EXTENSION_KEYS = {"of", "description", "attributes"}
ATTRIBUTE_KEYS = {"type", "description", "multiValued", "canonicalValues", "caseExact"}
TYPES = ("string", "boolean", "integer", "decimal", "dateTime")
# RFC 7643 §2.1
ATTRIBUTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9$_-]*")

Schemas = dict[str, dict[str, dict[str, Any]]]
ValueLines = Mapping[str, Mapping[str, Any]]


def read_extensions(findings: Findings) -> Schemas:
    """Return the schemas that the mapping declares, by resource type and URN."""
    found: Schemas = {kind: {} for kind in CORE}
    for urn in findings.table("extensions"):
        keys = ("extensions", urn)
        table = findings.table(*keys)
        findings.known(keys, table, EXTENSION_KEYS)
        if "." in urn or not urn.startswith("urn:"):
            findings.wrong(keys, f"{urn!r} must be a URN, and without a dot")
        description = table.get("description", "")
        if not isinstance(description, str):
            findings.wrong([*keys, "description"], "description must be a text")
        kind = table.get("of")
        if not isinstance(kind, str) or kind not in found:
            findings.wrong([*keys, "of"], '`of` must be "User" or "Group"')
            continue
        found[kind][urn] = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": urn,
            "name": f"GoTo{kind}",
            "description": description,
            "attributes": [
                attribute
                for name in findings.table(*keys, "attributes")
                if (attribute := _attribute(findings, (*keys, "attributes", name)))
            ],
        }
    return found


def _attribute(findings: Findings, keys: tuple[str, ...]) -> dict[str, Any] | None:
    table = findings.table(*keys)
    findings.known(keys, table, ATTRIBUTE_KEYS)
    kind = table.get("type", "string")
    if not ATTRIBUTE_NAME.fullmatch(keys[-1]):
        findings.wrong(keys, f"{keys[-1]!r} cannot be the name of an attribute")
        return None
    right = {
        f"type must be one of {', '.join(TYPES)}": kind in TYPES,
        "description must be a text": isinstance(table.get("description", ""), str),
        "multiValued must be true or false": isinstance(table.get("multiValued", False), bool),
        "caseExact must be true or false": isinstance(table.get("caseExact", False), bool),
        "canonicalValues must be a list of texts": is_texts(table.get("canonicalValues", [])),
    }
    wrong = [text for text, is_right in right.items() if not is_right]
    for text in wrong:
        findings.wrong([*keys, text.split()[0]], text)
    if wrong:
        return None
    return {"name": keys[-1], "multiValued": False, **table, "type": kind}


def read_value_lines(findings: Findings) -> ValueLines:
    """Return the tables under [values], those lines left out that cannot be read."""
    tables: dict[str, dict[str, Any]] = {}
    for name in findings.table("values"):
        tables[name] = {}
        for left, right in findings.table("values", name).items():
            if all(_is_scalar(value) for value in (right if isinstance(right, list) else [right])):
                tables[name][left] = right
            else:
                text = "the GoTo value must be a text, a number, true or false, or a list of these"
                findings.wrong(["values", name, left], text)
    return tables


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def value_table(
    findings: Findings,
    keys: tuple[str, ...],
    name: str,
    *,
    lines: ValueLines,
    kind: str,
) -> ValueTable | None:
    """Return the table with this name for an attribute of type ``kind``, or None for none."""
    if name == TIME_ZONES:
        return time_zones()
    if name not in lines:
        hint = suggestion(name, [*lines, TIME_ZONES])
        findings.wrong([*keys, "values"], f"there is no table [values.{name}]{hint}")
        return None
    convert = _converter(kind)
    converted = {}
    strange = []
    for left, right in lines[name].items():
        try:
            converted[convert(left)] = right
        except ValueError:
            strange.append(left)
    if strange and not converted:
        text = f"[values.{name}] has no value for an attribute of type {kind}"
        findings.wrong([*keys, "values"], text)
        return None
    for left in strange:
        text = f"{left!r} is no value of an attribute of type {kind}"
        findings.wrong(["values", name, left], text)
    return ValueTable(converted)


def _converter(kind: str) -> Callable[[str], Any]:
    if kind == "boolean":
        return _boolean
    return int if kind == "integer" else str


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"
