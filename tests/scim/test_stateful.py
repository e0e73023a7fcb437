"""A day of random operations: after each, the SCIM view and the simulated account agree."""

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from bridge.directory.recent import LAG
from tests.conftest import simulated
from tests.scim.face import face_over

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
NAMES = st.text(st.characters(categories=("L",)), min_size=1, max_size=12)
HELD = st.one_of(st.none(), st.sampled_from(["Boss", 'Ünïcode "quoted"', "x" * 300]))


class Day(RuleBasedStateMachine):
    """One account, one bridge, and what a client believes of it."""

    users = Bundle("users")
    groups = Bundle("groups")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        self.goto = simulated(users=4, groups=2)
        self.later = 0.0
        self.open()
        # What the bridge keeps beside GoTo, as a client last set it.
        self.titles: dict[str, str | None] = {}
        self.changed_elsewhere = False

    def open(self) -> None:
        face = face_over(self.goto, Path(self.folder.name), clock=self.clock)
        self.http, self.bridge = self.runner.run(self.stack.enter_async_context(face))

    def clock(self) -> float:
        return time.monotonic() + self.later

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        request = self.http.request(method, path, json=body, headers=headers)
        return self.runner.run(request)

    def goto_call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Change the account behind the bridge's back."""
        self.changed_elsewhere = True
        # Whoever puts back what the bridge has just changed is taken for a late read (decision 27).
        self.later += LAG + 1

        async def call() -> httpx.Response:
            token = (await self.bridge.control.post("/_sim/token")).json()["access_token"]
            account = self.goto.state.account.key
            return await self.bridge.control.request(
                method,
                f"/admin/rest/v1/accounts/{account}/{path}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
            )

        return self.runner.run(call())

    @initialize(target=users)
    def known_users(self) -> Any:
        listed = self.send("GET", "/Users").json()["Resources"]
        administrator = self.goto.state.account.administrator_key
        return multiple(*(user["id"] for user in listed if user["id"] != administrator))

    @initialize(target=groups)
    def known_groups(self) -> Any:
        return multiple(*(g["id"] for g in self.send("GET", "/Groups").json()["Resources"]))

    @rule(target=users, name=WORDS, first=NAMES, last=NAMES, title=HELD, active=st.booleans())
    def create_user(self, name: str, first: str, last: str, title: str | None, active: bool) -> Any:
        body = {
            "userName": f"{name}@example.com",
            "name": {"givenName": first, "familyName": last},
            "title": title,
            "active": active,
        }
        answer = self.send("POST", "/Users", body)
        if answer.status_code == 409:
            return multiple()
        assert answer.status_code == 201, answer.text
        self.titles[answer.json()["id"]] = title
        assert answer.json()["active"] is active
        return answer.json()["id"]

    @rule(key=users, first=NAMES, title=HELD)
    def replace_user(self, key: str, first: str, title: str | None) -> None:
        now = self.send("GET", f"/Users/{key}")
        if now.status_code == 404:
            return
        body = now.json() | {"title": title}
        body["name"]["givenName"] = first
        answer = self.send("PUT", f"/Users/{key}", body)
        if answer.status_code == 200:
            self.titles[key] = title
            assert answer.json()["name"]["givenName"] == first
        else:
            self.refused_because_locked(answer)

    @rule(key=users, last=NAMES, active=st.none() | st.booleans(), title=HELD)
    def patch_user(self, key: str, last: str, active: bool | None, title: str | None) -> None:
        operations: list[Any] = [{"op": "replace", "path": "name.familyName", "value": last}]
        if active is not None:
            operations.append({"op": "Replace", "path": "active", "value": str(active)})
        operations.append({"op": "replace", "value": {"title": title or ""}})
        answer = self.patch(f"/Users/{key}", operations)
        if answer.status_code == 200:
            self.titles[key] = title
            assert active is None or answer.json()["active"] is active
        elif answer.status_code != 404:
            self.refused_because_locked(answer)

    @rule(
        key=users,
        op=st.sampled_from(["add", "remove", "replace"]),
        codes=st.lists(st.sampled_from(["G2M", "g2w", "G2T"]), max_size=3),
    )
    def change_licenses(self, key: str, op: str, codes: list[str]) -> None:
        if op == "add":
            codes = codes or ["G2M"]
        before = self.had(key)
        value = [{"value": code} for code in codes]
        answer = self.patch(f"/Users/{key}", [{"op": op, "path": "entitlements", "value": value}])
        if answer.status_code != 200:
            assert answer.status_code in (400, 404), answer.text
            assert answer.status_code == 404 or "seat" in answer.json()["detail"]
            assert self.had(key) == before
            return
        products, roles = self.had(key)
        named = {code.upper() for code in codes}
        expected = {"add": before[0] | named, "remove": before[0] - named, "replace": named}
        assert (products, roles) == (expected[op], before[1])

    @rule(key=users, roles=st.sets(st.sampled_from(["RUN_REPORTS", "MANAGE_SEATS"])))
    def replace_roles(self, key: str, roles: set[str]) -> None:
        before = self.had(key)
        now = self.send("GET", f"/Users/{key}")
        if now.status_code == 404:
            return
        body = now.json()
        if not body["active"]:
            del body["active"]
        body["roles"] = [{"value": role.lower()} for role in roles]
        answer = self.send("PUT", f"/Users/{key}", body)
        if answer.status_code == 200:
            assert self.had(key) == (before[0], roles)

    @rule(key=users)
    def suspend_and_restore(self, key: str) -> None:
        before = self.had(key)
        if not any(before):
            return
        for active in (False, True):
            answer = self.patch(
                f"/Users/{key}", [{"op": "replace", "path": "active", "value": active}]
            )
            if answer.status_code == 429:
                return
            assert answer.status_code == 200, answer.text
            assert self.had(key) == (before if active else (set(), set()))

    def had(self, key: str) -> tuple[set[str], set[str]]:
        """The products and roles of a user at GoTo."""
        state = self.runner.run(self.bridge.state())
        products = {row["key"]: row["products"] for row in state["licenses"]}
        for user in state["users"]:
            if user["key"] == key:
                keys = user.get("licenseKeys", [])
                codes = {code for each in keys for code in products[each]}
                return codes, set(user.get("adminRoles", []))
        return set(), set()

    def refused_because_locked(self, answer: httpx.Response) -> None:
        assert answer.status_code == 404 or answer.json().get("scimType") == "mutability", (
            answer.text
        )

    @rule(key=consumes(users))
    def delete_user(self, key: str) -> None:
        assert self.send("DELETE", f"/Users/{key}").status_code in (204, 404)
        self.titles.pop(key, None)
        assert self.send("GET", f"/Users/{key}").status_code == 404

    @rule(target=groups, name=WORDS, members=st.lists(users, max_size=2))
    def create_group(self, name: str, members: list[str]) -> Any:
        body = {"displayName": name, "members": [{"value": key} for key in members]}
        answer = self.send("POST", "/Groups", body)
        if answer.status_code in (400, 409):
            return multiple()
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    @rule(key=groups, member=users, op=st.sampled_from(["add", "remove", "select", "replace"]))
    def change_members(self, key: str, member: str, op: str) -> None:
        operation: dict[str, Any] = {"op": op, "path": "members", "value": [{"value": member}]}
        if op == "select":
            operation = {"op": "remove", "path": f'members[value eq "{member}"]'}
        answer = self.patch(f"/Groups/{key}", [operation])
        if answer.status_code == 200:
            members = {each["value"] for each in answer.json().get("members", [])}
            assert (member in members) == (op in ("add", "replace"))

    @rule(key=groups, name=WORDS)
    def rename_group(self, key: str, name: str) -> None:
        answer = self.patch(f"/Groups/{key}", [{"op": "replace", "value": {"displayName": name}}])
        assert answer.status_code in (200, 404, 409), answer.text

    @rule(key=consumes(groups))
    def delete_group(self, key: str) -> None:
        assert self.send("DELETE", f"/Groups/{key}").status_code in (204, 404)

    @rule(key=users, group=groups)
    def move_at_goto(self, key: str, group: str) -> None:
        self.goto_call("PUT", f"groups/{group}/users/{key}")

    @rule(key=users, name=NAMES)
    def rename_at_goto(self, key: str, name: str) -> None:
        self.goto_call("PUT", f"users/{key}", {"firstName": name})

    @rule(key=consumes(users))
    def delete_at_goto(self, key: str) -> None:
        self.goto_call("DELETE", f"users/{key}")
        self.titles.pop(key, None)

    @rule()
    def restart(self) -> None:
        self.runner.run(self.stack.aclose())
        self.stack = AsyncExitStack()
        self.open()
        self.changed_elsewhere = False

    def patch(self, path: str, operations: list[Any]) -> httpx.Response:
        return self.send("PATCH", path, {"schemas": [PATCH_OP], "Operations": operations})

    @invariant()
    def view_and_account_agree(self) -> None:
        # What the bridge did is seen at once; what others did, once it is asked to look.
        headers = {"Cache-Control": "no-cache"} if self.changed_elsewhere else {}
        state = self.runner.run(self.bridge.state())
        users = self.send("GET", "/Users?count=1000", **headers).json()["Resources"]
        groups = self.send("GET", "/Groups?count=1000", **headers).json()["Resources"]
        self.changed_elsewhere = False
        assert {u["id"]: seen_user(u) for u in users} == {
            u["key"]: stored_user(u) for u in state["users"]
        }
        assert {g["id"]: seen_group(g) for g in groups} == {
            g["key"]: stored_group(g, state["users"]) for g in state["groups"]
        }
        for user in users:
            if user["id"] in self.titles:
                assert user.get("title") == self.titles[user["id"]]

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


def seen_user(user: dict[str, Any]) -> Any:
    return (
        user["emails"][0]["value"],
        user["name"]["givenName"],
        user["name"]["familyName"],
        user["active"],
        sorted(each["value"] for each in user.get("entitlements", [])),
        sorted(each["value"] for each in user.get("roles", [])),
        [group["value"] for group in user.get("groups", [])],
    )


def stored_user(user: dict[str, Any]) -> Any:
    licenses = sorted(user.get("licenseKeys", []))
    roles = sorted(user.get("adminRoles", []))
    return (
        user["email"],
        user["firstName"],
        user["lastName"],
        bool(licenses or roles),
        licenses,
        roles,
        [user["groupKey"]] if user.get("groupKey") else [],
    )


def seen_group(group: dict[str, Any]) -> Any:
    members = sorted(each["value"] for each in group.get("members", []))
    count = group["urn:scim:schemas:extension:goto:1:Group"]["memberCount"]
    return group["displayName"], members, count


def stored_group(group: dict[str, Any], users: list[dict[str, Any]]) -> Any:
    members = sorted(u["key"] for u in users if u.get("groupKey") == group["key"])
    return group["name"], members, len(members)


class LongDay(Day):
    """The same, for longer."""


def lived(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestDay = Day.TestCase
TestDay.settings = lived(12, 30)
TestLongDay = pytest.mark.soak(LongDay.TestCase)
TestLongDay.settings = lived(120, 60)
