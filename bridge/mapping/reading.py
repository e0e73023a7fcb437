"""Records into resources: GoTo's fields, and what is held beside them, as SCIM JSON.

Compiled once from the rules. A resource made here has no id, meta, schemas, groups or members:
those are the directory's.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bridge.mapping import address
from bridge.mapping.catalog import AttributePath
from bridge.mapping.lists import echoed
from bridge.mapping.rules import Rule, TypeRules
from bridge.mapping.values import date_time

Record = Mapping[str, Any]
Reader = Callable[[Record], Any]
Holdable = dict[str, "bool | Holdable"]


class Reading:
    """Turns one resource type's records into resources."""

    def __init__(self, rules: TypeRules) -> None:
        is_user = rules.catalog.resource_type == "User"
        self._emails = is_user
        self._holdable = _holdable(rules)
        self._plain: list[tuple[str, Reader]] = []
        self._nested: dict[str, list[tuple[str, Reader]]] = {}
        self._deep: list[tuple[AttributePath, Reader]] = []
        self._templates: list[Rule] = []
        self._lists = [rule.path.name for rule in rules.rules if rule.is_list]
        for rule in rules.rules:
            path = rule.path
            if path.name == "emails" and is_user:
                continue
            if rule.template is not None:
                self._templates.append(rule)
            if rule.field is None:
                continue
            if path.schema and path.sub:
                self._deep.append((path, reader(rule)))
            elif path.schema or path.sub:
                outer, inner = (path.schema, path.name) if path.schema else (path.name, path.sub)
                self._nested.setdefault(str(outer), []).append((str(inner), reader(rule)))
            else:
                self._plain.append((path.name, reader(rule)))

    def resource(self, record: Record, held: Mapping[str, Any]) -> dict[str, Any]:
        """Return what clients see of a record and the attributes held beside it."""
        resource: dict[str, Any] = {}
        for name, read in self._plain:
            value = read(record)
            if value is not None:
                resource[name] = value
        for outer, readers in self._nested.items():
            values = {
                inner: value for inner, read in readers if (value := read(record)) is not None
            }
            if values:
                resource[outer] = values
        for path, read in self._deep:
            value = read(record)
            if value is not None:
                path.set(resource, value)
        if held:
            _overlay(resource, held, self._holdable)
            for name in self._lists:
                if name in held and name in resource:
                    resource[name] = echoed(resource[name], held[name])
        if self._emails and (emails := address.shown(str(record.get("email") or ""), held)):
            resource["emails"] = emails
        for rule in self._templates:
            self._fill(rule, resource, held)
        return resource

    @staticmethod
    def _fill(rule: Rule, resource: dict[str, Any], held: Mapping[str, Any]) -> None:
        # What a client removed is not made anew.
        is_removed = not rule.read_only and rule.path.is_removed(held)
        if is_removed or rule.path.get(resource) is not None:
            return
        assert rule.template is not None
        text = rule.template.fill(resource)
        if text is not None:
            rule.path.set(resource, text)


def _holdable(rules: TypeRules) -> Holdable:
    """Say of each attribute whether it can be held: True its value, False only its removal."""
    holdable: Holdable = {}
    for rule in rules.rules:
        # What is held of a list stands beside its values, and replaces none.
        if not rule.read_only and not rule.is_list:
            _note(holdable, rule.path, rule.held)
    for path in rules.held:
        _note(holdable, path, True)
    # One that can only be read is held as removed or empty, and only whole.
    holdable.update(dict.fromkeys(rules.read_only_extensions, True))
    # Shown by rules of their own.
    holdable.pop("emails", None)
    return holdable


def _note(holdable: Holdable, path: AttributePath, whole: bool) -> None:
    *above, name = filter(None, (path.schema, path.name, path.sub))
    for each in above:
        inner = holdable.setdefault(each, {})
        assert isinstance(inner, dict)
        holdable = inner
    holdable[name] = whole


def _overlay(resource: dict[str, Any], held: Mapping[str, Any], holdable: Holdable) -> None:
    for name, value in held.items():
        kept = holdable.get(name)
        if kept is None:
            # Held under another mapping: this one has no such attribute, or a field for it.
            continue
        if value is None:
            resource.pop(name, None)
        elif isinstance(kept, dict):
            inner = dict(resource.get(name) or {})
            _overlay(inner, value, kept)
            if inner:
                resource[name] = inner
            else:
                resource.pop(name, None)
        elif kept:
            resource[name] = value


def reader(rule: Rule) -> Reader:
    """Compile how one attribute is read from a record; None is no value."""
    name = rule.field
    assert name is not None
    if rule.join is not None:
        return _joined(name, rule.join)
    if rule.item is not None:
        return _item(name, rule.item)
    if rule.definition["type"] == "dateTime":
        return lambda record: date_time(record.get(name))
    to_attribute = rule.values.to_attribute if rule.values else None
    if rule.is_array:
        return _array(name, to_attribute, complex_=rule.definition["type"] == "complex")
    if to_attribute is not None:
        return lambda record: None if (raw := record.get(name)) is None else to_attribute(raw)
    return lambda record: None if (raw := record.get(name)) == "" else raw


def _joined(name: str, separator: str) -> Reader:
    def read(record: Record) -> Any:
        parts = _several(record.get(name))
        return separator.join(map(str, parts)) if parts else None

    return read


def _item(name: str, index: int) -> Reader:
    def read(record: Record) -> Any:
        parts = _several(record.get(name))
        return parts[index] if -len(parts) <= index < len(parts) else None

    return read


def _array(name: str, convert: Callable[[Any], Any] | None, *, complex_: bool) -> Reader:
    def read(record: Record) -> Any:
        values = _several(record.get(name))
        if convert:
            values = [convert(value) for value in values]
        if not values:
            return None
        return [{"value": value} for value in values] if complex_ else values

    return read


def _several(raw: Any) -> list[Any]:
    """Return the values of a field that should be a list, whatever GoTo made of it."""
    if raw is None or raw == "":
        return []
    return list(raw) if isinstance(raw, list | tuple) else [raw]
