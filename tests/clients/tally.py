"""Tells at the end of a test run how many steps of the clients' traces passed, way by way.

The numbers travel with the reports of the tests, so that they arrive from other processes, too.
``tests/conftest.py`` has the hook: this folder's own one is not read where others run the tests.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bridge.conformance import Outcome

TITLE = "steps of the clients' traces"


def counted(
    record: Callable[[str, Any], None], way: str, client: str, outcomes: Sequence[Outcome]
) -> None:
    """Give a test's report its numbers; ``record`` is pytest's ``record_property``."""
    failed = sum(1 for each in outcomes if each.complaints)
    reasoned = sum(1 for each in outcomes if each.reason)
    steps = {"passed": len(outcomes) - failed, "failed": failed, "reasoned": reasoned}
    record(TITLE, {"way": way, "client": client, **steps})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sums of each way, and of all."""
    ways: dict[str, Counter[str]] = {}
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for name, steps in getattr(report, "user_properties", ()):
            if name == TITLE and report.when == "call":
                sums = {key: steps[key] for key in ("passed", "failed", "reasoned")}
                ways.setdefault(steps["way"], Counter()).update({**sums, "clients": 1})
    if not ways:
        return
    terminalreporter.section(TITLE)
    everything: Counter[str] = sum(ways.values(), Counter())
    for way, sums in {**ways, "in all": everything}.items():
        terminalreporter.write_line(
            f"{way:30} {sums['passed']:4} passed, {sums['failed']} failed, {sums['reasoned']} "
            f"with a reason in the file, {sums['clients']} files"
        )
