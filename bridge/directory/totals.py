"""GoTo's counts of whole branches of groups, made to fit the members that the bridge shows.

A group's total is read at one moment and its members at another, and reads may trail behind writes.
What a total is off by is told by the members that GoTo counted in the same reading.
"""

from collections.abc import Iterable, Mapping, Sequence

from bridge.goto import GroupRecord

TOTAL = "totalMemberCount"


def with_total(record: GroupRecord, grown_by: int) -> GroupRecord:
    """Return a record whose total is larger by a number; the same one where it shows none."""
    total = record.get(TOTAL)
    if not grown_by or not isinstance(total, int):
        return record
    return GroupRecord({**record, TOTAL: max(total + grown_by, 0)})


def is_total_of(record: GroupRecord, read: GroupRecord) -> bool:
    """Whether a record shows the total that was read, and not one that the bridge knows better."""
    return counts(read) and record.get(TOTAL) == read.get(TOTAL)


def counts(read: GroupRecord) -> bool:
    """Whether a record that was read says how many members the group has."""
    return "memberCount" in read or "userKeys" in read


def missing(records: Iterable[GroupRecord], members: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return by how many members the total of each group is short of those that are shown.

    ``records`` are one reading of all groups.
    """
    short: dict[str, int] = {}
    for record in records:
        by = len(members.get(record.key, ())) - record.member_count if counts(record) else 0
        if by:
            for key in {*record.key_path, record.key}:
                short[key] = short.get(key, 0) + by
    return short
