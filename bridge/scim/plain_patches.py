"""PATCHes in their plainest forms, read without models: users in and out of groups, and texts.

The library takes half a millisecond to read and apply the smallest PATCH. What is recognised here
means the same whatever its values are, and the library's model says which paths there are.
Everything else is left to the library; a test holds the two together.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bridge.directory import Entry, Kind, clients_own
from bridge.limits import MOST_OPERATIONS
from bridge.scim.dialects.patches import PATCH_OP
from bridge.scim.membership import Membership, Step
from bridge.scim.plain_resources import Place, is_plain_text

SCHEMAS = [PATCH_OP]
OF_A_MEMBER = frozenset({"value", "display", "type", "$ref"})
SELECTED = re.compile(r'members\[value eq "([0-9]+)"\]')
MOST_TEXTS = 20


class Places(Protocol):
    """Knows which paths name one text that clients may write."""

    def text_at(self, kind: Kind, path: str) -> Place | None:
        """Return where the text of a path stands, None for any other path."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts to be put in their places."""

    texts: Sequence[tuple[Place, str]]

    def applied(self, entry: Entry) -> dict[str, Any] | None:
        """Return the resource as it is then wanted, None where it is so already."""
        wanted = clients_own(entry.resource)
        changed = False
        for place, text in self.texts:
            host = wanted
            for name in place[:-1]:
                host[name] = host = {**host.get(name, {})}
            changed = changed or host.get(place[-1]) != text
            host[place[-1]] = text
        return wanted if changed else None


def plain_texts(body: Mapping[str, Any], kind: Kind, places: Places) -> Texts | None:
    """Return what a PATCH puts where, None where it is, or may be, anything else."""
    operations = _operations(body)
    if operations is None or len(operations) > MOST_TEXTS:
        return None
    texts = []
    for operation in operations:
        if len(operation) != 3 or operation.get("op") not in ("add", "replace"):
            return None
        path, text = operation.get("path"), operation.get("value")
        if not isinstance(path, str) or not is_plain_text(text):
            return None
        place = places.text_at(kind, path)
        if place is None:
            return None
        texts.append((place, text))
    return Texts(texts)


def plain_membership(body: Mapping[str, Any], *, lenient: bool) -> Membership | None:
    """Return what a PATCH of a group does to its members, None where it may do anything else."""
    operations = _operations(body)
    if operations is None:
        return None
    steps: list[Step] = []
    for operation in operations:
        verb, path = operation.get("op"), operation.get("path")
        if path == "members" and len(operation) == 3:
            keys = _keys(operation.get("value"))
            # Only lenient clients take out by a list, or put everybody else out by one.
            if not keys or verb not in (("add", "remove", "replace") if lenient else ("add",)):
                return None
            steps.append(Step(str(verb), keys))
        elif verb == "remove" and isinstance(path, str) and len(operation) == 2:
            selected = SELECTED.fullmatch(path)
            if selected is None:
                return None
            steps.append(Step("remove", [selected[1]]))
        else:
            return None
    return Membership(steps, must_exist=not lenient)


def _operations(body: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    operations = body.get("Operations")
    if len(body) != 2 or body.get("schemas") != SCHEMAS or not isinstance(operations, list):
        return None
    if not 0 < len(operations) <= MOST_OPERATIONS:
        return None
    if not all(isinstance(each, dict) for each in operations):
        return None
    return operations


def _keys(members: Any) -> list[str] | None:
    """Return the ids of members, None where one is not the plain id of a user."""
    if not isinstance(members, list):
        return None
    keys: dict[str, None] = {}
    for member in members:
        if not isinstance(member, dict) or not member.keys() <= OF_A_MEMBER:
            return None
        if not all(isinstance(value, str) for value in member.values()):
            return None
        # Ids that nobody has are read here too, since there may be thousands.
        key = member.get("value", "").strip()
        if not key or member.get("type", "User") != "User":
            return None
        if "groups/" in member.get("$ref", "").casefold():
            return None
        keys[key] = None
    return list(keys)
