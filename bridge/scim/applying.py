"""Operations of a PATCH applied to a resource, within a budget, and apart from the event loop.

The SCIM library applies them. An operation takes as long as its attribute has values, so a few
hundred bytes could take minutes: each is paid for before it is applied.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import (
    NoTargetException,
    PatchOp,
    PatchOperation,
    Resource,
    TooManyException,
)

from bridge.directory import Entry, GroupEntry, model_of, wanted_of
from bridge.directory.attributes import json_name
from bridge.limits import MOST_VALUES, MOST_WORK
from bridge.scim.costs import MEMBERS, VALUES, WORK
from bridge.scim.reading import Reader
from bridge.scim.sight import out_of_sight
from bridge.scim.single_selections import apply

NAME = re.compile(r"(?:urn:[^\[\s]*:)?(?P<name>[$\w-]+)", re.IGNORECASE)
# A group's members may be gone through so often by one request, however many they are.
ROUNDS_OF_MEMBERS = 3
NO_VALUES = "{0} has no values, so there is no {1} to write; send {0} with a list of objects"
# The library reads a long path each time that it needs it.
A_STEP_OF_PATH = 50


@dataclass
class Budget:
    """What the PATCHes of one request may still cost, in steps (``MOST_WORK``)."""

    left: int = MOST_WORK


@dataclass
class Share:
    """What one PATCH takes out of the budget of its request. ``free`` steps cost nothing."""

    budget: Budget
    free: int = 0
    spent: int = 0

    def spend(self, steps: int) -> None:
        """Pay for something before it is done. Raises TooManyException (400)."""
        saved = min(self.free, steps)
        self.free -= saved
        self.spent += steps - saved
        self.budget.left -= steps - saved
        if self.budget.left < 0:
            raise TooManyException(detail=WORK)

    def refund(self) -> None:
        """Take back what was paid, where the same is applied anew."""
        self.budget.left += self.spent
        self.spent = 0


def steps_of(patch: "PatchOp[Any]", resource: Mapping[str, Any]) -> int:
    """Return about how many steps operations take on a resource (SCIM JSON)."""
    counts = {
        name.casefold(): len(value) for name, value in resource.items() if isinstance(value, list)
    }
    return sum(
        1
        + len(operation.path or "") // A_STEP_OF_PATH
        + sum(counts.get(name, 0) + added for name, added in _named(operation))
        for operation in patch.operations or []
    )


def applied(
    reader: Reader, patch: "PatchOp[Any]", entry: Entry, share: Share
) -> dict[str, Any] | None:
    """Return the resource after the operations, or None where they change nothing.

    A group's members are not in it: operations on members are read before and applied apart.
    """
    model = model_of(entry, reader.provider)
    hidden = out_of_sight(patch, type(model))
    if isinstance(entry, GroupEntry):
        share.free = ROUNDS_OF_MEMBERS * len(entry.members)
    with reader.provider:
        changed = [
            apply(patch.model_copy(update={"operations": some}), model)
            for some in _pieces(patch, model, share, lenient=reader.profile == "lenient")
        ]
    if not any(changed) and not hidden:
        return None
    wanted = {**wanted_of(model), **hidden}
    if isinstance(entry, GroupEntry):
        wanted.pop(MEMBERS, None)
    return wanted


def _pieces(
    patch: "PatchOp[Any]", model: Resource[Any], share: Share, *, lenient: bool
) -> Iterator[list[PatchOperation[Any]]]:
    """Yield the operations in their order, as many at once as surely stay within the limits.

    Each piece is to be applied before the next is asked for. They are few, since the library copies
    the whole resource for each.
    """
    counts = _counts(model)
    piece: list[PatchOperation[Any]] = []
    for operation in patch.operations or []:
        if (whole := _of_all_values(operation)) in counts:
            if piece:
                yield piece
                piece, counts = [], _counts(model)
                _refuse_many(counts)
            if not counts[whole]:
                operation = _with_a_value(operation, lenient=lenient)
        named = [(name, added) for name, added in _named(operation) if name in counts]
        if piece and any(counts[name] + added > MOST_VALUES for name, added in named):
            yield piece
            piece, counts = [], _counts(model)
            _refuse_many(counts)
        share.spend(1 + sum(counts[name] + added for name, added in named))
        for name, added in named:
            counts[name] += added
        piece.append(operation)
    if piece:
        yield piece
    _refuse_many(_counts(model))


def _of_all_values(operation: PatchOperation[Any]) -> str:
    """Return the attribute of all whose values an operation writes a part, else nothing."""
    path = operation.path
    if path is None or operation.op.value == "remove":
        return ""
    is_part = len(path.parts) == 2 and path.value_filter is None
    return path.parts[0].casefold() if is_part else ""


def _with_a_value(operation: PatchOperation[Any], *, lenient: bool) -> PatchOperation[Any]:
    """Return an operation on a part of all values as one that adds a value, where there is none.

    A strict client gets 400, as for a selection that finds nothing.
    """
    path = operation.path
    assert path is not None
    whole = str(path).rpartition(".")[0]
    if not lenient:
        raise NoTargetException(detail=NO_VALUES.format(whole[:200], path.parts[1]))
    changed = {"path": type(path)(whole), "value": [{path.parts[1]: operation.value}]}
    return operation.model_copy(update=changed)


def _refuse_many(counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        if count > MOST_VALUES and name != MEMBERS:
            raise TooManyException(detail=VALUES.format(name))


def _counts(model: Resource[Any]) -> dict[str, int]:
    """Return how many values each attribute has that can have several."""
    kind = type(model)
    return {
        json_name(kind, name).casefold(): len(getattr(model, name) or ())
        for name in kind.model_fields
        if kind.get_field_multiplicity(name)
    }


def _named(operation: PatchOperation[Any]) -> Iterator[tuple[str, int]]:
    """Yield the attributes that an operation speaks of, and how many values each may get by it."""
    adding = operation.op.value != "remove"
    path = str(operation.path or "")
    if path and (match := NAME.match(path)):
        yield match["name"].casefold(), _size(operation.value) if adding else 0
    if not path or path.casefold().startswith("urn:"):
        yield from _within(operation.value, adding=adding)


def _within(value: Any, *, adding: bool) -> Iterator[tuple[str, int]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if match := NAME.match(str(key)):
                yield match["name"].casefold(), _size(inner) if adding else 0
            if str(key).casefold().startswith("urn:"):
                yield from _within(inner, adding=adding)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, list) else 1
