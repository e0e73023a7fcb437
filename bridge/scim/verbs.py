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
    Shown,
    is_offer,
    model_of,
    record_kind,
    wanted_of,
)
from bridge.scim.exchange import Exchange
from bridge.scim.membership import Membership, membership
from bridge.scim.named import LicenseOf, by_keys, named
from bridge.scim.plain_patches import Texts, plain_membership, plain_texts
from bridge.scim.reading import Reader, refuse_many_changes
from bridge.scim.sight import out_of_sight


class Verbs:
    """Serves the requests on single resources, and the same operations within a bulk request."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def create(self, exchange: Exchange, kind: Kind) -> Response:
        """POST: 201 with the resource."""
        projection = exchange.projection(kind)
        body = await exchange.body()
        wanted = exchange.reader.wanted(kind, body, Context.RESOURCE_CREATION_REQUEST)
        return exchange.answer(await self.created(kind, wanted), projection, status=201)

    async def created(self, kind: Kind, wanted: Mapping[str, Any]) -> Entry:
        """Create a resource."""
        return await self._directory.create(kind, wanted)

    async def read(self, exchange: Exchange, kind: AnyKind, key: str) -> Response:
        """GET: 200 with the resource, or 304."""
        projection = exchange.projection(kind)
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
        projection = exchange.projection(kind)
        body = await exchange.body()
        wanted = exchange.reader.wanted(kind, body, Context.RESOURCE_REPLACEMENT_REQUEST)
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
        projection = exchange.projection(kind)
        body, reader, conditions = await exchange.body(), exchange.reader, exchange.conditions
        is_lenient = reader.profile == "lenient"
        if kind == "Group" and (members := plain_membership(body, lenient=is_lenient)):
            entry: Entry = await self._moved(key, members, conditions)
        elif kind == "User" and (texts := plain_texts(body, kind, reader)):
            entry = await self._reworded(key, texts, conditions)
        else:
            entry = await self.patched(reader, kind, key, reader.patch(kind, body), conditions)
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
        reader: Reader,
        kind: Kind,
        key: str,
        patch: "PatchOp[Any] | None",
        conditions: Conditions,
    ) -> Entry:
        """Apply operations, all or none; None are none."""
        members = membership(patch.operations or []) if patch and kind == "Group" else None
        if members is not None:
            if reader.profile == "lenient":
                members = members.without_impossible()
            return await self._moved(key, members, conditions)
        if patch is not None:
            refuse_many_changes(patch)

        def change(entry: Entry) -> Mapping[str, Any] | None:
            conditions.check(entry.version, "PATCH")
            if patch is None:
                return None
            return _applied(reader, patch, entry, partial(self._directory.license_of, entry))

        spoken_of = named(patch) if patch and kind == "User" else ()
        return await self._directory.replace(kind, key, change, patched=True, named=spoken_of)

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


def _applied(
    reader: Reader, patch: "PatchOp[Any]", entry: Entry, license_of: LicenseOf
) -> dict[str, Any] | None:
    """Return the resource after the operations, or None where they change nothing."""
    if not isinstance(entry, GroupEntry):
        patch = by_keys(patch, license_of)
    model = model_of(entry, reader.provider)
    hidden = out_of_sight(patch, type(model))
    with reader.provider:
        if not patch.patch(model) and not hidden:
            return None
    wanted = {**wanted_of(model), **hidden}
    if isinstance(entry, GroupEntry):
        wanted.setdefault("members", [])
    return wanted
