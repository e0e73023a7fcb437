"""The requests on one resource: create, read, replace, patch, delete (RFC 7644 §3.3 to §3.6)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from scim2_models import Context, PatchOp
from scim2_server.conditions import Conditions
from starlette.responses import Response

from bridge.directory import (
    AnyKind,
    Directory,
    Entry,
    GroupEntry,
    Kind,
    MembershipChange,
    MembersPlan,
    Shown,
    is_offer,
    record_kind,
)
from bridge.scim.applying import Share, applied, steps_of
from bridge.scim.costs import refuse_costly_patch, refuse_costly_resource
from bridge.scim.exchange import Exchange
from bridge.scim.membership import Membership, membership
from bridge.scim.named import by_keys, named
from bridge.scim.plain_patches import Texts, plain_membership, plain_texts
from bridge.scim.reading import refuse_many_changes
from bridge.scim.workers import LARGE_BODY, LARGE_PATCH, MANY_STEPS


class Verbs:
    """Serves the requests on single resources, and the same operations within a bulk request."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def create(self, exchange: Exchange, kind: Kind) -> Response:
        """POST: 201 with the resource."""
        projection = await exchange.projection(kind)
        wanted = await _wanted(exchange, kind, Context.RESOURCE_CREATION_REQUEST)
        return exchange.answer(await self.created(kind, wanted), projection, status=201)

    async def created(self, kind: Kind, wanted: Mapping[str, Any]) -> Entry:
        """Create a resource."""
        return await self._directory.create(kind, wanted)

    async def read(self, exchange: Exchange, kind: AnyKind, key: str) -> Response:
        """GET: 200 with the resource, or 304."""
        projection = await exchange.projection(kind)
        entry = await self._read(kind, key, live=exchange.live)
        if not exchange.conditions.check(entry.version, "GET"):
            return Response(status_code=304, headers={"ETag": entry.version})
        return exchange.answer(entry, projection)

    async def _read(self, kind: AnyKind, key: str, *, live: bool) -> Shown:
        if is_offer(kind):
            return await self._directory.read_offer(kind, key, live=live)
        return await self._directory.read(record_kind(kind), key, live=live)

    async def replace(self, exchange: Exchange, kind: Kind, key: str) -> Response:
        """PUT: 200 with the resource."""
        projection = await exchange.projection(kind)
        wanted = await _wanted(exchange, kind, Context.RESOURCE_REPLACEMENT_REQUEST)
        entry = await self.replaced(kind, key, wanted, exchange.conditions)
        return exchange.answer(entry, projection)

    async def replaced(
        self, kind: Kind, key: str, wanted: Mapping[str, Any], conditions: Conditions
    ) -> Entry:
        """Replace a resource."""

        def change(entry: Entry) -> Mapping[str, Any]:
            conditions.check(entry.version, "PUT")
            return wanted

        return await self._directory.replace(kind, key, change)

    async def patch(self, exchange: Exchange, kind: Kind, key: str) -> Response:
        """PATCH: 200 with the resource; 204 is legal too, and fails two of the tools."""
        projection = await exchange.projection(kind)
        reader, conditions = exchange.reader, exchange.conditions
        is_lenient = reader.profile == "lenient"

        def reading(body: Mapping[str, Any]) -> "Membership | Texts | PatchOp[Any] | None":
            if kind == "Group" and (members := plain_membership(body, lenient=is_lenient)):
                return members
            if kind == "User" and (texts := plain_texts(body, kind, reader)):
                return texts
            refuse_costly_patch(body)
            return reader.patch(kind, body)

        asked = await exchange.read(reading, large=LARGE_PATCH)
        if isinstance(asked, Membership):
            entry: Entry = await self._moved(key, asked, conditions)
        elif isinstance(asked, Texts):
            entry = await self._reworded(key, asked, conditions)
        else:
            entry = await self.patched(exchange, kind, key, asked, conditions)
        return exchange.answer(entry, projection)

    async def _moved(self, key: str, members: Membership, conditions: Conditions) -> Entry:
        def plan(entry: GroupEntry) -> MembershipChange:
            conditions.check(entry.version, "PATCH")
            return members.plan(entry)

        return await self._directory.change_members(key, plan)

    async def _reworded(self, key: str, texts: Texts, conditions: Conditions) -> Entry:
        def change(entry: Entry) -> Mapping[str, Any] | None:
            conditions.check(entry.version, "PATCH")
            return texts.applied(entry)

        return await self._directory.replace("User", key, change, patched=True)

    async def patched(
        self,
        exchange: Exchange,
        kind: Kind,
        key: str,
        patch: "PatchOp[Any] | None",
        conditions: Conditions,
    ) -> Entry:
        """Apply operations, all or none; None are none."""
        reader = exchange.reader
        members: MembersPlan | None = None
        if patch is not None and kind == "Group":
            found, others = membership(
                patch.operations or [],
                base_url=exchange.base_url,
                must_exist=reader.profile == "strict",
            )
            if found.steps and not others:
                return await self._moved(key, found, conditions)
            members = found.plan
            patch = patch.model_copy(update={"operations": others})
        if patch is not None:
            refuse_many_changes(patch)

        share = Share(exchange.budget)

        async def change(entry: Entry) -> Mapping[str, Any] | None:
            conditions.check(entry.version, "PATCH")
            if patch is None:
                return None
            # Applied anew, to a resource that was looked at meanwhile, it is paid for once.
            share.refund()
            if isinstance(entry, GroupEntry):
                return await _applied(exchange, patch, entry, share)
            keyed = by_keys(patch, partial(self._directory.license_of, entry))
            return await _applied(exchange, keyed, entry, share)

        spoken_of = named(patch) if patch and kind == "User" else ()
        return await self._directory.replace(
            kind, key, change, patched=True, named=spoken_of, members=members
        )

    async def delete(self, exchange: Exchange, kind: Kind, key: str) -> Response:
        """DELETE: 204."""
        await self.deleted(kind, key, exchange.conditions)
        return Response(status_code=204)

    async def deleted(self, kind: Kind, key: str, conditions: Conditions) -> None:
        """Delete a resource; it is looked at first only where a condition was sent."""
        if conditions == Conditions():
            await self._directory.delete(kind, key)
            return

        def guard(entry: Entry) -> None:
            conditions.check(entry.version, "DELETE")

        await self._directory.delete(kind, key, guard=guard)


async def _wanted(exchange: Exchange, kind: Kind, context: Context) -> Mapping[str, Any]:
    def reading(body: Mapping[str, Any]) -> Mapping[str, Any]:
        refuse_costly_resource(body)
        return exchange.reader.wanted(kind, body, context)

    return await exchange.read(reading)


async def _applied(
    exchange: Exchange, patch: "PatchOp[Any]", entry: Entry, share: Share
) -> Mapping[str, Any] | None:
    work = partial(applied, exchange.reader, patch, entry, share)
    is_short = len(entry.text) <= LARGE_BODY and steps_of(patch, entry.resource) <= MANY_STEPS
    return work() if is_short else await exchange.apart(work)
