"""The schemas that follow from a mapping: what /Schemas tells, and what requests are read with.

The published schema says what GoTo cannot do without (``required``), what cannot be written
(``readOnly``), and which values can be kept (``canonicalValues``). The accepted schema is the same
but for ``required``: what the bridge can derive, a client need not send.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from bridge.mapping.catalog import AttributePath
from bridge.mapping.rules import COMPUTED, Rule, TypeRules

# What the bridge cannot derive, so that a request without it is refused by the schema already.
INDISPENSABLE = {"User": "userName", "Group": "displayName"}
SHOWN_OF_LISTS = {
    "entitlements": ("value", "display", "type", "primary"),
    "roles": ("value", "display", "type", "primary"),
    "groups": ("value", "$ref", "display", "type"),
    # `display` is accepted, but not kept: who would get back what it sent, sees another's name.
    "members": ("value", "$ref", "type"),
}

MEMBER_DISPLAY = {"name": "display", "type": "string", "multiValued": False}


def published_schemas(rules: TypeRules) -> list[dict[str, Any]]:
    """Return the schemas of a resource type as /Schemas shows them, core first."""
    core = _trimmed(rules, None, rules.catalog.core)
    extensions = [_trimmed(rules, urn, schema) for urn, schema in rules.catalog.extensions.items()]
    return [core, *(schema for schema in extensions if schema["attributes"])]


def accepted_schemas(rules: TypeRules) -> list[dict[str, Any]]:
    """Return the same schemas with only what no client may leave out as required."""
    schemas = deepcopy(published_schemas(rules))
    indispensable = INDISPENSABLE[rules.catalog.resource_type]
    for schema in schemas:
        for attribute in schema["attributes"]:
            attribute["required"] = attribute["name"] == indispensable
            if attribute["name"] == "members":
                attribute["subAttributes"].append(_cleaned(MEMBER_DISPLAY))
            for sub in attribute.get("subAttributes", ()):
                sub["required"] = False
    return schemas


def _trimmed(rules: TypeRules, urn: str | None, schema: Mapping[str, Any]) -> dict[str, Any]:
    attributes = []
    for definition in schema["attributes"]:
        path = AttributePath(urn, definition["name"])
        attribute = _attribute(rules, path, definition)
        attributes += [attribute] if attribute else []
    return {**schema, "attributes": attributes}


def _attribute(
    rules: TypeRules, path: AttributePath, definition: Mapping[str, Any]
) -> dict[str, Any] | None:
    kind = rules.catalog.resource_type
    found = _rules_at(rules.rules, path)
    computed = path.schema is None and path.name in COMPUTED[kind]
    held = path in rules.held or path in rules.ignored
    subs_held = [each.sub for each in rules.held if each.sub and _whole(each) == path]
    if not (found or computed or held or subs_held):
        return None
    attribute = _cleaned(definition)
    if held:
        # The bridge keeps it as it comes, and demands nothing of it.
        for each in (attribute, *attribute.get("subAttributes", ())):
            each["required"] = False
    whole = next((rule for rule in found if rule.path == path), None)
    if path in rules.ignored and attribute["returned"] != "never":
        # What is accepted and dropped is, to a client, what it cannot write (RFC 7643 §2.2).
        attribute["mutability"] = "readOnly"
    if whole:
        _characterize(attribute, whole)
    elif found or subs_held:
        _keep_subs(attribute, found, subs_held)
    if path.schema is None and path.name in SHOWN_OF_LISTS:
        _show_parts(attribute, SHOWN_OF_LISTS[path.name], users_only=path.name == "members")
    if path.name == "emails" and attribute.get("required"):
        _named(attribute, "value")["required"] = True
    return attribute


def _rules_at(rules: Sequence[Rule], path: AttributePath) -> list[Rule]:
    return [rule for rule in rules if _whole(rule.path) == path]


def _whole(path: AttributePath) -> AttributePath:
    return AttributePath(path.schema, path.name)


def _characterize(attribute: dict[str, Any], rule: Rule) -> None:
    if rule.read_only:
        for each in (attribute, *attribute.get("subAttributes", ())):
            each["mutability"] = "readOnly"
    if rule.required:
        attribute["required"] = True
    if rule.values is not None and rule.values.canonical_values:
        attribute["canonicalValues"] = rule.values.canonical_values


def _keep_subs(attribute: dict[str, Any], found: Sequence[Rule], held: Sequence[str]) -> None:
    by_sub = {rule.path.sub: rule for rule in found}
    kept = []
    for sub in attribute["subAttributes"]:
        if sub["name"] in by_sub:
            _characterize(sub, by_sub[sub["name"]])
        if sub["name"] in by_sub or sub["name"] in held:
            kept.append(sub)
    attribute["subAttributes"] = kept
    attribute["required"] = any(rule.required for rule in found)


def _show_parts(attribute: dict[str, Any], parts: Sequence[str], *, users_only: bool) -> None:
    kept = [sub for sub in attribute["subAttributes"] if sub["name"] in parts]
    attribute["subAttributes"] = kept
    if users_only:
        _named(attribute, "$ref")["referenceTypes"] = ["User"]
        _named(attribute, "type")["canonicalValues"] = ["User"]


def _named(attribute: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(s for s in attribute["subAttributes"] if s["name"] == name)
    return found


def _cleaned(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with every characteristic spelled out (RFC 7643 §7), texts on one line."""
    cleaned = {
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **deepcopy(dict(definition)),
    }
    if cleaned.get("description"):
        cleaned["description"] = " ".join(cleaned["description"].split())
    if cleaned.get("subAttributes"):
        cleaned["subAttributes"] = [_cleaned(sub) for sub in cleaned["subAttributes"]]
    return cleaned
