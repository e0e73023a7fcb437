"""Finds out how the GoTo of an account behaves, with throwaway users and groups.

Speaks GoTo's Admin API call by call, as no other package does, because the reply itself is the
question. Knows no SCIM, no directory and no terminal.
"""

from bridge.probe.calls import RATE, Calls, OAuth
from bridge.probe.findings import NAMES, UNKNOWN
from bridge.probe.observations import Observations
from bridge.probe.report import report, write_report
from bridge.probe.run import Outcome, aside, run
from bridge.probe.throwaways import Throwaways
from bridge.probe.trial import Trial

__all__ = [
    "NAMES",
    "RATE",
    "UNKNOWN",
    "Calls",
    "OAuth",
    "Observations",
    "Outcome",
    "Throwaways",
    "Trial",
    "aside",
    "report",
    "run",
    "write_report",
]
