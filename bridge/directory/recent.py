"""What the bridge wrote lately, and how a read that GoTo answers from before it is told apart.

GoTo's reads may trail behind its writes. What a read shows is held against what the last writes
replaced: a value from before them is late news, any other one is somebody else's change and is
believed. Pure rules; it asks nobody and keeps nothing longer than the lag.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bridge.directory.entries import OTHER_GROUPS
from bridge.directory.time import Clock
from bridge.goto import GroupRecord, UserRecord

R = TypeVar("R", UserRecord, GroupRecord)
Fields = Mapping[str, Any]

LAG = 30.0
"""For how many seconds after a write GoTo's reads are not taken at their word (decision 0027)."""

# What GoTo makes of the other fields: it says nothing about which of the writes a read has seen.
DERIVED = frozenset(
    {
        "status",
        "canAuthenticate",
        "products",
        "groupName",
        "groupKeyPath",
        "groupNamePath",
        "invitedDate",
    }
)

# The fields of a user's record that say which group it is in.
OF_GROUP = ("groupKey", "groupName", "groupKeyPath", "groupNamePath")


@dataclass(slots=True)
class _Trace:
    """The writes to one resource: the values that they left, None for deleted, and those before.

    ``before`` holds, for each write, when it was made and what it replaced; None is for nothing.
    """

    now: dict[str, Any] | None = field(default_factory=dict)
    before: list[tuple[float, Fields | None]] = field(default_factory=list)

    def replaced(self, at: float) -> list[Fields | None]:
        """Return what a read that began at a moment may still show."""
        return [fields for moment, fields in self.before if moment > at - LAG]


class Recent:
    """The writes of the last ``LAG`` seconds, by the key of what was written.

    ``wrote`` is told of each of them.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        wrote: Callable[[str, Fields | None, Fields | None], object] = lambda *_: None,
    ) -> None:
        self._clock = clock
        self._wrote = wrote
        self._traces: dict[str, _Trace] = {}

    def wrote(self, key: str, before: Fields | None, after: Fields | None) -> None:
        """Take in a write; None is for a resource that was not there, or is not any more."""
        now = self._clock()
        self._trim(now)
        changed = _changed(before, after)
        if not changed and before is not None and after is not None:
            return
        self._wrote(key, before, after)
        trace = self._traces.pop(key, None) or _Trace()
        if trace.before and trace.before[0][0] <= now - LAG:
            trace.before = [each for each in trace.before if each[0] > now - LAG]
        if before is None or after is None:
            trace.before.append((now, before))
            trace.now = None if after is None else dict(after)
        else:
            trace.before.append((now, {name: before.get(name) for name in changed}))
            trace.now = {**(trace.now or {}), **{name: after.get(name) for name in changed}}
        self._traces[key] = trace

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written lately, so that each read can be taken at its word."""
        return not self._traces

    def of(self, key: str, at: float) -> bool:
        """Whether a read that began at a moment may not show a write to this resource yet."""
        trace = self._traces.get(key)
        return trace is not None and bool(trace.replaced(at))

    def is_hidden(self, key: str, at: float) -> bool:
        """Whether a resource that a read lacks is there all the same: the bridge just made it."""
        trace = self._traces.get(key)
        return trace is not None and trace.now is not None and None in trace.replaced(at)

    def is_gone(self, key: str, at: float) -> bool:
        """Whether the bridge deleted a resource so lately that reads may show it still."""
        trace = self._traces.get(key)
        return trace is not None and trace.now is None and bool(trace.replaced(at))

    def newest(self, record: R, at: float) -> R | None:
        """Return what is true of a record that was read: the same one where nothing is late.

        None is for a resource that the bridge has deleted. ``at`` is when the read began.
        """
        trace = self._traces.get(record.key)
        replaced = trace.replaced(at) if trace else []
        if trace is None or not replaced:
            return record
        known = [fields for fields in replaced if fields is not None]
        if trace.now is None:
            if any(_is_late(record, fields) for fields in known):
                return None
            del self._traces[record.key]
            return record
        now, names = trace.now, {name for fields in known for name in fields}
        written = names - DERIVED or names
        if _has_arrived(record, now, known, written):
            del self._traces[record.key]
            return record
        late = {
            name: now.get(name)
            for name in names
            if not is_same(record.get(name), now.get(name))
            and any(_holds(fields, name, record.get(name)) for fields in known)
        }
        # What GoTo derives is late where what it is derived from is.
        return _with(record, late) if late.keys() & written else record

    def group_of(self, user: str, at: float) -> tuple[bool, str | None]:
        """Return whether the bridge moved a user lately, and the group that it then was in."""
        trace = self._traces.get(user)
        replaced = trace.replaced(at) if trace else []
        if trace is None or trace.now is None or not any(_moved(each) for each in replaced):
            return False, None
        return True, trace.now.get("groupKey")

    def placed(self, record: UserRecord, at: float) -> UserRecord:
        """Return a user's record without a group that the bridge has just deleted."""
        if record.group_key and self.is_gone(record.group_key, at):
            return UserRecord({k: v for k, v in record.items() if k not in OF_GROUP})
        return record

    def _trim(self, now: float) -> None:
        for key in list(_finished(self._traces, now)):
            del self._traces[key]


def is_same(ours: Any, theirs: Any) -> bool:
    """Whether two values of a field are the same; the order of a list says nothing."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return set(ours) == set(theirs)
    return bool((ours or None) == (theirs or None))


def _finished(traces: Mapping[str, _Trace], now: float) -> Iterator[str]:
    # They stand in the order of their last write.
    for key, trace in traces.items():
        if trace.before[-1][0] > now - LAG:
            return
        yield key


def _changed(before: Fields | None, after: Fields | None) -> list[str]:
    ours, theirs = before or {}, after or {}
    return [
        name
        for name in {**ours, **theirs}
        if name != OTHER_GROUPS
        and (our := ours.get(name)) != (their := theirs.get(name))
        and not is_same(our, their)
    ]


def _holds(fields: Fields, name: str, value: Any) -> bool:
    return name in fields and is_same(fields[name], value)


def _has_arrived(record: Fields, now: Fields, known: list[Fields], names: set[str]) -> bool:
    """Whether a read shows the last write, and cannot be from before it."""
    return all(
        is_same(record.get(name), now.get(name))
        and not any(_holds(fields, name, now.get(name)) for fields in known)
        for name in names
    )


def _is_late(record: Fields, deleted: Fields) -> bool:
    # One that was made anew under the same key was invited anew.
    return deleted.get("invitedDate") in (None, record.get("invitedDate"))


def _moved(replaced: Fields | None) -> bool:
    return replaced is not None and "groupKey" in replaced


def _with(record: R, fields: Fields) -> R:
    newest = record.copy()
    for name, value in fields.items():
        if value:
            newest[name] = value
        else:
            newest.pop(name, None)
    return type(record)(newest)
