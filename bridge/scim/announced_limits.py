"""The limits of a request as /ServiceProviderConfig shows them, in an extension of its schema.

RFC 7643 §5 has a place for three: ``bulk.maxOperations``, ``bulk.maxPayloadSize`` and
``filter.maxResults``. Some clients refuse a configuration with anything else in it, so the others
are shown to strict clients, and to those that ask for them by name.
"""

from collections.abc import Mapping

from scim2_models import Attribute, Schema

from bridge import limits

URN = "urn:scim:schemas:extension:goto:1:ServiceProviderConfig"

LIMITS: Mapping[str, tuple[int, str]] = {
    "maxPayloadDepth": (limits.DEEPEST_BODY, "Levels of nested objects and lists in a body"),
    "maxPatchOperations": (limits.MOST_OPERATIONS, "Operations of a PATCH on a group's members"),
    "maxPatchChanges": (limits.MOST_CHANGES, "Operations of a PATCH on anything else"),
    "maxPatchSteps": (
        limits.MOST_WORK,
        "What the PATCHes of a request may cost: one for each operation, and one for each value of "
        "the attribute that it changes",
    ),
    "maxPatchNames": (limits.MOST_NAMES_SENT, "Attributes named in the values of a PATCH"),
    "maxValues": (limits.MOST_VALUES, "Values of one attribute, members of groups apart"),
    "maxHeldSize": (limits.LARGEST_HELD, "Bytes kept of one resource that GoTo has no field for"),
    "maxTextLength": (limits.LONGEST_TEXT, "Characters of a text"),
    "maxFilterLength": (limits.LONGEST_FILTER, "Characters of a filter, or of a PATCH path"),
    "maxFilterComparisons": (limits.MOST_TERMS, "Comparisons in a filter"),
    "maxFilterDepth": (limits.DEEPEST_FILTER, "Levels of nested expressions in a filter"),
    "maxPathsLength": (
        limits.LARGEST_SELECTIONS,
        "Characters of all different PATCH paths with a filter in a request",
    ),
    "maxAttributeNames": (limits.MOST_ATTRIBUTES, "Names in attributes and excludedAttributes"),
    "maxAttributeNamesLength": (limits.LONGEST_ATTRIBUTES, "Characters of these names"),
    "maxSortByLength": (limits.LONGEST_SORT, "Characters of sortBy"),
    "maxCursorLength": (limits.LONGEST_CURSOR, "Characters of cursor"),
}


def are_asked_for(query: Mapping[str, str]) -> bool:
    """Whether a request for the configuration names the limits in ``attributes``."""
    return URN.casefold() in query.get("attributes", "").casefold()


def announced() -> dict[str, int]:
    """Return what stands at the URN."""
    return {name: limit for name, (limit, _) in LIMITS.items()}


def schema() -> Schema:
    """Return the schema of what stands there."""
    return Schema(
        id=URN,
        name="GoTo Service Provider Limits",
        description="How much one request may hold",
        attributes=[
            Attribute(
                name=name,
                type=Attribute.Type.integer,
                multi_valued=False,
                description=f"{description}; {limit} are the most",
                required=False,
                mutability="readOnly",
                returned="default",
            )
            for name, (limit, description) in LIMITS.items()
        ],
    )
