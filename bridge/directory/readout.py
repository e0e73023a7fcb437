"""What columns need of entries, with as little of their JSON made as will do."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bridge.directory.entries import Entry, GroupEntry, meta
from bridge.directory.selecting import Resource, Source


def read_out(entry: Entry, sources: Iterable[Source]) -> list[Any]:
    """Return what sources read of an entry, whose JSON is made only where it is needed."""
    made: dict[bool, Resource] = {}
    values = []
    for source in sources:
        at_hand = AT_HAND.get(source.name)
        if at_hand is not None:
            values.append(at_hand(entry))
            continue
        whole = source.needs_members
        if whole not in made:
            made[whole] = _resource(entry, whole=whole)
        values.append(source.read(made[whole]))
    return values


def _resource(entry: Entry, *, whole: bool) -> Resource:
    if isinstance(entry, GroupEntry) and not whole:
        return {**entry.base, "meta": meta("Group", entry.state)}
    return entry.resource


def is_same(known: Entry, now: Entry) -> bool:
    """Whether two entries of one resource say the same. A pass makes all groups anew."""
    if not (isinstance(known, GroupEntry) and isinstance(now, GroupEntry)):
        return False
    return (
        known.state == now.state
        and known.base == now.base
        and list(known.members) == list(now.members)
    )


def _shown(moment: datetime) -> datetime:
    """Return a moment as precise as it is shown (``entries.iso``)."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# What entries tell without their JSON.
AT_HAND: Mapping[str, Callable[[Entry], Any]] = {
    ":id.": lambda entry: entry.key,
    ":meta.lastModified": lambda entry: _shown(entry.state.last_modified),
    ":meta.created": lambda entry: _shown(entry.state.first_seen),
}
