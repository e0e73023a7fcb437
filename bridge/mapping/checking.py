"""Reads the rules out of a mapping's tables, and checks each against the schema.

It collects every mistake, with its place in the file, before it refuses the mapping.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from bridge.mapping.catalog import CORE, AttributePath, Catalog, UnknownPath
from bridge.mapping.document import Document
from bridge.mapping.errors import MappingError, Mistake
from bridge.mapping.rules import COMPUTED, GroupConflict, Rule, Rules, TypeRules
from bridge.mapping.templates import Template
from bridge.mapping.values import TIME_ZONES, ValueTable, time_zones

RULE_KEYS = {
    "field", "direction", "values", "default", "template", "held", "required", "join", "item",
}  # fmt: skip
TOP_KEYS = {"version", "activation", "users", "groups", "values", "extensions"}
SECTIONS = {
    "activation": {"licenses"},
    "users": {"held", "ignored", "attributes", "mail_domain"},
    "groups": {"held", "ignored", "attributes", "conflict"},
}
SECTION_OF = {"User": "users", "Group": "groups"}


@dataclass
class _Reading:
    document: Document
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, keys: Sequence[str], text: str) -> None:
        self.mistakes.append(self.document.mistake(keys, text))

    def known(self, keys: Sequence[str], table: Mapping[str, Any], allowed: set[str]) -> None:
        for key in table:
            if key not in allowed:
                near = get_close_matches(key, allowed, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                options = ", ".join(sorted(allowed))
                self.wrong([*keys, key], f"{key!r} means nothing here{hint} (known: {options})")

    def table(self, *keys: str) -> dict[str, Any]:
        value: Any = self.document.tables
        for key in keys:
            value = value.get(key, {})
        if isinstance(value, dict):
            return value
        self.wrong(keys, f"{keys[-1]!r} must be a table")
        return {}

    def texts(self, *keys: str) -> list[str]:
        value: Any = self.table(*keys[:-1]).get(keys[-1], [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return list(value)
        self.wrong(keys, f"{keys[-1]!r} must be a list of texts")
        return []


def read_rules(document: Document) -> Rules:
    """Read and check what a mapping file says. Raises MappingError with every mistake."""
    reading = _Reading(document)
    reading.known([], document.tables, TOP_KEYS)
    if document.tables.get("version") != 1:
        reading.wrong(["version"], "version must be 1, the only one there is")
    for section, allowed in SECTIONS.items():
        reading.known([section], reading.table(section), allowed)
    extensions = _extensions(reading)
    tables = _value_tables(reading)
    rules = Rules(
        users=_type_rules(reading, "User", extensions, tables),
        groups=_type_rules(reading, "Group", extensions, tables),
        default_licenses=tuple(reading.texts("activation", "licenses")),
        group_conflict=_conflict(reading),
    )
    _check_identity(reading, rules)
    if reading.mistakes:
        raise MappingError(sorted(reading.mistakes, key=lambda each: (each.file, each.line)))
    return rules


def _extensions(reading: _Reading) -> dict[str, dict[str, dict[str, Any]]]:
    """The schemas that the mapping declares, by resource type and URN."""
    found: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in CORE}
    for urn, table in reading.table("extensions").items():
        kind = table.get("of")
        if kind not in found:
            reading.wrong(["extensions", urn], '`of` must be "User" or "Group"')
            continue
        if "." in urn or not urn.startswith("urn:"):
            reading.wrong(["extensions", urn], "must be a URN, and without a dot")
        found[kind][urn] = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": urn,
            "name": f"GoTo{kind}",
            "description": table.get("description", ""),
            "attributes": [
                {"name": name, "multiValued": False, "type": "string", **definition}
                for name, definition in table.get("attributes", {}).items()
            ],
        }
    return found


def _conflict(reading: _Reading) -> GroupConflict:
    value = reading.table("groups").get("conflict", "move")
    if value not in ("move", "reject"):
        reading.wrong(["groups", "conflict"], 'conflict must be "move" or "reject"')
    return "reject" if value == "reject" else "move"


def _value_tables(reading: _Reading) -> dict[str, Mapping[str, Any]]:
    tables: dict[str, Mapping[str, Any]] = {}
    for name in reading.table("values"):
        tables[name] = reading.table("values", name)
    return tables


def _type_rules(
    reading: _Reading,
    kind: str,
    extensions: Mapping[str, Mapping[str, Mapping[str, Any]]],
    tables: Mapping[str, Mapping[str, Any]],
) -> TypeRules:
    section = SECTION_OF[kind]
    catalog = Catalog(kind, extensions[kind])
    rules = []
    for text, entry in reading.table(section, "attributes").items():
        if entry is not False:
            rule = _rule(reading, catalog, (section, "attributes", text), entry, tables)
            rules += [rule] if rule else []
    held = _paths(reading, catalog, (section, "held"))
    ignored = _paths(reading, catalog, (section, "ignored"))
    _check_overlaps(reading, section, rules, held)
    mail_domain = reading.table(section).get("mail_domain")
    if mail_domain is not None and not _is_domain(mail_domain):
        reading.wrong([section, "mail_domain"], "must be a domain, such as people.example.com")
    return TypeRules(catalog, tuple(rules), held, ignored, mail_domain)


def _is_domain(text: Any) -> bool:
    return isinstance(text, str) and "." in text and "@" not in text and " " not in text


def _paths(reading: _Reading, catalog: Catalog, keys: tuple[str, str]) -> tuple[AttributePath, ...]:
    paths: list[AttributePath] = []
    for text in reading.texts(*keys):
        if text in catalog.extensions:
            attributes = catalog.extensions[text]["attributes"]
            paths += [AttributePath(text, attribute["name"]) for attribute in attributes]
            continue
        path = _path(reading, catalog, (*keys, text))
        paths += [path] if path else []
    return tuple(dict.fromkeys(paths))


def _path(reading: _Reading, catalog: Catalog, keys: tuple[str, ...]) -> AttributePath | None:
    try:
        path = catalog.parse(keys[-1])
    except UnknownPath as error:
        reading.wrong(keys, str(error))
        return None
    if path.schema is None and path.name in COMPUTED[catalog.resource_type]:
        reading.wrong(keys, f"{path} is computed by the bridge and cannot be mapped or held")
        return None
    return path


def _rule(
    reading: _Reading,
    catalog: Catalog,
    keys: tuple[str, ...],
    entry: Any,
    tables: Mapping[str, Mapping[str, Any]],
) -> Rule | None:
    path = _path(reading, catalog, keys)
    table = {"field": entry} if isinstance(entry, str) else entry
    if not isinstance(table, dict):
        reading.wrong(keys, "must be the name of a field, a table, or false")
        return None
    reading.known(keys, table, RULE_KEYS)
    for key, kinds in _KINDS.items():
        if key in table and not isinstance(table[key], kinds):
            reading.wrong(keys, f"{key} must be {_KIND_NAMES[key]}")
            return None
    if path is None:
        return None
    if not table.get("field") and not table.get("template"):
        reading.wrong(keys, "needs a field or a template")
        return None
    if table.get("direction", "both") not in ("both", "read"):
        reading.wrong(keys, 'direction must be "both" or "read"')
    definition = catalog.definition(path)
    return Rule(
        path=path,
        definition=definition,
        field=table.get("field"),
        read_only=table.get("direction") == "read",
        values=_table(reading, keys, table.get("values"), tables, definition),
        default=table.get("default"),
        template=_template(reading, catalog, keys, table.get("template")),
        held=table.get("held", False),
        required=table.get("required", False),
        join=table.get("join"),
        item=table.get("item"),
    )


_KINDS: dict[str, type | tuple[type, ...]] = {
    "field": str, "values": str, "template": str, "held": bool, "required": bool, "join": str,
    "item": int,
}  # fmt: skip
_KIND_NAMES = {
    "field": "the name of a field", "values": "the name of a table", "template": "a text",
    "held": "true or false", "required": "true or false", "join": "a text", "item": "a number",
}  # fmt: skip


def _table(
    reading: _Reading,
    keys: tuple[str, ...],
    name: str | None,
    tables: Mapping[str, Mapping[str, Any]],
    definition: Mapping[str, Any],
) -> ValueTable | None:
    if name is None:
        return None
    if name == TIME_ZONES:
        return time_zones()
    if name not in tables:
        near = get_close_matches(name, [*tables, TIME_ZONES], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        reading.wrong(keys, f"there is no table [values.{name}]{hint}")
        return None
    convert = _converter(definition["type"])
    lines = {}
    for left, right in tables[name].items():
        try:
            lines[convert(left)] = right
        except ValueError:
            text = f"{left!r} is no value of an attribute of type {definition['type']}"
            reading.wrong(["values", name, left], text)
    return ValueTable(lines)


def _converter(kind: str) -> Callable[[str], Any]:
    if kind == "boolean":
        return lambda text: {"true": True, "false": False}.get(text.lower()) or _false(text)
    return int if kind == "integer" else str


def _false(text: str) -> bool:
    if text.lower() != "false":
        raise ValueError(text)
    return False


def _template(
    reading: _Reading, catalog: Catalog, keys: tuple[str, ...], text: str | None
) -> Template | None:
    if text is None:
        return None
    try:
        return Template(text, catalog.parse)
    except UnknownPath as error:
        reading.wrong(keys, str(error))
        return None


def _check_overlaps(
    reading: _Reading, section: str, rules: Sequence[Rule], held: Sequence[AttributePath]
) -> None:
    mapped = {rule.path for rule in rules}
    for path in held:
        whole = AttributePath(path.schema, path.name)
        if path in mapped or (path.sub and whole in mapped):
            reading.wrong([section, "held", str(path)], f"{path} is mapped to a field already")


def _check_identity(reading: _Reading, rules: Rules) -> None:
    """What no mapping may change: a user is known by its e-mail, a group by its name."""
    for section, name, fieldname in (
        ("users", "userName", "email"),
        ("users", "emails", "email"),
        ("groups", "displayName", "name"),
    ):
        typed: TypeRules = getattr(rules, section)
        found = [rule for rule in typed.rules if str(rule.path) == name]
        if not found or found[0].field != fieldname:
            reading.wrong([section, "attributes", name], f"{name} must be mapped to {fieldname!r}")
