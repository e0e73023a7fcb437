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
from bridge.scim.bulk_reading import SentBulk, sent_bulk
from bridge.scim.bulk_together import together
from bridge.scim.costs import refuse_costly_bulk
from bridge.scim.errors import error_of
from bridge.scim.exchange import Exchange, conditions
from bridge.scim.reading import wanted_by
from bridge.scim.rendering import json_response
from bridge.scim.service import kind_of, read_only
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

        def reading(body: Mapping[str, Any]) -> tuple[BulkPlan, SentBulk]:
            refuse_costly_bulk(body)
            sent = sent_bulk(body, exchange.reader)
            with service.provider:
                plan = service.read_bulk(orjson.dumps(sent.body), "application/scim+json")
            return plan, sent

        plan, sent = await exchange.read(reading, large=LARGE_PATCH)
        turn = asyncio.Lock()
        for steps in together(plan):
            runs = (self._run(exchange, plan, step, sent.refusals, turn) for step in steps)
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
        refusals: Mapping[int, Exception],
        turn: asyncio.Lock,
    ) -> tuple[Outcome, Resource[Any] | None]:
        service = exchange.reader.service
        operation = plan.operation(step)
        outcome = service.bulk_outcome(exchange.base_url, operation)
        try:
            resource_type = service.route_bulk_operation(operation)
            if resource_type is not None and is_offer(kind_of(resource_type)):
                raise read_only(kind_of(resource_type))
            if step.index in refusals:
                raise refusals[step.index]
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
