"""The one filter that every client sends, read without the library: ``userName eq "…"``.

Reading a filter costs the library half a millisecond, and each lookup has another value. What it
makes of such a filter is the same whatever the value: so one of them is read by the library, with
all that stands beside it in the query, and the value is taken out of the query's own bytes.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

ASKED = re.compile(
    rb"filter=userName(?:%20|\+)eq(?:%20|\+)(?:%22|\")(?P<value>[^&\"\\]+?)(?:%22|\")(?P<rest>&.*)?",
    re.IGNORECASE,
)
# What would end the text, or be no text of SCIM: left to the library.
NO_TEXT = re.compile(r"[\"\\\x00-\x1f�]")
BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
ANY_NAME = 'filter=userName eq "?"'


@dataclass(frozen=True, slots=True)
class Lookup:
    """``user_name`` is asked for; ``template`` is the query with another value in its place."""

    user_name: str
    template: str


def lookup(query: bytes) -> Lookup | None:
    """Return what a query string looks up, or None where it is, or may be, another search."""
    match = ASKED.fullmatch(query)
    if match is None or BROKEN_ESCAPE.search(query):
        return None
    rest = match["rest"] or b""
    if b"filter" in rest.lower():
        return None
    value = match["value"].replace(b"+", b" ")
    name = unquote_to_bytes(value).decode("utf-8", "replace")
    if NO_TEXT.search(name) or name != name.strip():
        return None
    return Lookup(name, ANY_NAME + rest.decode("latin-1"))
