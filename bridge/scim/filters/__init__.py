"""Filters, from the text that a client sends to the form that the directory compares.

What is not understood is refused with 400 `invalidFilter`, and the detail says what to send: an
empty list always means that there is nobody (RFC 7644 §3.4.2.2, §3.12).
"""

from bridge.scim.filters.canonical import canonical
from bridge.scim.filters.quotes import parsed, refuse_foreign_quotes

__all__ = ["canonical", "parsed", "refuse_foreign_quotes"]
