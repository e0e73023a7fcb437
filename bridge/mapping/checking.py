"""Reads the rules out of a mapping's tables, and checks what they say together.

Every mistake is collected, with its place in the file, before the mapping is refused.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bridge.mapping.address import is_address
from bridge.mapping.catalog import AttributePath, Catalog
from bridge.mapping.declarations import ValueLines, read_extensions, read_value_lines
from bridge.mapping.document import Document
from bridge.mapping.entries import read_entry, read_path
from bridge.mapping.findings import Findings
from bridge.mapping.limits import DestructiveLimit
from bridge.mapping.patterns import PATTERNS, mistake_in
from bridge.mapping.rules import EMAIL, STATUS, Rule, Rules, ShownAsGroups, TypeRules
from bridge.mapping.substitutes import SUBSTITUTES

# What becomes of a value that GoTo lacks: the nearest one is written, or it is refused.
SUBSTITUTION = ("nearest", "strict")
SUBSTITUTION_KEYS = {key for key, _ in SUBSTITUTES.values()}
TOP_KEYS = {
    "version", "activation", "roles", "limits", "users", "groups", "values", "extensions",
    *SUBSTITUTION_KEYS,
}  # fmt: skip
SECTIONS = {
    "activation": {"licenses", "on_delete"},
    "roles": {"grantable"},
    "limits": {"destructive_per_hour"},
    "users": {"held", "ignored", "attributes", "mail_domain", "hide", *SUBSTITUTION_KEYS},
    "groups": {"held", "ignored", "attributes", "conflict", "unknown_members", "include"},
}
CONFLICT = ("groups", "conflict", ("move", "reject"))
UNKNOWN_MEMBERS = ("groups", "unknown_members", ("refuse", "ignore"))
ON_DELETE = ("activation", "on_delete", ("delete", "suspend"))
SECTION_OF = {"User": "users", "Group": "groups"}
LONGEST_LOCAL_PART = "a" * 64


def read_rules(document: Document) -> Rules:
    """Read and check what a mapping file says. Raises MappingError with every mistake."""
    findings = Findings(document)
    findings.known([], document.tables, {*TOP_KEYS, "extends"})
    if document.tables.get("version") != 1:
        findings.wrong(["version"], "version must be 1, the only one there is")
    for section, allowed in SECTIONS.items():
        findings.known([section], findings.table(section), allowed)
    extensions = read_extensions(findings)
    lines = read_value_lines(findings)
    rules = Rules(
        users=_type_rules(findings, Catalog("User", extensions["User"]), lines),
        groups=_type_rules(findings, Catalog("Group", extensions["Group"]), lines),
        default_licenses=tuple(findings.texts("activation", "licenses")),
        group_conflict="reject" if _choice(findings, CONFLICT) == "reject" else "move",
        on_delete="suspend" if _choice(findings, ON_DELETE) == "suspend" else "delete",
        grantable_roles=tuple(dict.fromkeys(findings.texts("roles", "grantable"))),
        shown_as_groups=_shown_as_groups(findings),
        destructive_per_hour=_destructive_per_hour(findings),
        hidden_users=_hidden_users(findings),
        unknown_members="ignore" if _choice(findings, UNKNOWN_MEMBERS) == "ignore" else "refuse",
    )
    _check_identity(findings, rules)
    _check_active(findings, rules.users)
    findings.raise_if_any()
    return rules


def _choice(findings: Findings, choice: tuple[str, str, tuple[str, str]]) -> str:
    """Return one of two words, the first where nothing is said; no section is the whole file."""
    section, key, words = choice
    keys = [section] if section else []
    value = findings.table(*keys).get(key, words[0])
    if value not in words:
        findings.wrong([*keys, key], f'{key} must be "{words[0]}" or "{words[1]}"')
    return str(value)


def _shown_as_groups(findings: Findings) -> tuple[ShownAsGroups, ...]:
    wanted = findings.texts("groups", "include")
    known: tuple[ShownAsGroups, ...] = ("licenses", "roles")
    for name in wanted:
        if name not in known:
            findings.wrong(["groups", "include"], 'include can hold "licenses" and "roles"')
    return tuple(name for name in known if name in wanted)


def _hidden_users(findings: Findings) -> tuple[str, ...]:
    patterns = findings.texts("users", "hide")
    if len(patterns) > PATTERNS:
        findings.wrong(["users", "hide"], f"hide has at most {PATTERNS} patterns")
    for pattern in patterns:
        if mistake := mistake_in(pattern):
            findings.wrong(["users", "hide"], mistake)
    return tuple(dict.fromkeys(patterns))


def _destructive_per_hour(findings: Findings) -> DestructiveLimit:
    value = findings.table("limits").get("destructive_per_hour", "auto")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if value != "auto":
        text = 'destructive_per_hour must be "auto" or a whole number, 0 or more'
        findings.wrong(["limits", "destructive_per_hour"], text)
    return "auto"


def _type_rules(findings: Findings, catalog: Catalog, lines: ValueLines) -> TypeRules:
    section = SECTION_OF[catalog.resource_type]
    rules = []
    strict = _strict_keys(findings, section)
    for text, entry in findings.table(section, "attributes").items():
        if entry is not False:
            rule = read_entry(findings, catalog, (section, "attributes", text), entry, lines)
            rules += [_with_substitute(rule, strict)] if rule else []
    mapped = {rule.path: rule for rule in rules}
    held = _paths(findings, catalog, (section, "held"), mapped)
    ignored = _paths(findings, catalog, (section, "ignored"), mapped)
    for path in held:
        if catalog.definition(path).get("mutability") == "writeOnly":
            text = f"{path} cannot be held: it is a secret, put it in `ignored`"
            findings.wrong([section, "held", str(path)], text)
        if path in ignored:
            findings.wrong([section, "ignored", str(path)], f"{path} is held already")
    mail_domain = findings.table(section).get("mail_domain")
    if mail_domain is not None and not is_address(f"{LONGEST_LOCAL_PART}@{mail_domain}"):
        findings.wrong([section, "mail_domain"], "must be a domain, such as people.example.com")
    return TypeRules(catalog, tuple(rules), held, ignored, mail_domain)


def _strict_keys(findings: Findings, section: str) -> Collection[str]:
    """Return which of the keys forbid substitutes: in [users], or at the top of the file."""
    if section != "users":
        return SUBSTITUTION_KEYS
    return {
        key
        for key in SUBSTITUTION_KEYS
        for at in ("users", "")
        if _choice(findings, (at, key, SUBSTITUTION)) == "strict"
    }


def _with_substitute(rule: Rule, strict: Collection[str]) -> Rule:
    """Return a rule that writes the nearest value for one that GoTo lacks, where that is so."""
    name = str(rule.path)
    if name not in SUBSTITUTES or rule.values is None or rule.read_only:
        return rule
    key, substitute = SUBSTITUTES[name]
    if key in strict:
        return rule
    default = rule.default
    if default is None and key == "locale":
        default = next(iter(rule.values.canonical_values), None)
    return replace(rule, values=rule.values.with_substitute(substitute, default))


def _paths(
    findings: Findings,
    catalog: Catalog,
    keys: tuple[str, str],
    mapped: Mapping[AttributePath, Rule],
) -> tuple[AttributePath, ...]:
    """Return the attributes of a list; the URN of an extension is all that is not mapped of it."""
    paths: list[AttributePath] = []
    for text in findings.texts(*keys):
        if text in catalog.extensions:
            attributes = catalog.extensions[text]["attributes"]
            whole = [AttributePath(text, attribute["name"]) for attribute in attributes]
            parts = {AttributePath(path.schema, path.name) for path in mapped}
            paths += [path for path in whole if path not in parts]
            continue
        path = read_path(findings, catalog, (*keys, text))
        if path is not None:
            _check_overlap(findings, (*keys, text), path, mapped)
            paths.append(path)
    return tuple(dict.fromkeys(paths))


def _check_overlap(
    findings: Findings,
    keys: tuple[str, str, str],
    path: AttributePath,
    mapped: Mapping[AttributePath, Rule],
) -> None:
    section, name, text = keys
    for other in mapped:
        is_same = (other.schema, other.name) == (path.schema, path.name)
        if not is_same or (path.sub and other.sub and path.sub != other.sub):
            continue
        at_rule = (section, "attributes", str(other))
        document = findings.document
        if document.depth_of(at_rule) < document.depth_of(keys):
            # The list is in a file below, which whoever wrote the rule may not be able to change.
            findings.wrong(
                at_rule, f"{other} is in `{name}` already: write `{name}` here too, without {text}"
            )
        else:
            findings.wrong(keys, f"{path} is mapped already: take it out of `{name}`")


def _check_identity(findings: Findings, rules: Rules) -> None:
    """What no mapping may change: a user is known by its e-mail, a group by its name."""
    for section, name, fieldname, key in (
        ("users", "userName", EMAIL, "held"),
        ("users", "emails", EMAIL, "held"),
        ("groups", "displayName", "name", "required"),
    ):
        typed: TypeRules = getattr(rules, section)
        rule = _rule_of(typed, name)
        wanted = f'{{ field = "{fieldname}", {key} = true }}'
        unchanged = (
            rule is not None
            and rule.field == fieldname
            and getattr(rule, key)
            and not rule.read_only
            and (rule.values, rule.default, rule.template) == (None, None, None)
        )
        if not unchanged:
            text = f"{name} must be mapped as {wanted}: no mapping can change it"
            findings.wrong([section, "attributes", name], text)


def _check_active(findings: Findings, users: TypeRules) -> None:
    """The bridge suspends by taking licences away, and GoTo then says SUSPENDED, nothing else."""
    rule = _rule_of(users, "active")
    if rule is None:
        return
    keys = ["users", "attributes", "active"]
    if rule.field != STATUS or rule.values is None:
        findings.wrong(keys, 'active must be { field = "status", values = … }, or false')
        return
    says: dict[str, Any] = {
        status: rule.values.to_attribute(status)
        for status in ("SUSPENDED", "ACTIVE", "INACTIVE", "INVITED")
    }
    if says != {status: status != "SUSPENDED" for status in says}:
        text = 'the values of active must be "false" = "SUSPENDED" and "true" = "*"'
        findings.wrong([*keys, "values"], text)


def _rule_of(typed: TypeRules, name: str) -> Rule | None:
    return next((rule for rule in typed.rules if str(rule.path) == name), None)
