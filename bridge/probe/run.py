"""One run of a probe: every step in its order, and the removal of everything that it made.

Knows which step finds what, and that a run ends clean however it ends. Knows no terminal.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bridge.errors import BridgeError, GoToError
from bridge.probe import group_steps, reading_steps, role_steps, user_steps
from bridge.probe.findings import NAMES, UNKNOWN, effect
from bridge.probe.throwaways import NotMade
from bridge.probe.trial import Inconclusive, NotTried, Trial
from bridge.store import Finding, ProbeObject

Step = Callable[[Trial], Awaitable[str]]

READING: Mapping[str, Step] = {
    "projection": reading_steps.projection,
    "list_order": reading_steps.list_order,
    "filters": reading_steps.filters,
    "rights": role_steps.rights,
    "custom_roles": role_steps.custom_roles,
}
"""Steps that find something out, or a part of it, without a write."""
WRITING: Mapping[str, Step] = {
    "read_lag": user_steps.read_lag,
    "groups_per_user": group_steps.groups_per_user,
    "removal": group_steps.removal,
    "license_calls": user_steps.license_calls,
    "suspension": user_steps.suspension,
    "email_change": user_steps.email_change,
    "create_conflict": user_steps.create_conflict,
}


@dataclass
class Outcome:
    """The end of a run. ``failed`` names the steps that GoTo did not let end."""

    probed_at: datetime
    findings: list[Finding] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: Sequence[ProbeObject] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every step ended and nothing was left behind."""
        return not self.failed and not self.left


async def run(
    trial: Trial,
    *,
    found: Callable[[Finding], object] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Run every step, tell ``found`` of each finding, and remove what was made, also at an error.

    A step that fails is ``unknown`` with the reason, and the others go on. An interruption removes
    what was made and is raised again.
    """
    outcome = Outcome(probed_at=now())
    try:
        for name, step in _ordered():
            finding = await _found(name, step, trial, outcome)
            outcome.findings.append(finding)
            found(finding)
        with suppress(BridgeError):
            await reading_steps.ask_oauth_server(trial)
    finally:
        if trial.may_write:
            outcome.left = await trial.throwaways.remove_own()
    return outcome


def aside(trial: Trial) -> list[Finding]:
    """Return what the bridge goes by beside the findings: spelling of fields, dialect of filters.

    They are stored, and stand among the details of a report.
    """
    now = datetime.now(UTC)
    found = []
    if spelling := trial.details.get("projection_spelling"):
        told = f"lists name their fields with {spelling}" if spelling != "none" else "whole records"
        found.append(Finding("projection_spelling", spelling, told, "probe", now))
    works = [each for each in ("eq", "regex") if trial.details.get(f"filter_{each}") == "kept"]
    if works:
        told = f"filters are sent as {works[0]}"
        found.append(Finding("filter_dialect", works[0], told, "probe", now))
    return found


def _ordered() -> list[tuple[str, Step]]:
    steps = {**READING, **WRITING}
    return [(name, steps[name]) for name in NAMES]


async def _found(name: str, step: Step, trial: Trial, outcome: Outcome) -> Finding:
    try:
        if name in WRITING:
            trial.see_that_it_may_write()
        word = await step(trial)
        told = effect(name, word)
    except NotTried as reason:
        word, told = UNKNOWN, str(reason)
    except (Inconclusive, NotMade, GoToError) as reason:
        word, told = UNKNOWN, f"could not be found out: {reason}"
        outcome.failed.append(name)
    return Finding(name, word, told, "probe", outcome.probed_at)
