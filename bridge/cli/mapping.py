"""``mapping``: checks a mapping file, and shows what the mapping comes to.

Knows how a rule is told to a person; what it means is known in ``bridge.mapping``.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from bridge.cli.configuration import mapping_of
from bridge.cli.terminal import say, show
from bridge.mapping import Mapping, MappingError, Translation, ValueRefused, limit_in_words
from bridge.mapping.rules import Rule

SHOWN_VALUES = 4
OF_THE_BRIDGE = "-"
COMPUTED = "`groups` and `members` are not mapped: they are GoTo's one group of each user."
DELETES = {
    "delete": "delete, the user is removed at GoTo",
    "suspend": "suspend, the user is hidden and loses licences and roles",
}
UNKNOWN_MEMBERS = {"refuse": "is refused (400)", "ignore": "is ignored with a warning"}
CONFLICTS = {"move": "moves it there", "reject": "is refused (409)"}


def check_mapping(file: Path | None, *, config: Path | None) -> bool:
    """Write that a mapping can be used, or each of its mistakes on a line; True where it can."""
    try:
        mapping = mapping_of(file, config=config)
    except MappingError as error:
        for mistake in error.mistakes:
            say(str(mistake))
        return False
    counts = ", ".join(
        f"{name}: {len(translation.rules.rules)} attributes mapped, "
        f"{len(translation.rules.held)} held"
        for name, translation in _translations(mapping)
    )
    say(f"ok: {mapping.path} ({counts})")
    return True


def show_mapping(file: Path | None, *, config: Path | None) -> None:
    """Write the mapping as tables, and what stands beside them. Raises MappingError."""
    mapping = mapping_of(file, config=config)
    say(f"Mapping {mapping.path}")
    for name, translation in _translations(mapping):
        say()
        show(_table(name.capitalize(), translation))
    say()
    say(COMPUTED)
    licenses = ", ".join(mapping.default_licenses) or "none: such a user is created suspended"
    say(f"Licence of an active user without one (activation.licenses): {licenses}")
    say(
        "Adding a user who is in a group to another one (groups.conflict): "
        f"{mapping.group_conflict}, it {CONFLICTS[mapping.group_conflict]}"
    )
    say(
        "Adding a member who is no user, by PATCH (groups.unknown_members): "
        f"{mapping.unknown_members}, it {UNKNOWN_MEMBERS[mapping.unknown_members]}"
    )
    say(f"Delete of a user (activation.on_delete): {DELETES[mapping.on_delete]}")
    roles = ", ".join(mapping.grantable_roles) or "none"
    say(f"Admin roles that clients may give and take (roles.grantable): {roles}")
    shown = " and ".join(mapping.shown_as_groups) or "nothing"
    say(f"Shown as groups too (groups.include): {shown}")
    say(
        "Suspensions and deletions of users in an hour (limits.destructive_per_hour): "
        f"{limit_in_words(mapping.destructive_per_hour)}"
    )
    domain = mapping.users.rules.mail_domain or "none: a user without an address is refused"
    say(f"Domain of a userName that is no address (users.mail_domain): {domain}")
    held = [str(rule.path) for rule in mapping.users.rules.rules if rule.has_substitute]
    say(
        "GoTo gets the nearest value, and the bridge keeps what was sent "
        f"(users.locale, users.timezone): {' and '.join(held) or 'never, such a user is refused'}"
    )


def _translations(mapping: Mapping) -> list[tuple[str, Translation]]:
    return [("users", mapping.users), ("groups", mapping.groups)]


def _table(title: str, translation: Translation) -> Table:
    table = Table("SCIM attribute", "direction", "GoTo field", "how", title=title)
    table.title_justify = "left"
    for column in table.columns:
        column.overflow = "fold"
    for rule in translation.rules.rules:
        direction = "read" if rule.read_only else "both"
        how = escape("; ".join(_conditions(rule)))
        table.add_row(str(rule.path), direction, rule.field or OF_THE_BRIDGE, how)
    for path in translation.rules.held:
        table.add_row(str(path), "both", OF_THE_BRIDGE, "held by the bridge")
    for path in translation.rules.ignored:
        table.add_row(str(path), "write", OF_THE_BRIDGE, "accepted and dropped")
    return table


def _conditions(rule: Rule) -> Iterator[str]:
    """Say what holds beyond "this attribute is that field"."""
    if rule.values is not None:
        yield f"values {_values(rule)}"
    if rule.template is not None:
        yield f'made of "{rule.template.text}"'
    if rule.default is not None:
        yield f"default {rule.default}"
    if rule.held:
        yield "a different value is held by the bridge"
    if rule.required:
        yield "required"
    if rule.join is not None:
        yield f'joined by "{rule.join}"'
    if rule.item is not None:
        yield f"item {rule.item} of the list"


def _values(rule: Rule) -> str:
    """Show the first lines of a value table, and how many there are."""
    assert rule.values is not None
    lefts: Sequence[object] = rule.values.canonical_values or (False, True)
    pairs = [_pair(_text(left), _right(rule, left)) for left in lefts[:SHOWN_VALUES]]
    more = f", ... ({len(lefts)} in all)" if len(lefts) > SHOWN_VALUES else ""
    return ", ".join(pairs) + more


def _pair(left: str, right: str) -> str:
    return left if left == right else f"{left} = {right}"


def _right(rule: Rule, left: object) -> str:
    assert rule.values is not None
    try:
        return _text(rule.values.to_field(str(rule.path), left))
    except ValueRefused:
        # The line with "*", which is read and never written.
        return "anything else"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
