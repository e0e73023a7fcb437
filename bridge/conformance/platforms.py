"""All checks, one platform after the other, and what came of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from bridge.conformance.own import OwnOnly
from bridge.conformance.protocol import NAME, checks
from bridge.conformance.replay import Outcome, clients, replay
from bridge.errors import BridgeError

PATIENCE = 60.0


@dataclass(frozen=True)
class Platform:
    """What came of one platform's steps."""

    name: str
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The steps that did not go as they should."""
        return tuple(each for each in self.outcomes if each.complaints)

    @property
    def passed(self) -> int:
        """How many did."""
        return len(self.outcomes) - len(self.failed)

    @property
    def reasoned(self) -> tuple[Outcome, ...]:
        """The steps that passed otherwise than the platform wishes, with a reason."""
        return tuple(each for each in self.outcomes if each.reason and not each.complaints)


@dataclass(frozen=True)
class Report:
    """What came of a whole check; ``left`` are the URLs of what it made and could not remove."""

    url: str
    platforms: tuple[Platform, ...]
    removed: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything went as it should, and nothing is left behind."""
        return not self.left and not any(platform.failed for platform in self.platforms)


def names() -> list[str]:
    """Return what can be checked: scim2-tester, and the clients that there are traces of."""
    return [NAME, *clients()]


def check(
    url: str,
    token: str,
    *,
    only: Sequence[str] = (),
    told: Callable[[str], object] = lambda _: None,
    transport: httpx.BaseTransport | None = None,
) -> Report:
    """Check the SCIM service at ``url``; ``told`` is called with each platform's name before it.

    Raises BridgeError where there is no SCIM service, or the token is none of its.
    """
    guard = OwnOnly(transport or httpx.HTTPTransport(), base_url=url)
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "goto-scim-bridge conformance"}
    with httpx.Client(
        base_url=url, headers=headers, timeout=PATIENCE, transport=guard, follow_redirects=False
    ) as http:
        _look(url, http)
        found: list[Platform] = []
        try:
            for name in names():
                if not only or name in only:
                    told(name)
                    found.append(Platform(name, tuple(_outcomes(name, http))))
        finally:
            removed, left = guard.remove_leftovers(http)
    return Report(url, tuple(found), tuple(removed), tuple(left))


def _outcomes(name: str, http: httpx.Client) -> Iterator[Outcome]:
    return checks(http) if name == NAME else replay(name, http)


def _look(url: str, http: httpx.Client) -> None:
    try:
        answer = http.get("/Users", params={"count": 1})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BridgeError(f"--url: {url} cannot be asked ({error}).") from None
    if answer.status_code in (401, 403):
        raise BridgeError(f"--token: {url} refuses it ({answer.status_code}).")
    if answer.status_code == 404:
        raise BridgeError(f"--url: there are no /Users below {url}; is it the SCIM base URL?")
