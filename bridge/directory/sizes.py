"""How large a resource may become, whether it is sent at once or grows by many small changes.

What is too large already, from before there were limits, may stay as it is, and be made smaller.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from scim2_models import PayloadTooLargeException, TooManyException

from bridge.limits import LARGEST_HELD, LONGEST_TEXT, MOST_VALUES

MEMBERS = "members"
# Attributes whose values are data, and not texts that somebody reads or sorts by.
OF_DATA = frozenset({"photos", "x509Certificates"})

TOO_MANY = "{name} would have {count} values; " + f"{MOST_VALUES} are the most"
TOO_LONG = "{name} would have {count} characters; " + f"{LONGEST_TEXT} are the most"
TOO_LARGE = (
    "The attributes that GoTo has no field for would take {size} bytes; "
    + f"{LARGEST_HELD} are the most for one resource"
)

Resource = Mapping[str, Any]


def refuse_oversize(wanted: Resource, before: Callable[[], Resource] = dict) -> None:
    """Refuse a resource with too many values of one attribute, or too long a text.

    ``before`` returns the resource as it is: an attribute that stays the same is never refused.
    Raises TooManyException or PayloadTooLargeException, which name the limit.
    """
    for name, value in wanted.items():
        refusal = _refusal(name, value)
        if refusal is not None and before().get(name) != value:
            raise refusal


def refuse_large_holding(held: Resource, before: Resource | None = None) -> None:
    """Refuse more held attributes than a resource may have, unless they became less.

    Raises PayloadTooLargeException.
    """
    size = len(orjson.dumps(held))
    if size > LARGEST_HELD and (before is None or size > len(orjson.dumps(before))):
        raise PayloadTooLargeException(detail=TOO_LARGE.format(size=size))


def _refusal(name: str, value: Any) -> Exception | None:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return PayloadTooLargeException(detail=TOO_LONG.format(name=name, count=len(value)))
        return None
    if isinstance(value, list):
        if name == MEMBERS:
            return None
        if len(value) > MOST_VALUES:
            return TooManyException(detail=TOO_MANY.format(name=name, count=len(value)))
        if name in OF_DATA:
            return None
        inner = [(name, each) for each in value]
    elif isinstance(value, Mapping):
        inner = [(f"{name}.{part}", each) for part, each in value.items()]
    else:
        return None
    refusals = (_refusal(each, part) for each, part in inner)
    return next((refusal for refusal in refusals if refusal is not None), None)
