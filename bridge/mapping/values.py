"""Value tables: which SCIM value is which GoTo value, both ways.

A table is compiled once. Reading never fails: a value of GoTo that no line names is shown as it is.
Writing refuses what no line names, since GoTo could not keep it; a table with a substitute writes
the nearest line instead.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from bridge.mapping.errors import ValueRefused
from bridge.mapping.substitutes import LONGEST, Substitute

TIME_ZONES = "iana-time-zones"
ANY = "*"
LISTED_IN_FULL = 12


class ValueTable:
    """SCIM values on the left, GoTo's on the right; ``*`` fits every GoTo value not named."""

    def __init__(
        self,
        lines: Mapping[Any, Any],
        *,
        substitute: Substitute | None = None,
        default: str | None = None,
    ) -> None:
        self._lines = lines
        self._substitute = substitute
        self._default = default
        self._to_field: dict[Any, Any] = {}
        self._to_attribute: dict[Any, Any] = {}
        self._folded: dict[str, Any] = {}
        self._otherwise: Any = None
        for left, right in lines.items():
            for value in right if isinstance(right, list) else [right]:
                if value == ANY:
                    self._otherwise = left
                    continue
                self._to_attribute.setdefault(value, left)
                self._to_field.setdefault(left, value)
                self._folded.setdefault(_fold(value), left)
            self._folded.setdefault(_fold(left), left)
        self._texts = tuple(value for value in self._to_field if isinstance(value, str))

    def with_substitute(self, substitute: Substitute, default: str | None) -> "ValueTable":
        """Return the same table with a substitute for texts that no line names.

        ``default`` is written where the substitute finds nothing; None refuses the text.
        """
        return ValueTable(self._lines, substitute=substitute, default=default)

    @property
    def has_substitute(self) -> bool:
        """Whether it writes the nearest line for a text that no line names."""
        return self._substitute is not None

    @property
    def canonical_values(self) -> list[str]:
        """The SCIM values that can be kept, as /Schemas lists them."""
        return list(self._texts)

    def to_attribute(self, value: Any) -> Any:
        """Return the SCIM value of a GoTo value; one that no line names stays as it is."""
        try:
            found = self._to_attribute.get(value)
        except TypeError:
            # A list or an object, which no line can name.
            found = None
        if found is not None:
            return found
        return value if self._otherwise is None else self._otherwise

    def to_field(self, attribute: str, value: Any) -> Any:
        """Return GoTo's value of a SCIM value, whatever its case and with ``_`` for ``-``.

        Raises ValueRefused, listing what can be kept.
        """
        line = self._folded.get(_fold(value))
        if line is None and self._substitute is not None and isinstance(value, str):
            line = self._substituted(value.strip(), self._substitute)
        if line is None or line not in self._to_field:
            raise ValueRefused(attribute, self._refusal(attribute, value))
        return self._to_field[line]

    def _substituted(self, text: str, substitute: Substitute) -> Any:
        if len(text) > LONGEST:
            return None
        nearest = substitute(text, self._texts) or self._default or text
        return self._folded.get(_fold(nearest))

    def differs(self, value: Any, field: Any) -> bool:
        """Whether a client's value has to be kept beside GoTo's, which reads back as another."""
        return self.has_substitute and self.to_attribute(field) != value

    def stands_for(self, value: Any, field: Any) -> bool:
        """Whether GoTo still has what it was given for a client's value."""
        try:
            return bool(self.to_field("", value) == field)
        except ValueRefused:
            return False

    def _refusal(self, attribute: str, value: Any) -> str:
        known = self.canonical_values
        listed = ", ".join(known[:LISTED_IN_FULL])
        more = "" if len(known) <= LISTED_IN_FULL else ", … (canonicalValues in /Schemas has all)"
        return f"{attribute} cannot be {str(value)[:80]!r} in GoTo, but one of {listed}{more}"


def _fold(value: Any) -> str:
    return str(value).casefold().replace("_", "-")


@cache
def time_zones() -> ValueTable:
    """The time zones of the IANA database, from the tzdata package: on every machine the same."""
    names = (files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return ValueTable({name: name for name in names})


def date_time(milliseconds: Any) -> str | None:
    """Return epoch milliseconds, as GoTo counts time, as a SCIM dateTime (RFC 7643 §2.3.5)."""
    if type(milliseconds) is not int and type(milliseconds) is not float:
        return None
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
