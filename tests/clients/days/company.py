"""A company whose people and teams a platform keeps in step with GoTo, and a day of changes.

Plain facts, made from one number. How a platform tells of them is its own module's business.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

GIVEN = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Ünal", "Seán", "Zoë", "Jean-Luc", "O")
FAMILY = ("O'Neil", "Lovelace", "van der Berg", "Müller", "Ngô", "Šimek", 'Smith "Q"', "Ito")
TITLES = ("Analyst", "Clerk", "Lead", "Engineer")


@dataclass
class Employee:
    """Somebody of the company; ``team`` is the name of the one team that GoTo can hold, or none."""

    number: int
    given: str
    family: str
    title: str
    team: str | None
    active: bool = True
    address: str = ""

    def __post_init__(self) -> None:
        self.address = self.address or f"person{self.number}@example.com"

    @property
    def username(self) -> str:
        """What stays the same though the address changes."""
        return f"hr-{self.number:04}"

    @property
    def shown(self) -> str:
        return f"{self.given} {self.family}"


@dataclass
class Company:
    """Everybody by number, and the names of the teams."""

    people: dict[int, Employee] = field(default_factory=dict)
    teams: list[str] = field(default_factory=list)

    def members(self, team: str) -> list[Employee]:
        return [each for each in self.people.values() if each.team == team]


class Platform(Protocol):
    """How an identity platform tells the bridge of a company."""

    deletes: bool
    """Whether somebody who is removed from the company is deleted; else only deactivated."""
    keeps_titles: bool
    """Whether the platform sends titles."""

    def first_sync(self, company: Company) -> None: ...
    def joined(self, who: Employee) -> None: ...
    def changed(self, who: Employee) -> None: ...
    def left(self, who: Employee) -> None: ...
    def returned(self, who: Employee) -> None: ...
    def removed(self, who: Employee) -> None: ...
    def moved(self, who: Employee, old: str | None) -> None: ...
    def team_made(self, team: str) -> None: ...
    def team_renamed(self, old: str, team: str) -> None: ...
    def team_dissolved(self, team: str) -> None: ...
    def sync_again(self, company: Company) -> None: ...


def founded(people: int, teams: int, *, seed: int) -> Company:
    """Return a company; one in eight is in no team."""
    chance = Random(seed)
    found = Company(teams=[f"Team {number}" for number in range(teams)])
    for number in range(people):
        team = None if number % 8 == 7 else found.teams[number % teams]
        found.people[number] = _employee(number, team, chance)
    return found


def _employee(number: int, team: str | None, chance: Random) -> Employee:
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    return Employee(number, given, family, chance.choice(TITLES), team)


def day(company: Company, platform: Platform, *, seed: int) -> dict[str, int]:
    """Live through a day; returns how often each thing happened."""
    chance = Random(seed)
    happened: dict[str, int] = {}
    for what in _order(chance):
        _HAPPENINGS[what](company, platform, chance)
        happened[what] = happened.get(what, 0) + 1
    return happened


def _order(chance: Random) -> Iterator[str]:
    times = {
        "name": 20, "address": 8, "title": 10, "move": 25, "leave": 18, "return": 9,
        "remove": 6, "join": 12, "team": 2, "team name": 3, "team end": 2,
    }  # fmt: skip
    order = [what for what, count in times.items() for _ in range(count)]
    chance.shuffle(order)
    # Nobody can return before somebody has left.
    return iter(["leave", "leave", *order, "return"])


def _somebody(company: Company, chance: Random, *, active: bool = True) -> Employee:
    return chance.choice([each for each in company.people.values() if each.active is active])


def _name(company: Company, platform: Platform, chance: Random) -> None:
    who = _somebody(company, chance)
    who.family = f"{chance.choice(FAMILY)}-{chance.choice(FAMILY)}"
    platform.changed(who)


def _address(company: Company, platform: Platform, chance: Random) -> None:
    who = _somebody(company, chance)
    who.address = f"moved{who.number}.{chance.randrange(1000)}@example.org"
    platform.changed(who)


def _title(company: Company, platform: Platform, chance: Random) -> None:
    who = _somebody(company, chance)
    who.title = f"Senior {chance.choice(TITLES)}"
    platform.changed(who)


def _move(company: Company, platform: Platform, chance: Random) -> None:
    who = _somebody(company, chance)
    old, who.team = who.team, chance.choice([None, *company.teams])
    if old != who.team:
        platform.moved(who, old)


def _leave(company: Company, platform: Platform, chance: Random) -> None:
    who = _somebody(company, chance)
    who.active = False
    platform.left(who)


def _return(company: Company, platform: Platform, chance: Random) -> None:
    who = _somebody(company, chance, active=False)
    who.active = True
    platform.returned(who)


def _remove(company: Company, platform: Platform, chance: Random) -> None:
    who = _somebody(company, chance)
    if platform.deletes:
        del company.people[who.number]
    else:
        who.active = False
    platform.removed(who)


def _join(company: Company, platform: Platform, chance: Random) -> None:
    number = max(company.people) + 1000
    who = _employee(number, chance.choice(company.teams), chance)
    company.people[number] = who
    platform.joined(who)
    platform.moved(who, None)


def _team(company: Company, platform: Platform, chance: Random) -> None:
    team = f"New team {len(company.teams)}.{chance.randrange(10_000)}"
    company.teams.append(team)
    platform.team_made(team)
    for _ in range(3):
        who = _somebody(company, chance)
        old, who.team = who.team, team
        if old != team:
            platform.moved(who, old)


def _team_name(company: Company, platform: Platform, chance: Random) -> None:
    at = chance.randrange(len(company.teams))
    old = company.teams[at]
    company.teams[at] = team = f"{old}'"
    for who in company.members(old):
        who.team = team
    platform.team_renamed(old, team)


def _team_end(company: Company, platform: Platform, chance: Random) -> None:
    team = company.teams.pop(chance.randrange(len(company.teams)))
    for who in company.members(team):
        who.team = None
    platform.team_dissolved(team)


_HAPPENINGS: dict[str, Any] = {
    "name": _name, "address": _address, "title": _title, "move": _move, "leave": _leave,
    "return": _return, "remove": _remove, "join": _join, "team": _team,
    "team name": _team_name, "team end": _team_end,
}  # fmt: skip
