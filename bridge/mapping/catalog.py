"""The SCIM attributes that exist: RFC 7643's schemas and the extensions that a mapping declares.

It finds an attribute by its path and says what is nearest where there is none. It knows nothing of
GoTo's fields.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from scim2_models import EnterpriseUser, Group, InvalidPathException, Path, User

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = {"User": USER, "Group": GROUP}

# Attributes of every resource (RFC 7643 §3.1) that are in no schema, and can be held.
COMMON = {"externalId": {"name": "externalId", "type": "string", "caseExact": True}}


# A dict is told in no time, any other mapping by asking its whole ancestry.
OBJECTS = (dict, Mapping)


class UnknownPath(ValueError):
    """No attribute has this path."""


@dataclass(frozen=True, slots=True)
class AttributePath:
    """Where an attribute stands: ``schema`` is an extension's URN, or None for the core schema."""

    schema: str | None
    name: str
    sub: str | None = None

    def __str__(self) -> str:
        prefix = f"{self.schema}:" if self.schema else ""
        return f"{prefix}{self.name}" + (f".{self.sub}" if self.sub else "")

    def get(self, resource: Mapping[str, Any]) -> Any:
        """Return the value at this path of a resource (SCIM JSON), or None."""
        host: Any = resource.get(self.schema) if self.schema else resource
        value = host.get(self.name) if isinstance(host, OBJECTS) else None
        if self.sub is None:
            return value
        return value.get(self.sub) if isinstance(value, OBJECTS) else None

    def is_removed(self, held: Mapping[str, Any]) -> bool:
        """Whether what is held says, by an explicit None, that a client removed the value."""
        host = held.get(self.schema) if self.schema else held
        if host and self.sub:
            name, host = self.sub, host.get(self.name)
        else:
            name = self.name
        return isinstance(host, Mapping) and name in host and host[name] is None

    def set(self, resource: dict[str, Any], value: Any) -> None:
        """Put a value at this path of a resource, making what is above it."""
        target = resource.setdefault(self.schema, {}) if self.schema else resource
        if self.sub is None:
            target[self.name] = value
            return
        inner = target.get(self.name)
        if inner is None:
            inner = target[self.name] = {}
        inner[self.sub] = value


class Catalog:
    """The schemas of one resource type, core first; each is a SCIM Schema as JSON."""

    def __init__(self, resource_type: str, extensions: Mapping[str, Mapping[str, Any]]) -> None:
        self.resource_type = resource_type
        schema = User.to_schema() if resource_type == "User" else Group.to_schema()
        self.core: dict[str, Any] = schema.model_dump()
        self.extensions: dict[str, dict[str, Any]] = {
            urn: deepcopy(dict(schema)) for urn, schema in extensions.items()
        }
        if resource_type == "User":
            enterprise = deepcopy(EnterpriseUser.to_schema().model_dump())
            self.extensions = {ENTERPRISE_USER: enterprise} | self.extensions

    def definition(self, path: AttributePath) -> dict[str, Any]:
        """Return what the schema says of an attribute or sub-attribute.

        Raises UnknownPath, naming the nearest path that exists.
        """
        if path.schema is None and path.sub is None and path.name in COMMON:
            return dict(COMMON[path.name])
        schema = self.extensions.get(path.schema) if path.schema else self.core
        if schema is None:
            raise UnknownPath(self._suggestion(str(path)))
        found = _named(schema["attributes"], path.name)
        if found is not None and path.sub is not None:
            found = _named(found.get("subAttributes") or [], path.sub)
        if found is None:
            raise UnknownPath(self._suggestion(str(path)))
        return found

    def parse(self, text: str) -> AttributePath:
        """Read a path in the RFC's syntax (RFC 7644 §3.10), and see that it names an attribute.

        Raises UnknownPath, naming the nearest path that exists.
        """
        try:
            parsed = Path(text)
        except InvalidPathException as error:
            raise UnknownPath(f"{text!r} is not an attribute path: {error}") from None
        parts = parsed.parts
        if not 1 <= len(parts) <= 2 or "[" in text:
            raise UnknownPath(f"{text!r} does not name one attribute")
        schema = parsed.schema
        path = AttributePath(
            None if schema in (None, CORE[self.resource_type]) else str(schema), *parts
        )
        self.definition(path)
        return path

    def paths(self) -> Iterator[str]:
        """Every path that exists, for suggestions."""
        yield from COMMON
        for urn, schema in [("", self.core), *self.extensions.items()]:
            for attribute in schema["attributes"]:
                path = f"{urn}:{attribute['name']}" if urn else attribute["name"]
                yield path
                for sub in attribute.get("subAttributes") or []:
                    yield f"{path}.{sub['name']}"

    def _suggestion(self, text: str) -> str:
        known = list(self.paths())
        by_folded = {path.casefold(): path for path in known}
        near = get_close_matches(text.casefold(), by_folded, n=1, cutoff=0.5)
        hint = f"; did you mean {by_folded[near[0]]!r}?" if near else ""
        return f"{self.resource_type} has no attribute {text!r}{hint}"


def _named(attributes: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((each for each in attributes if each["name"] == name), None)
