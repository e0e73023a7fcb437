"""Attributes that are named with their schema, put where the schema has its attributes.

In a filter or a path, `urn:…:User:active` is `active` (RFC 7644 §3.10). Some clients name
attributes of a body so too, or put those of the core schema into an object under its URN.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scim2_models import InvalidSyntaxException, InvalidValueException

from bridge.scim.dialects.coercion import alone

TWICE = "{} is in the body twice, in different spellings: send it once"
NO_OBJECT = "{} is a schema; send an object of its attributes, or each attribute by its name"


def without_core_schema(body: Mapping[str, Any], core: str) -> Mapping[str, Any]:
    """Return an object whose attributes of the core schema go by their names alone.

    Raises InvalidSyntaxException for an attribute that is there twice then.
    """
    if not any(_is_urn(name) for name in body):
        return body
    return _once(_short(body, core))


def in_their_schemas(
    body: Mapping[str, Any], core: str, extensions: Iterable[str]
) -> Mapping[str, Any]:
    """Return a resource with each attribute in its schema. Raises as ``without_core_schema``."""
    if not any(_is_urn(name) for name in body):
        return body
    apart: dict[str, list[tuple[str, Any]]] = {}
    kept: list[tuple[str, Any]] = []
    prefixes = {f"{urn}:".casefold(): urn for urn in extensions}
    for name, value in _short(body, core):
        prefix = next((each for each in prefixes if name.casefold().startswith(each)), None)
        if prefix is None:
            kept.append((name, value))
        else:
            apart.setdefault(prefixes[prefix], []).append((name[len(prefix) :], value))
    for urn, named in apart.items():
        at = next(
            (i for i, (name, _) in enumerate(kept) if name.casefold() == urn.casefold()), None
        )
        whole = alone(kept.pop(at)[1]) if at is not None else None
        if whole is not None and not isinstance(whole, Mapping):
            raise InvalidValueException(detail=NO_OBJECT.format(urn))
        kept.append((urn, _once([*(whole or {}).items(), *named])))
    return _once(kept)


def _is_urn(name: str) -> bool:
    return name[:4].casefold() == "urn:"


def _short(body: Mapping[str, Any], core: str) -> Iterator[tuple[str, Any]]:
    whole = core.casefold()
    for name, value in body.items():
        folded = name.casefold()
        if folded == whole:
            inner = alone(value)
            if inner is not None and not isinstance(inner, Mapping):
                raise InvalidValueException(detail=NO_OBJECT.format(core))
            yield from ((k, v) for k, v in (inner or {}).items() if k.casefold() != "schemas")
        elif folded.startswith(f"{whole}:"):
            yield name[len(core) + 1 :], value
        else:
            yield name, value


def _once(named: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    folded: set[str] = set()
    for name, value in named:
        if name.casefold() in folded:
            raise InvalidSyntaxException(detail=TWICE.format(name[:100]))
        folded.add(name.casefold())
        found[name] = value
    return found
