"""Who is at work: the client whose request a verb serves, for the audit trail and GoTo's throttle.

It travels with the task, so that no verb has to hand it on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bridge.goto import asking_for

THE_BRIDGE = "bridge"

_actor: ContextVar[str] = ContextVar("actor", default=THE_BRIDGE)


def actor() -> str:
    """Return the client's name, ``bridge`` for what the bridge does of its own."""
    return _actor.get()


@contextmanager
def acting_for(client: str) -> Iterator[None]:
    """Say whose request is served within the block, and in the tasks started there."""
    token = _actor.set(client)
    try:
        with asking_for(client):
            yield
    finally:
        _actor.reset(token)
