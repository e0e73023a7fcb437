"""Bulk requests (RFC 7644 §3.7): the same operations in one request, with references between them.

The library orders them and resolves bulkIds; each runs as a request of its own would, some at once.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from scim2_models import BulkOperation, Resource
from scim2_server.bulk import BulkPlan, BulkStep
from starlette.responses import Response

from bridge.directory import Entry, Kind, is_offer, model_of, record_kind
from bridge.scim import dialects
from bridge.scim.bulk_together import together
from bridge.scim.costs import refuse_costly_bulk, refuse_costly_patch
from bridge.scim.errors import error_of
from bridge.scim.exchange import Exchange, conditions
from bridge.scim.membership import refuse_unreadable_members
from bridge.scim.reading import operations_of, wanted_by
from bridge.scim.rendering import json_response
from bridge.scim.service import kind_of, read_only
from bridge.scim.urls import normal_path
from bridge.scim.verbs import Verbs
from bridge.scim.workers import LARGE_PATCH

Outcome = dict[str, Any]
METHOD = BulkOperation.Method
# More outcomes are put together in a thread.
FEW_OUTCOMES = 50


class BulkRequests:
    """Serves bulk requests."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs

    async def run(self, exchange: Exchange) -> Response:
        """POST on /Bulk: 200 with an outcome for each operation that ran."""
        service = exchange.reader.service

        def reading(body: Mapping[str, Any]) -> tuple[BulkPlan, list[Mapping[str, Any]]]:
            refuse_costly_bulk(body)
            if exchange.reader.profile == "lenient":
                body = _canonical(body)
            with service.provider:
                plan = service.read_bulk(orjson.dumps(body), "application/scim+json")
            return plan, _as_sent(body)

        plan, sent = await exchange.read(reading, large=LARGE_PATCH)
        turn = asyncio.Lock()
        for steps in together(plan):
            runs = (self._run(exchange, plan, step, sent[step.index], turn) for step in steps)
            for step, done in zip(steps, await asyncio.gather(*runs), strict=True):
                plan.record(step, *done)

        def answer() -> Response:
            with service.provider:
                return json_response(service.bulk_response(plan).body)

        return answer() if len(plan.steps) <= FEW_OUTCOMES else await exchange.apart(answer)

    async def _run(
        self,
        exchange: Exchange,
        plan: BulkPlan,
        step: BulkStep,
        sent: Mapping[str, Any],
        turn: asyncio.Lock,
    ) -> tuple[Outcome, Resource[Any] | None]:
        service = exchange.reader.service
        operation = plan.operation(step)
        outcome = service.bulk_outcome(exchange.base_url, operation)
        try:
            resource_type = service.route_bulk_operation(operation)
            if resource_type is not None and is_offer(kind_of(resource_type)):
                raise read_only(kind_of(resource_type))
            if operation.method == METHOD.patch and resource_type is not None:
                patch = operations_of(sent.get("data"))
                refuse_costly_patch(sent.get("data"))
                exchange.reader.refuse_departures(record_kind(kind_of(resource_type)), patch)
            elif resource_type is not None and kind_of(resource_type) == "Group":
                refuse_unreadable_members(sent.get("data"))
            if operation.method != METHOD.post:  # creates are to arrive together
                await _next_round(turn)
            operation = plan.resolve(step)
            service.locate_bulk_operation(exchange.base_url, resource_type, operation, outcome)
            failure = service.bulk_validation_failure(operation, outcome)
            if failure is not None or resource_type is None:
                return failure or outcome, None
            kind = kind_of(resource_type)
            entry = await self._apply(exchange, record_kind(kind), operation)
        except Exception as exception:
            error = error_of(exception)
            return {**outcome, "status": error.status, "response": error}, None
        await _next_round(turn)
        resource = model_of(entry, service.provider) if entry else None
        with service.provider:
            done = service.bulk_success(exchange.base_url, operation, outcome, resource)
        return done, resource

    async def _apply(
        self, exchange: Exchange, kind: Kind, operation: BulkOperation[Resource[Any]]
    ) -> Entry | None:
        key = str(operation.resource_id)
        expected = conditions(operation.version)
        data: Any = operation.data
        if operation.method == METHOD.post:
            return await self._verbs.created(kind, wanted_by(data))
        if operation.method == METHOD.put:
            return await self._verbs.replaced(kind, key, wanted_by(data), expected)
        if operation.method == METHOD.patch:
            return await self._verbs.patched(exchange, kind, key, data, expected)
        await self._verbs.deleted(kind, key, expected)
        return None


async def _next_round(turn: asyncio.Lock) -> None:
    """Wait for a round of the event loop in which no other operation of the request goes on.

    Fifty of them, each of two milliseconds, would otherwise hold up all other clients.
    """
    async with turn:
        await asyncio.sleep(0)


def _as_sent(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return each operation as sent, nothing for one that is no object: all keep their places."""
    listed = (value for name, value in body.items() if name.casefold() == "operations")
    each_alone = (operations_of({"operations": [each]}) for some in listed for each in some)
    return [found[0] if found else {} for found in each_alone]


def _canonical(body: Mapping[str, Any]) -> dict[str, Any]:
    """Let the dialects have their turn with each operation's data."""
    canonical: dict[str, Any] = {}
    for name, value in body.items():
        if name.casefold() == "operations" and isinstance(value, list):
            canonical["Operations"] = [_operation(item) for item in value]
        elif name.casefold() != "schemas":
            canonical[name] = value
    return {"schemas": [dialects.BULK_REQUEST], **canonical}


def _operation(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    operation = {NAMES.get(name.casefold(), name): value for name, value in item.items()}
    method, path, data = (operation.get(name) for name in ("method", "path", "data"))
    if isinstance(method, str):
        method = operation["method"] = method.upper()
    if isinstance(path, str):
        path = operation["path"] = normal_path(path)
    if isinstance(path, str) and isinstance(data, Mapping):
        kind = "Group" if path.casefold().startswith("/groups") else "User"
        operation["data"] = (
            _patch(data, kind) if method == "PATCH" else dialects.resource(data, kind)
        )
    return operation


def _patch(data: Mapping[str, Any], kind: str) -> dict[str, Any]:
    patch = dialects.patch(data, kind)
    if not patch["Operations"] and dialects.has_operations(data):
        patch["Operations"] = [NOTHING_TO_DO]
    return patch


NAMES = {name.casefold(): name for name in ("method", "path", "data", "bulkId", "version")}
# The library wants an operation; this one is on an attribute that nobody has.
NOTHING_TO_DO = {"op": "remove", "path": "nothing"}
