"""Intents and the audit trail: on disk when begun, ended with the change they belong to."""

import asyncio
from datetime import timedelta

from bridge.store import AuditEntry, ResourceState, beginning, burying, new_intent, noting, saving
from tests.store.conftest import NOW, OpenStore

STATE = ResourceState(key="2", first_seen=NOW, last_modified=NOW, version="v")
LINE = AuditEntry(NOW, "eic", "suspend", "User", "2", {"licenses": 1})


def test_an_intent_outlives_a_restart_until_it_is_ended(open_store: OpenStore) -> None:
    async def scenario() -> None:
        first = new_intent("suspend", {"key": "2", "fields": {"a": [1]}}, at=NOW)
        later = new_intent("delete", {}, at=NOW + timedelta(seconds=1))
        async with open_store() as store:
            await store.write([beginning("acc", [later, first])])
            await store.write([beginning("other", [new_intent("x", {}, at=NOW)])])
        async with open_store() as store:
            assert await store.intents("acc") == [first, later]
            await store.write([noting("acc", ended=[first])])
            await store.write([noting("acc", ended=[first])])
        async with open_store() as store:
            assert await store.intents("acc") == [later]
            assert len(await store.intents("other")) == 1

    asyncio.run(scenario())


def test_a_state_its_audit_and_the_end_of_its_intent_are_one_transaction(
    open_store: OpenStore,
) -> None:
    async def scenario() -> None:
        intent = new_intent("suspend", {}, at=NOW)
        async with open_store() as store:
            await store.write([beginning("acc", [intent])])
            await store.write([saving("acc", "User", [STATE], audited=[LINE], ended=[intent])])
        async with open_store() as store:
            assert await store.states("acc", "User") == {"2": STATE}
            assert await store.audited("acc", since=NOW) == [LINE]
            assert await store.intents("acc") == []
            await store.write([burying("acc", "User", ["2"], at=NOW, audited=[LINE])])
            assert await store.states("acc", "User") == {}
            assert len(await store.audited("acc", since=NOW)) == 2

    asyncio.run(scenario())


def test_the_audit_trail_is_read_by_time_and_action_and_can_be_dropped(
    open_store: OpenStore,
) -> None:
    async def scenario() -> None:
        later = AuditEntry(NOW + timedelta(hours=1), "bridge", "release")
        async with open_store() as store:
            await store.audit("acc", [later, LINE])
            assert await store.audited("acc", since=NOW) == [LINE, later]
            assert await store.audited("acc", since=later.at) == [later]
            assert await store.audited("acc", since=NOW, actions=["suspend"]) == [LINE]
            assert await store.audited("other", since=NOW) == []
            await store.forget_audit("acc", before=later.at)
            assert await store.audited("acc", since=NOW) == [later]

    asyncio.run(scenario())
