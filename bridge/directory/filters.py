"""Filters as predicates on resources (RFC 7644 §3.4.2.2), compiled once for each request."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
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
    coerce_value,
)

from bridge.directory.attributes import Accessor, is_present

Predicate = Callable[[Mapping[str, Any]], bool]

ORDERINGS: Mapping[CompareOperator, Callable[[Any, Any], Any]] = {
    CompareOperator.eq: operator.eq,
    CompareOperator.ne: operator.ne,
    CompareOperator.gt: operator.gt,
    CompareOperator.ge: operator.ge,
    CompareOperator.lt: operator.lt,
    CompareOperator.le: operator.le,
}


def predicate(scim_filter: ScimFilter[Any], model: type[ResourceModel[Any]]) -> Predicate:
    """Compile a filter for the resources of one type.

    An attribute that the type does not declare matches nothing (RFC 7644 §3.4.2.1).
    """
    bound: ScimFilter[Any] = ScimFilter[model](scim_filter.ast)  # type: ignore[valid-type]
    return _Compiler(bound).visit(bound.ast)


def equalities(node: FilterNode) -> Iterator[tuple[AttrPath, Any]]:
    """Yield the attributes that every match must equal, as far as they stand on the top level."""
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        yield node.attr_path, node.value
    elif isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        for term in node.terms:
            yield from equalities(term)
    elif isinstance(node, ValuePath):
        for path, value in equalities(node.val_filter):
            if path.attr.casefold() == "value":
                yield AttrPath(node.attr_path.attr, "value", node.attr_path.uri), value


def _nothing(_: Mapping[str, Any]) -> bool:
    return False


class _Compiler(FilterVisitor[Predicate]):
    def __init__(self, bound: ScimFilter[Any]) -> None:
        self._bound = bound

    def _accessor(self, path: AttrPath, *, comparing: bool) -> Accessor | None:
        resolve = self._bound.resolve_comparison if comparing else self._bound.resolve
        binding = resolve(path, strict=False)
        return Accessor(binding) if binding else None

    def visit_comparison(self, node: Comparison) -> Predicate:
        accessor = self._accessor(node.attr_path, comparing=True)
        if accessor is None:
            return _nothing
        compare = comparison(accessor, node.op, node.value)
        raw = accessor.raw
        every = node.op == CompareOperator.ne

        def matches(resource: Mapping[str, Any]) -> bool:
            actual = raw(resource)
            if not isinstance(actual, list):
                # An empty list is what has no value at all.
                return compare(actual)
            return (all if every else any)(compare(item) for item in actual)

        return matches

    def visit_present(self, node: Present) -> Predicate:
        accessor = self._accessor(node.attr_path, comparing=False)
        if accessor is None:
            return _nothing
        raw = accessor.raw
        return lambda resource: is_present(raw(resource))

    def visit_not(self, node: Not) -> Predicate:
        inner = self.visit(node.expr)
        return lambda resource: not inner(resource)

    def visit_logical_expr(self, node: LogicalExpr) -> Predicate:
        terms = [self.visit(term) for term in node.terms]
        if node.op == LogicalOperator.and_:
            return lambda resource: all(term(resource) for term in terms)
        return lambda resource: any(term(resource) for term in terms)

    def visit_value_path(self, node: ValuePath) -> Predicate:
        accessor = self._accessor(node.attr_path, comparing=False)
        if accessor is None:
            return _nothing
        inner = _ItemCompiler(self._bound, node.attr_path, accessor).visit(node.val_filter)
        head = accessor.head

        def matches(resource: Mapping[str, Any]) -> bool:
            items = head(resource)
            return isinstance(items, list) and any(inner(_as_item(item)) for item in items)

        return matches


class _ItemCompiler(_Compiler):
    """Compiles what stands in brackets: its attributes are those of one of several values."""

    def __init__(self, bound: ScimFilter[Any], path: AttrPath, parent: Accessor) -> None:
        super().__init__(bound)
        self._path = path
        self._parent = parent

    def _accessor(self, path: AttrPath, *, comparing: bool) -> Accessor | None:  # noqa: ARG002 - a part is compared as it is
        if path.sub_attr is not None:
            return None
        whole = AttrPath(self._path.attr, path.attr, self._path.uri)
        binding = self._bound.resolve(whole, strict=False)
        if binding is not None:
            return _ItemAccessor(binding, path.attr)
        if path.attr.casefold() == "value" and not self._parent.is_complex:
            # Of several plain values, each is its own `value`.
            return _ItemAccessor(self._parent.binding, "value")
        return None


class _ItemAccessor(Accessor):
    def __init__(self, binding: Any, name: str) -> None:
        super().__init__(binding)
        self._item_name = self._sub or name

    def raw(self, resource: Mapping[str, Any]) -> Any:
        return resource.get(self._item_name)


def _as_item(item: Any) -> Mapping[str, Any]:
    return item if isinstance(item, Mapping) else {"value": item}


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison with ``right``, of values in the form that comparisons use.

    What is called gets such a value, or None; what cannot be compared does not match.
    """

    op: CompareOperator
    right: Any

    def __call__(self, left: Any) -> bool:
        """Whether a value satisfies the comparison (RFC 7644 §3.4.2.2)."""
        op, right = self.op, self.right
        if right is None:
            return _is_null(op, left)
        if op in ORDERINGS:
            if left is None:
                return op == CompareOperator.ne
            try:
                return bool(ORDERINGS[op](left, right))
            except TypeError:
                return False
        return isinstance(left, str) and isinstance(right, str) and _TEXTS[op](left, right)

    def each(self, values: Iterable[Any]) -> list[bool]:
        """Compare values of the type of ``right``, at once."""
        return _EACH[self.op](values, self.right)


_EACH: Mapping[CompareOperator, Callable[[Iterable[Any], Any], list[bool]]] = {
    CompareOperator.eq: lambda values, right: [value == right for value in values],
    CompareOperator.ne: lambda values, right: [value != right for value in values],
    CompareOperator.gt: lambda values, right: [value > right for value in values],
    CompareOperator.ge: lambda values, right: [value >= right for value in values],
    CompareOperator.lt: lambda values, right: [value < right for value in values],
    CompareOperator.le: lambda values, right: [value <= right for value in values],
    CompareOperator.co: lambda values, right: [right in value for value in values],
    CompareOperator.sw: lambda values, right: [value.startswith(right) for value in values],
    CompareOperator.ew: lambda values, right: [value.endswith(right) for value in values],
}


_TEXTS: Mapping[CompareOperator, Callable[[str, str], bool]] = {
    CompareOperator.co: operator.contains,
    CompareOperator.sw: str.startswith,
    CompareOperator.ew: str.endswith,
}


def test_of(accessor: Accessor, op: CompareOperator, literal: Any) -> Test:
    """Compile a comparison with a literal. Raises what the library raises of a wrong one."""
    return Test(op, accessor.comparable(coerce_value(accessor.binding, literal, op)))


def comparison(accessor: Accessor, op: CompareOperator, literal: Any) -> Callable[[Any], bool]:
    """Compile a comparison of JSON values with a literal."""
    test, comparable = test_of(accessor, op, literal), accessor.comparable
    return lambda actual: test(comparable(actual))


def _is_null(op: CompareOperator, left: Any) -> bool:
    if op == CompareOperator.eq:
        return left is None
    return op == CompareOperator.ne and left is not None


class Opaque:
    """A value made of parts, which no literal is the same as."""

    def __init__(self, value: Any) -> None:
        self._text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        self.is_present = is_present(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def present(value: Any) -> bool:
    """Whether a value as it stands in a plane is not empty."""
    return value.is_present if isinstance(value, Opaque) else is_present(value)
