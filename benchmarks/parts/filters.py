"""A filter on each mapped attribute over the whole account, beside a page of 100."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from statistics import median
from string import ascii_lowercase

import httpx

from benchmarks import account, servers
from benchmarks.account import GOTO_USER
from benchmarks.load import Place, press
from benchmarks.load import run as run_loop
from benchmarks.report import Found
from benchmarks.servers import Server
from benchmarks.size import Size

MOST = 20
TWO_LETTERS = "@@"
VARIANTS = 400
PAGES = 10
SHORT = 0.25
ROUNDS = 3


def run(size: Size, folder: Path, found: Found) -> None:
    """Measure, and add the rows."""
    with (
        servers.upstream(users=size.users, groups=size.groups, rate=0, folder=folder) as goto,
        servers.bridge(goto, rate=0, folder=folder) as bridge,
    ):
        place = account.place_of(bridge)
        with account.scim(place) as client:
            account.wait_for_snapshot(client)
            filters = _filters(client, size)
        before = account.calls(goto)
        pages = account.pages(size.users, PAGES)
        ratios: dict[str, float] = {}
        seconds: dict[str, float] = {}
        for text in filters:
            paths = [account.filtered(each, count=100) for each in _variants(text)]
            # The first one may make an index, which the others find.
            with account.scim(place) as client:
                client.get(account.filtered(text)).raise_for_status()
            pairs = [
                (_cost(bridge, place, paths), _cost(bridge, place, pages))
                for _ in range(min(ROUNDS, size.rounds))
            ]
            ratios[text] = median(one / other for one, other in pairs)
            seconds[text] = median(one for one, _ in pairs)
        asked = account.calls(goto) - before
    for text, ratio in sorted(ratios.items(), key=lambda item: -item[1]):
        shown = f"{ratio:.1f} × a page of 100 ({seconds[text] * 1000:.1f} ms)"
        found.below(f"filter {_short(text)}", ratio, MOST, shown=shown)
    found.exactly("filters: upstream calls", asked, 0, shown=str(asked))
    found.numbers["filters"] = ratios


def _cost(bridge: Server, place: Place, paths: list[str]) -> float:
    """CPU seconds of one answer."""
    requests = account.requests(place, paths)
    before = bridge.cpu()
    load = run_loop(press(place, requests, seconds=SHORT, connections=1))
    if load.failed():
        raise RuntimeError(f"{paths[0]} answered {dict(load.statuses)}")
    return max(bridge.cpu() - before, 0.005) / load.asked


def _short(text: str) -> str:
    return f"`{text.replace(GOTO_USER + ':', '…')}`"


def _variants(text: str) -> list[str]:
    """As many filters that cost the same: none is asked for again while an answer may be kept.

    Where a value cannot be varied another comparison is added, which is dearer, not cheaper.
    """
    if TWO_LETTERS in text:
        pairs = product(ascii_lowercase, repeat=2)
        return [text.replace(TWO_LETTERS, "".join(pair)) for pair in pairs]
    return [f'{text} and id ne "{number}"' for number in range(VARIANTS)]


def _filters(client: httpx.Client, size: Size) -> list[str]:
    person = account.people(client, 1, size.users)[0]
    group = account.group_ids(client, 1)[0]
    user = client.get(f"/Users/{person.id}").json()
    own: Mapping[str, str] = {
        "status": 'eq "SUSPENDED"',
        "invitedDate": 'gt "2024-01-01T00:00:00Z"',
        "inviteCount": "gt 1",
        "products": 'eq "G2W"',
        "groupPath": f'co "{TWO_LETTERS}"',
        "passwordCreated": "eq false",
        "nameLocked": "eq true",
        "emailLocked": "eq true",
        "identityReadOnly": "eq true",
        "canAuthenticate": "eq false",
    }
    return [
        f'id eq "{person.id}"',
        f'userName eq "{person.user_name}"',
        f'userName sw "{TWO_LETTERS}"',
        f'emails.value co "{TWO_LETTERS}"',
        f'emails[value ew "{TWO_LETTERS}"]',
        f'name.givenName eq "{user["name"]["givenName"]}"',
        f'name.familyName ne "{user["name"]["familyName"]}"',
        f'displayName co "{TWO_LETTERS}"',
        'locale eq "de-DE"',
        'timezone sw "Europe"',
        "active eq false",
        'entitlements.value eq "1"',
        'roles.value eq "MANAGE_USERS"',
        'externalId eq "nobody"',
        "title pr",
        f'groups.value eq "{group}"',
        'meta.lastModified gt "2020-01-01T00:00:00Z"',
        'meta.created lt "2022-01-01T00:00:00Z"',
        *(f"{GOTO_USER}:{name} {test}" for name, test in own.items()),
        f'userName sw "{TWO_LETTERS}" and not (active eq true or locale eq "en-US")',
    ]
