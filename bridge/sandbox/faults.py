"""The rules of ``PUT /_sim/faults``: which calls go wrong, how, and how often still.

Knows how a rule is matched and counted; the gate knows how a fault is carried out.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError


class FaultsRefused(ValueError):
    """A list of rules that cannot be used; the text is for a person."""


class Match(BaseModel):
    """Which calls: the method or methods, and any part of the path and of the raw query string."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    method: str | list[str] | None = None
    path: str | None = None
    query: str | None = None

    def fits(self, *, method: str, path: str, query: str) -> bool:
        return (
            (self.method is None or method in self._methods())
            and (self.path is None or self.path in path)
            and (self.query is None or self.query in query)
        )

    def _methods(self) -> list[str]:
        named = [self.method] if isinstance(self.method, str) else self.method or []
        return [name.upper() for name in named]


class Rule(BaseModel):
    """One fault; ``times`` counts down, and without it the rule holds for ever.

    With ``every`` 3 only each third call that matches goes wrong; the others pass the rule by.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    match: Match = Match()
    status: int | None = Field(default=None, ge=200, le=599)
    times: int | None = Field(default=None, ge=0)
    every: int = Field(default=1, ge=1)
    delay_ms: int = Field(default=0, ge=0)
    drop: bool = False
    after: bool = False
    body: Any = None
    content_type: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    _matched: int = PrivateAttr(default=0)

    def is_due(self) -> bool:
        """Count a call that matches; whether it is one that goes wrong."""
        self._matched += 1
        return self._matched % self.every == 0


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rules: list[Rule]


class Faults:
    """The rules in force; the first that fits a call decides."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def replace(self, body: Any) -> None:
        """Take the rules of a request body; :class:`FaultsRefused` leaves the old ones."""
        try:
            self.rules = _Rules.model_validate(body).rules
        except ValidationError as refusal:
            raise FaultsRefused(_explain(refusal)) from None

    def take(self, *, method: str, path: str, query: str) -> Rule | None:
        """The rule for this call, counted down by one."""
        for rule in self.rules:
            fits = rule.times != 0 and rule.match.fits(method=method, path=path, query=query)
            if fits and rule.is_due():
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None

    def as_json(self) -> dict[str, Any]:
        return {"rules": [rule.model_dump() for rule in self.rules]}


def _explain(refusal: ValidationError) -> str:
    problems = (
        f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
        for error in refusal.errors(include_url=False)
    )
    match, rule = ", ".join(Match.model_fields), ", ".join(Rule.model_fields)
    return f"{'; '.join(problems)}. A rule knows {rule}; its match knows {match}."
