"""A hundred SCIM clients at once, over sockets: GoTo's ten requests a second are never exceeded."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx

from tests.live import TOKEN, live_bridge

CLIENTS = 100
SECONDS = 6.0
LIMIT = 10
# Told to come back later is an answer, too.
TOLD = {200, 201, 204, 429, 503}


async def a_client(http: httpx.AsyncClient, number: int, users: list[str], end: float) -> list[int]:
    """Read past the snapshot, write and list in turns, until it is time to stop."""
    loop = asyncio.get_running_loop()
    statuses = []
    step = number
    while loop.time() < end:
        step += 1
        user = users[(number * 7 + step) % len(users)]
        if step % 4 == 0:
            answer = await http.get("/Users?count=20", headers={"Cache-Control": "no-cache"})
        elif step % 4 == 1:
            operation = {"op": "replace", "path": "name.givenName", "value": f"Zoë {number} {step}"}
            answer = await http.patch(f"/Users/{user}", json={"Operations": [operation]})
        elif step % 4 == 2:
            address = f"new-{number}-{step}@example.com"
            name = {"givenName": "Ada", "familyName": "Byron"}
            answer = await http.post("/Users", json={"userName": address, "name": name})
        else:
            answer = await http.get(f"/Users/{user}")
        statuses.append(answer.status_code)
    return statuses


async def clients_at(url: str) -> Counter[int]:
    limits = httpx.Limits(max_connections=CLIENTS)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, limits=limits, timeout=60, trust_env=False
    ) as http:
        listed = (await http.get("/Users?count=100")).json()["Resources"]
        users = [user["id"] for user in listed if user["userName"] != "admin@example.com"]
        end = asyncio.get_running_loop().time() + SECONDS
        asked = [a_client(http, number, users, end) for number in range(CLIENTS)]
        return Counter(status for told in await asyncio.gather(*asked) for status in told)


def test_a_hundred_clients_stay_below_the_rate_limit_of_goto(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=40, groups=3, max_age=0, pace=LIMIT, rate_limit=LIMIT) as live:
        statuses = asyncio.run(clients_at(str(live.scim.base_url)))
        journal = live.goto.get("/_sim/journal").json()
    calls = [call for call in journal if "/admin/" in call["path"]]
    assert not [call for call in calls if call["status"] == 429]
    # It refuses the eleventh in any second, and there was more to ask than it takes.
    assert len(calls) > 3 * LIMIT
    assert not statuses.keys() - TOLD, statuses
    assert statuses[200]
    assert statuses[201]
