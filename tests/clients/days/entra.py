"""Microsoft Entra ID without its flag: PATCH with capitalised operations and booleans as text.

The forms are those of the trace ``entra.json``.
"""

from typing import Any

import httpx

from tests.clients.days.company import Company, Employee
from tests.clients.days.line import CORE, ENTERPRISE, GROUP, Line

HEADERS = {"Content-Type": "application/scim+json; charset=utf-8"}
ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


class Entra:
    """Knows ids by number and by the name of the team, as the service keeps them."""

    deletes = True
    keeps_titles = True

    def __init__(self, http: httpx.Client) -> None:
        self.line = Line(http, HEADERS)
        self._ids: dict[int, str] = {}
        self._groups: dict[str, str] = {}

    def first_sync(self, company: Company) -> None:
        self.line.say("GET", "/Schemas")
        for who in company.people.values():
            self.joined(who)
        for team in company.teams:
            self.team_made(team)
            for who in company.members(team):
                self.moved(who, None)

    def joined(self, who: Employee) -> None:
        assert self._matched_user(who) is None
        made = self.line.say(
            "POST",
            "/Users",
            {
                "schemas": [CORE, ENTERPRISE],
                "externalId": who.username,
                "userName": who.address,
                "active": who.active,
                "displayName": who.shown,
                "title": who.title,
                "emails": [{"primary": True, "type": "work", "value": who.address}],
                "meta": {"resourceType": "User"},
                "name": {
                    "formatted": who.shown,
                    "familyName": who.family,
                    "givenName": who.given,
                },
            },
        )
        self._ids[who.number] = made["id"]

    def changed(self, who: Employee) -> None:
        values = {
            "userName": who.address,
            "externalId": who.username,
            "displayName": who.shown,
            "title": who.title,
            'emails[type eq "work"].value': who.address,
            "name.givenName": who.given,
            "name.familyName": who.family,
            "name.formatted": who.shown,
            "active": str(who.active),
        }
        operations = [
            {"op": "Replace", "path": path, "value": value} for path, value in values.items()
        ]
        self.line.patch(f"/Users/{self._ids[who.number]}", *operations)

    def left(self, who: Employee) -> None:
        self._switch(who, "False")

    def returned(self, who: Employee) -> None:
        self._switch(who, "True")

    def removed(self, who: Employee) -> None:
        self.line.say("DELETE", f"/Users/{self._ids.pop(who.number)}")

    def moved(self, who: Employee, old: str | None) -> None:
        """In the order in which the groups come by: half of the time the old one is left first."""
        steps = [("Add", who.team), ("Remove", old)]
        for what, team in steps if who.number % 2 else reversed(steps):
            if team is not None:
                self._refer(what, who, team)

    def team_made(self, team: str) -> None:
        assert self._matched_group(team) is None
        made = self.line.say(
            "POST",
            "/Groups",
            {
                "schemas": [GROUP, ADSCIM],
                "externalId": f"team of {team}",
                "displayName": team,
                "meta": {"resourceType": "Group"},
            },
        )
        self._groups[team] = made["id"]

    def team_renamed(self, old: str, team: str) -> None:
        self._groups[team] = key = self._groups.pop(old)
        self.line.patch(f"/Groups/{key}", {"op": "Replace", "path": "displayName", "value": team})

    def team_dissolved(self, team: str) -> None:
        self.line.say("DELETE", f"/Groups/{self._groups.pop(team)}")

    def sync_again(self, company: Company) -> None:
        """Restart provisioning: match everything, and write it whatever was found."""
        for who in company.people.values():
            assert self._matched_user(who) == self._ids[who.number]
            self.changed(who)
        for team in company.teams:
            assert self._matched_group(team) == self._groups[team]
            self.team_renamed(team, team)
            for who in company.members(team):
                assert self._refers(who, team)
                self._refer("Add", who, team)
                self._refer("Add", who, team)

    def _switch(self, who: Employee, active: str) -> None:
        operation = {"op": "Replace", "path": "active", "value": active}
        self.line.patch(f"/Users/{self._ids[who.number]}", operation)

    def _refer(self, what: str, who: Employee, team: str) -> None:
        member = {"$ref": None, "value": self._ids[who.number]}
        operation: dict[str, Any] = {"op": what, "path": "members", "value": [member]}
        self.line.patch(f"/Groups/{self._groups[team]}", operation)

    def _refers(self, who: Employee, team: str) -> bool:
        asked = f'id eq "{self._groups[team]}" and members eq "{self._ids[who.number]}"'
        return bool(self.line.say("GET", f"/Groups?filter={asked}&attributes=id")["Resources"])

    def _matched_user(self, who: Employee) -> str | None:
        return self._matched(f'/Users?filter=userName eq "{who.address}"')

    def _matched_group(self, team: str) -> str | None:
        asked = f'displayName eq "{team}"'
        return self._matched(f"/Groups?excludedAttributes=members&filter={asked}")

    def _matched(self, asked: str) -> str | None:
        found = [str(each["id"]) for each in self.line.say("GET", asked)["Resources"]]
        assert len(found) <= 1
        return found[0] if found else None
