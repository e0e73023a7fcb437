"""The mapping layer: between SCIM attributes and GoTo's fields, from a file.

A mapping is loaded and checked once (``load_mapping``), compiled, and then translates without I/O.
It knows neither HTTP nor the store, and of GoTo only the names of fields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bridge.mapping.address import is_address, made_address
from bridge.mapping.checking import read_rules
from bridge.mapping.document import read, shipped
from bridge.mapping.errors import MappingError, Mistake, Removed, ValueRefused
from bridge.mapping.limits import DestructiveLimit, hourly_limit, limit_in_words
from bridge.mapping.patterns import matcher
from bridge.mapping.publishing import accepted_schemas, published_schemas
from bridge.mapping.reading import Reading
from bridge.mapping.rules import (
    GroupConflict,
    OnDelete,
    Rules,
    ShownAsGroups,
    TypeRules,
    UnknownMembers,
)
from bridge.mapping.writing import Before, Target, Writing

__all__ = [
    "Before",
    "DestructiveLimit",
    "Mapping",
    "MappingError",
    "Mistake",
    "Removed",
    "Target",
    "Translation",
    "ValueRefused",
    "hourly_limit",
    "is_address",
    "limit_in_words",
    "load_mapping",
    "made_address",
    "shipped",
]


@dataclass(frozen=True)
class Translation:
    """One resource type's way between resources and records."""

    rules: TypeRules

    @cached_property
    def reading(self) -> Reading:
        """Records into resources."""
        return Reading(self.rules)

    @cached_property
    def writing(self) -> Writing:
        """Resources into records."""
        return Writing(self.rules)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of GoTo's fields that the mapping reads."""
        return frozenset(rule.field for rule in self.rules.rules if rule.field)

    @cached_property
    def published(self) -> list[dict[str, Any]]:
        """The schemas for /Schemas, core first."""
        return published_schemas(self.rules)

    @cached_property
    def accepted(self) -> list[dict[str, Any]]:
        """The schemas that requests are read with, core first."""
        return accepted_schemas(self.rules)


@dataclass(frozen=True)
class Mapping:
    """A whole mapping file, compiled."""

    path: Path
    rules: Rules
    fingerprint: str = ""

    @cached_property
    def users(self) -> Translation:
        """How users translate."""
        return Translation(self.rules.users)

    @cached_property
    def groups(self) -> Translation:
        """How groups translate."""
        return Translation(self.rules.groups)

    @property
    def default_licenses(self) -> tuple[str, ...]:
        """Product codes or licence keys that an active user gets for want of others."""
        return self.rules.default_licenses

    @property
    def group_conflict(self) -> GroupConflict:
        """What becomes of adding a user to a second group."""
        return self.rules.group_conflict

    @property
    def unknown_members(self) -> UnknownMembers:
        """What becomes of a PATCH that adds a member who is no user."""
        return self.rules.unknown_members

    @property
    def on_delete(self) -> OnDelete:
        """What a delete of a user does at GoTo."""
        return self.rules.on_delete

    @property
    def grantable_roles(self) -> tuple[str, ...]:
        """The admin roles that clients may give and take."""
        return self.rules.grantable_roles

    @property
    def writes_roles(self) -> bool:
        """Whether clients may give and take admin roles."""
        return any(rule.is_list and rule.path.name == "roles" for rule in self.rules.users.rules)

    @cached_property
    def hides(self) -> Callable[[str], bool]:
        """Whether users with an e-mail address are hidden from clients."""
        return matcher(self.rules.hidden_users)

    @property
    def shown_as_groups(self) -> tuple[ShownAsGroups, ...]:
        """What beside GoTo's groups is shown as groups."""
        return self.rules.shown_as_groups

    @property
    def destructive_per_hour(self) -> DestructiveLimit:
        """Suspensions and deletions of users in an hour, before the brake stops them."""
        return self.rules.destructive_per_hour


def load_mapping(path: Path | None = None) -> Mapping:
    """Load a mapping file, the shipped one if none is named. Raises MappingError."""
    document = read(path or shipped("goto"))
    return Mapping(document.path, read_rules(document), document.fingerprint)
