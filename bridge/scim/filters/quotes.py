"""Filters as texts: their quotes, and their syntax."""

import re

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import FilterNode

from bridge.scim.dialects.queries import TEXT

# The quotes of keyboards, office programs and other query languages.
MARKS = (
    "`\u00b4\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u2039\u203a\u00ab\u00bb\uff02\uff07"
)
# An apostrophe between letters is part of a name: O'Brien, without quotes.
APOSTROPHE = "['\u2018\u2019]"
FOREIGN = re.compile(rf"(?<!\w){APOSTROPHE}|{APOSTROPHE}(?!\w)|[{MARKS}]")
EXAMPLE = 'userName eq "anna@example.com"'
FOREIGN_QUOTES = (
    'The filter has the quote {mark} around a text: send straight double quotes ("), such as '
    + EXAMPLE
)
HALF_QUOTES = (
    'The filter has a double quote (") without its partner: put the whole text between two of '
    'them, and write \\" for one inside, such as ' + EXAMPLE
)
SYNTAX = (
    "The filter is not understood ({reason}): send an attribute, an operator (eq, ne, co, sw, ew, "
    "gt, ge, lt, le, pr) and a text in double quotes, joined by and, or, not, such as " + EXAMPLE
)


def refuse_foreign_quotes(text: str) -> None:
    """Refuse a filter whose texts stand in other quotes than JSON's. Raises invalidFilter."""
    outside = TEXT.sub(" ", text)
    if mark := FOREIGN.search(outside):
        raise InvalidFilterException(detail=FOREIGN_QUOTES.format(mark=mark[0]))
    if '"' in outside:
        raise InvalidFilterException(detail=HALF_QUOTES)


def parsed(text: str) -> FilterNode:
    """Return the syntax tree of a filter. Raises invalidFilter."""
    try:
        return ScimFilter(text).ast
    except InvalidFilterException as error:
        raise InvalidFilterException(detail=SYNTAX.format(reason=error.detail)) from error
