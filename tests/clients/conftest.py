"""Tells at the end of a test run how many steps of the clients' traces passed, way by way."""

from collections import Counter

import pytest

TALLY = pytest.StashKey[dict[str, Counter[str]]]()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> dict[str, Counter[str]]:
    """Steps by way: ``passed``, ``failed``, and ``reasoned`` for those that passed as GoTo can."""
    return request.config.stash.setdefault(TALLY, {})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the counts."""
    counted = config.stash.get(TALLY, {})
    if not counted:
        return
    terminalreporter.section("steps of the clients' traces")
    for way, steps in counted.items():
        terminalreporter.write_line(
            f"{way:30} {steps['passed']:4} passed, {steps['failed']} failed, "
            f"{steps['reasoned']} with a reason in the file"
        )
