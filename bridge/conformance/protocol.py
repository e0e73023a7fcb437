"""The checks of scim2-tester, which nobody here wrote, over the same HTTP client as the traces.

scim2-tester is an optional dependency: it is imported when it is wanted.
"""

from collections.abc import Iterator
from typing import Any

import httpx

from bridge.conformance.replay import Outcome
from bridge.errors import BridgeError

NAME = "scim2-tester"
MISSING = (
    f"{NAME} is not installed: install goto-scim-bridge[conformance], in a checkout by pip install "
    "'.[conformance]', or name what is to be checked with --only."
)
PASSED = {"SUCCESS", "COMPLIANT", "ACCEPTABLE"}
# How a check that was not made is told apart from one that failed.
SKIPPED = "SKIPPED"


def require_tester() -> None:
    """See that scim2-tester is there. Raises BridgeError."""
    try:
        import scim2_tester  # noqa: F401 - asked only whether it is there
    except ImportError:
        raise BridgeError(MISSING) from None


def checks(http: httpx.Client) -> Iterator[Outcome]:
    """Run every check of scim2-tester. ``http`` has the base URL and the token."""
    from scim2_client import BaseSyncSCIMClient, RequestNetworkException
    from scim2_tester import check_server

    class Client(BaseSyncSCIMClient):
        """scim2-client, over httpx."""

        def _stays_under_base_url(self, endpoint: str) -> bool:
            return str(http.build_request("GET", endpoint).url).startswith(str(http.base_url))

        def _parse_json(self, response: Any) -> Any:
            return response.json()

        def request(self, method: str, url: str, **kwargs: Any) -> Any:
            try:
                return http.request(method, url, **kwargs)
            except httpx.RequestError as error:
                raise RequestNetworkException(str(error)) from error

    try:
        results = check_server(Client())
    except Exception as error:  # what is checked may answer anything, and the tool stumble over it
        reason = f"{type(error).__name__}: {error}"[:400]
        yield Outcome("every check", (f"the tool stopped: {reason}",), setup=False, reason="")
        return
    for result in results:
        status, reason = result.status.name, str(result.reason or result.status.name)
        name = " ".join(filter(None, (result.resource_type, result.title)))
        skipped = status == SKIPPED
        complaints = () if status in PASSED or skipped else (f"{status}: {reason}"[:400],)
        yield Outcome(name, complaints, setup=False, reason=reason if skipped else "")
