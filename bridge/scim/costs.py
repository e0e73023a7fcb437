"""What a request would cost to read, told from its JSON before the SCIM library reads any of it.

Reading is linear here. What exceeds a limit is refused with the limit's name; what is malformed is
passed over, since whoever reads it afterwards says better what is wrong.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scim2_models import (
    InvalidCursorException,
    InvalidFilterException,
    InvalidPathException,
    TooManyException,
)

from bridge.limits import (
    LARGEST_SELECTIONS,
    LONGEST_ATTRIBUTES,
    LONGEST_CURSOR,
    LONGEST_FILTER,
    LONGEST_SORT,
    MOST_ATTRIBUTES,
    MOST_NAMES_SENT,
    MOST_TERMS,
    MOST_VALUES,
    MOST_WORK,
)

MEMBERS = "members"
# Never fails behind a quote, so that many open quotes are read once.
TEXT = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*+"?', re.DOTALL)
JOINT = re.compile(r"(?<![\w.:$-])(?:and|or)(?![\w.:$-])", re.IGNORECASE)

FILTER_LONG = f"The filter is longer than {LONGEST_FILTER} characters"
FILTER_WIDE = f"The filter has more than {MOST_TERMS} comparisons"
PATH_LONG = f"A path is longer than {LONGEST_FILTER} characters; name fewer values in it"
PATH_WIDE = f"The filter of a path has more than {MOST_TERMS} comparisons; name fewer values in it"
PATHS_LARGE = (
    f"The paths of all operations select values with more than {LARGEST_SELECTIONS} characters; "
    "send fewer operations at once"
)
NAMES_SENT = (
    f"The operations name more than {MOST_NAMES_SENT} attributes in their values; "
    "send fewer operations at once"
)
WORK = (
    f"The PATCH operations of the request would cost more than {MOST_WORK} steps: each operation "
    "is one, and one more for every value of its attribute; send fewer operations at once"
)
VALUES = f"{{}} has more than {MOST_VALUES} values; send fewer"
ATTRIBUTES = f"attributes and excludedAttributes name more than {MOST_ATTRIBUTES} attributes"
ATTRIBUTES_LONG = (
    f"attributes and excludedAttributes are longer than {LONGEST_ATTRIBUTES} characters"
)
SORT_LONG = f"sortBy is longer than {LONGEST_SORT} characters"
CURSOR_LONG = f"The cursor is longer than {LONGEST_CURSOR} characters"


def terms(scim_filter: str) -> int:
    """Return how many comparisons a filter has, at least."""
    return 1 + len(JOINT.findall(TEXT.sub('""', scim_filter)))


def refuse_costly_search(parameters: Mapping[str, Any]) -> None:
    """Refuse a search, or the parameters of an answer, that would take long to read.

    Raises InvalidFilterException, InvalidPathException, InvalidCursorException or TooManyException.
    """
    named = {str(name).casefold(): value for name, value in parameters.items()}
    scim_filter, sort_by, cursor = (named.get(name) for name in ("filter", "sortby", "cursor"))
    if isinstance(scim_filter, str):
        if len(scim_filter) > LONGEST_FILTER:
            raise InvalidFilterException(detail=FILTER_LONG)
        if terms(scim_filter) > MOST_TERMS:
            raise InvalidFilterException(detail=FILTER_WIDE)
    if isinstance(sort_by, str) and len(sort_by) > LONGEST_SORT:
        raise InvalidPathException(detail=SORT_LONG)
    if isinstance(cursor, str) and len(cursor) > LONGEST_CURSOR:
        raise InvalidCursorException(detail=CURSOR_LONG)
    _refuse_attributes(named.get("attributes"), named.get("excludedattributes"))


def _refuse_attributes(*lists: Any) -> None:
    count = length = 0
    for listed in lists:
        for text in listed if isinstance(listed, list) else [listed]:
            if isinstance(text, str):
                length += len(text)
                count += text.count(",") + 1
    if length > LONGEST_ATTRIBUTES:
        raise TooManyException(detail=ATTRIBUTES_LONG)
    if count > MOST_ATTRIBUTES:
        raise TooManyException(detail=ATTRIBUTES)


def refuse_costly_resource(body: Mapping[str, Any]) -> None:
    """Refuse a resource one of whose attributes has too many values. Raises TooManyException."""
    for name, value in _named_values(body):
        _refuse_values(name, value)


def refuse_costly_patch(body: Any) -> None:
    """Refuse a PATCH that would take long to read or to apply. See ``Patches``."""
    Patches().add(body)


def refuse_costly_bulk(body: Mapping[str, Any]) -> None:
    """Refuse a Bulk request whose PATCHes take too long together. See ``Patches``.

    Limits of one PATCH alone are that operation's failure, and told where it runs.
    """
    patches = Patches()
    for operation in _operations(body):
        method = operation.get("method")
        if isinstance(method, str) and method.casefold() == "patch":
            patches.add(operation.get("data"), alone=False)


class Patches:
    """The PATCHes of one request, and what reading them costs.

    Raises InvalidPathException for a path that is too long, TooManyException for the rest.
    """

    def __init__(self) -> None:
        self._selections: set[str] = set()
        self._selected = 0
        self._work = 0

    def add(self, body: Any, *, alone: bool = True) -> None:
        """Take in one PATCH; one that is not ``alone`` is looked at as a part of the whole."""
        names = 0
        for operation in _operations(body):
            path, value = operation.get("path"), operation.get("value")
            if isinstance(path, str):
                self._select(path, alone=alone)
            for name in _names(value):
                names += 1
                self._select(name, alone=alone)
            if alone:
                _refuse_operation(operation)
            self._work += 1
        self._work += names
        if alone and names > MOST_NAMES_SENT:
            raise TooManyException(detail=NAMES_SENT)
        if self._work > MOST_WORK:
            raise TooManyException(detail=WORK)

    def _select(self, path: str, *, alone: bool) -> None:
        if alone and len(path) > LONGEST_FILTER:
            raise InvalidPathException(detail=PATH_LONG)
        if "[" not in path and " " not in path.strip():
            return
        if alone and terms(path) > MOST_TERMS:
            raise InvalidPathException(detail=PATH_WIDE)
        if path not in self._selections:
            self._selections.add(path)
            self._selected += len(path)
            if self._selected > LARGEST_SELECTIONS:
                raise TooManyException(detail=PATHS_LARGE)


def _refuse_operation(operation: Mapping[str, Any]) -> None:
    path, value = operation.get("path"), operation.get("value")
    removing = str(operation.get("op", "")).casefold() == "remove"
    for name, inner in _named_values(value, path if isinstance(path, str) else ""):
        # The library compares each value that is to be removed with all others.
        _refuse_values(name, inner, also_members=removing)


def _refuse_values(name: str, value: Any, *, also_members: bool = False) -> None:
    if isinstance(value, list) and len(value) > MOST_VALUES:
        is_members = name.casefold().rpartition(":")[2] == MEMBERS
        if also_members or not is_members:
            raise TooManyException(detail=VALUES.format(name[:200] or "The value"))


def _operations(body: Any) -> Iterator[Mapping[str, Any]]:
    for name, listed in body.items() if isinstance(body, Mapping) else ():
        if str(name).casefold() == "operations":
            for each in listed if isinstance(listed, list) else [listed]:
                if isinstance(each, Mapping):
                    yield {str(key).casefold(): value for key, value in each.items()}


def _names(value: Any) -> Iterator[str]:
    """Yield the attributes that an object names, also within objects, and not within lists."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name)
            yield from _names(inner)


def _named_values(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield attributes of an object that hold no object, also within objects."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _named_values(inner, str(key))
    else:
        yield name, value
