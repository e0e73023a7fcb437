"""What is not certain of EIC: one switch for each, so that the files are run both ways."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Switches:
    """The defaults are what seems likelier."""

    error_match: Literal["contains", "exact"] = "contains"
    """How the text at ``errorPath`` is compared with ``authError`` and ``expiryError``."""

    null_text: Literal["null", ""] = "null"
    """What a binding without a value becomes within a text."""

    escapes_json: bool = False
    """Whether bound values are escaped when they go into a JSON body."""

    empty_url_stops: bool = True
    """Whether a ``nextUrl`` of "" ends the pages, as null does; else it fails the import."""

    first_offset: Literal["zero", "one", "size"] = "zero"
    """What offset paging sends first."""

    page_stops: Literal["short", "empty", "seen", "pages"] = "short"
    """When page paging ends: a page that is not full, an empty one, as many different records as
    the total says, or as many pages as the total makes."""

    inner_threshold_wins: bool = False
    """Whether the thresholds within ImportAccountEntJSON go before STATUS_THRESHOLD_CONFIG."""

    renames_missing: bool = True
    """Whether an account that is suspended from import service gets a new name."""

    delete_links_of_present: bool = False
    """Whether ``deleteLinks`` also takes links from accounts that are there and inactive."""

    failure_first: bool = True
    """Whether ``unsuccessResponses`` are looked at before ``successResponses``."""

    codes_may_be_a_list: bool = True
    """Whether ConfigJSON's ``retryFailureStatusCode`` is understood when it is a list."""

    basic_from_start: bool = True
    """Whether the Basic header is made before the first call, or after it was refused."""

    takes_empty_attribute: bool = True
    """Whether a transport package is imported whose ``ConnectionJSON`` is empty."""
