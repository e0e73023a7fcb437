"""A restart goes on from the stored snapshot: while it is young, and nothing changed after it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from bridge.directory import Directory
from tests.conftest import SANDBOX_MAPPING, Bridge, bridge_over, simulated
from tests.directory.witness import Witness, new_user, witness_over

EVERYTHING = "/?count=100&sortBy=id"
ANOTHER = replace(SANDBOX_MAPPING, fingerprint="another mapping")
PASS = ["GET licenses", "GET users", "GET groups"]


async def restarted(
    folder: Path,
    app: Starlette,
    before: Callable[[Witness], Awaitable[Any]],
    after: Callable[[Witness], Awaitable[Any]],
) -> None:
    async with witness_over(folder, app=app) as sees:
        await before(sees)
    async with witness_over(folder, app=app) as sees:
        await sees.calls()
        await after(sees)


async def everything(sees: Witness) -> Any:
    """All resources; members are in no order that means anything."""
    listed = await sees.done("GET", EVERYTHING)
    for resource in listed["Resources"]:
        resource.get("members", []).sort(key=lambda member: member["value"])
    return listed


def test_a_restart_costs_no_import_and_changes_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        seen: list[Any] = []

        async def before(sees: Witness) -> None:
            made = await sees.done("POST", "/Users", new_user(title="Baker", externalId="e-1"))
            group = await sees.done("POST", "/Groups", {"displayName": "B", "externalId": "g-1"})
            await sees.members("add", group["id"], made["id"], *sees.somebody(2))
            await sees.replace(f"/Users/{sees.somebody()[0]}", active=False)
            seen.append(await everything(sees))
            seen.append(await sees.done("GET", "/Licenses"))

        async def after(sees: Witness) -> None:
            assert await everything(sees) == seen[0]
            assert await sees.done("GET", "/Licenses") == seen[1]
            assert await sees.calls() == []
            await sees.agree()

        await restarted(tmp_path, simulated(), before, after)

    asyncio.run(run())


def test_a_cursor_goes_on_after_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        found: list[str] = []
        cursor: list[str] = []

        async def before(sees: Witness) -> None:
            page = await sees.done("GET", "/Users?cursor&count=7")
            found.extend(user["id"] for user in page["Resources"])
            cursor.append(page["nextCursor"])

        async def after(sees: Witness) -> None:
            while cursor:
                page = await sees.done("GET", f"/Users?count=7&cursor={cursor.pop()}")
                found.extend(user["id"] for user in page["Resources"])
                cursor.extend([page["nextCursor"]] if "nextCursor" in page else [])
            assert sorted(found) == sorted(sees.account.stored.users)
            assert await sees.calls() == []

        await restarted(tmp_path, simulated(), before, after)

    asyncio.run(run())


@pytest.mark.parametrize("writes", [False, True])
def test_a_crash_goes_on_from_a_snapshot_only_where_nothing_was_written_after_it(
    tmp_path: Path, writes: bool
) -> None:
    async def run() -> None:
        app = simulated()
        async with bridge_over(app, tmp_path) as bridge:
            crashed = await _of_its_own(bridge)
            await crashed.warm_up()
            while await bridge.store.stored_pass(bridge.goto.account_key) is None:  # noqa: ASYNC110 - a database tells nobody
                await asyncio.sleep(0.01)
            key = next(iter(bridge.app.state.account.stored.users))
            if writes:
                await crashed.replace("User", key, lambda _: {"name": {"givenName": "Zoë"}})
            # The one that goes on never closed the other, as after a kill.
            await bridge.forget_journal()
            again = await _of_its_own(bridge)
            await again.warm_up()
            calls = await bridge.journal()
            assert bool(calls) is writes
            shown = (await again.read("User", key)).resource["name"]["givenName"]
            assert (shown == "Zoë") is writes
            # What they store by themselves ends before the database is closed.
            await again.close()
            await crashed.close()

    asyncio.run(run())


async def _of_its_own(bridge: Bridge) -> Directory:
    async def connected() -> str:
        return ""

    directory = Directory(bridge.goto, bridge.store, SANDBOX_MAPPING, connect=connected, max_age=60)
    await directory.open()
    return directory


def test_what_went_while_the_bridge_was_down_is_gone(tmp_path: Path) -> None:
    async def run() -> None:
        app = simulated()
        gone: list[str] = []

        async def before(sees: Witness) -> None:
            await sees.agree()
            gone.extend(sees.somebody())
            await sees.replace(f"/Users/{gone[0]}", title="Baker")

        async with witness_over(tmp_path, app=app) as sees:
            await before(sees)
        async with witness_over(tmp_path, app=app) as sees:
            sees.account.delete_user(gone[0])
            await sees.ids("/Users")
            sees.clock.grow_old()
            assert gone[0] not in await sees.ids("/Users")
            assert (await sees.calls())[-3:] == PASS
            assert (await sees.ask("GET", f"/Users/{gone[0]}")).status_code == 404
            assert gone[0] not in await sees.bridge.store.states(sees.account.key, "User")

    asyncio.run(run())


def test_a_snapshot_that_was_not_read_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    async def run() -> None:
        app = simulated()
        async with witness_over(tmp_path, app=app) as sees:
            await sees.ids("/Groups")
        async with witness_over(tmp_path, app=app, mapping=ANOTHER) as sees:
            # Texts of another mapping were not taken up, and so not what is stored beside them.
            sees.account.delete_group(next(iter(sees.account.stored.groups)))
            await sees.ids("/Groups")
        async with witness_over(tmp_path, app=app, mapping=ANOTHER) as sees:
            await sees.calls()
            assert sorted(await sees.ids("/Groups")) == sorted(sees.account.stored.groups)
            assert await sees.calls() == []

    asyncio.run(run())


@pytest.mark.parametrize("asked", ["/Users?", "/Users?filter=active%20pr&"])
def test_a_cursor_walk_holds_across_refreshes_and_restarts(tmp_path: Path, asked: str) -> None:
    """Between two pages the account changes and the bridge starts again, now and then too late."""

    async def run() -> None:
        app = simulated(users=23)
        seen: list[str] = []
        cursor, number, passes = "", 0, 0
        lasting: set[str] = set()
        while cursor is not None:
            async with witness_over(tmp_path, app=app) as sees:
                stored = sees.account.stored.users
                lasting = (lasting or set(stored)) & set(stored)
                await sees.ids("/Groups?count=1")
                if number % 2:
                    sees.clock.grow_old()
                page = await sees.done("GET", f"{asked}count=4&cursor={cursor}")
                passes += (await sees.calls())[-3:] == PASS
                seen += [user["id"] for user in page["Resources"]]
                cursor = page.get("nextCursor")
                number += 1
                renamed, *_, victim = sees.somebody(4)
                sees.account.update_user(renamed, {"lastName": f"Zhu {number}"})
                sees.account.delete_user(victim)
                sees.new_at_goto(f"noor{number}@example.com")
        lasting &= set(stored)
        assert lasting <= set(seen)
        assert len(seen) == len(set(seen))
        assert number > passes > 1

    asyncio.run(run())


def test_an_incremental_filter_holds_across_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        app = simulated()
        async with witness_over(tmp_path, app=app) as sees:
            listed = await sees.done("GET", "/Users?count=100")
            since = max(user["meta"]["lastModified"] for user in listed["Resources"])
            path = f'/Users?filter=meta.lastModified gt "{since}"'
            at_once = sees.somebody()[0]
            await asyncio.sleep(0.002)  # dates are told to the millisecond
            await sees.replace(f"/Users/{at_once}", title="Baker")
        async with witness_over(tmp_path, app=app) as sees:
            # Young still: what is stored says the same.
            assert await sees.ids(path) == [at_once]
            changed, gone = sees.somebody(3)[1:]
        sees.account.update_user(changed, {"lastName": "Zhu"})
        sees.account.delete_user(gone)
        new = sees.new_at_goto("noor@example.com")
        async with witness_over(tmp_path, app=app) as sees:
            await sees.ids("/Users")
            sees.clock.grow_old()
            assert sorted(await sees.ids(path)) == sorted([at_once, changed, new])
            states = await sees.bridge.store.states(sees.account.key, "User")
            assert gone not in states
            assert states.keys() == sees.account.stored.users.keys()

    asyncio.run(run())
