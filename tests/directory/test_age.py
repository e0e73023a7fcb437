"""How old an answer may be, what a look costs, and what a walk shows while the account changes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox import simulated_goto
from tests.conftest import UNLIMITED
from tests.directory.witness import NO_CACHE, Run, Witness, new_user, witness_over, witnessed_alone


def where(condition: str) -> str:
    return f"/Users?filter={condition}"


# -- Young and old ---------------------------------------------------------------


def test_a_young_snapshot_answers_without_a_call(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        user = await sees.done("POST", "/Users", new_user(externalId="hr-1"))
        group = (await sees.ids("/Groups"))[0]
        await sees.calls()
        for path in (
            "/Users",
            "/Groups?sortBy=displayName",
            "/Users?cursor&count=5",
            "/?count=3",
            f"/Users/{user['id']}",
            f"/Groups/{group}",
            where(f'userName eq "{user["userName"]}"'),
            where(f'emails.value eq "{user["userName"]}"'),
            where('externalId eq "hr-1"'),
            where('name.familyName co "y"'),
        ):
            await sees.done("GET", path)
        assert await sees.calls() == []

    witnessed(test)


LOOKUPS = (
    'id eq "{id}"',
    'userName eq "{userName}"',
    'userName eq "{userName}" and active eq true',
    'emails.value eq "{mail}"',
    'emails eq "{mail}"',
    'emails[type eq "work" and value eq "{mail}"]',
    'externalId eq "{externalId}"',
)


def test_a_lookup_past_an_old_snapshot_is_one_call_and_waits_for_no_refresh(
    witnessed: Run,
) -> None:
    async def test(sees: Witness) -> None:
        made = []
        for number, name in enumerate(("ada", "other@example.org", "mail-2@example.org")):
            mail = f"mail-{number}@example.org"
            emails = [
                {"value": mail, "type": "work", "primary": True},
                {"value": f"second-{mail}", "type": "home"},
            ]
            wanted = new_user(userName=name, emails=emails, externalId=f"hr-{number}")
            made.append(await sees.done("POST", "/Users", wanted))
        sees.clock.grow_old()
        async with sees.late("/users", sees.ask("GET", "/Users")):
            await sees.calls()
            for user in made:
                for lookup in LOOKUPS:
                    sees.clock.grow_old()
                    sees.account.update_user(user["id"], {"firstName": lookup})
                    filled = lookup.format(**user, mail=user["emails"][0]["value"])
                    (found,) = (await sees.done("GET", where(filled)))["Resources"]
                    assert (found["id"], found["name"]["givenName"]) == (user["id"], lookup)
                    assert len(await sees.calls()) == 1, filled

    witnessed(test)


def test_a_read_past_an_old_snapshot_is_one_call(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        (user,) = sees.somebody()
        group = (await sees.ids("/Groups"))[0]
        for path, change in (
            (f"/Users/{user}", lambda: sees.account.update_user(user, {"lastName": "Zhu"})),
            (f"/Groups/{group}", lambda: sees.account.rename_group(group, {"name": "Zhu"})),
        ):
            change()
            sees.clock.grow_old()
            await sees.calls()
            assert "Zhu" in str(await sees.done("GET", path))
            assert await sees.calls() == [f"GET {path.strip('/').lower()}"]
            # What was just seen is young again.
            await sees.done("GET", path)
            assert await sees.calls() == []

    witnessed(test)


def test_lists_and_other_filters_wait_for_a_refresh(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.done("GET", "/Users")
        for number, path in enumerate(
            ("/Users", "/Users?cursor&count=100", where('title pr or name.givenName eq "Noor"'))
        ):
            new = sees.new_at_goto(f"noor{number}@example.com")
            assert new not in await sees.ids(path)
            sees.clock.grow_old()
            await sees.calls()
            assert new in await sees.ids(path)
            assert await sees.calls() == ["GET licenses", "GET users", "GET groups"]

    witnessed(test)


@pytest.mark.parametrize(("max_age", "headers"), [(0.0, {}), (60.0, NO_CACHE)])
def test_a_live_look_sees_at_once_what_others_changed(
    tmp_path: Path, max_age: float, headers: dict[str, str]
) -> None:
    async def test(sees: Witness) -> None:
        await sees.agree(**headers)
        user = sees.new_at_goto("noor@example.com")
        group = next(iter(sees.account.stored.groups))
        for number, path in enumerate(
            (
                f"/Users/{user}",
                where('userName eq "noor@example.com"'),
                where('emails.value eq "noor@example.com"'),
                where(f'id eq "{user}"'),
                where('name.familyName sw "L"'),
                "/Users?count=100",
                "/Users?cursor&count=100",
                "/?filter=name.familyName pr",
            )
        ):
            sees.account.update_user(user, {"lastName": f"L-{number}"})
            await sees.calls()
            assert f"L-{number}" in str(await sees.done("GET", path, **headers)), path
            assert await sees.calls()
        for number, path in enumerate((f"/Groups/{group}", "/Groups")):
            sees.account.rename_group(group, {"name": f"G-{number}"})
            assert f"G-{number}" in str(await sees.done("GET", path, **headers))
        sees.account.put_in_group(group, user)
        assert user in str(await sees.done("GET", f"/Groups/{group}", **headers))
        sees.account.delete_user(user)
        assert (await sees.ask("GET", f"/Users/{user}", **headers)).status_code == 404
        named = where('userName eq "noor@example.com"')
        assert await sees.ids(named, **headers) == []
        assert user not in str(await sees.done("GET", f"/Groups/{group}", **headers))
        await sees.agree(**headers)

    witnessed_alone(tmp_path, test, max_age=max_age)


# -- Walks -----------------------------------------------------------------------


async def pages_by_index(sees: Witness) -> AsyncIterator[list[dict[str, Any]]]:
    start = 1
    while True:
        page = await sees.done("GET", f"/Users?startIndex={start}&count=4")
        if not page["Resources"]:
            return
        yield page["Resources"]
        start += page["itemsPerPage"]


async def pages_by_cursor(sees: Witness) -> AsyncIterator[list[dict[str, Any]]]:
    cursor = ""
    while cursor is not None:
        page = await sees.done("GET", f"/Users?cursor={cursor}&count=4")
        yield page["Resources"]
        cursor = page.get("nextCursor")


@pytest.mark.parametrize("pages", [pages_by_index, pages_by_cursor])
@pytest.mark.parametrize("outside", [True, False], ids=["at GoTo", "through the bridge"])
def test_a_walk_shows_everybody_who_was_there_throughout_once(
    witnessed: Run, pages: Any, outside: bool
) -> None:
    async def test(sees: Witness) -> None:
        before = set(await sees.ids("/Users"))
        victims = sees.somebody(4)
        renamed = sees.somebody(9)[-1]
        seen: list[str] = []
        number = 0
        async for page in pages(sees):
            seen += [user["id"] for user in page]
            number += 1
            name = f"Aaa{number}"
            if outside:
                if victims:
                    sees.account.delete_user(victims.pop())
                sees.new_at_goto(f"noor{number}@example.com")
                sees.account.update_user(renamed, {"email": f"{name}@example.com"})
                sees.clock.grow_old()
            else:
                if victims:
                    await sees.done("DELETE", f"/Users/{victims.pop()}")
                if number < 6:
                    await sees.done("POST", "/Users", new_user())
                await sees.replace(f"/Users/{renamed}", userName=f"{name}@example.com")
        stayed = before & sees.account.stored.users.keys()
        assert sorted(key for key in seen if key in stayed) == sorted(stayed)
        assert len(seen) == len(set(seen))

    witnessed(test)


def test_a_whole_list_ends_the_walk_before_it(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        total = len(await sees.ids("/Users?count=5&startIndex=1")) + 7
        new = (await sees.done("POST", "/Users", new_user()))["id"]
        assert len(await sees.ids("/Users?count=100")) == total + 1
        everybody = await sees.ids("/Users?count=100")
        later = await sees.done("GET", "/Users?startIndex=2&count=100")
        assert later["totalResults"] == total + 1
        assert [user["id"] for user in later["Resources"]] == everybody[1:]
        assert new in everybody

    witnessed(test)


# -- Dates, versions, and what is held ---------------------------------------------


def test_dates_and_versions_move_with_what_changed_and_with_nothing_else(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        async def metas() -> dict[str, dict[str, str]]:
            listed = await sees.done("GET", "/?count=100", **NO_CACHE)
            return {each["id"]: each["meta"] for each in listed["Resources"]}

        first = await metas()
        assert await metas() == first
        renamed, moved = sees.somebody(2, grouped=True)
        left = sees.stored(moved).group_key
        joined = next(key for key in sees.account.stored.groups if key != left)
        sees.account.update_user(renamed, {"lastName": "Zhu"})
        sees.account.put_in_group(joined, moved)
        await asyncio.sleep(0.002)  # dates are told to the millisecond
        second = await metas()

        changed = {key for key in first if first[key] != second[key]}
        # Totals of the groups above count those below.
        above = {group.key for key in (left, joined) for group in _path(sees, key)}
        assert {renamed, moved, left, joined} <= changed <= {renamed, moved, *above}
        for key in changed:
            assert second[key]["created"] == first[key]["created"]
            assert second[key]["lastModified"] > first[key]["lastModified"]
            assert second[key]["version"] != first[key]["version"]
        since = max(meta["lastModified"] for meta in first.values())
        modified = await sees.ids(where(f'meta.lastModified gt "{since}"'))
        assert sorted(modified) == sorted([renamed, moved])
        # Back to what it was: the same version, a newer date.
        sees.account.update_user(renamed, {"lastName": "Zhu"})
        assert await metas() == second

    witnessed(test)


def _path(sees: Witness, key: str) -> Any:
    return sees.account.stored.path(sees.account.stored.groups[key])


def test_a_user_made_again_at_goto_starts_clean(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        body = new_user(title="Baker", externalId="hr-1", nickName="Ada")
        made = await sees.done("POST", "/Users", body)
        sees.account.delete_user(made["id"])
        assert made["id"] not in await sees.ids("/Users", **NO_CACHE)
        assert await sees.ids(where('externalId eq "hr-1"')) == []
        assert sees.new_at_goto(body["userName"]) == made["id"]

        again = await sees.done("GET", f"/Users/{made['id']}", **NO_CACHE)

        assert not {"title", "externalId", "nickName"} & again.keys()
        assert again["meta"]["created"] >= made["meta"]["lastModified"]

    witnessed(test)


def test_a_user_gone_from_goto_can_be_created_again_at_once(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        body = new_user(userName="ada", title="Baker")
        body["emails"] = [{"value": "ada.byron@example.com", "primary": True}]
        made = await sees.done("POST", "/Users", body)
        sees.account.delete_user(made["id"])

        again = await sees.done("POST", "/Users", {**body, "title": None, "nickName": "Ada"})

        assert again["id"] == made["id"]
        assert "title" not in again
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_a_group_gone_from_goto_can_be_created_again_at_once(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        key, group = next(iter(sees.account.stored.groups.items()))
        taken = await sees.ask("POST", "/Groups", {"displayName": group.name.upper()})
        assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
        sees.account.delete_group(key)
        again = await sees.done("POST", "/Groups", {"displayName": group.name})
        assert again["id"] != key
        await sees.agree(**NO_CACHE)

    witnessed(test)


def test_what_is_held_and_its_dates_outlive_a_restart(tmp_path: Path) -> None:
    goto = simulated_goto(users=12, groups=3, settings=UNLIMITED)

    async def run() -> None:
        extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        held = {"title": "Baker", "externalId": "hr-1", extension: {"department": "Ovens"}}
        async with witness_over(tmp_path, app=goto) as sees:
            made = await sees.done("POST", "/Users", new_user(**held))
            group = await sees.done("POST", "/Groups", {"displayName": "B", "externalId": "g-1"})
            (suspended,) = sees.somebody()
            licenses = sees.stored(suspended).license_keys
            await sees.replace(f"/Users/{suspended}", active=False)
            everything = await sees.done("GET", "/?count=100")
        async with witness_over(tmp_path, app=goto) as sees:
            assert await sees.ids(where('externalId eq "hr-1"')) == [made["id"]]
            assert await sees.ids('/Groups?filter=externalId eq "g-1"') == [group["id"]]
            assert await sees.done("GET", "/?count=100") == everything
            await sees.done("PATCH", f"/Users/{suspended}", _activated())
            assert sees.stored(suspended).license_keys == licenses

    asyncio.run(run())


def _activated() -> dict[str, Any]:
    return {"Operations": [{"op": "replace", "path": "active", "value": True}]}


def test_a_walk_ends_after_a_quarter_of_an_hour(witnessed: Run) -> None:
    async def test(sees: Witness) -> None:
        await sees.ids("/Users?count=5")
        new = sees.new_at_goto("noor@example.com")
        sees.clock.now += 14 * 60
        assert new not in await sees.ids("/Users?startIndex=2")
        sees.clock.now += 2 * 60
        rest = await sees.ids("/Users?startIndex=2")
        assert len(rest) == len(sees.account.stored.users) - 1

    witnessed(test)
