"""What a strict client is held to beside the RFCs: the SCIM 2.0 Interoperability Profile.

Source: draft-zollner-scim-interop-profile-01. Knows requests and schemas; what the SCIM library
refuses by itself (unknown attributes in a POST, unusable filters) is not here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from scim2_models import (
    Attribute,
    InvalidPathException,
    InvalidSyntaxException,
    ResourceType,
    Schema,
    ScimProvider,
)

# A client that sees it may rely on the profile (§4).
CONFORMANT = "interopProfileConformant"
FLAG = Attribute(
    name=CONFORMANT,
    type=Attribute.Type.boolean,
    multi_valued=False,
    description="Whether requests are held to the SCIM 2.0 Interoperability Profile",
    required=False,
    mutability="readOnly",
    returned="default",
)
META = dict.fromkeys(("resourcetype", "created", "lastmodified", "location", "version"))
COMMON = {"id": None, "externalid": None, "schemas": None, "meta": META}
SIMPLE_PATH = re.compile(r"([$\w-]+)(\[.*\])?(?:\.([$\w-]+))?", re.DOTALL)
NO_PATH = (
    "An operation has no path: name the attribute in `path`, in an operation of its own for each "
    "attribute (interoperability profile §6.5.1.1)"
)
WHOLE_ELEMENT = (
    "{path} means a whole element: name the sub-attribute behind the brackets, or send the whole "
    "list (interoperability profile §6.5.2.2)"
)
UNKNOWN = "{name} is no attribute here; /Schemas says what is (interoperability profile §5.3)"
# An attribute's sub-attributes by their folded names; None for one that has none.
Names = Mapping[str, "Names | None"]


class Vocabulary:
    """The attributes of one resource type, by schema."""

    def __init__(self, schemas: Mapping[str, Names], core: str) -> None:
        self._schemas = schemas
        self._core = core

    def refuse_departures(self, operations: Iterable[Mapping[str, Any]]) -> None:
        """Refuse operations of a PATCH that the profile has no place for.

        Raises InvalidSyntaxException for one without a path and for unknown attributes (§5.3,
        §6.5.1.1), InvalidPathException for a whole element of a list (§6.5.2.2). An element may
        be removed: RFC 7644 §3.5.2.2 has no other way to take one member out of a group.
        """
        for operation in operations:
            path, value = operation.get("path"), operation.get("value")
            if not isinstance(path, str) or not path.strip():
                raise InvalidSyntaxException(detail=NO_PATH)
            removing = str(operation.get("op", "")).casefold() == "remove"
            self._look_at(path.strip(), value, removing=removing)

    def _look_at(self, path: str, value: Any, *, removing: bool) -> None:
        names, rest = self._schema_of(path)
        if not rest:
            _look_into(path, names, value)
            return
        match = SIMPLE_PATH.fullmatch(rest)
        if match is None:
            return  # no path at all, which the library says better
        name, selection, sub = (part and part.casefold() for part in match.groups())
        assert name is not None
        if name not in names:
            raise _unknown(path)
        inner = names[name]
        if sub is not None:
            if inner is None or sub not in inner:
                raise _unknown(path)
        elif selection and not removing:
            raise InvalidPathException(detail=WHOLE_ELEMENT.format(path=path[:200]))
        elif inner is not None:
            _look_into(path, inner, value)

    def _schema_of(self, path: str) -> tuple[Names, str]:
        """Return the attributes that a path begins in, and the path from there."""
        folded = path.casefold()
        for urn, names in self._schemas.items():
            if folded == urn:
                return names, ""
            if folded.startswith(f"{urn}:"):
                return names, path[len(urn) + 1 :]
        if folded.startswith("urn:"):
            raise _unknown(path)
        return self._schemas[self._core], path


def vocabulary(provider: ScimProvider, resource_type: ResourceType) -> Vocabulary:
    """Return the attributes of a resource type as the service accepts them."""
    core = str(resource_type.schema_).casefold()
    extensions = [str(each.schema_).casefold() for each in resource_type.schema_extensions or ()]
    known = {str(schema.id).casefold(): schema for schema in provider.schemas}
    schemas = {urn: _names(known[urn].attributes) for urn in (core, *extensions) if urn in known}
    return Vocabulary({**schemas, core: {**COMMON, **schemas[core]}}, core)


def with_flag(schema: Schema) -> Schema:
    """Return the schema of ServiceProviderConfig with the profile's attribute."""
    return schema.model_copy(update={"attributes": [*(schema.attributes or ()), FLAG]})


def _names(attributes: Iterable[Attribute] | None) -> Names:
    return {
        str(each.name).casefold(): _names(each.sub_attributes) if each.sub_attributes else None
        for each in attributes or ()
    }


def _look_into(path: str, names: Names, value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            for name, inner in item.items():
                if name.casefold() not in names:
                    raise _unknown(f"{path}.{name}")
                sub = names[name.casefold()]
                if sub is not None:
                    _look_into(f"{path}.{name}", sub, inner)


def _unknown(name: str) -> InvalidSyntaxException:
    return InvalidSyntaxException(detail=UNKNOWN.format(name=name[:200]))
