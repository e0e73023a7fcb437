"""The attributes of a resource type, as the paths and keys of a request name them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from scim2_models import (
    Attribute,
    EnterpriseUser,
    Group,
    InvalidPathException,
    Meta,
    Mutability,
    Path,
    ResourceType,
    Returned,
    Schema,
    ScimProvider,
    User,
)
from scim2_models.path import Comparison, FilterNode, LogicalExpr, Not, Present

CORE_URNS = "urn:ietf:params:scim:schemas:core:2.0:"
LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Definition:
    """What a schema says of an attribute, or of a sub-attribute."""

    name: str
    type: str = "string"
    multi_valued: bool = False
    read_only: bool = False
    secret: bool = False
    required: bool = False
    parts: "Names" = field(default_factory=dict)


# Attributes by their names in lower case.
Names = Mapping[str, Definition]


@dataclass(frozen=True, slots=True)
class Target:
    """What a PATCH path names: a whole schema, an attribute, some of its values, or a part."""

    schema: str
    names: Names
    attribute: Definition | None = None
    part: Definition | None = None
    selects: bool = False

    @property
    def read_only(self) -> bool:
        """Whether clients can only read it. A whole schema is not: its attributes are asked."""
        return any(each is not None and each.read_only for each in (self.attribute, self.part))


class Definitions:
    """The attributes of one resource type, by schema."""

    def __init__(self, core: Schema, extensions: Iterable[Schema]) -> None:
        self.core_urn = str(core.id)
        self.core: Names = {**COMMON, **_names(core.attributes)}
        self.extensions: Mapping[str, tuple[str, Names]] = {
            str(each.id).casefold(): (str(each.id), _names(each.attributes)) for each in extensions
        }
        # What RFC 7643 defines and this service has no place for: named rightly, and dropped.
        self._elsewhere = {
            str(schema.id).casefold(): _names(schema.attributes) for schema in RFC_SCHEMAS
        }

    def target(self, path: str) -> Target | None:
        """Return what a path names; None for the attributes of unknown extensions.

        Raises InvalidPathException where the path is none, or names nothing.
        """
        schema, names, rest = self._schema_of(path)
        if names is None:
            return None
        if not rest:
            return Target(schema, names)
        name, part, selection = _parsed(path, rest)
        attribute = names.get(name.casefold())
        if attribute is None:
            if name.casefold() in self._elsewhere.get((schema or self.core_urn).casefold(), ()):
                return None
            raise self._unknown(path, names)
        for each in _compared(selection) if selection is not None else ():
            if not attribute.parts and each.casefold() == "value":
                continue  # the values themselves
            if each.casefold() not in attribute.parts:
                raise self._unknown(path, names, f"{each} in the brackets")
        if part is None:
            return Target(schema, names, attribute, selects=selection is not None)
        sub = attribute.parts.get(part.casefold())
        if sub is None:
            raise self._unknown(path, names)
        return Target(schema, names, attribute, sub, selects=selection is not None)

    def _schema_of(self, path: str) -> tuple[str, Names | None, str]:
        """Return the schema that a path begins with, its attributes, and the rest of the path."""
        folded = path.casefold()
        known = {self.core_urn.casefold(): (self.core_urn, self.core), **self.extensions}
        for urn, (name, names) in known.items():
            if folded == urn:
                return name, names, ""
            if folded.startswith(f"{urn}:"):
                return name, names, path[len(urn) + 1 :]
            if folded.startswith((f"{urn}.", f"{urn}[")):
                raise self._unknown(path, names)
        if folded.startswith(CORE_URNS):
            raise self._unknown(path, self.core)
        return ("", None, path) if folded.startswith("urn:") else ("", self.core, path)

    def _unknown(self, path: str, names: Names, what: str = "") -> InvalidPathException:
        known = {text.casefold(): text for text in self._paths(names)}
        sent = path.casefold()
        for urn in (self.core_urn.casefold(), *self.extensions):
            sent = sent.removeprefix(f"{urn}:").removeprefix(f"{urn}.")
        near = get_close_matches(sent.partition("[")[0][:LONGEST_SHOWN], known, n=1)
        hint = f"; did you mean {known[near[0]]}?" if near and not what else ""
        shown = " ".join(path.split())[:LONGEST_SHOWN]
        named = f"{what} of the path {shown}" if what else f"The path {shown}"
        detail = f"{named} names no attribute{hint or '; /Schemas lists them'}"
        return InvalidPathException(path=path, detail=detail)

    @staticmethod
    def _paths(names: Names) -> Iterator[str]:
        for attribute in names.values():
            yield attribute.name
            yield from (f"{attribute.name}.{part.name}" for part in attribute.parts.values())


def definitions(provider: ScimProvider, resource_type: ResourceType) -> Definitions:
    """Return the attributes of a resource type as the service accepts them."""
    known = {str(schema.id): schema for schema in provider.schemas}
    extensions = (str(each.schema_) for each in resource_type.schema_extensions or ())
    return Definitions(
        known[str(resource_type.schema_)], [known[urn] for urn in extensions if urn in known]
    )


def _names(attributes: Iterable[Attribute] | None) -> Names:
    return {str(each.name).casefold(): _definition(each) for each in attributes or ()}


def _definition(attribute: Attribute) -> Definition:
    return Definition(
        name=str(attribute.name),
        type=_type(attribute),
        multi_valued=bool(attribute.multi_valued),
        read_only=attribute.mutability == Mutability.read_only,
        secret=attribute.returned == Returned.never,
        required=bool(attribute.required),
        parts=_names(attribute.sub_attributes),
    )


def _type(attribute: Attribute) -> str:
    """Return the SCIM type of an attribute; "uri" is a reference to anything outside of SCIM."""
    kind = attribute.type.value if attribute.type else "string"
    outside = {"external", "uri"} & set(attribute.reference_types or ())
    return "uri" if kind == "reference" and outside else kind


def _parsed(path: str, rest: str) -> tuple[str, str | None, FilterNode | None]:
    """Return the attribute, the sub-attribute and the selection of a path without its schema."""
    try:
        parsed: Path[Any] = Path(rest)
        name, *parts = parsed.parts
    except (InvalidPathException, ValueError) as error:
        shown = " ".join(path.split())[:LONGEST_SHOWN]
        detail = f"The path {shown} cannot be read ({error}); send one such as emails.value"
        raise InvalidPathException(path=path, detail=detail[:280]) from None
    return name, parts[0] if parts else None, parsed.value_filter


def _compared(node: FilterNode) -> Iterator[str]:
    """Yield the attributes that a selection compares."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, LogicalExpr):
            waiting += each.terms
        elif isinstance(each, Not):
            waiting.append(each.expr)
        elif isinstance(each, Comparison | Present):
            yield each.attr_path.attr


RFC_SCHEMAS = (User.to_schema(), Group.to_schema(), EnterpriseUser.to_schema())
META = Definition(
    "meta",
    "complex",
    read_only=True,
    parts={
        str(name).casefold(): Definition(str(name), read_only=True)
        for name in (field.serialization_alias for field in Meta.model_fields.values())
    },
)
# The attributes of every resource (RFC 7643 §3.1), which are in no schema.
COMMON: Names = {
    "id": Definition("id", read_only=True),
    "externalid": Definition("externalId"),
    "schemas": Definition("schemas", multi_valued=True),
    "meta": META,
}
