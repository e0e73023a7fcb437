"""The write-ahead journal: what is begun is on disk before GoTo is asked, and is never forgotten.

An intent ends in the transaction that stores what came of it. One whose outcome nobody knows stays
open, over restarts too, until ``settling`` looks. It knows no GoTo, and not what an intent means.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from bridge.case_mapping import case_mapped
from bridge.directory.ledger import Ledger
from bridge.errors import GoToError
from bridge.store import Intent, StoreUnavailable


def about_user(key: str) -> str:
    """Name what the intents of a user are about."""
    return f"user {key}"


def about_email(email: str) -> str:
    """Name what the create of a user is about, who has no key yet."""
    return f"email {case_mapped(email)}"


def about_key(key: str) -> str:
    """Name what the delete or the rename of a group is about."""
    return f"group key {key}"


def about_group(name: str) -> str:
    """Name what the create of a group is about."""
    return f"group name {case_mapped(name)}"


class Journal:
    """The open intents of an account, by what they are about."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: dict[str, list[Intent]] = {}

    async def load(self) -> None:
        """Read what was begun and never settled."""
        self._open = {}
        for intent in await self._ledger.intents():
            self._note(intent)

    def all(self) -> list[Intent]:
        """Return every open intent."""
        return [intent for intents in self._open.values() for intent in intents]

    def of(self, subject: str) -> Sequence[Intent]:
        """Return the open intents about a subject, the oldest first."""
        return tuple(self._open.get(subject, ()))

    @asynccontextmanager
    async def begun(
        self, operation: str, subject: str, payload: Mapping[str, Any]
    ) -> AsyncIterator[Sequence[Intent]]:
        """Begin an operation; what is done within ends the intents that are given.

        An error ends them too, unless it leaves open what became of the operation.
        """
        intent = await self._ledger.begin(operation, {"subject": subject, **payload})
        self._note(intent)
        try:
            yield [intent]
        except Exception as error:
            if not is_open(error):
                with suppress(StoreUnavailable):
                    await self.end(intent)
            raise
        self.forget(intent)

    async def note(self, operation: str, subject: str, payload: Mapping[str, Any]) -> None:
        """Remember an operation whose outcome turned out to be unknown."""
        self._note(await self._ledger.begin(operation, {"subject": subject, **payload}))

    async def end(self, *intents: Intent) -> None:
        """End intents in the store and here."""
        await self._ledger.end(*intents)
        for intent in intents:
            self.forget(intent)

    def forget(self, intent: Intent) -> None:
        """Take an intent out that was ended in the store with the state that came of it."""
        subject = str(intent.payload.get("subject", ""))
        left = [each for each in self._open.get(subject, ()) if each.id != intent.id]
        if left:
            self._open[subject] = left
        else:
            self._open.pop(subject, None)

    def _note(self, intent: Intent) -> None:
        self._open.setdefault(str(intent.payload.get("subject", "")), []).append(intent)


def is_open(error: BaseException) -> bool:
    """Whether an error leaves open what became of the write before it."""
    if isinstance(error, StoreUnavailable):
        return True
    return isinstance(error, GoToError) and error.unsettled
