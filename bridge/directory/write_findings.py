"""What the bridge found out by its own calls, in the store: each kind of write, and filters.

Knows the names of these findings and the words of their effects.
"""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from bridge.directory.entries import now_in_milliseconds
from bridge.directory.write_verification import WriteKind
from bridge.store import Finding, Findings, StoreUnavailable

log = structlog.get_logger(__name__)

PREFIX = "write."
TAKEN = "taken"
NOT_TAKEN = "not-taken"


# What a probe finds out about a kind of write, and the outcomes with which it does not take.
_PROBED: Mapping[WriteKind, tuple[str, frozenset[str]]] = {
    WriteKind.GROUP_REMOVE: ("removal", frozenset({"accepted-not-done"})),
    WriteKind.SUSPENSION: ("suspension", frozenset({"ignored"})),
    WriteKind.LICENSE_REVOKE: ("suspension", frozenset({"ignored"})),
    WriteKind.ROLE_REVOKE: ("suspension", frozenset({"ignored"})),
    WriteKind.ROLE_GRANT: ("rights", frozenset({"roles-ignored"})),
    WriteKind.EMAIL_CHANGE: ("email_change", frozenset({"ignored"})),
}


def distrusted_kinds(findings: Mapping[str, Finding]) -> list[WriteKind]:
    """Return the kinds of writes that did not take when last read back, or last probed."""
    return [kind for kind in WriteKind if _is_distrusted(kind, findings)]


def _is_distrusted(kind: WriteKind, findings: Mapping[str, Finding]) -> bool:
    written = findings.get(PREFIX + kind)
    name, failures = _PROBED.get(kind, ("", frozenset()))
    probed = findings.get(name)
    if probed is None or probed.outcome == "unknown":
        return written is not None and written.outcome == NOT_TAKEN
    if written is None or written.found_at < probed.found_at:
        return probed.outcome in failures
    return written.outcome == NOT_TAKEN


def saving(findings: Findings, account: str) -> Callable[[Finding], Awaitable[None]]:
    """Return what stores a finding; a store that is away stops nothing."""

    async def save(finding: Finding) -> None:
        try:
            await findings.save(account, [finding])
        except StoreUnavailable as error:
            log.warning("a finding could not be stored", reason=error.detail)

    return save


def noting_outcomes(
    save: Callable[[Finding], Awaitable[None]],
) -> Callable[[WriteKind, bool], Awaitable[None]]:
    """Return what stores whether a kind of write took."""

    async def note(kind: WriteKind, took: bool) -> None:
        if not took:
            log.warning("write_not_taken", kind=str(kind))
        await save(write_finding(kind, took=took))

    return note


def filters_ignored() -> Finding:
    """Return the finding of a lookup that was answered with a user who does not match."""
    log.warning("goto_filters_ignored")
    effect = "GoTo ignores filters: users are looked up in the snapshot, and read one by one"
    return Finding("filters", "ignored", effect, "read", now_in_milliseconds())


def write_finding(kind: WriteKind, *, took: bool) -> Finding:
    """Return the finding of a kind of write that was read back now."""
    effect = (
        f"{kind.words} took when it was read back; later ones of a process are believed"
        if took
        else f"{kind.words} was accepted and did not take: each one is read back, and is an error "
        "where GoTo does not show it"
    )
    outcome = TAKEN if took else NOT_TAKEN
    return Finding(PREFIX + kind, outcome, effect, "write", now_in_milliseconds())
