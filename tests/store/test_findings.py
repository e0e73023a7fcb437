"""Findings: the last one of each name, for each account."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bridge.store import Finding
from tests.store.conftest import NOW, OpenStore


def test_the_last_finding_of_each_name_is_kept_by_account(open_store: OpenStore) -> None:
    async def scenario() -> None:
        removal = Finding("removal", "single", "removals go to one group", "probe", NOW)
        moves = Finding("groups_per_user", "move", "a user is in one group", "write", NOW)
        later = replace(removal, outcome="all-only", found_at=NOW + timedelta(days=1))
        async with open_store() as store:
            assert await store.findings.of("1") == {}
            await store.findings.save("1", [removal, moves])
            await store.findings.save("2", [moves])
            await store.findings.save("1", [])
            await store.findings.save("1", [later])
        async with open_store() as store:
            assert await store.findings.of("1") == {"removal": later, "groups_per_user": moves}
            assert await store.findings.of("2") == {"groups_per_user": moves}
            await store.findings.forget("1")
            assert await store.findings.of("1") == {}
            assert await store.findings.of("2") == {"groups_per_user": moves}

    asyncio.run(scenario())
