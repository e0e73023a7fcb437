"""How the GoTo of an account behaves, as findings say; ``unknown`` where nobody found it out.

Knows the names and outcomes of findings. Where they are kept, and who found them, it does not know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBehavior:
    """One outcome for each finding; ``read_lag_ms`` is None where it was not measured.

    ``projection_spelling`` is the parameter that names fields, or ``none``; ``filter_dialect`` is
    ``eq`` or ``regex``.
    """

    removal: str = UNKNOWN
    groups_per_user: str = UNKNOWN
    suspension: str = UNKNOWN
    custom_roles: str = UNKNOWN
    projection: str = UNKNOWN
    projection_spelling: str = UNKNOWN
    list_order: str = UNKNOWN
    create_conflict: str = UNKNOWN
    filters: str = UNKNOWN
    filter_dialect: str = UNKNOWN
    email_change: str = UNKNOWN
    rights: str = UNKNOWN
    license_calls: str = UNKNOWN
    read_lag_ms: int | None = None

    @classmethod
    def from_findings(cls, outcomes: Mapping[str, str]) -> Self:
        """Return the behavior that findings (outcome by name) tell; others are passed over."""
        known = {
            name: outcomes[name]
            for name in (field.name for field in fields(cls))
            if name in outcomes and name != "read_lag_ms"
        }
        return cls(**known, read_lag_ms=_milliseconds(outcomes.get("read_lag")))


def _milliseconds(outcome: str | None) -> int | None:
    if outcome == "none":
        return 0
    return int(outcome) if outcome and outcome.isascii() and outcome.isdigit() else None
