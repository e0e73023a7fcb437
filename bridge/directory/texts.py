"""Resources as the JSON that clients get, made once for each version of a resource.

A text holds the byte ``ROOT`` wherever the URL of the SCIM root belongs, which only the SCIM face
knows: it is no byte of UTF-8, so that no client's value can hold it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from secrets import token_hex
from typing import Any

import orjson

FORM = 1
"""Counted up with each change of how texts are written, so that no older ones are used."""

ROOT = b"\xff"
# Nobody can know it, so that no value is taken for it.
_MARK = token_hex(16)
_MARKED = _MARK.encode()
# What comes last in a text.
META = b',"meta":{'


def located(kind: str, key: str) -> str:
    """Return where a resource is, below the SCIM root."""
    return f"{kind}s/{key}"


def text_of(resource: Mapping[str, Any]) -> bytes:
    """Return a framed resource as JSON, with its location and the URLs of what it refers to."""
    meta = resource["meta"]
    path = located(meta["resourceType"], resource["id"])
    marked = {**resource, "meta": {**meta, "location": f"{_MARK}/{path}"}}
    for name in ("groups", "members"):
        if name in marked:
            marked[name] = [{**item, "$ref": f"{_MARK}/{item['$ref']}"} for item in marked[name]]
    for name, value in resource.items():
        if name.startswith("urn:") and "manager" in value:
            marked[name] = {**value, "manager": _manager(value["manager"])}
    return orjson.dumps(marked).replace(_MARKED, ROOT)


def with_members(text: bytes, members: Sequence[str]) -> bytes:
    """Return the text of a group that was made without members, with users as such.

    Their ids are digits, as GoTo's are. There may be thousands, so that no JSON is made of each.
    """
    head, _, tail = text.rpartition(META)
    parts = [f'{{"value":"{key}","$ref":"\xff/Users/{key}","type":"User"}}' for key in members]
    return b"".join((head, b',"members":[', ",".join(parts).encode("latin-1"), b"]", META, tail))


def resource_of(text: bytes, held: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the framed resource that a text was made of; ``held`` is what is held beside it.

    Nobody changes it: several share it.
    """
    resource, managing = _read(text)
    for name in managing:
        extension = resource[name]
        manager = {key: part for key, part in extension["manager"].items() if key != "$ref"}
        kept = (held.get(name) or {}).get("manager") or {}
        if "$ref" in kept:
            manager["$ref"] = kept["$ref"]
        resource = {**resource, name: {**extension, "manager": manager}}
    return resource


@lru_cache(maxsize=64)
def _read(text: bytes) -> tuple[Mapping[str, Any], Sequence[str]]:
    """Read a text, and name the extensions with a manager; a verb asks for it several times."""
    resource: dict[str, Any] = orjson.loads(text.replace(ROOT + b"/", b""))
    del resource["meta"]["location"]
    managing = [n for n, value in resource.items() if n.startswith("urn:") and "manager" in value]
    return resource, managing


def _manager(manager: Mapping[str, Any]) -> dict[str, Any]:
    if manager.get("value"):
        return {**manager, "$ref": f"{_MARK}/{located('User', manager['value'])}"}
    return dict(manager)
