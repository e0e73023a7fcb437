"""Okta: users by PUT, as a custom app sends them, deactivated and never deleted; groups pushed.

The forms are those of the trace ``okta.json``.
"""

from typing import Any
from urllib.parse import quote

import httpx

from tests.clients.days.company import Company, Employee
from tests.clients.days.line import CORE, GROUP, Line

HEADERS = {
    "Content-Type": "application/scim+json; charset=utf-8",
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "User-Agent": "Okta SCIM Client 1.0.0",
}


class Okta:
    """Knows the ids that the bridge gave: users by number, groups by name."""

    deletes = False
    keeps_titles = True

    def __init__(self, http: httpx.Client) -> None:
        self.line = Line(http, HEADERS)
        self._ids: dict[int, str] = {}
        self._groups: dict[str, str] = {}

    def first_sync(self, company: Company) -> None:
        self.line.say("GET", "/Users?startIndex=1&count=2")
        self.line.say("GET", "/Groups?startIndex=1&count=100")
        for who in company.people.values():
            self.joined(who)
        for team in company.teams:
            self.team_made(team)
            self._push(team, company)

    def joined(self, who: Employee) -> None:
        assert self._found("Users", "userName", who.address) is None
        password = {"password": f"Xy9!{who.number}", "groups": []}
        made = self.line.say("POST", "/Users", {**_profile(who), **password})
        self._ids[who.number] = made["id"]

    def changed(self, who: Employee) -> None:
        path = f"/Users/{self._ids[who.number]}"
        self.line.say("PUT", path, {**self.line.say("GET", path), **_profile(who)})

    def left(self, who: Employee) -> None:
        path = f"/Users/{self._ids[who.number]}"
        self.line.patch(path, {"op": "replace", "value": {"active": False}})

    def returned(self, who: Employee) -> None:
        self.changed(who)

    def removed(self, who: Employee) -> None:
        self.changed(who)

    def moved(self, who: Employee, old: str | None) -> None:
        if who.team is not None:
            self._members(who.team, {"op": "add", "path": "members", "value": [self._member(who)]})
        if old is not None:
            gone = f'members[value eq "{self._ids[who.number]}"]'
            self._members(old, {"op": "remove", "path": gone})

    def team_made(self, team: str) -> None:
        assert self._found("Groups", "displayName", team) is None
        made = self.line.say(
            "POST", "/Groups", {"schemas": [GROUP], "displayName": team, "members": []}
        )
        self._groups[team] = made["id"]

    def team_renamed(self, old: str, team: str) -> None:
        self._groups[team] = self._groups.pop(old)
        self._members(team)

    def team_dissolved(self, team: str) -> None:
        self.line.say("DELETE", f"/Groups/{self._groups.pop(team)}")

    def sync_again(self, company: Company) -> None:
        """Import all, then push all users and groups."""
        assert len(self.line.walk("/Users")) > len(company.people)  # the administrator too
        assert len(self.line.walk("/Groups")) == len(company.teams)
        for who in company.people.values():
            assert self._found("Users", "userName", who.address) == self._ids[who.number]
            self.changed(who)
        for team in company.teams:
            assert self._found("Groups", "displayName", team) == self._groups[team]
            self._push(team, company)

    def _push(self, team: str, company: Company) -> None:
        """Push now: the name again, and all members."""
        everybody = [self._member(who) for who in company.members(team)]
        self._members(team, {"op": "replace", "path": "members", "value": everybody})

    def _members(self, team: str, *operations: dict[str, Any]) -> None:
        """Change a group; its name is repeated each time."""
        key = self._groups[team]
        self.line.patch(
            f"/Groups/{key}",
            {"op": "replace", "value": {"id": key, "displayName": team}},
            *operations,
        )

    def _member(self, who: Employee) -> dict[str, str]:
        return {"value": self._ids[who.number], "display": who.address}

    def _found(self, endpoint: str, attribute: str, value: str) -> str | None:
        asked = quote(f'{attribute} eq "{value}"')
        listed = self.line.say("GET", f"/{endpoint}?filter={asked}&startIndex=1&count=100")
        found = [str(each["id"]) for each in listed["Resources"]]
        assert len(found) <= 1
        return found[0] if found else None


def _profile(who: Employee) -> dict[str, Any]:
    return {
        "schemas": [CORE],
        "userName": who.address,
        "externalId": who.username,
        "name": {"givenName": who.given, "familyName": who.family},
        "emails": [{"primary": True, "value": who.address, "type": "work"}],
        "displayName": who.shown,
        "title": who.title,
        "active": who.active,
    }
