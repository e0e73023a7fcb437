"""What EIC itself remembers: accounts, entitlements, links, tasks, and what jobs said."""

from dataclasses import dataclass, field
from typing import Any, Literal

ACTIVE = "1"
INACTIVE = "2"
PROVISIONED = "Manually Provisioned"
SUSPENDED = "Manually Suspended"
MISSING = "SUSPENDED FROM IMPORT SERVICE"
USABLE = (ACTIVE, PROVISIONED)

Kind = Literal[
    "NEWACCOUNT",
    "UPDATEACCOUNT",
    "ENABLEACCOUNT",
    "DISABLEACCOUNT",
    "REMOVEACCOUNT",
    "ADDACCESS",
    "REMOVEACCESS",
]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of EIC."""

    username: str
    email: str
    firstname: str | None
    lastname: str | None
    custom: dict[str, str] = field(default_factory=dict)

    def binding(self) -> dict[str, Any]:
        """What ``${user....}`` sees."""
        own = ("username", "email", "firstname", "lastname")
        return {**{name: getattr(self, name) for name in own}, **self.custom}


@dataclass
class Account:
    """An account of the endpoint; ``links`` are pairs of entitlement type and id.

    ``reported`` is what the account import stores for the access import (customproperty31).
    """

    key: str
    columns: dict[str, Any]
    status: str = ACTIVE
    links: set[tuple[str, str]] = field(default_factory=set)
    reported: dict[str, list[str]] = field(default_factory=dict)

    def binding(self) -> dict[str, Any]:
        return {"accountID": self.key, **self.columns}


@dataclass
class Entitlement:
    """An entitlement value."""

    kind: str
    key: str
    columns: dict[str, Any]
    active: bool = True

    def binding(self) -> dict[str, Any]:
        return {"entitlementID": self.key, **self.columns}


@dataclass
class Task:
    """Something to provision; ``error`` is what the last try ended with."""

    kind: Kind
    person: Person | None = None
    account: Account | None = None
    entitlement: Entitlement | None = None
    done: bool = False
    tries: int = 0
    error: str = ""


@dataclass
class Job:
    """How an import ended."""

    what: str
    failed: bool = False
    lines: list[str] = field(default_factory=list)


@dataclass
class Store:
    """The tables; entitlements are keyed by type and id."""

    accounts: dict[str, Account] = field(default_factory=dict)
    entitlements: dict[tuple[str, str], Entitlement] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def links(self) -> set[tuple[str, str, str]]:
        """Every link as account, entitlement type and id."""
        return {(each.key, *link) for each in self.accounts.values() for link in each.links}

    def of_kind(self, kind: str) -> dict[str, Entitlement]:
        """The entitlements of a type by id."""
        return {key: each for (type_, key), each in self.entitlements.items() if type_ == kind}

    def picture(self) -> Any:
        """All that an import could change, to be compared."""
        return (
            {
                a.key: (dict(a.columns), a.status, frozenset(a.links))
                for a in self.accounts.values()
            },
            {k: (dict(e.columns), e.active) for k, e in self.entitlements.items()},
        )
