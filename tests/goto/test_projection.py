"""Which fields a list of users is asked for, and what is done where GoTo drops some of them."""

import asyncio
from typing import Any

import httpx
import pytest

from bridge.goto.projection import dropped_fields
from bridge.sandbox import SimulatorSettings
from tests.conftest import SIMULATED, client_of, simulated

FIELDS = ("email", "status", "licenseKeys", "adminRoles")
FULL = {"key": "1", "email": "a", "status": "ACTIVE", "licenseKeys": ["7"]}


@pytest.mark.parametrize(
    ("whole", "row", "dropped"),
    [
        (FULL, FULL, []),
        (FULL, {"key": "1", "email": "a"}, ["licenseKeys", "status"]),
        (FULL, {**FULL, "status": "INACTIVE"}, []),
        ({**FULL, "licenseKeys": []}, {"key": "1", "email": "a", "status": "x"}, []),
        ({**FULL, "settings": {"a": 1}}, FULL, []),
    ],
)
def test_a_field_is_dropped_where_only_the_whole_row_has_it(
    whole: dict[str, Any], row: dict[str, Any], dropped: list[str]
) -> None:
    assert dropped_fields([(whole, row)], FIELDS) == dropped


@pytest.mark.parametrize(
    ("settings", "spelling", "looks"),
    [
        ({}, "attributes", 2),
        ({"projection_spelling": "attributeNames"}, "attributes", 2),
        ({"projection": "off"}, "attributes", 2),
        ({"projection": "attributeNames"}, "attributes", 2),
        ({"projection": "partial"}, None, 3),
        (
            {"projection": "partial", "projection_spelling": "attributes"},
            "attributeNames",
            3,
        ),
        ({"projection": "refused"}, None, 3),
        ({"projection": "partial", "list_order": "unstable"}, None, None),
        ({"list_order": "unstable"}, "attributes", None),
    ],
)
def test_a_list_is_asked_for_in_a_spelling_that_drops_nothing(
    settings: dict[str, Any], spelling: str | None, looks: int | None
) -> None:
    async def run() -> None:
        options = SimulatorSettings(**{"rate_limit": 0, **settings})
        app = simulated(users=40, groups=2, settings=options)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=SIMULATED) as http:
            goto = client_of(http, trusts_projection=False)
            await goto.connect()
            await http.delete("/_sim/journal")
            stored = app.state.account.stored.users
            for _ in range(2):
                users = {user.key: user for user in await goto.users(fields=FIELDS)}
                assert {key: sorted(user.license_keys) for key, user in users.items()} == {
                    key: sorted(user.license_keys) for key, user in stored.items()
                }
                assert all(user.status for user in users.values())
            calls = (await http.get("/_sim/journal")).json()
            asked = [call for call in calls if "/accounts/" in call["path"]]
            if looks is not None:
                # Once in the life of a process.
                assert len(asked) == looks + 2
            for call in asked[-2:]:
                sent = call["query"].partition("=")[0]
                assert sent == (spelling or "offset")

    asyncio.run(run())
