"""Removals that select in an attribute with one value: ``manager[value eq "7"]``.

RFC 7644 §3.5.2 selects in attributes with several values, and the library refuses the rest. Clients
remove a manager so. The value is removed where it is the selected one, and stays otherwise.
"""

from dataclasses import replace
from typing import Any

from scim2_models import PatchOp, PatchOperation, Path, Resource, ScimFilter
from scim2_models.path import AttrPath, Comparison, FilterNode, LogicalExpr, Not, Present


def apply(patch: "PatchOp[Any]", resource: Resource[Any]) -> bool:
    """Apply operations to a resource, and say whether they changed it."""
    operations = patch.operations or []
    if not any(_selects_alone(operation, resource) for operation in operations):
        return patch.patch(resource)
    changed = False
    for operation in operations:
        alone = operation
        if _selects_alone(operation, resource):
            if not _is_selected(operation.path, resource):
                continue
            path: Any = Path.__class_getitem__(type(resource))(_without_selection(operation.path))
            alone = operation.model_copy(update={"path": path})
        changed |= patch.model_copy(update={"operations": [alone]}).patch(resource)
    return changed


def _selects_alone(operation: "PatchOperation[Any]", resource: Resource[Any]) -> bool:
    path = operation.path
    if path is None or operation.op.value != "remove" or path.value_filter is None:
        return False
    bound = Path.__class_getitem__(type(resource))(str(path)).resolve()
    return bound is not None and not bound.is_multivalued


def _without_selection(path: Any) -> str:
    return (f"{path.schema}:" if path.schema else "") + ".".join(path.parts)


def _is_selected(path: Any, resource: Resource[Any]) -> bool:
    node = _from_resource(path.value_filter, path.parts[0], path.schema)
    scim_filter: Any = ScimFilter.__class_getitem__(type(resource))(str(node))
    return bool(scim_filter.match(resource))


def _from_resource(node: FilterNode, attribute: str, schema: str | None) -> FilterNode:
    """Return a selection as a filter on the resource: its attributes are sub-attributes there."""
    if isinstance(node, LogicalExpr):
        terms = tuple(_from_resource(term, attribute, schema) for term in node.terms)
        return replace(node, terms=terms)
    if isinstance(node, Not):
        return replace(node, expr=_from_resource(node.expr, attribute, schema))
    assert isinstance(node, Comparison | Present)
    return replace(node, attr_path=AttrPath(attribute, node.attr_path.attr, schema))
