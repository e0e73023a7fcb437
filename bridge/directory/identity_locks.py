"""GoTo's own locks on a user: what each of them keeps from being changed. Pure rules."""

from collections.abc import Callable, Collection, Mapping

from bridge.directory.refusals import locked
from bridge.goto import UserRecord

LOCKS: Mapping[str, frozenset[str]] = {
    "identityReadOnly": frozenset({"email", "firstName", "lastName", "locale"}),
    "nameLocked": frozenset({"firstName", "lastName"}),
    "emailLocked": frozenset({"email"}),
}
LOCKABLE = frozenset[str]().union(*LOCKS.values())


def refuse_locked(
    record: UserRecord, fields: Collection[str], attribute_of: Callable[[str], str]
) -> None:
    """Refuse a change of fields that a user's record says are locked (400 ``mutability``)."""
    for reason, guarded in LOCKS.items():
        if record.get(reason):
            for name in guarded.intersection(fields):
                raise locked(attribute_of(name), reason)
