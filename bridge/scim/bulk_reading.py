"""A bulk request as sent, each operation read alone: what is wrong with one fails that one only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scim2_models import (
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    SCIMException,
)

from bridge.directory import Kind
from bridge.scim import dialects
from bridge.scim.costs import refuse_costly_patch, refuse_costly_resource
from bridge.scim.dialects import coercion
from bridge.scim.membership import refuse_unreadable_members
from bridge.scim.reading import Reader, operations_of
from bridge.scim.type_checks import refuse_repeated, schemas, shown
from bridge.scim.urls import normal_path

NAMES: Mapping[str, str] = {
    name.casefold(): name for name in ("method", "path", "data", "bulkId", "version")
}
OWN = ("schemas", "failonerrors", "operations")
METHODS = ("POST", "PUT", "PATCH", "DELETE")
KINDS: Mapping[str, Kind] = {"users": "User", "groups": "Group"}
NO_OPERATIONS = "The bulk request has no `Operations`; send a list of operations"
EXPECTED_OPERATIONS = "a list of objects with `method`, `path`, `bulkId` and `data`"
# A reference is resolved where it is a whole value, and not within a text such as a path's filter.
REFERENCE = re.compile(r'"\s*bulkId:', re.IGNORECASE)
REFERENCE_IN_PATH = (
    "A bulkId in the brackets of a path is not resolved: send it in the value of the operation, "
    'such as {"op": "remove", "path": "members", "value": [{"value": "bulkId:x"}]}'
)
# The library wants an operation; this one is on an attribute that nobody has.
NOTHING_TO_DO = {"op": "remove", "path": "nothing"}


@dataclass(frozen=True, slots=True)
class SentBulk:
    """What the library is to read, and why operations are refused, by their places."""

    body: Mapping[str, Any]
    refusals: dict[int, SCIMException] = field(default_factory=dict)


def sent_bulk(body: Mapping[str, Any], reader: Reader) -> SentBulk:
    """Return a bulk request for the library. Raises where the request itself is malformed."""
    lenient = reader.profile == "lenient"
    refuse_repeated(body)
    members = {name.casefold(): value for name, value in body.items()}
    schemas(members.get("schemas"), lenient=lenient)
    listed = members.get("operations")
    if listed is None:
        raise InvalidValueException(detail=NO_OPERATIONS)
    if not isinstance(listed, list):
        detail = f"Operations is {shown(listed)}; send {EXPECTED_OPERATIONS}"
        raise InvalidSyntaxException(detail=detail)
    beside = {} if lenient else {name: body[name] for name in body if name.casefold() not in OWN}
    sent = SentBulk(
        {
            **beside,
            "schemas": [dialects.BULK_REQUEST] if lenient else members.get("schemas"),
            "failOnErrors": _most_errors(members.get("failonerrors"), lenient=lenient),
            "Operations": (operations := []),
        }
    )
    for at, item in enumerate(listed):
        operation: dict[str, Any] = {}
        try:
            _read(item, operation, f"Operations[{at}]", reader)
        except SCIMException as refusal:
            operation.pop("data", None)
            sent.refusals[at] = refusal
        operations.append(operation)
    return sent


def _most_errors(value: Any, *, lenient: bool) -> int | None:
    number = coercion.simple(coercion.alone(value), "integer") if lenient else value
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        detail = f"failOnErrors is {shown(value)}; send a whole number, 1 or more"
        raise InvalidValueException(detail=detail)
    return number


def _read(item: Any, operation: dict[str, Any], where: str, reader: Reader) -> None:
    """Put into ``operation`` what the library is to read, as far as that can be understood."""
    if not isinstance(item, Mapping):
        detail = f"{where} is {shown(item)}; send an object with `method` and `path`"
        raise InvalidSyntaxException(detail=detail)
    refuse_repeated(item)
    members: dict[str, Any] = {
        NAMES.get(name.casefold(), name): value for name, value in item.items()
    }
    lenient = reader.profile == "lenient"
    method, path, bulk_id = (members.get(name) for name in ("method", "path", "bulkId"))
    if lenient:
        bulk_id = coercion.simple(bulk_id, "string")
        method = method.upper() if isinstance(method, str) else method
    if isinstance(bulk_id, str):
        operation["bulkId"] = bulk_id
    if isinstance(path, str):
        path = operation["path"] = normal_path(path) if lenient else path
    if method not in METHODS:
        raise _unfit(f"{where}.method", method, "method" in members, "POST, PUT, PATCH or DELETE")
    operation["method"] = method
    if not isinstance(path, str):
        raise _unfit(f"{where}.path", path, "path" in members, "a path such as /Users/{id}")
    if bulk_id is not None and not isinstance(bulk_id, str):
        raise _unfit(f"{where}.bulkId", bulk_id, True, "a text")
    version = members.get("version")
    if version is not None and not isinstance(version, str):
        raise _unfit(f"{where}.version", version, True, 'an entity tag such as W/"1"')
    operation["version"] = version
    if not lenient:  # what the library does not know either, it refuses
        operation |= {name: members[name] for name in members.keys() - NAMES.values()}
    if method != "DELETE":
        operation["data"] = _data(members, where, path, reader)
    if method == "POST" and bulk_id is None:
        raise _unfit(f"{where}.bulkId", None, False, "a text of your own for each POST")


def _data(members: Mapping[str, Any], where: str, path: str, reader: Reader) -> Any:
    data = members.get("data")
    if not isinstance(data, Mapping):
        raise _unfit(f"{where}.data", data, "data" in members, "an object")
    kind = KINDS.get(path.strip("/").partition("/")[0].casefold())
    if kind is None:
        return data
    if members["method"].upper() != "PATCH":
        refuse_costly_resource(data)
        data = reader.placed(kind, data)
        if kind == "Group":
            refuse_unreadable_members(data)
        return reader.resource(kind, data)
    refuse_costly_patch(data)
    for operation in operations_of(data):
        selecting = str(operation.get("path")).partition("[")[2]
        if REFERENCE.search(selecting):
            raise InvalidPathException(detail=REFERENCE_IN_PATH)
    return reader.operations(kind, data) or {"schemas": [], "Operations": [NOTHING_TO_DO]}


def _unfit(name: str, value: Any, sent: bool, expected: str) -> InvalidValueException:
    told = f"is {shown(value)}" if sent else "is missing"
    return InvalidValueException(detail=f"{name} {told}; send {expected}")
