"""PATCH operations on a group's members, read as which users to put in and to take out.

No resource is built: a group may have a hundred thousand members, and the operation names one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scim2_models import (
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    PatchOperation,
)

from bridge.directory import GroupEntry, MembershipChange, member_key
from bridge.mapping.catalog import CORE
from bridge.scim.member_filters import Selection, selected_keys, selection

MEMBERS = "members"
OF_SCHEMA = f"{CORE['Group']}:".casefold()
TWICE = "members is in the body twice, in different spellings: send it once"
NO_VALUE = "members: the operation needs a value; to take every member out, send an empty list"
NOT_A_LIST = (
    "members: a list of members is expected, each with the id of a User of this service as its "
    "`value`"
)
ONE_MEMBER = (
    "{path!r}: a member cannot be changed, only added or removed. Add with the path members, and "
    'remove with members[value eq "ID"]'
)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation. A step that removes takes out ``keys``, a selection, or else everybody."""

    verb: str
    keys: Sequence[str] | None = None
    selection: Selection | None = None


@dataclass
class Membership:
    """What the operations ask for, in their order; applied to the members as they are.

    With ``must_exist`` each member that is named has to be a user, whatever the mapping says.
    """

    steps: list[Step] = field(default_factory=list)
    must_exist: bool = False

    def plan(self, entry: GroupEntry) -> MembershipChange:
        """Return what has to be done to the group as it is."""
        added: dict[str, None] = {}
        removed: dict[str, None] = {}
        put_in: dict[str, None] = {}
        required: dict[str, None] = {}
        for step in self.steps:
            if step.verb == "add":
                put_in.update(dict.fromkeys(step.keys or ()))
                _move(step.keys or (), removed, added)
            elif step.verb == "replace":
                staying = dict.fromkeys(step.keys or ())
                required.update((key, None) for key in staying if key not in entry.members)
                gone = [key for key in (*entry.members, *added) if key not in staying]
                _move(gone, added, removed)
                _move(staying, removed, added)
            else:
                _move(_leaving(step, entry, added, removed), added, removed)
        # Who is a member and stays one by a `replace` is not looked at.
        coming = [key for key in added if key not in entry.members or key in put_in]
        named = [key for key in (*put_in, *required) if key not in coming]
        everybody = (*put_in, *required)
        return MembershipChange(
            coming, list(removed), named, everybody if self.must_exist else tuple(required)
        )


def _leaving(
    step: Step, entry: GroupEntry, added: Mapping[str, None], removed: Mapping[str, None]
) -> Sequence[str]:
    if step.keys is not None:
        return step.keys
    there = dict.fromkeys((*entry.members, *added))
    if step.selection is None:
        return list(there)
    return step.selection([key for key in there if key not in removed])


def _move(keys: Iterable[str], origin: dict[str, None], target: dict[str, None]) -> None:
    for key in keys:
        origin.pop(key, None)
        target[key] = None


def membership(
    operations: Iterable[PatchOperation[Any]], *, base_url: str, must_exist: bool
) -> tuple[Membership, list[PatchOperation[Any]]]:
    """Return what operations do to members, and those that do anything else.

    Raises the library's errors for what cannot be done to members, or is not understood.
    """
    found, others = Membership(must_exist=must_exist), []
    for operation in operations:
        if operation.path is None:
            step, other = _of_object(operation)
            found.steps += [step] if step else []
            others += [other] if other else []
        elif operation.path.parts[:1] and _is_members(_attribute(operation)):
            found.steps.append(_of_path(operation, base_url))
        else:
            others.append(operation)
    return found, others


def refuse_unreadable_members(body: Any) -> None:
    """Refuse a resource as sent that names a member who cannot be read, or members twice."""
    if not isinstance(body, Mapping):
        return
    name = _name_of_members(body)
    value = None if name is None else body[name]
    for item in value if isinstance(value, list) else [value] if isinstance(value, Mapping) else ():
        member_key(item)


def _attribute(operation: PatchOperation[Any]) -> str:
    path = operation.path
    assert path is not None
    return f"{path.schema}:{path.parts[0]}" if path.schema else path.parts[0]


def _is_members(name: Any) -> bool:
    return str(name).casefold().removeprefix(OF_SCHEMA) == MEMBERS


def _name_of_members(value: Mapping[str, Any]) -> str | None:
    names = [name for name in value if _is_members(name)]
    if len(names) > 1:
        raise InvalidSyntaxException(detail=TWICE)
    return names[0] if names else None


def _of_object(
    operation: PatchOperation[Any],
) -> tuple[Step | None, PatchOperation[Any] | None]:
    """Read an operation without a path: what it does to members, and what is left of it."""
    value = operation.value
    if not isinstance(value, Mapping) or (name := _name_of_members(value)) is None:
        return None, operation
    left = {other: inner for other, inner in value.items() if other != name}
    other = operation.model_copy(update={"value": left}) if left else None
    return Step(operation.op.value, _keys(value[name])), other


def _of_path(operation: PatchOperation[Any], base_url: str) -> Step:
    verb, path, value = operation.op.value, operation.path, operation.value
    assert path is not None
    node = path.value_filter
    if len(path.parts) > 1 or (node is not None and verb != "remove"):
        raise InvalidPathException(detail=ONE_MEMBER.format(path=str(path)[:200]))
    if node is not None:
        keys = selected_keys(node, base_url)
        if keys is not None:
            return Step(verb, keys)
        return Step(verb, selection=selection(node, base_url))
    if verb == "remove":
        return Step(verb, None if value is None else _keys(value))
    if "value" not in operation.model_fields_set:
        raise InvalidValueException(attribute=MEMBERS, detail=NO_VALUE)
    return Step(verb, _keys(value))


def _keys(value: Any) -> list[str]:
    """Return the users' ids of a members value: a list, or a single member; nothing for null."""
    if value is None:
        return []
    if not isinstance(value, list | Mapping | str):
        raise InvalidValueException(attribute=MEMBERS, detail=NOT_A_LIST)
    items = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(member_key(item) for item in items))
