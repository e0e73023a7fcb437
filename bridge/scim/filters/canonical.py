"""Filters as syntax trees, put into the form that the directory compares.

Every attribute, operator and literal is looked at here: what cannot match is told from what makes
no sense, which is refused (RFC 7644 §3.4.2.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from scim2_models import InvalidFilterException, InvalidPathException, Mutability, Path
from scim2_models import Resource as ResourceModel
from scim2_models.path import (
    AttributeBinding,
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

from bridge.directory.attributes import is_complex, json_name
from bridge.scim.dialects.values import SHORT_NAMES
from bridge.scim.filters import references
from bridge.scim.filters.literals import literal

Models = Sequence[type[ResourceModel[Any]]]
# Without the blanks around them, whatever a client sends: they are GoTo's, or looked up by.
TRIMMED = frozenset(
    {"username", "displayname", "name.givenname", "name.familyname", "emails", "emails.value"}
)
UNKNOWN = "{path} is no attribute of {names}: /Schemas says which attributes there are"
COMPLEX = "{path} has no value of its own: compare one of its sub-attributes, such as {parts}"
NEVER_SHOWN = "{path} is never shown, and cannot be searched"
NO_LIST = "{path} is not a list: compare it, or one of its sub-attributes, without brackets"
NO_PARTS = "{path} is a list of plain values: inside its brackets, name only `value`"


def canonical(node: FilterNode, models: Models, *, root: str, lenient: bool) -> FilterNode:
    """Return a filter on the resources of some types in canonical form.

    ``root`` is the URL that references are shown below. A node in which nothing has to change is
    returned itself. Raises invalidFilter.
    """
    return _Filter(models, root, lenient).visit(node)


@dataclass(frozen=True)
class _Filter(FilterVisitor[FilterNode]):
    models: Models
    root: str
    lenient: bool

    def visit_comparison(self, node: Comparison) -> FilterNode:
        path, binding = self._compared(node.attr_path)
        value = literal(path, binding, node, lenient=self.lenient)
        written = self._written(path)
        if isinstance(value, str) and references.is_reference(binding):
            compared = references.compared(
                written, node.op, value, self.root, value=_ids_of_members(written, binding)
            )
            return node if compared == node else compared
        if isinstance(value, str) and value != value.strip() and str(path).casefold() in TRIMMED:
            return _with_blanks(written, node.op, value)
        if written == node.attr_path and value is node.value:
            return node
        return Comparison(written, node.op, value)

    def visit_present(self, node: Present) -> FilterNode:
        path = self._named(node.attr_path)
        _refuse_write_only(path, self._binding(path))
        written = self._written(path)
        return node if written == node.attr_path else Present(written)

    def visit_not(self, node: Not) -> FilterNode:
        inner = self.visit(node.expr)
        return node if inner is node.expr else Not(inner)

    def visit_logical_expr(self, node: LogicalExpr) -> FilterNode:
        terms = tuple([self.visit(term) for term in node.terms])
        is_same = all(new is old for new, old in zip(terms, node.terms, strict=True))
        return node if is_same else LogicalExpr(node.op, terms)

    def visit_value_path(self, node: ValuePath) -> FilterNode:
        path = self._named(node.attr_path)
        binding = self._binding(path)
        _refuse_write_only(path, binding)
        if not binding.is_multivalued:
            if not (self.lenient and is_complex(binding)):
                raise InvalidFilterException(detail=NO_LIST.format(path=path))
            single = _OfSingle(self.models, self.root, self.lenient, path, binding)
            return LogicalExpr(LogicalOperator.and_, (Present(path), single.visit(node.val_filter)))
        inner = _Item(self.models, self.root, self.lenient, path, binding).visit(node.val_filter)
        if path == node.attr_path and inner is node.val_filter:
            return node
        return replace(node, attr_path=path, val_filter=inner)

    # -- Paths -------------------------------------------------------------------------

    def _named(self, path: AttrPath) -> AttrPath:
        """Return a path with the schema that a client left out."""
        urn = SHORT_NAMES.get(path.attr.casefold()) if self.lenient and not path.uri else None
        if urn is None or self._bound(path) is not None:
            return path
        schema, _, name = urn.rpartition(":")
        return AttrPath(name, path.sub_attr, schema)

    def _bound(self, path: AttrPath) -> AttributeBinding | None:
        for model in self.models:
            if (binding := _attribute(model, path)) is not None:
                return binding
        return None

    def _binding(self, path: AttrPath) -> AttributeBinding:
        binding = self._bound(path)
        if binding is None:
            names = " or ".join(_name(model) for model in self.models)
            raise InvalidFilterException(detail=UNKNOWN.format(path=_short(path), names=names))
        return binding

    def _compared(self, path: AttrPath) -> tuple[AttrPath, AttributeBinding]:
        """Return the path and attribute that a comparison compares, which is never complex."""
        path = self._named(path)
        binding = self._binding(path)
        if is_complex(binding):
            value = AttrPath(path.attr, "value", path.uri)
            bound = None if path.sub_attr else self._bound(value)
            if bound is None:
                parts = ", ".join(f"{path}.{part}" for part in _parts(binding)[:3])
                raise InvalidFilterException(detail=COMPLEX.format(path=path, parts=parts))
            # Of a list the library knows it.
            path, binding = (path if binding.is_multivalued else value), bound
        _refuse_write_only(path, binding)
        return path, binding

    def _written(self, path: AttrPath) -> AttrPath:
        """Return a path as it stands in the filter."""
        return path


@dataclass(frozen=True)
class _Item(_Filter):
    """What stands in brackets: its attributes are those of one value of ``parent``."""

    parent: AttrPath
    of: AttributeBinding

    def _named(self, path: AttrPath) -> AttrPath:
        """Return the whole path of an attribute in brackets."""
        is_plain = path.uri is None and path.sub_attr is None
        if not is_complex(self.of):
            if not is_plain or path.attr.casefold() != "value":
                raise InvalidFilterException(detail=NO_PARTS.format(path=self.parent))
            return self.parent
        if not is_plain:
            whole = _short(f"{self.parent}[{path}]")
            names = _name(self.models[0])
            raise InvalidFilterException(detail=UNKNOWN.format(path=whole, names=names))
        return AttrPath(self.parent.attr, path.attr, self.parent.uri)

    def _written(self, path: AttrPath) -> AttrPath:
        return AttrPath(path.sub_attr or "value")


@dataclass(frozen=True)
class _OfSingle(_Item):
    """The same where there is one value only, and no brackets are needed."""

    def _written(self, path: AttrPath) -> AttrPath:
        return path


@lru_cache(maxsize=1024)
def _attribute(model: type[ResourceModel[Any]], path: AttrPath) -> AttributeBinding | None:
    """Return the attribute of a path; clients name the same ones again and again."""
    try:
        return Path[model](str(path)).resolve()  # type: ignore[valid-type]
    except InvalidPathException:
        return None


def _parts(binding: AttributeBinding) -> list[str]:
    model: Any = binding.target_type
    return [json_name(model, name) for name in model.model_fields]


def _ids_of_members(written: AttrPath, binding: AttributeBinding) -> AttrPath | None:
    """Return the attribute with the ids of members beside their references, else None."""
    if binding.field_name != "members":
        return None
    if written.sub_attr is None:
        return AttrPath("value")
    return AttrPath(written.attr, "value", written.uri)


def _refuse_write_only(path: AttrPath, binding: AttributeBinding) -> None:
    if binding.get_annotation(Mutability) is Mutability.write_only:
        raise InvalidFilterException(detail=NEVER_SHOWN.format(path=path))


def _name(model: type[Any]) -> str:
    """Return the name of a resource type; that of its model says its extensions too."""
    return str(model.__name__).partition("[")[0]


def _with_blanks(path: AttrPath, op: CompareOperator, value: str) -> FilterNode:
    """Return the comparison with a text that came with blanks, which writes take off."""
    as_it_is, trimmed = Comparison(path, op, value), Comparison(path, op, value.strip())
    if op == CompareOperator.eq:
        return as_it_is | trimmed
    return as_it_is & trimmed if op == CompareOperator.ne else as_it_is


def _short(path: object) -> str:
    return str(path)[:200]
