"""What clients send that the RFCs do not say, turned into what they say.

Each rule goes by the shape of the request, never by a product's name; ``quirks`` names them all. A
client with the strict profile is spared all of it. What the SCIM library tolerates by itself
(``op`` in any case, dotted keys in a PATCH value, removal by value) is not here.
"""

from bridge.scim.dialects.full_names import in_their_schemas, without_core_schema
from bridge.scim.dialects.patches import PATCH_OP, has_operations, patch
from bridge.scim.dialects.queries import (
    flag_before_path,
    mended_filter,
    query,
    search,
    with_quoted_numbers,
    without_blanks,
)
from bridge.scim.dialects.quirks import QUIRKS, Quirk
from bridge.scim.dialects.resources import resource

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

__all__ = [
    "BULK_REQUEST", "PATCH_OP", "QUIRKS", "Quirk", "flag_before_path", "has_operations",
    "in_their_schemas", "mended_filter", "patch", "query", "resource", "search",
    "with_quoted_numbers", "without_blanks", "without_core_schema",
]  # fmt: skip
