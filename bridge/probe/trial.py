"""The parts that every step of a probe works with.

Knows the account, the administrator and the licence of one run; decides nothing.
"""

from dataclasses import dataclass, field

from bridge.goto import Administrator
from bridge.probe.calls import Calls, Reply
from bridge.probe.throwaways import Throwaways


class NotTried(Exception):
    """The account or the operator does not let a step be tried; the text says why."""


class Inconclusive(Exception):
    """A step was tried, and GoTo's replies do not settle it; the text says why."""


@dataclass
class Trial:
    """One run. ``details`` are facts beside the findings, without the value of a person.

    ``because`` says why it may not write.
    """

    calls: Calls
    throwaways: Throwaways
    administrator: Administrator
    license_key: str | None = None
    may_write: bool = True
    because: str = "--read-only"
    details: dict[str, str] = field(default_factory=dict)

    def see_that_it_may_write(self) -> None:
        """Raise ``NotTried`` where the run may only read."""
        if not self.may_write:
            raise NotTried(f"not tried: {self.because}")

    async def user(self, key: str) -> Reply:
        """Read a user."""
        return await self.calls.get(f"users/{key}")

    async def change_user(self, key: str, **fields: object) -> Reply:
        """Change some fields of a user."""
        return await self.calls.send("PUT", f"users/{key}", fields)

    async def holds(self, key: str, name: str, value: str) -> bool:
        """Whether a field of a user is this text, or a list that has it."""
        return _has((await self.user(key)).fields.get(name), value)

    async def comes_to_hold(self, key: str, name: str, value: str) -> bool:
        """Whether ``holds`` comes true while reads may trail."""
        return await self.calls.until(lambda: self.holds(key, name, value))

    async def comes_to_lack(self, key: str, name: str, value: str) -> bool:
        """Whether ``holds`` comes to an end while reads may trail."""

        async def lacks() -> bool:
            reply = await self.user(key)
            return reply.ok and not _has(reply.fields.get(name), value)

        return await self.calls.until(lacks)


def _has(shown: object, value: str) -> bool:
    if isinstance(shown, list):
        return value in [str(each) for each in shown]
    return shown is not None and str(shown) == value
