"""Resources in their plainest form, read without models: texts, flags, objects, lists of objects.

To read a new user by the library was a quarter of what its create cost. What is recognised here
(nothing but writable attributes, under their exact names, with values of their own type) it would
hand on as it is; everything else is left to it. A test holds the two together.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from inspect import isclass
from typing import Any, TypeGuard

from scim2_models import BaseModel, Extension, Mutability, Required, Resource

from bridge.directory.attributes import json_name

# Where an attribute stands in a resource's JSON: its name, that of a complex one before it.
Place = tuple[str, ...]
_Check = Callable[[Any], bool]


def is_plain_text(value: Any) -> TypeGuard[str]:
    """Whether a value is a text that every way of reading takes as it is."""
    return isinstance(value, str) and value.isprintable() and value == value.strip() != ""


class Shape:
    """What plain resources of one model are made of."""

    def __init__(self, model: type[Resource[Any]]) -> None:
        self._core = str(model.__schema__)
        self._checks: dict[str, _Check] = {}
        self._extensions: set[str] = set()
        self.texts: set[Place] = set()
        for name in model.model_fields:
            inner = model.get_field_root_type(name)
            if isclass(inner) and issubclass(inner, Extension):
                urn = str(inner.__schema__)
                self._extensions.add(urn)
                self._checks[urn] = _of_object(inner)
            elif name != "schemas" and (check := _check(model, name)):
                self._checks[json_name(model, name)] = check
                self.texts.update(_texts(model, name))
        required = (
            json_name(model, name)
            for name in model.model_fields
            if model.get_field_annotation(name, Required) is Required.true
        )
        self._required = set(required) - {"schemas"}

    def wanted(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what the body of a POST or PUT wants, None where it is not plain."""
        wanted = dict(body)
        schemas = wanted.pop("schemas", None)
        if not isinstance(schemas, list) or not self._required <= wanted.keys():
            return None
        checks = self._checks
        for name, value in wanted.items():
            check = checks.get(name)
            if check is None or not check(value):
                return None
        named = {self._core, *(self._extensions & wanted.keys())}
        if len(schemas) != len(named) or not all(
            isinstance(urn, str) and urn in named for urn in schemas
        ):
            return None
        return wanted if len(set(schemas)) == len(named) else None


@lru_cache(maxsize=16)
def shape_of(model: type[Resource[Any]]) -> Shape:
    """Return what plain resources of a model are made of."""
    return Shape(model)


def _check(model: type[BaseModel], name: str) -> _Check | None:
    """Return what tells a plain value of a field, None where there are none or none to be sent."""
    if model.get_field_annotation(name, Mutability) is not Mutability.read_write:
        return None
    inner = model.get_field_root_type(name)
    check: _Check | None = None
    if inner is str:
        check = is_plain_text
    elif inner is bool:
        check = _is_flag
    elif isclass(inner) and issubclass(inner, BaseModel):
        check = _of_object(inner)
    if model.get_field_multiplicity(name):
        return _of_list(check) if check and inner not in (str, bool) else None
    return check


def _texts(model: type[Resource[Any]], name: str) -> list[Place]:
    inner = model.get_field_root_type(name)
    if model.get_field_multiplicity(name):
        return []
    place = (json_name(model, name),)
    if inner is str:
        return [place]
    if not (isclass(inner) and issubclass(inner, BaseModel)):
        return []
    return [
        (*place, json_name(inner, sub))
        for sub in inner.model_fields
        if _check(inner, sub) is is_plain_text
    ]


def _is_flag(value: Any) -> bool:
    return value is True or value is False


def _of_object(model: type[BaseModel]) -> _Check:
    found = ((json_name(model, name), _check(model, name)) for name in model.model_fields)
    checks = {name: check for name, check in found if check is not None}

    def is_plain(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and bool(value)
            and all(name in checks and checks[name](inner) for name, inner in value.items())
        )

    return is_plain


def _of_list(check: _Check) -> _Check:
    def is_plain(value: Any) -> bool:
        return (
            isinstance(value, list)
            and bool(value)
            and all(check(item) for item in value)
            and sum("primary" in item and item["primary"] for item in value) <= 1
        )

    return is_plain
