"""SailPoint: aggregates accounts and groups, then provisions what differs; groups by members.

The forms are those of the trace ``sailpoint.json``.
"""

from typing import Any

import httpx

from tests.clients.days.company import Company, Employee
from tests.clients.days.line import CORE, ENTERPRISE, GROUP, Line

HEADERS = {"Content-Type": "application/scim+json", "Accept": "application/scim+json"}
ACCOUNT = "id,userName,name.givenName,name.familyName,emails,active,externalId,title,groups"


class SailPoint:
    """Knows accounts by number, as they were created or correlated."""

    deletes = True
    keeps_titles = True

    def __init__(self, http: httpx.Client) -> None:
        self.line = Line(http, HEADERS)
        self._ids: dict[int, str] = {}
        self._groups: dict[str, str] = {}

    def first_sync(self, company: Company) -> None:
        for discovered in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas"):
            self.line.say("GET", discovered)
        for team in company.teams:
            self.team_made(team)
        for who in company.people.values():
            self.joined(who)
            self.moved(who, None)
        self._aggregate(company)

    def joined(self, who: Employee) -> None:
        made = self.line.say(
            "POST",
            "/Users",
            {
                "schemas": [CORE, ENTERPRISE],
                "userName": who.address,
                "externalId": who.username,
                "name": {"givenName": who.given, "familyName": who.family},
                "emails": [{"value": who.address, "type": "work", "primary": True}],
                "title": who.title,
                "active": who.active,
                ENTERPRISE: {"department": "IT"},
            },
        )
        self._ids[who.number] = made["id"]

    def changed(self, who: Employee) -> None:
        values: dict[str, Any] = {
            "userName": who.address,
            'emails[type eq "work"].value': who.address,
            "name.givenName": who.given,
            "name.familyName": who.family,
            "title": who.title,
            f"{ENTERPRISE}:department": "IT",
        }
        operations = [
            {"op": "replace", "path": path, "value": value} for path, value in values.items()
        ]
        self.line.patch(f"/Users/{self._ids[who.number]}", *operations)

    def left(self, who: Employee) -> None:
        self._switch(who)

    def returned(self, who: Employee) -> None:
        self._switch(who)

    def removed(self, who: Employee) -> None:
        self.line.say("DELETE", f"/Users/{self._ids.pop(who.number)}")

    def moved(self, who: Employee, old: str | None) -> None:
        key = self._ids[who.number]
        if who.team is not None:
            add = {"op": "add", "path": "members", "value": [{"value": key}]}
            self.line.patch(f"/Groups/{self._groups[who.team]}", add)
        if old is not None:
            remove = {"op": "remove", "path": f'members[value eq "{key}"]'}
            self.line.patch(f"/Groups/{self._groups[old]}", remove)

    def team_made(self, team: str) -> None:
        made = self.line.say("POST", "/Groups", {"schemas": [GROUP], "displayName": team})
        self._groups[team] = made["id"]

    def team_renamed(self, old: str, team: str) -> None:
        self._groups[team] = key = self._groups.pop(old)
        self.line.patch(f"/Groups/{key}", {"op": "replace", "path": "displayName", "value": team})

    def team_dissolved(self, team: str) -> None:
        self.line.say("DELETE", f"/Groups/{self._groups.pop(team)}")

    def sync_again(self, company: Company) -> None:
        """Aggregate, then provision every attribute and entitlement that there should be."""
        self._aggregate(company)
        for team in company.teams:
            self.team_renamed(team, team)
        for who in company.people.values():
            self.changed(who)
            self._switch(who)
            self.moved(who, None)
        self._aggregate(company)

    def _switch(self, who: Employee) -> None:
        operation = {"op": "replace", "path": "active", "value": who.active}
        self.line.patch(f"/Users/{self._ids[who.number]}", operation)

    def _aggregate(self, company: Company) -> None:
        """Read all accounts and groups; entitlements are those in ``groups`` of each account."""
        accounts = {each["id"]: each for each in self.line.walk("/Users", f"&attributes={ACCOUNT}")}
        names = {each["id"]: each["displayName"] for each in self.line.walk("/Groups")}
        assert names == {key: team for team, key in self._groups.items()}
        for who in company.people.values():
            account = accounts[self._ids[who.number]]
            held = [names[group["value"]] for group in account.get("groups", [])]
            assert held == ([who.team] if who.team else [])
            assert (account["userName"], account["active"]) == (who.address, who.active)
