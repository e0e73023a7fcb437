"""The rules of a mapping: what its tables say, as values that the translation is compiled from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bridge.mapping.catalog import AttributePath, Catalog
from bridge.mapping.limits import DestructiveLimit
from bridge.mapping.lists import WRITABLE_LISTS
from bridge.mapping.templates import Template
from bridge.mapping.values import ValueTable

# The bridge computes these itself, from GoTo's group of each user.
COMPUTED = {"User": ("groups",), "Group": ("members",)}

# The fields that are written by rules of their own.
EMAIL = "email"
STATUS = "status"

GroupConflict = Literal["move", "reject"]
OnDelete = Literal["delete", "suspend"]
UnknownMembers = Literal["refuse", "ignore"]
ShownAsGroups = Literal["licenses", "roles"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one attribute and one field of GoTo belong together."""

    path: AttributePath
    definition: Mapping[str, Any]
    field: str | None = None
    read_only: bool = False
    values: ValueTable | None = None
    default: Any = None
    template: Template | None = None
    held: bool = False
    required: bool = False
    join: str | None = None
    item: int | None = None

    @property
    def is_array(self) -> bool:
        """Whether the attribute has several values."""
        return bool(self.definition.get("multiValued"))

    @property
    def has_substitute(self) -> bool:
        """Whether a value that GoTo lacks is kept by the bridge, and the nearest one written."""
        return not self.read_only and self.values is not None and self.values.has_substitute

    @property
    def is_list(self) -> bool:
        """Whether it is one of the lists that can be written, and this mapping lets it be."""
        if self.read_only or self.path.schema:
            return False
        return self.field is not None and WRITABLE_LISTS.get(self.path.name) == self.field


@dataclass(frozen=True, slots=True)
class TypeRules:
    """The rules of one resource type."""

    catalog: Catalog
    rules: tuple[Rule, ...]
    held: tuple[AttributePath, ...]
    ignored: tuple[AttributePath, ...]
    mail_domain: str | None = None

    @property
    def read_only_extensions(self) -> tuple[str, ...]:
        """The URNs of the extensions without an attribute that a client can write."""
        written = {rule.path.schema for rule in self.rules if not rule.read_only}
        written |= {path.schema for path in self.held}
        shown = dict.fromkeys(rule.path.schema for rule in self.rules if rule.path.schema)
        return tuple(urn for urn in shown if urn and urn not in written)


@dataclass(frozen=True, slots=True)
class Rules:
    """All that a mapping file says."""

    users: TypeRules
    groups: TypeRules
    default_licenses: tuple[str, ...]
    group_conflict: GroupConflict
    on_delete: OnDelete = "delete"
    grantable_roles: tuple[str, ...] = ()
    shown_as_groups: tuple[ShownAsGroups, ...] = ()
    destructive_per_hour: DestructiveLimit = "auto"
    unknown_members: UnknownMembers = "refuse"
    hidden_users: tuple[str, ...] = ()
