"""Reads attributes out of resources as JSON, by the bindings of the SCIM library.

It mirrors what the library does on models (RFC 7644 §3.4.2), without building one.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from inspect import isclass
from typing import Any

from scim2_models import BaseModel, Extension
from scim2_models.path import AttributeBinding

from bridge.case_mapping import case_mapped
from bridge.directory.texts import located
from bridge.mapping.catalog import ENTERPRISE_USER

Resource = Mapping[str, Any]


def json_name(model: type[BaseModel], field_name: str) -> str:
    """Return the name that a field of a model has in JSON."""
    return model.model_fields[field_name].serialization_alias or field_name


class Accessor:
    """Reads what one attribute holds of a resource: a value, a list of values, or None."""

    def __init__(self, binding: AttributeBinding) -> None:
        self.binding = binding
        self.kind = binding.target_type
        model = binding.model
        is_extension = isclass(model) and issubclass(model, Extension)
        self._schema = str(getattr(model, "__schema__", "")) if is_extension else None
        self._name = json_name(model, binding.field_name)
        self._sub: str | None = None
        if binding.sub_field_name is not None:
            inner = binding.field_type
            assert isclass(inner)
            assert issubclass(inner, BaseModel)
            self._sub = json_name(inner, binding.sub_field_name)
        self._convert = converter(self.kind)
        self._derived = DERIVED.get(self.path)

    @property
    def is_complex(self) -> bool:
        """Whether a value is made of sub-attributes."""
        return is_complex(self.binding)

    @property
    def path(self) -> str:
        """What is read, as text: the same for the same attribute."""
        return f"{self._schema or ''}:{self._name}.{self._sub or ''}"

    @property
    def head_path(self) -> str:
        """What ``head`` reads, as text."""
        return f"{self._schema or ''}:{self._name}"

    def head(self, resource: Resource) -> Any:
        """Return what stands at the attribute itself, sub-attribute left aside."""
        host = resource if self._schema is None else resource.get(self._schema)
        return host.get(self._name) if host else None

    def raw(self, resource: Resource) -> Any:
        """Return the attribute as JSON; of several complex values the sub-attribute of each."""
        if self._derived is not None:
            return self._derived(resource)
        head = self.head(resource)
        if self._sub is None or head is None:
            return head
        if isinstance(head, list):
            return [item.get(self._sub) for item in head]
        return head.get(self._sub)

    def comparable(self, value: Any) -> Any:
        """Return what comparisons use in place of a value (case rules, dates as dates).

        What is ``caseExact`` is compared as it was sent, down to its Unicode form.
        """
        if value is None:
            return None
        converted = self._convert(value) if self._convert else value
        if not isinstance(converted, str):
            return converted
        return str(converted) if self.binding.case_exact else case_mapped(converted)

    def sort_value(self, resource: Resource) -> Any:
        """Return the value that a resource is sorted by (RFC 7644 §3.4.2.3), or None."""
        if self._derived is not None:
            return self.comparable(self._derived(resource))
        head = self.head(resource)
        if isinstance(head, list):
            head = next((item for item in head if _is_primary(item)), head[0] if head else None)
        if head is not None and self._sub is not None:
            head = head.get(self._sub)
        return self.comparable(head)


def is_complex(binding: AttributeBinding) -> bool:
    """Whether a value of an attribute is made of sub-attributes."""
    kind = binding.target_type
    return isclass(kind) and issubclass(kind, BaseModel)


def converter(kind: type | None) -> Callable[[Any], Any] | None:
    """Return how a JSON value of an attribute becomes the value that is compared."""
    if isclass(kind) and issubclass(kind, datetime):
        return as_datetime
    if isclass(kind) and issubclass(kind, bytes):
        return as_bytes
    return None


def as_bytes(value: Any) -> Any:
    """Return a SCIM binary value as bytes; what is none stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return b64decode(value)
    except ValueError:
        return value


def as_datetime(value: Any) -> Any:
    """Return a SCIM dateTime as a datetime; what is none stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _location(resource: Resource) -> str:
    return located(resource["meta"]["resourceType"], resource["id"])


def _manager_reference(resource: Resource) -> Any:
    manager = (resource.get(ENTERPRISE_USER) or {}).get("manager") or {}
    return located("User", manager["value"]) if manager.get("value") else manager.get("$ref")


# What a read shows and no resource in memory holds: where resources are, below the SCIM root.
DERIVED: Mapping[str, Callable[[Resource], Any]] = {
    ":meta.location": _location,
    f"{ENTERPRISE_USER}:manager.$ref": _manager_reference,
}


def _is_primary(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("primary") is True


def is_present(value: Any) -> bool:
    """Whether a JSON value satisfies ``pr``: not null, not empty, with anything in it."""
    if value is None:
        return False
    if isinstance(value, str | bytes):
        return bool(value)
    if isinstance(value, Mapping):
        return any(is_present(item) for item in value.values())
    if isinstance(value, list):
        return any(is_present(item) for item in value)
    return True
