"""How much a request of a client may hold. README lists these limits, and a test holds it to them.

A connection's limits stand with the HTTP server (``bridge.cli``).
"""

LARGEST_BODY = 1024 * 1024
"""Bytes of a request body; ``bulk.maxPayloadSize`` on /ServiceProviderConfig."""

DEEPEST_BODY = 32
"""Levels of nested objects and lists in a body."""

MOST_OPERATIONS = 1000
"""Operations of one Bulk request, or of one PATCH; ``bulk.maxOperations``."""

MOST_CHANGES = 250
"""Operations of one PATCH on anything but the members of a group."""

MOST_WORK = 32_000
"""What the PATCHes of one request may cost: an operation costs one, and one for each value that its
attribute has, and one for each attribute in a value without a path."""

MOST_NAMES_SENT = 1000
"""Attributes named in the values of one PATCH, members of lists not counted."""

MOST_VALUES = 1000
"""Values of one attribute of a user, or of a group; members of a group are not limited."""

LARGEST_HELD = 64 * 1024
"""Bytes of JSON that the bridge holds beside GoTo's record, for each user and for each group."""

LONGEST_TEXT = 8192
"""Characters of a text, but for those that carry data: ``photos`` and ``x509Certificates``."""

LONGEST_FILTER = 8000
"""Characters of a filter, also of one within a PATCH path, and of a path as a whole."""

MOST_TERMS = 250
"""Comparisons in one filter, also in one within a PATCH path."""

DEEPEST_FILTER = 32
"""Levels of nested expressions in a filter; the SCIM library's own limit."""

LARGEST_SELECTIONS = 64 * 1024
"""Characters of all different PATCH paths with a filter, in one request."""

MOST_ATTRIBUTES = 200
"""Names in ``attributes`` and ``excludedAttributes`` together."""

LONGEST_ATTRIBUTES = 8000
"""Characters of these names together."""

LONGEST_SORT = 500
"""Characters of ``sortBy``."""

LONGEST_CURSOR = 160 * 1024
"""Characters of ``cursor``: one holds the value that a list is sorted by, and in a longer form."""
