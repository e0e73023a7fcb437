"""What a validator says of a request, said again in one plain line that names the attribute."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from scim2_models import Error, SCIMException

from bridge.scim.type_checks import EXPECTED, shown

# How pydantic names the kinds of its errors, and what is expected instead.
EXPECTED_BY = {
    "string": EXPECTED["string"],
    "bool": EXPECTED["boolean"],
    "int": EXPECTED["integer"],
    "float": EXPECTED["decimal"],
    "datetime": EXPECTED["dateTime"],
    "base64": EXPECTED["binary"],
    "bytes": EXPECTED["binary"],
    "list": "a list",
    "dict": EXPECTED["complex"],
    "model": EXPECTED["complex"],
    "url": EXPECTED["reference"],
}
UNKNOWN = "{} is no attribute here; /Schemas says what is"
MISSING = "{} is missing; send a value for it"
UNFIT = "{} does not fit; /Schemas says what does"
PRIMARY = "{} has more than one value with primary true; send one"
EITHER = "attributes and excludedAttributes cannot both be there; send one of them"
UNDERSCORE = re.compile(r"_([a-z0-9])")


def plain_exception(error: ValidationError) -> SCIMException:
    """Return the SCIM exception of an invalid request, its detail in plain words."""
    first = error.errors(include_url=False)[0]
    told = Error.from_validation_errors([first])[0]
    if not first["type"].startswith("scim_"):
        told = Error(status=told.status, scim_type=told.scim_type, detail=_detail(first))
    return SCIMException.from_error(told)


def _detail(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx") or {}
    path = _path(error["loc"])
    field = context.get("field_name")
    if field and not path.endswith(str(field)):
        path = f"{path}.{field}" if path else str(field)
    named = (path or "The request")[:120]
    if kind in ("required_error", "missing"):
        return MISSING.format(named)
    if kind == "extra_forbidden":
        return UNKNOWN.format(named)
    if kind == "primary_uniqueness_error":
        return PRIMARY.format(named)
    if kind == "unknown_extension_schema":
        return f"{named} names a schema that is not served here; /Schemas lists those that are"
    if not path and "mutually exclusive" in error.get("msg", ""):
        return EITHER
    expected = _expected(kind, error.get("msg", ""), context)
    if expected is None:
        return UNFIT.format(named)
    if "password" in path.casefold():
        return f"{named} has a value of another type; send {expected}"
    return f"{named} is {shown(error.get('input'))}; send {expected}"


def _expected(kind: str, message: str, context: Mapping[str, Any]) -> str | None:
    if kind in ("enum", "literal_error") and "expected" in context:
        return str(context["expected"]).replace("'", "")
    if "URI" in message:
        return EXPECTED["reference"]
    return EXPECTED_BY.get(kind.partition("_")[0])


def _path(location: Sequence[str | int]) -> str:
    """Return where an error is as a SCIM path; fields may go by their names in Python."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif "(" not in part and "[" not in part:
            name = part if ":" in part else UNDERSCORE.sub(lambda m: m[1].upper(), part)
            separator = ":" if path.rpartition(":")[2][:1].isupper() and ":" in path else "."
            path += f"{separator}{name}" if path else name
    return path
