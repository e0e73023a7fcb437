"""What clients send that the RFCs do not say, turned into what they say.

Each rule goes by the shape of the request, never by a product's name. A client with the strict
profile is spared all of it. What the SCIM library tolerates by itself (``op`` in any case, dotted
keys in a PATCH value, removal by value) is not here.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from scim2_models import InvalidFilterException, ScimFilter

from bridge.mapping.catalog import CORE, ENTERPRISE_USER

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BOOLEANS = {"true": True, "false": False}
BOOLEAN_NAMES = {"active", "primary"}
LISTS = {
    "emails", "phonenumbers", "ims", "photos", "addresses", "entitlements", "roles",
    "x509certificates", "members", "groups",
}  # fmt: skip
OF_VALUES = {"entitlements", "roles"}
MANAGER = f"{ENTERPRISE_USER}:manager"
# Enterprise attributes that clients name without their schema.
SHORT_NAMES = {
    name.casefold(): f"{ENTERPRISE_USER}:{name}"
    for name in (
        "employeeNumber", "costCenter", "organization", "division", "department", "manager",
    )
}  # fmt: skip


def resource(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the resource of a POST or PUT in canonical form.

    Text booleans, blank strings for absent values, one object where a list belongs, a manager as
    bare text, missing or unknown ``schemas``.
    """
    cleaned = _cleaned(body)
    schemas = [str(urn) for urn in _as_list(cleaned.pop("schemas", None))]
    known = [CORE[kind], *(name for name in cleaned if name.casefold().startswith("urn:"))]
    return {"schemas": list(dict.fromkeys([*known, *_extensions(schemas)])), **cleaned}


def _extensions(schemas: list[str]) -> list[str]:
    return [ENTERPRISE_USER for urn in schemas if urn.casefold() == ENTERPRISE_USER.casefold()]


def patch(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return a PatchOp in canonical form; ``Operations`` may come out empty.

    Missing ``schemas``, attributes named without their schema, text booleans, and empty values,
    which say that an attribute is to have none.
    """
    operations = []
    for name, value in body.items():
        if name.casefold() == "operations":
            operations += [each for item in _as_list(value) for each in _operation(item, kind)]
    return {"schemas": [PATCH_OP], "Operations": operations}


def has_operations(body: Mapping[str, Any]) -> bool:
    """Whether a PatchOp as it was sent has any operation."""
    return any(name.casefold() == "operations" and value for name, value in body.items())


def _operation(item: Any, kind: str) -> list[Any]:
    if not isinstance(item, Mapping):
        return [item]
    operation = {str(name).casefold(): value for name, value in item.items()}
    path = operation.get("path")
    if isinstance(path, str) and not path.strip():
        path = None
        operation.pop("path")
    if isinstance(path, str):
        path = operation["path"] = _qualified(path.strip(), kind)
    if "value" not in operation:
        return [operation]
    value = operation["value"]
    removing = str(operation.get("op", "")).casefold() == "remove"
    if path is None and isinstance(value, Mapping):
        return _pathless(operation, value, kind)
    value = operation["value"] = _patch_value(path, value)
    if removing:
        if value is None:
            operation.pop("value")
        return [operation]
    if value is None or value == {}:
        if str(operation.get("op", "")).casefold() == "add":
            return []
        return [{"op": "remove", "path": path}] if path else []
    return [operation]


def _pathless(operation: dict[str, Any], value: Mapping[str, Any], kind: str) -> list[Any]:
    """An operation without a path: what clients echo is left out, empty values are removals.

    A key that selects (``phoneNumbers[type eq "work"].value``) becomes an operation of its own.
    """
    adding = str(operation.get("op", "")).casefold() == "add"
    kept: dict[str, Any] = {}
    apart: list[Any] = []
    for name, inner in value.items():
        if name.casefold() in ("id", "schemas", "meta"):
            continue
        path = _qualified(name, kind)
        cleaned = _patch_value(path, inner)
        if cleaned is None or cleaned == {}:
            apart += [] if adding else [{"op": "remove", "path": path}]
        elif "[" in path:
            apart.append({**operation, "path": path, "value": cleaned})
        else:
            kept[path] = cleaned
    return apart + ([{**operation, "value": kept}] if kept else [])


def _patch_value(path: str | None, value: Any) -> Any:
    name = (path or "").casefold()
    if name.startswith(f"{CORE['User']}:".casefold()):
        name = name[len(CORE["User"]) + 1 :]
    if name == MANAGER.casefold():
        return _manager(value)
    if name.rpartition(".")[2] in BOOLEAN_NAMES:
        return _boolean(value)
    if isinstance(value, Mapping):
        return _cleaned(value)
    if isinstance(value, list):
        return [_cleaned_item(_valued(name, item)) for item in value]
    if name in LISTS and isinstance(value, str) and value.strip():
        return [{"value": value}]
    return _text(value)


def _cleaned(value: Mapping[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, inner in value.items():
        folded = name.casefold()
        if folded in BOOLEAN_NAMES:
            inner = _boolean(inner)
        elif folded == "manager":
            inner = _manager(inner)
        elif folded in LISTS and isinstance(inner, Mapping):
            inner = [_cleaned(inner)]
        elif isinstance(inner, Mapping):
            inner = _cleaned(inner) or None
        elif folded in OF_VALUES and isinstance(inner, str) and inner.strip():
            inner = [{"value": inner}]
        elif isinstance(inner, list):
            inner = [_valued(folded, item) for item in inner]
            inner = [each for item in inner if (each := _cleaned_item(item)) is not None]
        else:
            inner = _text(inner)
        if inner is not None:
            cleaned[name] = inner
    return cleaned


def _cleaned_item(item: Any) -> Any:
    if isinstance(item, Mapping):
        return _cleaned(item) or None
    return _text(item)


def _valued(name: str, item: Any) -> Any:
    """A bare text for a licence or a role is its value."""
    is_bare = name in OF_VALUES and isinstance(item, str) and item.strip()
    return {"value": item} if is_bare else item


def _text(value: Any) -> Any:
    """An empty text means absent."""
    return None if isinstance(value, str) and not value.strip() else value


def _boolean(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return BOOLEANS.get(value.strip().casefold(), _text(value))
    return value


def _manager(value: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        return {"value": value} if value.strip() else None
    if isinstance(value, Mapping):
        return _cleaned(value) or None
    return value


def _qualified(path: str, kind: str) -> str:
    """Put its schema before an enterprise attribute that is named without."""
    head, dot, rest = path.partition(".")
    if kind == "User" and head.casefold() in SHORT_NAMES:
        return SHORT_NAMES[head.casefold()] + dot + rest
    return path


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


# -- Queries -------------------------------------------------------------------

QUERY_NAMES = {
    name.casefold(): name
    for name in (
        "attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count",
        "cursor",
    )
}  # fmt: skip
SELECTION_COMPARED = re.compile(r"(?<!\w)(\w+)\[([^\[\]]+)\]\.(\w+) (\w\w) ", re.IGNORECASE)
UNQUOTED = re.compile(
    r"(?P<head>\b(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)(?P<value>[^\s\"()\[\]]+)", re.IGNORECASE
)
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
LITERAL = re.compile(r"true|false|null|" + NUMBER.pattern)
ENTERPRISE_COMPARED = re.compile(
    r"(?<![\w.:$-])(" + "|".join(SHORT_NAMES) + r")(?=(?:\.\w+)?\s)", re.IGNORECASE
)


def query(raw: str) -> dict[str, str]:
    """Return a query string's parameters, whatever the case of their names."""
    pairs = parse_qsl(raw, keep_blank_values=True)
    return {QUERY_NAMES.get(name.casefold(), name): value for name, value in pairs}


def search(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a search understands, whatever the case of its names; null is nothing sent."""
    return {
        known: value
        for name, value in parameters.items()
        if (known := QUERY_NAMES.get(name.casefold())) is not None and value is not None
    }


def without_blanks(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a client's template left empty.

    An empty cursor begins a walk, and an empty filter is a mistake: it must not find everything.
    """
    return {
        name: value
        for name, value in parameters.items()
        if value != "" or name in ("filter", "cursor")
    }


def mended_filter(text: str) -> str:
    """Return a filter in the RFC's grammar; one that is right already stays as it is.

    Values without quotes, a comparison behind a selection (``emails[type eq "work"].value eq``),
    and enterprise attributes without their schema.
    """
    mended = ENTERPRISE_COMPARED.sub(lambda match: _compared(match[1]), text)
    if _is_filter(mended):
        return mended
    mended = SELECTION_COMPARED.sub(r"\1[\2 and \3 \4 ", mended)
    mended = _closed_selections(mended) if mended.count("[") > mended.count("]") else mended
    if _is_filter(mended):
        return mended
    quoted = UNQUOTED.sub(_quoted, mended)
    return quoted if _is_filter(quoted) else text


def with_quoted_numbers(text: str) -> str:
    """Return a filter whose numbers are texts: an id or an employee number is no number in SCIM."""
    return UNQUOTED.sub(_number_quoted, text)


def _number_quoted(match: re.Match[str]) -> str:
    value = match["value"]
    return f'{match["head"]}"{value}"' if NUMBER.fullmatch(value) else match[0]


def _compared(name: str) -> str:
    path = SHORT_NAMES[name.casefold()]
    return f"{path}.value" if path == MANAGER else path


def _closed_selections(text: str) -> str:
    """Put the bracket that a comparison behind a selection moved after its value."""
    match = re.search(r"\[[^\[\]]* and \w+ \w\w (\"(?:[^\"\\]|\\.)*\"|\S+)", text)
    return text if match is None else f"{text[: match.end()]}]{text[match.end() :]}"


def _quoted(match: re.Match[str]) -> str:
    value = match["value"]
    return match[0] if LITERAL.fullmatch(value) else f"{match['head']}{ScimFilter.quote(value)}"


def _is_filter(text: str) -> bool:
    try:
        ScimFilter(text)
    except InvalidFilterException:
        return False
    return True


def flag_before_path(path: str, raw_query: str) -> tuple[str, str]:
    """Take a flag out of a tenant URL that the resource's path was carelessly joined to.

    ``/scim/v2?aadOptscim062020/Users/1?count=2`` is a request for ``/Users/1?count=2``.
    """
    flag, slash, rest = raw_query.partition("/")
    if path.strip("/") or not slash or "=" in flag or "&" in flag:
        return path, raw_query
    joined, _, remainder = rest.partition("?")
    return f"/{joined}", remainder
