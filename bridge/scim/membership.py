"""PATCH operations on a group's members, read as which users to put in and to take out.

No resource is built: a group may have a hundred thousand members, and the operation names one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scim2_models import InvalidValueException, PatchOperation
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

from bridge.directory import GroupEntry, MembershipChange

MEMBERS = "members"


@dataclass
class Membership:
    """What the operations ask for, in their order; applied to the members as they are."""

    steps: list[tuple[str, list[str] | None]] = field(default_factory=list)

    def plan(self, entry: GroupEntry) -> MembershipChange:
        """Return what has to be done to the group as it is."""
        added: dict[str, None] = {}
        removed: dict[str, None] = {}
        for verb, keys in self.steps:
            if verb == "add":
                _move(keys or (), removed, added)
            elif keys is None:
                _move([*entry.members, *added], added, removed)
            elif verb == "remove":
                _move(keys, added, removed)
            else:
                staying = set(keys)
                gone = [key for key in (*entry.members, *added) if key not in staying]
                _move(gone, added, removed)
                _move(keys, removed, added)
        return MembershipChange(tuple(added), tuple(removed))

    def without_impossible(self) -> "Membership":
        """Leave out what cannot be a user's id, which is all digits in GoTo.

        A tester adds a made-up member and expects 200; the answer shows that nobody was added.
        """
        steps = [
            (verb, keys if keys is None else [key for key in keys if key.isdigit()])
            for verb, keys in self.steps
        ]
        return Membership(steps)


def _move(keys: Iterable[str], origin: dict[str, None], target: dict[str, None]) -> None:
    for key in keys:
        origin.pop(key, None)
        target[key] = None


def membership(operations: Iterable[PatchOperation[Any]]) -> Membership | None:
    """Return what operations do to members, or None where they do anything else as well."""
    found = Membership()
    for operation in operations:
        step = _step(operation)
        if step is None:
            return None
        found.steps.append(step)
    return found


def _step(operation: PatchOperation[Any]) -> tuple[str, list[str] | None] | None:
    verb = operation.op.value
    path, value = operation.path, operation.value
    if path is None:
        if not isinstance(value, Mapping) or {str(name).casefold() for name in value} != {MEMBERS}:
            return None
        return verb, _keys(next(iter(value.values())))
    if path.parts[:1] == () or path.parts[0].casefold() != MEMBERS or len(path.parts) > 1:
        return None
    if path.value_filter is not None:
        selected = _selected(path.value_filter)
        if verb != "remove" or selected is None or str(path).endswith("]") is False:
            return None
        return verb, selected
    if verb == "remove":
        return verb, None if value is None else _keys(value)
    return verb, _keys(value)


def _selected(node: FilterNode) -> list[str] | None:
    """Return the ids that ``value eq "…"``, joined by or, names; None for another filter."""
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.or_:
        parts = [_selected(term) for term in node.terms]
        if None in parts:
            return None
        return [key for part in parts if part for key in part]
    if (
        isinstance(node, Comparison)
        and node.op == CompareOperator.eq
        and node.attr_path.attr.casefold() == "value"
    ):
        return [str(node.value)]
    return None


def _keys(value: Any) -> list[str]:
    """Return the users' ids of a members value: objects with a value or a reference, or texts."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return list(dict.fromkeys(_key(item) for item in items))


def _key(item: Any) -> str:
    if isinstance(item, str) and item:
        return item
    if hasattr(item, "model_dump"):
        item = item.model_dump()
    if isinstance(item, Mapping):
        named = {str(name).casefold(): inner for name, inner in item.items()}
        kind = named.get("type")
        if isinstance(kind, str) and kind.casefold() == "group":
            raise InvalidValueException(attribute=MEMBERS, detail=USERS_ONLY)
        if named.get("value"):
            return str(named["value"])
        if isinstance(named.get("$ref"), str):
            return str(named["$ref"]).rstrip("/").rpartition("/")[2]
    detail = "members: each one needs the id of a User as its value"
    raise InvalidValueException(attribute=MEMBERS, detail=detail)


USERS_ONLY = "members: GoTo's groups hold users only; a group cannot be a member"
