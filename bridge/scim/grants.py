"""Licences and admin roles as a request names them: a value that names none is refused.

Left out, such a value would turn a list of them into an empty one, which takes all away.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from scim2_models import InvalidValueException

from bridge.scim.definitions import Definitions

WANTED = {"entitlements": "a licence key or product code", "roles": "an admin role"}
NAMING = ("value", "type")
NAMELESS = "Each of {} needs a value: {}; to take all away, send an empty list"


def refuse_nameless_grants(resource: Mapping[str, Any], known: Definitions) -> None:
    """Refuse a POST or PUT with a value that names no licence or role. An empty text is absent."""
    for name, value in resource.items():
        if not (isinstance(value, str) and not value.strip()):
            _refuse_nameless(name, value, known)


def refuse_nameless_operations(operations: Iterable[Mapping[str, Any]], known: Definitions) -> None:
    """Refuse PATCH operations with a value that names no licence or role."""
    for operation in operations:
        # What is removed may be told from the others by any of its parts.
        naming = None if str(operation.get("op")).casefold() == "remove" else NAMING
        for name, value in _named(operation, f"{known.core_urn}:".casefold()):
            _refuse_nameless(name, value, known, naming)


def _named(operation: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    path, value = operation.get("path"), operation.get("value")
    if isinstance(path, str) and path.strip():
        yield path.strip().casefold().removeprefix(prefix), value
    elif isinstance(value, Mapping):
        yield from value.items()


def _refuse_nameless(
    name: str, value: Any, known: Definitions, naming: Container[str] | None = NAMING
) -> None:
    definition = known.core.get(name.casefold())
    wanted = WANTED.get(name.casefold())
    if value is None or wanted is None or definition is None or definition.read_only:
        return
    for item in value if isinstance(value, list) else [value]:
        if not _names(item, naming):
            detail = NAMELESS.format(definition.name, wanted)
            raise InvalidValueException(attribute=definition.name, detail=detail)


def _names(item: Any, naming: Container[str] | None) -> bool:
    if isinstance(item, Mapping):
        known = (v for k, v in item.items() if naming is None or k.casefold() in naming)
        return any(_says(inner) for inner in known)
    return _says(item)


def _says(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None and value != []
