"""What an account offers its users, licences and admin roles, as resources that can only be read.

It knows how they look in SCIM. What the account has of them is known to ``licenses`` and ``roles``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from bridge.directory.entries import Entry, GroupEntry, Kind, UserEntry, content_version
from bridge.directory.texts import located, text_of

OfferKind = Literal["License", "AdminRole"]
AnyKind = Kind | OfferKind

OFFERS: Mapping[OfferKind, str] = {
    "License": "urn:scim:schemas:goto:1:License",
    "AdminRole": "urn:scim:schemas:goto:1:AdminRole",
}
"""The schema of each kind; no dot in a URN, because some clients split on it."""


@dataclass(frozen=True, slots=True)
class OfferEntry:
    """A licence or an admin role; ``resource`` is whole SCIM JSON but for its location."""

    key: str
    resource: Mapping[str, Any]
    version: str

    @property
    def text(self) -> bytes:
        """The resource as clients get it."""
        return text_of(self.resource)


Shown = Entry | OfferEntry


def path_of(entry: Shown) -> str:
    """Return where a resource is, below the SCIM root."""
    if isinstance(entry, UserEntry):
        return located("User", entry.key)
    if isinstance(entry, GroupEntry):
        return located("Group", entry.key)
    return located(entry.resource["meta"]["resourceType"], entry.key)


def is_offer(kind: AnyKind) -> TypeGuard[OfferKind]:
    """Whether resources of this kind are offers."""
    return kind in OFFERS


def record_kind(kind: AnyKind) -> Kind:
    """Return the kind of a resource that is no offer."""
    return "User" if kind == "User" else "Group"


def offer(kind: OfferKind, key: str, content: Mapping[str, Any]) -> OfferEntry:
    """Return the entry of an offer. GoTo dates none of them, so that ``meta`` has no dates."""
    resource = {"schemas": [OFFERS[kind]], "id": key, **content}
    version = content_version(resource)
    resource["meta"] = {"resourceType": kind, "version": version}
    return OfferEntry(key, resource, version)


def offer_schemas() -> list[dict[str, Any]]:
    """Return the schemas of licences and admin roles, for /Schemas and for reading filters."""
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": OFFERS[kind],
            "name": kind,
            "description": description,
            "attributes": [_attribute(*each) for each in attributes],
        }
        for kind, description, attributes in DESCRIBED
    ]


def _attribute(name: str, type_: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": type_,
        "description": description,
        "multiValued": name == "products",
        "required": False,
        "mutability": "readOnly",
        "returned": "default",
        **({"caseExact": False, "uniqueness": "none"} if type_ == "string" else {}),
    }


Described = tuple[OfferKind, str, tuple[tuple[str, str, str], ...]]

DESCRIBED: tuple[Described, ...] = (
    (
        "License",
        "A licence of the GoTo account; its id is the value in the entitlements of its users",
        (
            ("displayName", "string", "A name that no other licence has"),
            ("description", "string", "What GoTo calls it"),
            ("products", "string", "The codes of the products that it opens, such as G2M"),
            ("seats", "integer", "How many users can have it"),
            ("used", "integer", "How many seats are in use"),
            ("free", "integer", "How many seats are left"),
            ("enabled", "boolean", "Whether it is in force"),
            ("assignable", "boolean", "Whether it can be given to users here, seats aside"),
        ),
    ),
    (
        "AdminRole",
        "An admin role of the GoTo account; its id is the value in the roles of its users",
        (
            ("displayName", "string", "A name for people"),
            ("description", "string", "What it allows"),
            ("grantable", "boolean", "Whether it can be given and taken here"),
            ("custom", "boolean", "Whether it is a role set that the account made for itself"),
        ),
    ),
)
