"""Records into resources: GoTo's fields, and what is held beside them, as SCIM JSON.

Compiled once from the rules. A resource made here has no id, meta, schemas, groups or members:
those are the directory's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.mapping import address
from bridge.mapping.catalog import AttributePath
from bridge.mapping.lists import echoed
from bridge.mapping.rules import Rule, TypeRules
from bridge.mapping.values import date_time

Record = Mapping[str, Any]
# Makes an attribute's value of a field that is there; None is no value.
Conversion = Callable[[Any], Any]
# The name of an attribute, the field it is read from, and what is made of that: None for itself.
Step = tuple[str, str, Conversion | None]
Holdable = dict[str, "bool | Holdable"]


class Reading:
    """Turns one resource type's records into resources."""

    def __init__(self, rules: TypeRules) -> None:
        is_user = rules.catalog.resource_type == "User"
        self._emails = is_user
        self._holdable = _holdable(rules)
        self._plain: list[Step] = []
        self._nested: dict[str, list[Step]] = {}
        self._deep: list[tuple[AttributePath, Step]] = []
        self._templates: list[Rule] = []
        self._lists = [rule.path.name for rule in rules.rules if rule.is_list]
        self._substituted = [rule for rule in rules.rules if rule.has_substitute]
        for rule in rules.rules:
            path = rule.path
            if path.name == "emails" and is_user:
                continue
            if rule.template is not None:
                self._templates.append(rule)
            if rule.field is None:
                continue
            if path.schema and path.sub:
                self._deep.append((path, (path.sub, rule.field, conversion(rule))))
            elif path.schema or path.sub:
                outer, inner = (path.schema, path.name) if path.schema else (path.name, path.sub)
                step = (str(inner), rule.field, conversion(rule))
                self._nested.setdefault(str(outer), []).append(step)
            else:
                self._plain.append((path.name, rule.field, conversion(rule)))

    def resource(self, record: Record, held: Mapping[str, Any]) -> dict[str, Any]:
        """Return what clients see of a record and the attributes held beside it."""
        resource = _taken(self._plain, record)
        for outer, steps in self._nested.items():
            if values := _taken(steps, record):
                resource[outer] = values
        for path, step in self._deep:
            for value in _taken([step], record).values():
                path.set(resource, value)
        if held:
            _overlay(resource, held, self._holdable)
            for rule in self._substituted:
                _show_own(rule, resource, record, held)
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
        is_removed = held and not rule.read_only and rule.path.is_removed(held)
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


def _show_own(
    rule: Rule, resource: dict[str, Any], record: Record, held: Mapping[str, Any]
) -> None:
    """Show the client's own value while GoTo has what it was given for it; else GoTo's is shown."""
    value = rule.path.get(held)
    if value is None or rule.values is None or rule.field is None:
        return
    if rule.values.stands_for(value, record.get(rule.field)):
        rule.path.set(resource, value)


def _taken(steps: Sequence[Step], record: Record) -> dict[str, Any]:
    """Return the attributes that have a value. One call for all of them: it is the inner loop of a
    pass over an account."""
    found: dict[str, Any] = {}
    field_of = record.get
    for name, field, convert in steps:
        value = field_of(field)
        if value is None:
            continue
        if convert is not None:
            value = convert(value)
            if value is not None:
                found[name] = value
        elif value != "":
            found[name] = value
    return found


def conversion(rule: Rule) -> Conversion | None:
    """Compile what is made of a field that is there; None leaves it as it is, and "" is nothing."""
    if rule.join is not None:
        return _joined(rule.join)
    if rule.item is not None:
        return _item(rule.item)
    if rule.definition["type"] == "dateTime":
        return date_time
    to_attribute = rule.values.to_attribute if rule.values else None
    if rule.is_array:
        return _array(to_attribute, complex_=rule.definition["type"] == "complex")
    return to_attribute


def _joined(separator: str) -> Conversion:
    def convert(raw: Any) -> Any:
        parts = _several(raw)
        return separator.join(map(str, parts)) if parts else None

    return convert


def _item(index: int) -> Conversion:
    def convert(raw: Any) -> Any:
        parts = _several(raw)
        return parts[index] if -len(parts) <= index < len(parts) else None

    return convert


def _array(each: Conversion | None, *, complex_: bool) -> Conversion:
    def convert(raw: Any) -> Any:
        values = _several(raw)
        if each:
            values = [each(value) for value in values]
        if not values:
            return None
        return [{"value": value} for value in values] if complex_ else values.copy()

    return convert


def _several(raw: Any) -> list[Any]:
    """Return the values of a field that should be a list, whatever GoTo made of it."""
    if type(raw) is list:
        return raw
    return list(raw) if isinstance(raw, tuple) else [] if raw == "" else [raw]
