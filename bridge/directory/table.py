"""All resources of one type, to be looked through: their order, their columns, and what was found.

It is told which resources changed, and reads these again when it is next asked. What it keeps can
all be made again from the entries.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from scim2_models import Resource as ResourceModel
from scim2_models import ScimFilter

from bridge.directory.attributes import Accessor
from bridge.directory.columns import Column
from bridge.directory.entries import Entry, GroupEntry
from bridge.directory.order import Listing, Order, sorted_positions
from bridge.directory.readout import is_same, read_out
from bridge.directory.selecting import (
    Plan,
    Source,
    Unaligned,
    as_verdict,
    plan,
    sort_source_of,
)
from bridge.directory.selections import selection

K = TypeVar("K")
V = TypeVar("V")

# How many resources are read before others have their turn.
SLICE = 200
# With more changes at once, the columns are made anew.
MOST_CHANGES = 1000
MOST_COLUMNS = 64
MOST_LISTINGS = 16
MOST_PLANS = 128


class Table:
    """The resources of one type, as entries by key; ``touch`` and ``replace`` tell what changed."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._order = Order(entries)
        # The resources as they are sent, in their order; None where nobody asked yet.
        self._texts: list[bytes | None] = [None] * len(self._order)
        self._columns: OrderedDict[str, Column] = OrderedDict()
        self._sources: dict[str, Source] = {}
        self._touched: set[str] = set()
        self._touched_meanwhile: set[str] = set()
        self._listings: OrderedDict[Any, Listing] = OrderedDict()
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._building = asyncio.Lock()

    def touch(self, key: str) -> None:
        """Say that a resource appeared, changed or went."""
        self._touched.add(key)
        if self._building.locked():
            self._touched_meanwhile.add(key)

    def replace(self, entries: Mapping[str, Entry]) -> None:
        """Take other entries in place of those there are, which are compared with them."""
        before, self._entries = self._entries, entries
        if before is entries:
            return
        if not before and not self._building.locked():
            self._touched.update(entries)
            return
        for key in entries.keys() | before.keys():
            known, now = before.get(key), entries.get(key)
            if known is not now and not (known and now and is_same(known, now)):
                self.touch(key)

    # -- What is asked -------------------------------------------------------------

    async def listing(
        self,
        scim_filter: ScimFilter[Any] | None,
        model: type[ResourceModel[Any]],
        *,
        sort_by: Accessor | None = None,
        descending: bool = False,
    ) -> Listing:
        """Return what a filter describes, in the order of ids or of an attribute's values.

        The first that needs a column waits until it is made; others have their turns meanwhile.
        """
        wanted = self._plan(scim_filter, model) if scim_filter is not None else None
        sort = sort_source_of(sort_by) if sort_by is not None else None
        while True:
            sources = dict(wanted.sources) if wanted else {}
            if sort is not None:
                sources[sort.name] = sort
            await self._prepare(sources)
            try:
                return self._listing(scim_filter, wanted, sort, descending=descending)
            except Unaligned:
                assert scim_filter is not None
                wanted = self._plans[str(scim_filter)] = as_verdict(scim_filter, model)

    def texts(self, listing: Listing, first: int, last: int | None) -> Sequence[bytes] | None:
        """Return part of a listing as it is sent; None where it is not of all that there are now.

        A page of a large account is mostly waiting for memory. So what it takes lies side by side,
        and no entry is looked for by its key.
        """
        whole = listing.whole
        if whole is None:
            return None
        self._settle()
        if not self._order.is_of(whole):
            return None
        found = self._texts[first:last]
        if not all(found):  # quicker than to compare each with None: no text is empty
            found = [self._entries[key].text for key in whole[first:last]]
            self._texts[first:last] = found
        return cast(list[bytes], found)

    def _plan(self, scim_filter: ScimFilter[Any], model: type[ResourceModel[Any]]) -> Plan:
        return _remembered(
            self._plans, str(scim_filter), lambda: plan(scim_filter, model), MOST_PLANS
        )

    def _listing(
        self,
        scim_filter: ScimFilter[Any] | None,
        wanted: Plan | None,
        sort: Source | None,
        *,
        descending: bool,
    ) -> Listing:
        def found() -> Listing:
            chosen = wanted.select(self) if wanted else None
            keys = self._order.lend()
            if sort is None and not descending:
                return Listing(keys, chosen=chosen)
            values = self._sort_values(sort)
            positions = sorted_positions(values, chosen, descending=descending)
            return Listing(keys, positions=positions, values=values)

        name = (str(scim_filter or ""), sort.name if sort else None, descending)
        return _remembered(self._listings, name, found, MOST_LISTINGS)

    def _sort_values(self, sort: Source | None) -> list[Any]:
        if sort is None:
            return [None] * self.size
        return self.column(sort.name).sort_values()

    # -- What plans look at --------------------------------------------------------

    @property
    def size(self) -> int:
        """How many resources there are."""
        return len(self._order)

    def column(self, name: str) -> Column:
        """Return a column that was prepared."""
        self._columns.move_to_end(name)
        return self._columns[name]

    def only(self, key: str) -> bytes:
        """Return the resource with an id."""
        marks = bytearray(self.size)
        position, is_known = self._order.find(key)
        if is_known:
            marks[position] = 1
        return bytes(marks)

    def holding(self, member: str) -> bytes:
        """Return the groups that have a member."""
        groups = [self._entries[key] for key in self._order.lend()]
        return selection(isinstance(each, GroupEntry) and member in each.members for each in groups)

    # -- Columns ---------------------------------------------------------------------

    async def _prepare(self, sources: Mapping[str, Source]) -> None:
        """See that there are these columns, and that everything is as the entries are now."""
        self._settle()
        while missing := [each for name, each in sources.items() if name not in self._columns]:
            async with self._building:
                await self._build([each for each in missing if each.name not in self._columns])
            self._settle()
        for name in list(islice(self._columns, max(len(self._columns) - MOST_COLUMNS, 0))):
            if name not in sources:
                del self._columns[name], self._sources[name]

    async def _build(self, sources: list[Source]) -> None:
        self._touched_meanwhile = set()
        seen: dict[str, list[Any]] = {}
        keys = list(self._entries)
        for first in range(0, len(keys), SLICE):
            for key in keys[first : first + SLICE]:
                if (entry := self._entries.get(key)) is not None:
                    seen[key] = read_out(entry, sources)
            await asyncio.sleep(0)
        self._settle()
        for key in self._touched_meanwhile:
            if (entry := self._entries.get(key)) is not None:
                seen[key] = read_out(entry, sources)
        ordered = [seen[key] for key in self._order.lend()]
        for number, source in enumerate(sources):
            self._columns[source.name] = Column([row[number] for row in ordered])
            self._sources[source.name] = source

    def _settle(self) -> None:
        """Bring order and columns up to the entries."""
        if not self._touched:
            return
        touched, self._touched = self._touched, set()
        self._listings.clear()
        if len(touched) > MOST_CHANGES:
            self._columns.clear()
            self._sources.clear()
            self._order = Order(self._entries)
            self._texts = [None] * len(self._order)
            return
        for key in touched:
            self._update(key, self._entries.get(key))

    def _update(self, key: str, entry: Entry | None) -> None:
        position, is_known = self._order.find(key)
        if entry is None:
            if is_known:
                self._order.drop(position)
                del self._texts[position]
                for column in self._columns.values():
                    column.drop(position)
            return
        if is_known:
            self._texts[position] = None
        else:
            self._order.insert(position, key)
            self._texts.insert(position, None)
        values = read_out(entry, self._sources.values())
        for name, value in zip(self._sources, values, strict=True):
            self._columns[name].put(position, value, inserted=not is_known)


def _remembered(known: OrderedDict[K, V], name: K, made: Callable[[], V], most: int) -> V:
    """Return what is known by a name, made if it is not, and forget what was not asked for long."""
    if name in known:
        known.move_to_end(name)
        return known[name]
    while len(known) >= most:
        known.popitem(last=False)
    found = known[name] = made()
    return found
