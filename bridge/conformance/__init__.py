"""Tells whether a SCIM service does what identity platforms need of it, from the outside.

Knows HTTP, SCIM's URLs and the traces of clients; knows nothing of the bridge behind the URL.
"""

from bridge.conformance.page import page
from bridge.conformance.platforms import Platform, Report, check, names
from bridge.conformance.protocol import NAME as TESTER
from bridge.conformance.protocol import require_tester
from bridge.conformance.replay import Outcome, clients, replay, steps_of

__all__ = [
    "TESTER", "Outcome", "Platform", "Report", "check", "clients", "names", "page", "replay",
    "require_tester", "steps_of",
]  # fmt: skip
