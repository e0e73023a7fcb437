"""Which kinds of writes are distrusted: the newer of what a probe and what a write showed."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.directory.write_findings import NOT_TAKEN, PREFIX, TAKEN, distrusted_kinds
from bridge.directory.write_verification import WriteKind
from bridge.store import Finding

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REVOKED = [WriteKind.SUSPENSION, WriteKind.LICENSE_REVOKE, WriteKind.ROLE_REVOKE]


def probed(name: str, outcome: str, *, at: int = 0) -> Finding:
    return Finding(name, outcome, "", "probe", NOW + timedelta(seconds=at))


def written(kind: WriteKind, outcome: str, *, at: int = 0) -> Finding:
    return Finding(PREFIX + kind, outcome, "", "write", NOW + timedelta(seconds=at))


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        ([], []),
        ([probed("removal", "accepted-not-done")], [WriteKind.GROUP_REMOVE]),
        ([probed("removal", "single")], []),
        ([probed("removal", "all-only")], []),
        ([probed("suspension", "ignored")], REVOKED),
        ([probed("suspension", "clears")], []),
        ([probed("email_change", "ignored")], [WriteKind.EMAIL_CHANGE]),
        ([probed("rights", "roles-ignored")], [WriteKind.ROLE_GRANT]),
        ([written(WriteKind.GROUP_REMOVE, NOT_TAKEN)], [WriteKind.GROUP_REMOVE]),
        ([written(WriteKind.USER_DELETE, NOT_TAKEN)], [WriteKind.USER_DELETE]),
        # It works since it was probed.
        (
            [probed("removal", "accepted-not-done"), written(WriteKind.GROUP_REMOVE, TAKEN, at=1)],
            [],
        ),
        # It was found to work since it failed.
        ([written(WriteKind.GROUP_REMOVE, NOT_TAKEN), probed("removal", "single", at=1)], []),
        (
            [written(WriteKind.GROUP_REMOVE, NOT_TAKEN), probed("removal", "unknown", at=1)],
            [WriteKind.GROUP_REMOVE],
        ),
    ],
)
def test_the_newer_finding_says_whether_a_kind_is_believed(
    found: list[Finding], kinds: list[WriteKind]
) -> None:
    assert distrusted_kinds({each.name: each for each in found}) == kinds
