"""Tells whether a SCIM service does what identity platforms need of it, from the outside.

Knows HTTP, SCIM's URLs and the traces of clients; knows nothing of the bridge behind the URL.
"""

from bridge.conformance.replay import Outcome, clients, replay, steps_of

__all__ = ["Outcome", "clients", "replay", "steps_of"]
