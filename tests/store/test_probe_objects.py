"""Throwaway objects of a probe: stored before they are made, by account."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bridge.store import ProbeObject
from tests.store.conftest import NOW, OpenStore


def test_what_a_probe_makes_is_known_until_it_is_gone(open_store: OpenStore) -> None:
    async def scenario() -> None:
        user = ProbeObject("user", "scim-probe-00@example.com", NOW)
        group = ProbeObject("group", "scim-probe-01", NOW + timedelta(seconds=1))
        async with open_store() as store:
            assert await store.probe_objects.of("1") == []
            await store.probe_objects.save("1", group)
            await store.probe_objects.save("1", user)
            await store.probe_objects.save("2", user)
        made = replace(user, key="77")
        async with open_store() as store:
            await store.probe_objects.save("1", made)
            assert await store.probe_objects.of("1") == [made, group]
            await store.probe_objects.forget("1", "user", [group.name])
            await store.probe_objects.forget("1", "user", [user.name])
            assert await store.probe_objects.of("1") == [group]
            assert await store.probe_objects.of("2") == [user]

    asyncio.run(scenario())
