"""Filters as selections out of columns (RFC 7644 §3.4.2.2): what ``filters`` says of one resource,
said of all of them at once.

A plan names the columns that it needs, and how each is read; whoever has the resources makes them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Protocol

from scim2_models import Resource as ResourceModel
from scim2_models import ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from bridge.directory.attributes import Accessor, is_present
from bridge.directory.columns import MOST_PLANES, Column, read
from bridge.directory.filters import predicate, present, test_of
from bridge.directory.selections import both, either, flipped

Resource = Mapping[str, Any]
MEMBERS = ":members.value"


@dataclass(frozen=True, slots=True)
class Source:
    """What a column is made of: its name, and how it is read out of a resource's JSON."""

    name: str
    read: Callable[[Resource], Any]
    needs_members: bool = False


class View(Protocol):
    """What a plan looks at."""

    @property
    def size(self) -> int:
        """How many resources there are."""

    def column(self, name: str) -> Column:
        """Return a column that the plan named."""

    def only(self, key: str) -> bytes:
        """Return the resource with an id."""

    def holding(self, member: str) -> bytes:
        """Return the groups that have a member."""


# What is looked up and not looked through, by the path of the attribute.
BY_INDEX: Mapping[str, Callable[[View, str], bytes]] = {
    ":id.": lambda view, key: view.only(key),
    MEMBERS: lambda view, key: view.holding(key),
}


class Unaligned(Exception):
    """Some resource has too many values to look at each by its number."""


Selecting = Callable[[View], bytes]


@dataclass(frozen=True, slots=True)
class Plan:
    """Selects the resources that a filter describes. Raises Unaligned: then ``as_verdict``."""

    sources: Mapping[str, Source]
    select: Selecting


def source_of(accessor: Accessor) -> Source:
    """Return how an attribute's column is read, for comparisons."""
    raw, comparable = accessor.raw, accessor.comparable
    return Source(
        accessor.path,
        lambda resource: read(raw(resource), comparable),
        needs_members=_is_of_members(accessor),
    )


def sort_source_of(accessor: Accessor) -> Source:
    """Return how the column of the values is read that resources are sorted by."""
    if not accessor.binding.is_multivalued:
        return source_of(accessor)
    value = accessor.sort_value
    return Source(
        f"sort {accessor.path}",
        lambda resource: read(value(resource), lambda each: each),
        needs_members=_is_of_members(accessor),
    )


def plan(scim_filter: ScimFilter[Any], model: type[ResourceModel[Any]]) -> Plan:
    """Compile a filter for the resources of one type."""
    bound: ScimFilter[Any] = ScimFilter[model](scim_filter.ast)  # type: ignore[valid-type]
    planner = _Planner(bound, model)
    select = planner.visit(bound.ast)
    return Plan(planner.sources, select)


def as_verdict(scim_filter: ScimFilter[Any], model: type[ResourceModel[Any]]) -> Plan:
    """Compile a filter into one column, of what its predicate says of each resource."""
    source = _verdict(scim_filter.ast, model)
    return Plan({source.name: source}, _true_in(source.name))


def _verdict(node: FilterNode, model: type[ResourceModel[Any]]) -> Source:
    matches = predicate(ScimFilter(node), model)
    return Source(f"filter {node}", lambda resource: bool(matches(resource)), needs_members=True)


def _true_in(name: str) -> Selecting:
    return lambda view: view.column(name).where_of_item(0, lambda value: value is True)


def _is_of_members(accessor: Accessor) -> bool:
    return accessor.head_path == ":members"


def _nothing(view: View) -> bytes:
    return bytes(view.size)


@dataclass
class _Planner(FilterVisitor[Selecting]):
    bound: ScimFilter[Any]
    model: type[ResourceModel[Any]]
    sources: dict[str, Source] = field(default_factory=dict)

    def _accessor(self, path: AttrPath, *, comparing: bool) -> Accessor | None:
        resolve = self.bound.resolve_comparison if comparing else self.bound.resolve
        binding = resolve(path, strict=False)
        return Accessor(binding) if binding else None

    def _column(self, source: Source) -> str:
        self.sources[source.name] = source
        return source.name

    def visit_comparison(self, node: Comparison) -> Selecting:
        accessor = self._accessor(node.attr_path, comparing=True)
        if accessor is None:
            return _nothing
        if accessor.is_complex:
            return _true_in(self._column(_verdict(node, self.model)))
        test = test_of(accessor, node.op, node.value)
        indexed = BY_INDEX.get(accessor.path)
        if indexed is not None and isinstance(test.right, str):
            if test.op == CompareOperator.eq:
                return lambda view: indexed(view, test.right)
            if test.op == CompareOperator.ne:
                return lambda view: flipped(indexed(view, test.right))
        name = self._column(source_of(accessor))
        return lambda view: view.column(name).where(test)

    def visit_present(self, node: Present) -> Selecting:
        accessor = self._accessor(node.attr_path, comparing=False)
        if accessor is None:
            return _nothing
        if accessor.is_complex:
            raw = accessor.raw
            source = Source(
                f"present {accessor.path}",
                lambda resource: is_present(raw(resource)),
                needs_members=_is_of_members(accessor),
            )
            return _true_in(self._column(source))
        name = self._column(source_of(accessor))
        return lambda view: view.column(name).where_present()

    def visit_not(self, node: Not) -> Selecting:
        inner = self.visit(node.expr)
        return lambda view: flipped(inner(view))

    def visit_logical_expr(self, node: LogicalExpr) -> Selecting:
        terms = [self.visit(term) for term in node.terms]
        join = both if node.op == LogicalOperator.and_ else either
        return lambda view: reduce(join, [term(view) for term in terms])

    def visit_value_path(self, node: ValuePath) -> Selecting:
        accessor = self._accessor(node.attr_path, comparing=False)
        if accessor is None:
            return _nothing
        items = self._column(_items(accessor))
        planner = _ItemPlanner(self.bound, self.model, self.sources, node.attr_path, accessor)
        inner = planner.visit(node.val_filter)

        def select(view: View) -> bytes:
            column = _apart(view, items)
            numbers = range(min(len(column.planes), MOST_PLANES))
            of_each = [both(column.where_item(number), inner(number)(view)) for number in numbers]
            return reduce(either, of_each)

        return select


def _apart(view: View, name: str) -> Column:
    column = view.column(name)
    if not column.is_apart:
        raise Unaligned
    return column


def _items(accessor: Accessor) -> Source:
    """A column that says which items there are of an attribute."""
    head = accessor.head

    def items(resource: Resource) -> Any:
        values = head(resource)
        return tuple([True] * len(values)) if isinstance(values, list) else None

    return Source(f"items {accessor.head_path}", items, needs_members=_is_of_members(accessor))


Numbered = Callable[[int], Selecting]


@dataclass
class _ItemPlanner(FilterVisitor[Numbered]):
    """Plans what stands in brackets: its attributes are those of the value of one number."""

    bound: ScimFilter[Any]
    model: type[ResourceModel[Any]]
    sources: dict[str, Source]
    path: AttrPath
    parent: Accessor

    def _accessor(self, path: AttrPath) -> Accessor | None:
        if path.sub_attr is not None:
            return None
        binding = self.bound.resolve(
            AttrPath(self.path.attr, path.attr, self.path.uri), strict=False
        )
        if binding is not None:
            return Accessor(binding)
        if path.attr.casefold() == "value" and not self.parent.is_complex:
            return self.parent
        return None

    def _where(self, accessor: Accessor | None, test: Callable[[Any], bool]) -> Numbered:
        if accessor is None:
            return lambda _: _nothing
        source = source_of(accessor)
        self.sources[source.name] = source

        def numbered(number: int) -> Selecting:
            return lambda view: _apart(view, source.name).where_of_item(number, test)

        return numbered

    def visit_comparison(self, node: Comparison) -> Numbered:
        accessor = self._accessor(node.attr_path)
        if accessor is None:
            return self._where(None, present)
        return self._where(accessor, test_of(accessor, node.op, node.value))

    def visit_present(self, node: Present) -> Numbered:
        return self._where(self._accessor(node.attr_path), present)

    def visit_not(self, node: Not) -> Numbered:
        inner = self.visit(node.expr)
        return lambda number: lambda view: flipped(inner(number)(view))

    def visit_logical_expr(self, node: LogicalExpr) -> Numbered:
        terms = [self.visit(term) for term in node.terms]
        join = both if node.op == LogicalOperator.and_ else either

        def numbered(number: int) -> Selecting:
            return lambda view: reduce(join, [term(number)(view) for term in terms])

        return numbered

    def visit_value_path(self, node: ValuePath) -> Numbered:  # noqa: ARG002 - never inside brackets
        return self._where(None, present)
