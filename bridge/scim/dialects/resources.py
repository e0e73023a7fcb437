"""Resources as clients send them in a POST or PUT, put into the RFC's form."""

from collections.abc import Mapping
from typing import Any

from bridge.mapping.catalog import CORE, ENTERPRISE_USER
from bridge.scim.dialects.values import as_list, clean


def resource(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the resource of a POST or PUT in canonical form.

    Text booleans, blank strings for absent values, one object where a list belongs, a manager as
    bare text, missing or unknown ``schemas``.
    """
    cleaned = clean(body)
    schemas = [str(urn) for urn in as_list(cleaned.pop("schemas", None))]
    known = [CORE[kind], *(name for name in cleaned if name.casefold().startswith("urn:"))]
    return {"schemas": list(dict.fromkeys([*known, *_extensions(schemas)])), **cleaned}


def _extensions(schemas: list[str]) -> list[str]:
    return [ENTERPRISE_USER for urn in schemas if urn.casefold() == ENTERPRISE_USER.casefold()]
