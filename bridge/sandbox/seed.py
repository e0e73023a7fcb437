"""The account that the simulator starts with: people, groups and licences from one number.

The same seed gives the same rows, byte for byte; only the sign-ins hang on the starting time, so
that the mix of ACTIVE and INACTIVE users is the same on every start. The account and its
administrator keep their keys under every seed, so that a grant outlives a reset.
"""

import random
import unicodedata
from collections import Counter

from bridge.sandbox.names import DEPARTMENTS, FIRST_NAMES, LAST_NAMES, PLACES, TEAMS
from bridge.sandbox.rows import Group, License, RoleSet, User
from bridge.sandbox.tables import Tables

ACCOUNT_KEY = "2068137640515194884"
ACCOUNT_NAME = "Example Industries"
ADMINISTRATOR_KEY = "6581286685341855244"

_DAY_MS = 86_400_000
_FIRST_INVITATION = 1_609_459_200_000  # 2021-01-01
_LAST_INVITATION = 1_748_736_000_000  # 2025-06-01
_DOMAINS = ("example.com", "example.com", "example.com", "example.org", "example.net")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "ı": "i", "'": "", " ": ""})
_ASSISTANT_ROLES = (("MANAGE_USERS", "MANAGE_SEATS"), ("MANAGE_GROUPS",), ("RUN_REPORTS",))
_DEEPEST = 5


class Keys:
    """GoTo's keys: 64-bit integers as strings, in one order for each seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"keys {seed}")  # noqa: S311 - made-up data, no secret
        self._given = {ACCOUNT_KEY, ADMINISTRATOR_KEY}

    def fresh(self) -> str:
        """A key of 19 digits that was never given before."""
        while (key := str(self._random.randrange(10**18, 2**63))) in self._given:
            pass
        self._given.add(key)
        return key


def seeded(*, users: int, groups: int, seed: int, keys: Keys, now_ms: int) -> Tables:
    """Tables with ``users`` users (the first is the administrator) in ``groups`` groups."""
    chance = random.Random(f"people {seed}")  # noqa: S311 - made-up data, no secret
    licenses = _licenses(users, keys)
    tables = Tables(licenses=licenses, role_sets=_role_sets(keys))
    for group in _groups(groups, keys):
        tables.put_group(group)
    people = _People(chance, tables=tables, keys=keys, now_ms=now_ms)
    for position in range(users):
        tables.put_user(people.user(position))
    return tables


def _licenses(users: int, keys: Keys) -> dict[str, License]:
    webinars = _holders(users, every=8)
    trainings = _holders(users, every=12)
    rows = (
        ("GoToMeeting Business", "CORPORATE", ("G2M",), 2 * users + 2000, True, False),
        ("GoToWebinar Pro", "CORPORATE", ("G2W",), webinars + 3, True, False),
        ("GoToTraining Starter", "CORPORATE", ("G2T",), trainings + 20, True, False),
        ("OpenVoice (expired)", "TRIAL", ("OPENVOICE",), 50, False, False),
        ("GoTo Connect (reseller)", "PARTNER", ("JIVE",), users + 100, True, True),
    )
    return {
        license.key: license
        for description, kind, products, seats, enabled, managed in rows
        for license in (
            License(keys.fresh(), description, kind, products, seats, enabled, managed),
        )
    }


def _holders(users: int, *, every: int) -> int:
    return sum(1 for position in range(0, users, every) if not _suspended(position))


def _suspended(position: int) -> bool:
    return position % 10 == 8


def _role_sets(keys: Keys) -> tuple[RoleSet, ...]:
    return tuple(RoleSet(keys.fresh(), name) for name in ("Help desk", "Webinar organizers"))


def _groups(count: int, keys: Keys) -> list[Group]:
    """Departments at the root, teams below them, and now and then a team below a team."""
    roots = min(count, len(DEPARTMENTS), max(1, round(count * 0.4)))
    rows = [Group(keys.fresh(), name) for name in DEPARTMENTS[:roots]]
    depth = {group.key: 1 for group in rows}
    teams = Counter[str]()
    for turn in range(count - roots):
        above = rows[turn + 1] if turn % 3 == 2 else rows[turn % roots]
        parent = above if depth[above.key] < _DEEPEST else rows[turn % roots]
        name = _team(parent.name, teams[parent.key], level=depth[parent.key])
        teams[parent.key] += 1
        group = Group(keys.fresh(), name, parent.key)
        depth[group.key] = depth[parent.key] + 1
        rows.append(group)
    return rows


def _team(above: str, turn: int, *, level: int) -> str:
    """The name of the next team of a group; levels begin with different words."""
    lap = turn // len(TEAMS)
    number = f" {lap + 1}" if lap else ""
    return f"{above} {TEAMS[(turn + level - 1) % len(TEAMS)]}{number}"


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    return "".join(letter for letter in plain if letter.isascii() and letter != " ")


class _People:
    """Makes one user after the other."""

    def __init__(self, chance: random.Random, *, tables: Tables, keys: Keys, now_ms: int) -> None:
        self._chance = chance
        self._keys = keys
        self._now_ms = now_ms
        self._meeting, self._webinar, self._training, _, self._managed = tables.licenses
        self._groups = tuple(tables.groups)
        self._times: dict[str, int] = {}
        self._first_names, self._last_names = FIRST_NAMES.split(), LAST_NAMES.split()
        names = (*self._first_names, *self._last_names)
        self._plain = {name: _letters(name) for name in names}

    def user(self, position: int) -> User:
        if position == 0:
            return self._administrator()
        chance = self._chance
        first, last = chance.choice(self._first_names), chance.choice(self._last_names)
        locale, time_zone = chance.choice(PLACES)
        suspended = _suspended(position)
        return User(
            key=self._keys.fresh(),
            email=self._address(first, last),
            first_name=first,
            last_name=last,
            locale=locale,
            time_zone=time_zone,
            license_keys=() if suspended else self._license_keys(position),
            admin_roles=() if suspended else _roles(position),
            group_keys=self._group(position),
            invited_date=chance.randrange(_FIRST_INVITATION, _LAST_INVITATION),
            invite_count=1 + (position % 9 == 4),
            signed_in_at=self._sign_in(position),
            identity_read_only=position % 200 == 11,
            name_locked=position % 200 == 12,
            email_locked=position % 200 in (12, 14),
        )

    def _administrator(self) -> User:
        return User(
            key=ADMINISTRATOR_KEY,
            email="admin@example.com",
            first_name="Adaeze",
            last_name="Lindqvist",
            license_keys=self._license_keys(0),
            admin_roles=("SUPER_USER",),
            invited_date=_FIRST_INVITATION,
            invite_count=1,
            signed_in_at=self._now_ms - 3_600_000,
        )

    def _address(self, first: str, last: str) -> str:
        local = f"{self._plain[first]}.{self._plain[last]}"
        times = self._times[local] = self._times.get(local, 0) + 1
        number = times if times > 1 else ""
        return f"{local}{number}@{_DOMAINS[len(local) % len(_DOMAINS)]}"

    def _license_keys(self, position: int) -> tuple[str, ...]:
        keys = [self._meeting]
        if position % 8 == 0:
            keys.append(self._webinar)
        if position % 12 == 0:
            keys.append(self._training)
        if position % 25 == 19:
            keys.append(self._managed)
        return tuple(keys)

    def _group(self, position: int) -> tuple[str, ...]:
        if not self._groups or position % 4 == 3:
            return ()
        return (self._chance.choice(self._groups),)

    def _sign_in(self, position: int) -> int | None:
        if position % 10 == 3:
            return None
        days = (
            self._chance.randrange(100, 400) if position % 10 == 6 else self._chance.randrange(20)
        )
        return self._now_ms - days * _DAY_MS - self._chance.randrange(_DAY_MS)


def _roles(position: int) -> tuple[str, ...]:
    if position % 20 != 5:
        return ()
    return _ASSISTANT_ROLES[position // 20 % len(_ASSISTANT_ROLES)]
