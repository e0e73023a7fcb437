"""Okta, Entra ID, SailPoint and Saviynt EIC, each for a whole day over sockets.

First everybody, then a day of changes, then everything again, which GoTo may not notice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.clients.days.company import Company, Platform, day, founded
from tests.clients.days.entra import Entra
from tests.clients.days.okta import Okta
from tests.clients.days.sailpoint import SailPoint
from tests.clients.days.saviynt import Saviynt
from tests.eic.connections import connected
from tests.eic.test_import import console
from tests.live import Live, live_bridge

PEOPLE = 200
TEAMS = 20
ADMINISTRATOR = "admin@example.com"
PLATFORMS: dict[str, Any] = {"okta": Okta, "entra": Entra, "sailpoint": SailPoint}


@contextmanager
def platform_at(name: str, live: Live, folder: Path) -> Iterator[Any]:
    """The platform, connected to a bridge."""
    if name != "saviynt":
        yield PLATFORMS[name](live.scim)
        return
    with connected(live.url, folder) as eic:
        yield Saviynt(eic, console=partial(console, live), state=live.account)


def in_goto(live: Live) -> tuple[set[Any], set[str]]:
    """Everybody but the administrator as GoTo stores them, and the names of the groups."""
    state = live.account()
    users = {
        (
            user["email"],
            user["firstName"],
            user["lastName"],
            user.get("groupName"),
            user["status"] != "SUSPENDED",
            bool(user.get("licenseKeys")),
        )
        for user in state["users"]
        if user["email"] != ADMINISTRATOR
    }
    assert len(users) == len(state["users"]) - 1
    return users, {group["name"] for group in state["groups"]}


def wanted(company: Company) -> tuple[set[Any], set[str]]:
    """The company as GoTo should store it: who is active has a licence, nobody else has one."""
    users = {
        (who.address, who.given, who.family, who.team, who.active, who.active)
        for who in company.people.values()
    }
    return users, set(company.teams)


def seen_by_scim(live: Live) -> list[dict[str, Any]]:
    """All users and groups, with versions and dates."""
    found = []
    for path in ("/Users", "/Groups"):
        listed = live.scim.get(path, params={"count": 1000}).json()
        assert listed["totalResults"] == len(listed["Resources"])
        found += listed["Resources"]
    return found


def held(live: Live) -> set[Any]:
    """What the bridge keeps of everybody."""
    users = [each for each in seen_by_scim(live) if "userName" in each]
    return {
        (user["userName"], user.get("externalId"), user.get("title"))
        for user in users
        if user["userName"] != ADMINISTRATOR
    }


def known(company: Company, platform: Platform) -> set[Any]:
    """What the platform has told of everybody that GoTo has no field for."""
    return {
        (who.address, who.username, who.title if platform.keeps_titles else None)
        for who in company.people.values()
    }


@pytest.mark.parametrize("name", [*PLATFORMS, "saviynt"])
def test_a_whole_day_ends_as_the_company_is_and_a_full_sync_after_it_writes_nothing(
    tmp_path: Path, name: str
) -> None:
    company = founded(PEOPLE, TEAMS, seed=5)
    with (
        live_bridge(tmp_path, users=1, groups=0) as live,
        platform_at(name, live, tmp_path) as platform,
    ):
        platform.first_sync(company)
        assert (len(company.people), len(company.teams)) == (PEOPLE, TEAMS)
        assert in_goto(live) == wanted(company)
        assert held(live) == known(company, platform)

        live.forget()
        happened = day(company, platform, seed=6)
        assert sum(happened.values()) > 100
        assert len(live.writes()) > 100
        assert in_goto(live) == wanted(company)
        assert held(live) == known(company, platform)

        before = seen_by_scim(live)
        sent = getattr(platform, "line", platform).sent
        sent.clear()
        live.forget()
        platform.sync_again(company)
        assert live.writes() == []
        # Everybody was written again, or that would be no wonder.
        assert sum(sent.values()) - sent["GET"] >= len(company.people) + len(company.teams)
        assert seen_by_scim(live) == before
        assert in_goto(live) == wanted(company)
