"""Comparisons with URLs of resources: the text that a read shows finds them.

A read shows a reference below the URL by which this request reaches the service. The directory
knows what stands behind that URL alone, such as ``Users/1``.
"""

from collections.abc import Sequence
from functools import reduce
from urllib.parse import urlsplit

from scim2_models import InvalidFilterException
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
)

from bridge.directory.attributes import json_name

PLACES = ("Users/", "Groups/", "Licenses/", "AdminRoles/")
MEMBER = "Users/"
OP = CompareOperator
# A host's name of one letter repeated could be cut anywhere.
MOST_SPLITS = 16
TOO_ALIKE = "A part of a URL is compared that repeats itself: compare the whole URL with eq"


def is_reference(binding: AttributeBinding) -> bool:
    """Whether an attribute holds URLs of resources of this service."""
    model, name = binding.target_model, binding.target_field_name
    if model is None or binding.sub_field_name is None:
        return False
    shown = json_name(model, name)
    return shown == "$ref" or (binding.field_name == "meta" and shown == "location")


def compared(
    path: AttrPath, op: CompareOperator, text: str, root: str, *, value: AttrPath | None
) -> FilterNode:
    """Return the comparison of a reference, as it is shown below ``root``, with a text.

    A reference that a client gave to somewhere else is compared as it is. ``value`` is the
    attribute with the ids of members, by which groups are found without a look at each.
    """
    base = root.rstrip("/") + "/"
    as_it_is = Comparison(path, op, text)
    if op in (OP.eq, OP.ne):
        texts = dict.fromkeys([text, *_behind(text, base)])
        ids = [each[len(MEMBER) :] for each in texts if each.startswith(MEMBER)]
        if value is not None and ids:
            return Comparison(value, op, ids[0])
        return _joined([Comparison(path, op, each) for each in texts], every=op == OP.ne)
    rest = text[len(base) :] if text.startswith(base) else None
    if op == OP.sw:
        if rest is not None:
            return Comparison(path, op, rest) if rest else _any_here(path)
        return _joined([as_it_is, *([_any_here(path)] if base.startswith(text) else [])])
    if op == OP.co:
        across = [Comparison(path, OP.sw, text[i:]) for i in _splits(text, base)]
        return _joined([as_it_is, *([_any_here(path)] if text in base else across)])
    if op == OP.ew:
        return _joined(
            [as_it_is, *(Comparison(path, OP.eq, text[i:]) for i in _splits(text, base))]
        )
    if rest is not None:
        return Comparison(path, op, rest)
    is_above = base > text
    return _any_here(path) if is_above == (op in (OP.gt, OP.ge)) else Comparison(path, OP.lt, "")


def _behind(text: str, base: str) -> Sequence[str]:
    """Return what stands behind the root in an absolute URL, or in a path of this service."""
    for start in (base, urlsplit(base).path, "/"):
        if text.startswith(start):
            return [text[len(start) :]]
    return []


def _splits(text: str, base: str) -> Sequence[int]:
    """Return where a text can be cut so that its first part ends the root."""
    splits = [i for i in range(1, min(len(text), len(base) + 1)) if base.endswith(text[:i])]
    if len(splits) > MOST_SPLITS:
        raise InvalidFilterException(detail=TOO_ALIKE)
    return splits


def _any_here(path: AttrPath) -> FilterNode:
    """Return what every reference to a resource of this service matches."""
    return _joined([Comparison(path, OP.sw, place) for place in PLACES])


def _joined(nodes: Sequence[FilterNode], *, every: bool = False) -> FilterNode:
    return reduce(lambda left, right: left & right if every else left | right, nodes)
