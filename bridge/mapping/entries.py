"""Reads the entry of one attribute: the name of a field, or a table that says how it is kept.

It checks what one entry says against the schema; what entries say together is checked elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from bridge.mapping.catalog import AttributePath, Catalog, UnknownPath
from bridge.mapping.declarations import ValueLines, value_table
from bridge.mapping.errors import ValueRefused
from bridge.mapping.findings import Findings
from bridge.mapping.lists import WRITABLE_LISTS
from bridge.mapping.rules import COMPUTED, EMAIL, STATUS, Rule
from bridge.mapping.templates import Template
from bridge.mapping.values import ValueTable

Keys = tuple[str, ...]

RULE_KEYS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "field": (str, "the name of a field"),
    "direction": (str, '"both" or "read"'),
    "values": (str, "the name of a table"),
    "default": ((str, int, float), "a text, a number, true or false"),
    "template": (str, "a text"),
    "held": (bool, "true or false"),
    "required": (bool, "true or false"),
    "join": (str, "a text"),
    "item": (int, "a number"),
}
# What these keys say is only for what clients write, or only for what is in one field.
ONLY_FOR_WRITING = ("default", "required", "held")
ONLY_FOR_FIELDS = ("direction", "values", "default", "required", "join", "item")
NOT_FOR_LISTS = ("values", "default", "required")
OF_TYPE: Mapping[str, type | tuple[type, ...]] = {
    "boolean": bool, "integer": int, "decimal": (int, float),
}  # fmt: skip
IDENTITY = ("userName", "emails")


def read_path(findings: Findings, catalog: Catalog, keys: Keys) -> AttributePath | None:
    """Return the path that the last of ``keys`` is, if the attribute can be mapped or held."""
    try:
        path = catalog.parse(keys[-1])
        _check_reachable(catalog, path)
    except UnknownPath as error:
        findings.wrong(keys, str(error))
        return None
    if path.schema is None and path.name in COMPUTED[catalog.resource_type]:
        findings.wrong(keys, f"{path} is computed by the bridge and cannot be mapped or held")
        return None
    return path


def _check_reachable(catalog: Catalog, path: AttributePath) -> None:
    whole = AttributePath(path.schema, path.name)
    if path.sub and catalog.definition(whole).get("multiValued"):
        raise UnknownPath(f"{whole} has several values: {path} names no single one, use {whole}")


def read_entry(
    findings: Findings, catalog: Catalog, keys: Keys, entry: Any, lines: ValueLines
) -> Rule | None:
    """Return the rule that an attribute's entry says, or None where it cannot be used."""
    path = read_path(findings, catalog, keys)
    table = {"field": entry} if isinstance(entry, str) else entry
    if not isinstance(table, dict):
        findings.wrong(keys, "must be the name of a field, a table, or false")
        return None
    if _is_unquoted(findings, catalog, keys, table):
        return None
    findings.known(keys, table, RULE_KEYS)
    if not _has_right_types(findings, keys, table) or path is None:
        return None
    if not table.get("field") and not table.get("template"):
        findings.wrong(keys, "needs a field or a template")
        return None
    definition = catalog.definition(path)
    if definition.get("mutability") == "writeOnly":
        findings.wrong(keys, f"{path} cannot be mapped: it is a secret, put it in `ignored`")
        return None
    _check_together(findings, keys, path, table, definition)
    is_made = not table.get("field")
    rule = Rule(
        path=path,
        definition=definition,
        field=table.get("field"),
        read_only=not table.get("held") if is_made else table.get("direction") == "read",
        values=_values(findings, keys, table, lines, definition),
        default=table.get("default"),
        template=_template(findings, catalog, keys, table.get("template")),
        held=table.get("held", False),
        required=table.get("required", False),
        join=table.get("join"),
        item=table.get("item"),
    )
    _check_default(findings, keys, rule)
    return rule


def _is_unquoted(findings: Findings, catalog: Catalog, keys: Keys, table: dict[str, Any]) -> bool:
    """Whether a path with a dot was written without quotes, which TOML reads as a table."""
    paths = set(catalog.paths())
    found = [f"{keys[-1]}.{key}" for key in table if f"{keys[-1]}.{key}" in paths]
    for path in found:
        text = f'a path with a dot must stand in quotes: "{path}" = …'
        findings.wrong([*keys, path.rpartition(".")[2]], text)
    return bool(found)


def _has_right_types(findings: Findings, keys: Keys, table: dict[str, Any]) -> bool:
    right = True
    for key, (kinds, name) in RULE_KEYS.items():
        if key not in table:
            continue
        value = table[key]
        is_flag = isinstance(value, bool) and kinds is int
        if not isinstance(value, kinds) or is_flag:
            findings.wrong([*keys, key], f"{key} must be {name}")
            right = False
    if right and table.get("direction", "both") not in ("both", "read"):
        findings.wrong([*keys, "direction"], 'direction must be "both" or "read"')
        right = False
    return right


def _check_together(
    findings: Findings,
    keys: Keys,
    path: AttributePath,
    table: Mapping[str, Any],
    definition: Mapping[str, Any],
) -> None:
    """What the keys of one entry say, taken together and with the attribute's type."""
    is_read = table.get("direction") == "read"
    fieldname = table.get("field")
    is_list = bool(definition.get("multiValued"))
    for key in ONLY_FOR_WRITING if is_read else ():
        if table.get(key):
            findings.wrong([*keys, key], f'{key} means nothing beside direction = "read"')
    if not fieldname:
        for key in ONLY_FOR_FIELDS:
            if key in table:
                findings.wrong([*keys, key], f"{key} means nothing without a field")
    elif table.get("held") and str(path) not in IDENTITY:
        findings.wrong([*keys, "held"], "held means nothing beside a field, which has the value")
    if definition["type"] == "complex" and not is_list:
        findings.wrong(keys, f"{path} is made of parts, name one of them: {_parts(definition)}")
    if "join" in table or "item" in table:
        if not is_read:
            findings.wrong(keys, 'join and item only read: add direction = "read"')
        if is_list or ("join" in table and "item" in table):
            findings.wrong(keys, "join and item make one value of a list: use one of them, once")
    if not is_read and fieldname:
        _check_writable(findings, keys, path, table, is_list=is_list)


def _parts(definition: Mapping[str, Any]) -> str:
    return ", ".join(f"{definition['name']}.{sub['name']}" for sub in definition["subAttributes"])


def _check_writable(
    findings: Findings,
    keys: Keys,
    path: AttributePath,
    table: Mapping[str, Any],
    *,
    is_list: bool,
) -> None:
    name, fieldname = str(path), table["field"]
    add = 'add direction = "read"'
    if fieldname == EMAIL and name not in IDENTITY:
        findings.wrong(keys, f"GoTo's e-mail is written by userName and emails alone: {add}")
    elif fieldname == STATUS and name != "active":
        findings.wrong(keys, f"GoTo's status is written by active alone: {add}")
    elif WRITABLE_LISTS.get(name) == fieldname:
        for key in NOT_FOR_LISTS:
            if key in table:
                findings.wrong([*keys, key], f"{key} means nothing for {name}: {add}")
    elif is_list and name not in IDENTITY:
        findings.wrong(keys, f"{name} has several values, and no list can be written: {add}")


def _values(
    findings: Findings,
    keys: Keys,
    table: Mapping[str, Any],
    lines: ValueLines,
    definition: Mapping[str, Any],
) -> ValueTable | None:
    name = table.get("values")
    if name is None:
        return None
    return value_table(findings, keys, name, lines=lines, kind=definition["type"])


def _check_default(findings: Findings, keys: Keys, rule: Rule) -> None:
    if rule.default is None:
        return
    kind = rule.definition["type"]
    value = rule.default
    fits = isinstance(value, OF_TYPE.get(kind, str))
    if not fits or (isinstance(value, bool) and kind != "boolean"):
        findings.wrong([*keys, "default"], f"default must be a {kind}, as {rule.path} is one")
    elif rule.values:
        try:
            rule.values.to_field(str(rule.path), value)
        except ValueRefused as error:
            findings.wrong([*keys, "default"], f"default: {error}")


def _template(
    findings: Findings, catalog: Catalog, keys: Keys, text: str | None
) -> Template | None:
    if text is None:
        return None
    try:
        template = Template(text, catalog.parse)
        for path in template.paths:
            _check_reachable(catalog, path)
            definition = catalog.definition(path)
            if definition.get("multiValued") or definition["type"] == "complex":
                raise UnknownPath(f"{{{path}}} is no single value, a template cannot show it")
            if definition.get("mutability") == "writeOnly" or str(path) == keys[-1]:
                raise UnknownPath(f"{{{path}}} cannot stand in this template")
    except UnknownPath as error:
        findings.wrong([*keys, "template"], str(error))
        return None
    if not template.paths:
        findings.wrong([*keys, "template"], "a template must name an attribute, such as {userName}")
    return template
