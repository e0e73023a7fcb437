"""Searches: which resources match, in which order, and which of them are on the page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from scim2_models import NotFoundException, Resource, ScimFilter, SearchRequest
from scim2_models.path import AttrPath, CompareOperator, Comparison

from bridge.case_mapping import case_mapped
from bridge.directory.attributes import Accessor
from bridge.directory.core import Core
from bridge.directory.entries import Entry, Kind, UserEntry
from bridge.directory.filters import Predicate, equalities, predicate
from bridge.directory.groups import Groups
from bridge.directory.listed import Found, Listed, LookedAt, merged
from bridge.directory.offered import Offered
from bridge.directory.offers import AnyKind, OfferEntry, Shown, is_offer, record_kind
from bridge.directory.paging import Page, SortKey, page_by_cursor, page_by_index, sort_key
from bridge.directory.shown_as_groups import ShownAsGroups
from bridge.directory.table import Table
from bridge.directory.users import Users
from bridge.directory.walks import Walk, Walks
from bridge.mapping import is_address

MOST_PREDICATES = 1000
# Characters of a filter that is kept: a thousand of the longest would fill the memory.
LONGEST_KEPT = 1000


class Query(NamedTuple):
    """What is searched: the types, the request, and who asks. ``live`` wants a look at GoTo now,
    ``texts`` a page of resources as they are sent."""

    kinds: Sequence[AnyKind]
    request: SearchRequest[Any]
    position: Any = None
    client: str = ""
    live: bool = False
    texts: bool = False


class Search:
    """Searches over the snapshot, and lookups of one resource past an old one."""

    def __init__(
        self,
        core: Core,
        users: Users,
        groups: Groups,
        shown: ShownAsGroups,
        offered: Offered,
        walks: Walks,
        models: Mapping[AnyKind, type[Resource[Any]]],
    ) -> None:
        self._core = core
        self._users = users
        self._groups = groups
        self._shown = shown
        self._offered = offered
        self._walks = walks
        self._models = models
        self._predicates: dict[tuple[AnyKind, str], Predicate] = {}

    async def page(self, query: Query) -> Page:
        """Return one page. Raises the GoToError of a look that failed: a list is whole or none."""
        if (walk := self._walk(query)) is not None:
            await self._shown.settle()
            return _next_page(walk, query)
        oldest = self._core.oldest_allowed(live=query.live)
        request = query.request
        descending = (
            request.sort_by is not None and request.sort_order == SearchRequest.SortOrder.descending
        )
        listed = await self._listed(query, oldest, descending)
        if request.cursor is not None:
            return page_by_cursor(
                listed, position=query.position, count=request.count, descending=descending
            )
        start = request.start_index or 1
        page = page_by_index(listed, start=start, count=request.count, texts=query.texts)
        if start <= 1 and request.count != 0:
            self._walks.begin(_name(query), listed, seen=page.size, client=query.client)
        return page

    def next_page(self, query: Query) -> Page | None:
        """Return a later page of a walk by index; None where it is none, or the walk is not known.

        Groups that stand for something else are as they were when they were last settled.
        """
        walk = self._walk(query)
        return None if walk is None else _next_page(walk, query)

    def _walk(self, query: Query) -> Walk | None:
        """Return the walk by index that a query goes on with, or None."""
        request = query.request
        start = request.start_index or 1
        if start <= 1 or request.cursor is not None or query.live or self._core.max_age <= 0:
            return None
        return self._walks.go_on(_name(query), start)

    async def _listed(self, query: Query, oldest: float, descending: bool) -> Listed:
        candidates = await self._candidates(query, oldest)
        if candidates is not None:
            keyed = self._ordered(query, self._matching(query, candidates), descending)
            return LookedAt(keyed, self._newest)
        while True:
            await self._core.refresh.not_older_than(oldest)
            found = [
                await self._found(record_kind(kind), query, descending) for kind in query.kinds
            ]
            if "Group" in query.kinds and await self._shown.settle():
                table = self._shown.table
                found.append(await self._found_in(table, "Group", query, descending))
            # Columns may have taken long to make, and something may have happened meanwhile.
            if self._core.is_young(oldest):
                return found[0] if len(found) == 1 else merged(found, descending=descending)

    async def _found(self, kind: Kind, query: Query, descending: bool) -> Found:
        return await self._found_in(self._core.snapshot.tables[kind], kind, query, descending)

    async def _found_in(self, table: Table, kind: Kind, query: Query, descending: bool) -> Found:
        request, model = query.request, self._models[kind]
        binding = request.sort_binding(model)
        listing = await table.listing(
            request.filter,
            model,
            sort_by=Accessor(binding) if binding else None,
            descending=descending,
        )
        known = self._known_users if kind == "User" else self._known_groups
        return Found(listing, known, table)

    def _known_users(self, keys: Sequence[str]) -> Sequence[Shown]:
        snapshot = self._core.snapshot
        found = list(map(snapshot.users.get, keys))
        if all(found):  # quicker than to compare each with None
            return cast(list[UserEntry], found)
        left = snapshot.departed.get
        entries = (entry or left(key) for key, entry in zip(keys, found, strict=True))
        return [entry for entry in entries if entry is not None]

    def _known_groups(self, keys: Sequence[str]) -> Sequence[Shown]:
        snapshot, shown = self._core.snapshot, self._shown.known
        entries = (
            snapshot.groups.get(key) or shown(key) or snapshot.departed.get(key) for key in keys
        )
        return [entry for entry in entries if entry is not None]

    def _newest(self, entry: Shown) -> Shown:
        if isinstance(entry, OfferEntry):
            return entry
        snapshot = self._core.snapshot
        newest: Shown | None = snapshot.users.get(entry.key) or snapshot.groups.get(entry.key)
        return newest or self._shown.known(entry.key) or entry

    async def _candidates(self, query: Query, oldest: float) -> list[Shown] | None:
        """Return the few resources that can match, or None where a table is to find them."""
        kind = query.kinds[0]
        if is_offer(kind):
            return list(await self._offered.all(kind, live=query.live))
        scim_filter = query.request.filter
        if scim_filter is not None and len(query.kinds) == 1:
            found = await self._looked_up(record_kind(kind), scim_filter, oldest, live=query.live)
            if found is not None:
                return list(found)
        return None

    # -- Lookups -----------------------------------------------------------

    async def _looked_up(
        self, kind: Kind, scim_filter: ScimFilter[Any], oldest: float, *, live: bool
    ) -> list[Entry] | None:
        """Return the few resources that can match, or None where all have to be looked through."""
        for path, value in equalities(scim_filter.ast):
            if not isinstance(value, str):
                continue
            name = _attribute_name(path)
            if name == "id":
                return await self._read(kind, [value], live=live)
            if name == "externalid":
                keys = self._core.ledger.holders_of_external_id(kind, value)
                return await self._read(kind, keys, live=live)
            if kind == "User" and name == "username":
                return await self._users_named(value, oldest, live=live)
            if kind == "User" and name in ("emails", "emails.value"):
                return await self._users_mailed(value, oldest, live=live)
        return None

    async def _read(self, kind: Kind, keys: Iterable[str], *, live: bool) -> list[Entry]:
        found: list[Entry] = []
        for key in keys:
            groups = self._shown if self._shown.claims(key) else self._groups
            read: Callable[..., Any] = self._users.read if kind == "User" else groups.read
            try:
                found.append(await read(key, live=live))
            except NotFoundException:
                continue
        return found

    async def _users_named(self, user_name: str, oldest: float, *, live: bool) -> list[Entry]:
        core = self._core
        if core.is_young(oldest):
            entry = core.snapshot.user_named(user_name)
            return [entry] if entry else []
        holder = core.ledger.holder_of_user_name(user_name)
        if holder is not None:
            return await self._read("User", [holder], live=live)
        if is_address(user_name):
            return list(await self._users.read_by_email(user_name, oldest=oldest))
        # A userName that is no address exists only where the bridge holds it.
        return []

    async def _users_mailed(self, email: str, oldest: float, *, live: bool) -> list[Entry]:
        holders = self._core.ledger.holders_of_email(email)
        found = await self._read("User", holders, live=live)
        if self._core.is_young(oldest):
            entry = self._core.snapshot.user_mailed(email)
            return [*found, entry] if entry and entry.key not in holders else found
        # GoTo knows one user by an address: where a holder is that user, there is no other.
        if is_address(email) and not any(_is_mailed(entry, email) for entry in found):
            known = await self._users.read_by_email(email, oldest=oldest)
            found += [entry for entry in known if entry.key not in holders]
        return found

    # -- Matching and order ------------------------------------------------

    def _matching(self, query: Query, entries: Iterable[Shown]) -> list[Shown]:
        scim_filter = query.request.filter
        if scim_filter is None:
            return list(entries)
        predicates: dict[str, Predicate] = {
            kind: self._predicate(kind, scim_filter) for kind in query.kinds
        }
        matching: list[Shown] = []
        user_name = _user_name_in(scim_filter)
        for entry in entries:
            if isinstance(entry, UserEntry) and entry.names[1] == user_name:
                # Told without its JSON being read: nearly every lookup.
                matching.append(entry)
                continue
            resource = entry.resource
            if predicates[resource["meta"]["resourceType"]](resource):
                matching.append(entry)
        return matching

    def _predicate(self, kind: AnyKind, scim_filter: ScimFilter[Any]) -> Predicate:
        """Return a filter as it was compiled before, for clients that ask the same again."""
        compiled = self._predicates.get((kind, scim_filter))
        if compiled is None:
            if len(self._predicates) >= MOST_PREDICATES:
                self._predicates.clear()
            compiled = predicate(scim_filter, self._models[kind])
            if len(scim_filter) <= LONGEST_KEPT:
                self._predicates[kind, scim_filter] = compiled
        return compiled

    def _ordered(
        self, query: Query, entries: list[Shown], descending: bool
    ) -> list[tuple[SortKey, Shown]]:
        request = query.request
        accessors: dict[str, Accessor | None] = {}
        for kind in query.kinds:
            binding = request.sort_binding(self._models[kind])
            accessors[kind] = Accessor(binding) if binding else None
        keyed = []
        for entry in entries:
            value = None
            if request.sort_by is not None:
                resource = entry.resource
                accessor = accessors[resource["meta"]["resourceType"]]
                value = accessor.sort_value(resource) if accessor else None
            keyed.append((sort_key(value, entry.key), entry))
        keyed.sort(key=lambda pair: pair[0], reverse=descending)
        return keyed


def _user_name_in(scim_filter: ScimFilter[Any]) -> str | None:
    """Return the userName that a filter asks for and nothing else, as lookups compare it."""
    node = scim_filter.ast
    if (
        isinstance(node, Comparison)
        and node.op == CompareOperator.eq
        and isinstance(node.value, str)
        and node.attr_path.uri is None
        and _attribute_name(node.attr_path) == "username"
    ):
        return case_mapped(node.value)
    return None


def _is_mailed(entry: Entry, email: str) -> bool:
    return isinstance(entry, UserEntry) and entry.names[0] == case_mapped(email)


def _attribute_name(path: AttrPath) -> str:
    name = path.attr if path.sub_attr is None else f"{path.attr}.{path.sub_attr}"
    return name.casefold()


def _next_page(walk: Walk, query: Query) -> Page:
    request = query.request
    start = request.start_index or 1
    page = page_by_index(walk.listed, start=start, count=request.count, texts=query.texts)
    walk.waits_for = start + page.size
    return page


def _name(query: Query) -> tuple[Any, ...]:
    """Return what the walks of a query are known by."""
    request = query.request
    return (
        query.client,
        tuple(query.kinds),
        str(request.filter or ""),
        str(request.sort_by or ""),
        request.sort_order,
    )
