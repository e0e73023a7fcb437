"""Values held to the types of their attributes (RFC 7643 §2.3), refused in one plain line.

Read-only values are left out, however they look (RFC 7644 §3.3, §3.5.1). With ``lenient`` a value
of another type whose meaning is plain becomes one of the right type.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic_core import Url
from scim2_models import InvalidSyntaxException, InvalidValueException

from bridge.scim.definitions import Definition, Definitions, Names
from bridge.scim.dialects import coercion
from bridge.scim.dialects.values import text
from bridge.scim.interop import UNKNOWN

MEMBERS = "members"
LONGEST_VALUE = 60
LONGEST_PATH = 120
EXPECTED = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "decimal": "a number",
    "dateTime": 'a date and time such as "2026-01-31T08:00:00Z"',
    "binary": "base64 (RFC 4648, section 4) as a text",
    "reference": "a URI as a text",
    "uri": "a URI as a text",
    "complex": "an object",
}
SCHEMAS_EXPECTED = "a list of schema URNs"


@dataclass(frozen=True, slots=True)
class TypeChecks:
    """Checks the bodies of requests on one resource type."""

    definitions: Definitions
    lenient: bool

    def resource(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the resource of a POST or PUT. Raises where a value is of the wrong type."""
        checked: dict[str, Any] = {}
        core: dict[str, Any] = {}
        refuse_repeated(body)
        for name, value in body.items():
            extension = self.definitions.extensions.get(name.casefold())
            if name.casefold() == "schemas":
                checked[name] = schemas(value, lenient=self.lenient)
            elif extension is None:
                core[name] = value
            else:
                checked[name] = self.whole(*extension, value)
        checked |= self.parts(core, self.definitions.core, "")
        for known in self.definitions.core.values():
            if known.required and not _has(checked, known):
                detail = f"{known.name} is missing; send a value for it"
                raise InvalidValueException(attribute=known.name, detail=detail)
        return checked

    def whole(self, urn: str, names: Names, value: Any) -> Any:
        """Return the value of a whole schema."""
        value = coercion.alone(value) if self.lenient else value
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise refused(urn, value, EXPECTED["complex"])
        return self.parts(value, names, "" if urn == self.definitions.core_urn else f"{urn}:")

    def parts(self, value: Mapping[str, Any], names: Names, prefix: str) -> dict[str, Any]:
        """Return the attributes of an object; those that no schema knows stay as they are."""
        refuse_repeated(value)
        checked: dict[str, Any] = {}
        for name, inner in value.items():
            known = names.get(name.casefold())
            if known is None and not self.lenient:
                raise InvalidSyntaxException(detail=UNKNOWN.format(name=f"{prefix}{name}"[:200]))
            if known is None:
                checked[name] = inner
            elif not known.read_only:
                checked[name] = self.value(known, inner, f"{prefix}{known.name}")
        return checked

    def value(self, known: Definition, value: Any, path: str) -> Any:
        """Return the value of an attribute."""
        if value is None or not known.multi_valued:
            return self.one(known, value, path)
        values = coercion.several(value) if self.lenient else value
        if self.lenient and known.name == MEMBERS:
            return [self._member(known, each, f"{path}[{at}]") for at, each in enumerate(values)]
        if not isinstance(values, list):
            of = "objects" if known.type == "complex" else f"values, each {EXPECTED[known.type]}"
            raise refused(path, values, f"a list of {of}", secret=known.secret)
        found = [self.one(known, each, f"{path}[{at}]") for at, each in enumerate(values)]
        if sum(isinstance(each, Mapping) and _is_primary(each) for each in found) > 1:
            detail = f"{path} has more than one value with primary true; send one"
            raise InvalidValueException(attribute=path, detail=detail)
        return [each for each in found if each is not None] if self.lenient else found

    def _member(self, known: Definition, value: Any, path: str) -> dict[str, Any]:
        """Return a member, whom ``membership`` reads.

        Who it is decides over access: an empty id is not left out, and one in a list is no id.
        """
        member = coercion.with_value(text(value))
        if not isinstance(member, Mapping):
            raise refused(path, value, "an object with a `value`")
        for name, inner in member.items():
            if isinstance(inner, list) and name.casefold() in known.parts:
                raise refused(f"{path}.{name}", inner, EXPECTED["string"])
        blank = {name: inner for name, inner in member.items() if text(inner) is None}
        return {**self.parts(member, known.parts, f"{path}."), **blank}

    def one(self, known: Definition, value: Any, path: str) -> Any:
        """Return the value of an attribute with one, or one of several."""
        if self.lenient:
            value = coercion.alone(value)
            if known.type != "complex":
                value = coercion.simple(value, known.type)
            elif "value" in known.parts:
                value = coercion.with_value(value)
        if value is None:
            return None
        if known.type == "complex":
            if not isinstance(value, Mapping):
                raise refused(path, value, _object_of(known), secret=known.secret)
            return self.parts(value, known.parts, f"{path}.")
        whole = _padded(value) if known.type == "binary" else value
        if not _fits(whole, known.type):
            raise refused(path, value, EXPECTED[known.type], secret=known.secret)
        return whole


def schemas(value: Any, *, lenient: bool) -> Any:
    """Return what a message says it is made of. Raises InvalidSyntaxException."""
    if lenient and isinstance(value, str):
        value = [value]
    if value is not None and not isinstance(value, list):
        raise InvalidSyntaxException(detail=_line("schemas", value, SCHEMAS_EXPECTED))
    for at, each in enumerate(value or ()):
        if not isinstance(each, str):
            detail = _line(f"schemas[{at}]", each, "the URN of a schema")
            raise InvalidSyntaxException(detail=detail)
    return value


def refuse_repeated(names: Mapping[str, Any]) -> None:
    """Refuse an object that holds one attribute under two spellings (RFC 7643 §2.1)."""
    spellings: dict[str, str] = {}
    for name in names:
        other = spellings.setdefault(name.casefold(), name)
        if other != name:
            detail = f"{other[:80]} and {name[:80]} are one attribute in two cases; send it once"
            raise InvalidSyntaxException(detail=" ".join(detail.split()))


def refused(path: str, value: Any, expected: str, *, secret: bool = False) -> InvalidValueException:
    """Return the error of a value that is of the wrong type."""
    if secret:
        detail = f"{path} has a value of another type; send {expected}"
    else:
        detail = _line(path, value, expected)
    return InvalidValueException(attribute=path, detail=detail)


def _line(path: str, value: Any, expected: str) -> str:
    named = path if len(path) <= LONGEST_PATH else f"{path[:LONGEST_PATH]}…"
    return f"{named} is {shown(value)}; send {expected}"


def shown(value: Any) -> str:
    """Return a value as an error names it: in one line, of bounded length."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        value = f"{value[:LONGEST_VALUE]}…"
    return orjson.dumps(value, default=str).decode()


def _has(resource: Mapping[str, Any], known: Definition) -> bool:
    named = (each for name, each in resource.items() if name.casefold() == known.name.casefold())
    return any(each is not None for each in named)


def _is_primary(value: Mapping[str, Any]) -> bool:
    return any(name.casefold() == "primary" and each is True for name, each in value.items())


def _object_of(known: Definition) -> str:
    names = [part.name for part in known.parts.values() if not part.read_only]
    return f"an object, its attributes {', '.join(names)}" if names else EXPECTED["complex"]


def _fits(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "decimal":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind == "dateTime":
        return _is_moment(value)
    if kind == "uri":
        return value.startswith("/") or _is_uri(value)
    return kind != "binary" or _is_base64(value)


def _is_moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value.upper()


def _is_uri(value: str) -> bool:
    try:
        Url(value)
    except ValueError:
        return False
    return True


def _padded(value: Any) -> Any:
    """Return base64 with the padding that may be left out (RFC 7643 §2.3.6)."""
    if not isinstance(value, str) or value.endswith("="):
        return value
    return value + "=" * (-len(value) % 4)


def _is_base64(value: str) -> bool:
    try:
        return bool(b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False
