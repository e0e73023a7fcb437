"""The operations of a PATCH held to the schema: their form, their paths, the types of their values.

A `remove` may carry a value, which Microsoft's reference client and connectors send. The path says
what is removed; of an attribute with several values the given ones are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import (
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    MutabilityException,
    ScimFilter,
)

from bridge.scim.definitions import LONGEST_SHOWN, Definition, Target
from bridge.scim.dialects import coercion
from bridge.scim.dialects.values import qualified
from bridge.scim.grants import WANTED as GRANTS
from bridge.scim.type_checks import MEMBERS, TypeChecks, refuse_repeated, refused, schemas, shown

VERBS = ("add", "remove", "replace")
EXPECTED_OPERATIONS = "a list of objects with `op`, `path` and `value`"
NO_OPERATIONS = "The PATCH has no `Operations`; send a list of one or more operations"
# The other parts tell the same value with another word for it, or are the server's to say.
TELLING = ("value", "type")


def refuse_malformed(body: Mapping[str, Any], *, lenient: bool) -> None:
    """Refuse a PatchOp whose members are not of the form that RFC 7644 §3.5.2 gives them."""
    refuse_repeated(body)
    members = {name.casefold(): value for name, value in body.items()}
    schemas(members.get("schemas"), lenient=lenient)
    operations = members.get("operations")
    if lenient and isinstance(operations, Mapping):
        operations = [operations]
    if operations is None or operations == []:
        raise InvalidValueException(detail=NO_OPERATIONS)
    if not isinstance(operations, list):
        detail = f"Operations is {shown(operations)}; send {EXPECTED_OPERATIONS}"
        raise InvalidSyntaxException(detail=detail)
    for at, operation in enumerate(operations):
        if not isinstance(operation, Mapping):
            detail = f"Operations[{at}] is {shown(operation)}; send {EXPECTED_OPERATIONS}"
            raise InvalidSyntaxException(detail=detail)
        _refuse_malformed(operation, f"Operations[{at}]")


def _refuse_malformed(operation: Mapping[str, Any], where: str) -> None:
    refuse_repeated(operation)
    members = {name.casefold(): value for name, value in operation.items()}
    verb, path = members.get("op"), members.get("path")
    if not isinstance(verb, str) or verb.casefold() not in VERBS:
        sent = f"is {shown(verb)}" if "op" in members else "is missing"
        raise InvalidValueException(detail=f"{where}.op {sent}; send add, remove or replace")
    if path is not None and not isinstance(path, str):
        detail = f"{where}.path is {shown(path)}; send one path as a text, such as emails.value"
        raise InvalidPathException(detail=detail)


@dataclass(frozen=True, slots=True)
class PatchChecks:
    """Checks operations, whose form is right, on one resource type."""

    types: TypeChecks

    def without_dropped(self, operation: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
        """Return an operation without the keys that a value without a path has to no effect.

        These are read-only attributes and unknown ones. To be asked before an empty value is read
        as a removal, which names its attribute in a path.
        """
        value = coercion.alone(operation.get("value"))
        if operation.get("path") or not isinstance(value, Mapping):
            return operation
        kept = {name: inner for name, inner in value.items() if self._has_effect(name, kind)}
        return {**operation, "value": kept}

    def _has_effect(self, name: str, kind: str) -> bool:
        if "[" in name:
            return True  # a selection is understood, or refused
        try:
            target = self.types.definitions.target(qualified(name, kind))
        except InvalidPathException:
            return False
        return target is not None and not target.read_only

    def operation(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        """Return an operation as it is to be applied.

        Raises InvalidPathException where its path names nothing, InvalidValueException for a
        value of another type than its attribute's.
        """
        members = {name.casefold(): value for name, value in operation.items()}
        path, value = members.get("path"), members.get("value")
        removing = str(members.get("op")).casefold() == "remove"
        if path is None or not path.strip():
            return members if removing else self._pathless(members)
        target = self.types.definitions.target(path.strip())
        if target is None:
            return members
        if target.read_only:  # which the library refuses, whatever the value is
            return {**members, "value": None} if removing else members
        _refuse_unassigning(target, unassigning=value is None or removing)
        if removing:
            return self._removal(members, target)
        if value is None:
            if "value" not in members or str(members["op"]).casefold() == "add":
                raise InvalidValueException(detail=NO_VALUE_AT.format(path.strip()[:LONGEST_SHOWN]))
            return members
        value = self._value(target, value, path.strip())
        _refuse_unassigning(target, unassigning=value is None)
        return {**members, "value": value}

    def _pathless(self, operation: dict[str, Any]) -> dict[str, Any]:
        value = operation.get("value")
        if self.types.lenient:
            value = coercion.alone(value)
        if value is None:
            raise InvalidValueException(detail=NO_VALUE)
        if not isinstance(value, Mapping):
            raise InvalidValueException(detail=NO_PATH.format(shown(value)))
        refuse_repeated(value)
        checked: dict[str, Any] = {}
        for name, inner in value.items():
            try:
                target = self.types.definitions.target(name)
            except InvalidPathException:
                target = None  # an unknown attribute inside of a value
            if target is None:
                checked[name] = inner
            elif not target.read_only:
                inner = None if inner is None else self._value(target, inner, name)
                _refuse_unassigning(target, unassigning=inner is None)
                checked[name] = inner
        return {**operation, "value": checked}

    def _value(self, target: Target, value: Any, path: str) -> Any:
        attribute = target.attribute
        if attribute is None:
            return self.types.whole(target.schema, target.names, value)
        if target.part is not None:
            return self.types.value(target.part, value, path)
        if target.selects or (attribute.multi_valued and isinstance(value, Mapping)):
            return self.types.one(attribute, value, path)
        return self.types.value(attribute, value, path)

    def _removal(self, operation: dict[str, Any], target: Target) -> dict[str, Any]:
        attribute, value = target.attribute, operation.get("value")
        bare = {name: inner for name, inner in operation.items() if name != "value"}
        if _is_value_of_grant(target) and (value is None or target.selects):
            # Without its value a licence or a role is none, and would stay as it is.
            return {**bare, "path": operation["path"].strip().rpartition(".")[0]}
        if value is None or attribute is None or target.selects or not attribute.multi_valued:
            return bare
        path = operation["path"].strip()
        if not self.types.lenient:
            detail = CHOOSE_IN_PATH.format(path[:LONGEST_SHOWN], attribute.name)
            raise InvalidValueException(attribute=attribute.name, detail=detail)
        if attribute.name == MEMBERS:  # whom ``membership`` reads
            for each in value if isinstance(value, list) else [value]:
                if not isinstance(each, Mapping) or not each:
                    raise refused(path, each, TO_REMOVE)
            return operation
        if target.part is not None:
            return {**bare, "path": self._narrowed(path, target.part, value)}
        values = value if isinstance(value, list) else [value]
        return {**bare, "value": [self._told(attribute, each, path) for each in values]}

    def _narrowed(self, path: str, part: Definition, value: Any) -> str:
        """Return a path to the part of those elements alone whose part has the value.

        An element whose ``value`` is removed is removed as a whole.
        """
        whole, _, name = path.rpartition(".")
        compared = self.types.one(part, value, path)
        selected = f"{whole}[{name} eq {ScimFilter.quote(compared)}]"
        return selected if part.name == "value" else f"{selected}.{name}"

    def _told(self, attribute: Definition, value: Any, path: str) -> Any:
        """Return by what an element that is to be removed is told from the others."""
        element = self.types.one(attribute, value, path)
        if not isinstance(element, Mapping):
            raise refused(path, value, TO_REMOVE)
        known = {name.casefold(): inner for name, inner in element.items()}
        telling = {
            part.name: known[name]
            for name, part in attribute.parts.items()
            if known.get(name) is not None
        }
        if "value" in telling:
            telling = {name: telling[name] for name in TELLING if name in telling}
        if not telling:
            raise refused(path, value, TO_REMOVE)
        return telling


def says_nothing(operation: Mapping[str, Any]) -> bool:
    """Whether an operation is an ``add`` of nothing, or has a value of which nothing is left."""
    verb, value = str(operation["op"]).casefold(), operation.get("value")
    if verb == "remove":
        return False
    return (verb == "add" and value is None) or (operation.get("path") is None and value == {})


def _is_value_of_grant(target: Target) -> bool:
    attribute, part = target.attribute, target.part
    return attribute is not None and attribute.name in GRANTS and part == attribute.parts["value"]


def _refuse_unassigning(target: Target, *, unassigning: bool) -> None:
    attribute = target.attribute
    if not unassigning or attribute is None or target.part is not None or target.selects:
        return
    if attribute.required:
        detail = f"{attribute.name} is required and cannot be removed; send another value for it"
        raise MutabilityException(attribute=attribute.name, detail=detail)


TO_REMOVE = "the values to remove, as objects with a `value`"
CHOOSE_IN_PATH = (
    "The value beside a remove of {} does not say what to remove; select it in the path, such as "
    '{}[value eq "…"]'
)
NO_VALUE_AT = "The operation on {} has no value; send one"
NO_VALUE = (
    "An operation has neither a path nor a value; send a path, or an object of attributes as value"
)
NO_PATH = (
    "The value of an operation without a path is {}; send an object of attributes, or name the "
    "attribute in path"
)
