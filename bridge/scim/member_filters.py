"""Filters that select members of a group in the path of a PATCH: ``members[value eq "1"]``.

A member has a ``value``, a ``$ref`` and a ``type``, as a read shows it. What is not understood is
refused: a removal that matches nobody would be answered as done.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from scim2_models import InvalidFilterException
from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
)

# What is selected of the members that there are.
Selection = Callable[[Collection[str]], Sequence[str]]

PARTS = ("value", "$ref", "type")
TYPE = "user"
# Each of these looks at all members, of whom there may be a hundred thousand.
MOST_CONDITIONS = 10
RELATIVE = re.compile(r"(?:\.\./|/)?Users/([0-9]+)")
OF_TEXT: Mapping[CompareOperator, Callable[[str, str], bool]] = {
    CompareOperator.eq: lambda has, sought: has == sought,
    CompareOperator.ne: lambda has, sought: has != sought,
    CompareOperator.co: lambda has, sought: sought in has,
    CompareOperator.sw: lambda has, sought: has.startswith(sought),
    CompareOperator.ew: lambda has, sought: has.endswith(sought),
}
UNKNOWN_PART = (
    "members are selected by `value`, `$ref` or `type`, not by {name!r}: send members[value eq "
    '"ID"], with the id of a User'
)


def selected_keys(node: FilterNode, base_url: str) -> list[str] | None:
    """Return the ids that a filter names (``value eq "…"``, joined by or); None for another one.

    ``base_url`` is the SCIM root as the client calls it. Raises InvalidFilterException for an
    attribute that members do not have.
    """
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.or_:
        keys: list[str] = []
        for term in node.terms:
            found = selected_keys(term, base_url)
            if found is None:
                return None
            keys += found
        return keys
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        part, text = _part(node), _text(node)
        if part == "value":
            return [text]
        if part == "$ref":
            key = referenced(text, base_url)
            return [] if key is None else [key]
    return None


def selection(node: FilterNode, base_url: str) -> Selection:
    """Return what selects members by any other filter. Raises InvalidFilterException."""
    if _conditions(node) > MOST_CONDITIONS:
        detail = (
            f"A filter on members has {MOST_CONDITIONS} conditions at most, unless all of them are "
            '`value eq "ID"` joined by `or`'
        )
        raise InvalidFilterException(detail=detail)
    chosen = _chosen(node, base_url)

    def select(members: Collection[str]) -> list[str]:
        there = frozenset(members)
        some = chosen(there)
        return [key for key in members if key in some]

    return select


def referenced(reference: str, base_url: str) -> str | None:
    """Return the id of the User that a ``$ref`` as reads show it, or a relative one, refers to."""
    local = reference.removeprefix(base_url)
    match = RELATIVE.fullmatch(local)
    return match[1] if match else None


_Chosen = Callable[[frozenset[str]], frozenset[str]]


def _chosen(node: FilterNode, base_url: str) -> _Chosen:
    if isinstance(node, LogicalExpr):
        terms = [_chosen(term, base_url) for term in node.terms]
        if node.op == LogicalOperator.or_:
            return lambda members: frozenset().union(*(term(members) for term in terms))
        return lambda members: members.intersection(*(term(members) for term in terms))
    if isinstance(node, Not):
        inner = _chosen(node.expr, base_url)
        return lambda members: members - inner(members)
    if isinstance(node, Present):
        _part(node)
        return lambda members: members
    if isinstance(node, Comparison):
        return _compared(node, base_url)
    raise InvalidFilterException(detail=f"{str(node)[:200]!r} cannot select members")


def _compared(node: Comparison, base_url: str) -> _Chosen:
    part, text = _part(node), _text(node)
    compare = OF_TEXT.get(node.op)
    if compare is None or (part == "$ref" and node.op.value not in ("eq", "ne")):
        detail = f"members cannot be selected by {part} {node.op.value}; use eq"
        raise InvalidFilterException(detail=detail)
    if part == "$ref":
        part, text = "value", referenced(text, base_url) or ""
    if part == "type":
        is_met = compare(TYPE, text.casefold())
        return lambda members: members if is_met else frozenset()
    if node.op == CompareOperator.eq:
        return lambda members: members & {text}
    return lambda members: frozenset(key for key in members if compare(key, text))


def _part(node: Comparison | Present) -> str:
    """Return which part of a member a condition is on."""
    path = node.attr_path
    name = path.attr.casefold()
    if path.uri or path.sub_attr or name not in PARTS:
        raise InvalidFilterException(detail=UNKNOWN_PART.format(name=str(path)[:100]))
    return name


def _text(node: Comparison) -> str:
    """Return what a condition compares with, without the blanks around it."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, str | int):
        detail = f"{str(node)[:200]!r}: a text in double quotes is expected"
        raise InvalidFilterException(detail=detail)
    return str(value).strip()


def _conditions(node: FilterNode) -> int:
    if isinstance(node, LogicalExpr):
        return sum(_conditions(term) for term in node.terms)
    return _conditions(node.expr) if isinstance(node, Not) else 1
