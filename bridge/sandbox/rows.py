"""The values an account is made of, and the refusal that its rules raise.

Rows are immutable: a write puts a new row in the place of the old one, so that the reading side can
keep an older one. How a row looks in GoTo's JSON is known to ``records``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ADMIN_ROLES = (
    "SUPER_USER",
    "MANAGE_USERS",
    "MANAGE_SEATS",
    "MANAGE_SETTINGS",
    "MANAGE_GROUPS",
    "RUN_REPORTS",
    "ADD_USERS",
    "MANAGE_ACCOUNT",
)


@dataclass(frozen=True, slots=True)
class User:
    """A user. Dates are epoch milliseconds; ``signed_in_at`` is the latest sign-in, if any."""

    key: str
    email: str
    first_name: str
    last_name: str
    locale: str = "en_US"
    time_zone: str = "America/New_York"
    license_keys: tuple[str, ...] = ()
    admin_roles: tuple[str, ...] = ()
    role_sets: tuple[str, ...] = ()
    group_keys: tuple[str, ...] = ()
    invited_date: int | None = None
    invite_count: int = 0
    signed_in_at: int | None = None
    name_locked: bool = False
    email_locked: bool = False
    identity_read_only: bool = False
    settings: Mapping[str, Any] | None = None

    @property
    def group_key(self) -> str | None:
        """The group that the user was put in last."""
        return self.group_keys[-1] if self.group_keys else None

    @property
    def is_empty_handed(self) -> bool:
        """Whether the user has no licence, no admin role and no custom role: suspended."""
        return not self.license_keys and not self.admin_roles and not self.role_sets


@dataclass(frozen=True, slots=True)
class Group:
    """A group; ``parent_key`` is the group above it, if any (five levels at most)."""

    key: str
    name: str
    parent_key: str | None = None


@dataclass(frozen=True, slots=True)
class License:
    """A licence with its number of seats."""

    key: str
    description: str
    type: str
    products: tuple[str, ...]
    seats: int
    enabled: bool = True
    externally_managed: bool = False

    @property
    def assignable(self) -> bool:
        return self.enabled and not self.externally_managed


@dataclass(frozen=True, slots=True)
class RoleSet:
    """A custom role."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Extra:
    """One entry of ``/attributes`` or ``/templates``: stored and given back, without a meaning."""

    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Product settings with changes on top, product by product."""
    both = dict(old)
    for product, changes in new.items():
        known = both.get(product)
        mergeable = isinstance(known, dict) and isinstance(changes, dict)
        both[product] = {**known, **changes} if known and mergeable else changes
    return both


class NoPath(Exception):
    """The API has no such path: GoTo's gateway answers, and not the API."""


class Refusal(Exception):
    """GoTo refuses a call: an HTTP status, an error code, and the value it is about."""

    def __init__(self, status: int, code: str, value: str = "") -> None:
        super().__init__(f"{status} {code} {value}")
        self.status = status
        self.code = code
        self.value = value
