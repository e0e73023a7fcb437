"""``/metrics``: Prometheus text. Labels hold methods, endpoints and statuses, never ids."""

import time
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.operations.request_log import request_log

KNOWN_ENDPOINTS = frozenset(
    {
        "Users", "Groups", "Licenses", "AdminRoles", "Bulk", ".search", "Me", "Schemas",
        "ResourceTypes", "ServiceProviderConfig",
    }
)  # fmt: skip

KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

OUTCOMES = ("renewed", "refused", "failed")


class Metrics:
    """The bridge's figures, in a registry of their own."""

    def __init__(self, *, auth_failure_reasons: Iterable[str] = ()) -> None:
        self.registry = CollectorRegistry()
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter(
            "bridge_scim_requests_total",
            "SCIM requests served",
            ["method", "endpoint", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "bridge_scim_request_seconds",
            "Time to serve a SCIM request",
            ["method", "endpoint"],
            registry=self.registry,
        )
        self.refreshes = Counter(
            "bridge_grant_refreshes_total",
            "Exchanges of the grant for an access token",
            ["outcome"],
            registry=self.registry,
        )
        self.contentions = Counter(
            "bridge_membership_contention_total",
            "Users that clients were found to move back and forth between groups",
            registry=self.registry,
        )
        self.dropped_writes = Counter(
            "bridge_dropped_writes_total",
            "Writes that GoTo accepted and that a later refresh does not show",
            registry=self.registry,
        )
        self.auth_failures = Counter(
            "bridge_auth_failures_total",
            "Sign-ins of SCIM clients that failed",
            ["reason"],
            registry=self.registry,
        )
        self.ignored_members = Counter(
            "bridge_unknown_members_ignored_total",
            "Members of PATCH requests that were no users and were left out",
            registry=self.registry,
        )
        for outcome in OUTCOMES:
            self.refreshes.labels(outcome)
        for reason in auth_failure_reasons:
            self.auth_failures.labels(reason)

    def count_request(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Count a request that was served."""
        served = method, endpoint, status
        series = self._series.get(served)
        if series is None:
            # Known methods, endpoints and statuses only: there are few of them.
            series = self._series[served] = (
                self.requests.labels(method, endpoint, str(status)),
                self.seconds.labels(method, endpoint),
            )
        series[0].inc()
        series[1].observe(seconds)

    def count_refresh(self, outcome: str) -> None:
        """Count how an exchange of the grant ended."""
        self.refreshes.labels(outcome).inc()

    def count_auth_failure(self, reason: str) -> None:
        """Count a sign-in that failed."""
        self.auth_failures.labels(reason).inc()

    def count_contention(self) -> None:
        """Count a user that clients move back and forth."""
        self.contentions.inc()

    def count_ignored_members(self, number: int) -> None:
        """Count members of a PATCH that were left out."""
        self.ignored_members.inc(number)

    def count_dropped_write(self) -> None:
        """Count a write that GoTo accepted and dropped."""
        self.dropped_writes.inc()

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Show a number that is read at each scrape."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def route(self) -> Route:
        """Return the route of the scrape."""
        return Route("/metrics", self._scrape, methods=["GET"])

    async def _scrape(self, _: Request) -> Response:
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


class Watched:
    """Counts and logs what an application serves; no query, body or token is logged."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._note = request_log()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, and take note of it."""
        began = time.perf_counter()
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
            endpoint = endpoint_of(scope)
            took = time.perf_counter() - began
            self._metrics.count_request(method, endpoint, status, took)
            self._note(method, endpoint, status, took)


def endpoint_of(scope: Scope) -> str:
    """Return the first part of a path below its mount, or "other" for one that is not known."""
    path = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
    first = path.partition("/")[0]
    if not first:
        return "root"
    return first if first in KNOWN_ENDPOINTS else "other"
