"""Clients' tokens: shown once, found by their hash, gone when revoked."""

import asyncio
import re
from datetime import timedelta

import pytest

from bridge.errors import BridgeError
from bridge.store import ClientToken, hash_token
from tests.store.conftest import NOW, OpenStore


def test_a_token_is_found_by_its_hash(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            token = await store.create_client_token("eic", profile="strict", now=NOW)
            assert re.fullmatch(r"gsb_[A-Za-z0-9_-]{43}", token)
            found = await store.client_by_token_hash(hash_token(token))
            assert found == ClientToken("eic", profile="strict", created_at=NOW)
            assert await store.client_by_token_hash(hash_token(token + "x")) is None

    asyncio.run(scenario())


def test_a_revoked_token_is_not_found_but_listed(open_store: OpenStore) -> None:
    async def scenario() -> None:
        later = NOW + timedelta(days=1)
        async with open_store() as store:
            token = await store.create_client_token("eic", now=NOW)
            assert await store.revoke_client_token("eic", now=later)
            assert await store.client_by_token_hash(hash_token(token)) is None
            assert await store.client_tokens() == [ClientToken("eic", "lenient", NOW, later)]
            assert not await store.revoke_client_token("eic", now=later)
            assert not await store.revoke_client_token("nobody", now=later)

    asyncio.run(scenario())


def test_a_name_in_use_is_refused_until_its_token_is_revoked(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            first = await store.create_client_token("eic", now=NOW)
            with pytest.raises(BridgeError, match="eic has a token already"):
                await store.create_client_token("eic", now=NOW)
            assert await store.client_by_token_hash(hash_token(first)) is not None
            await store.revoke_client_token("eic", now=NOW)
            second = await store.create_client_token("eic", now=NOW + timedelta(seconds=1))
            assert await store.client_by_token_hash(hash_token(first)) is None
            assert await store.client_by_token_hash(hash_token(second)) is not None
            revoked = [token.revoked_at for token in await store.client_tokens()]
            assert revoked == [NOW, None]

    asyncio.run(scenario())


def test_of_many_who_want_one_name_one_gets_it(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store, open_store() as other:
            wanted = [s.create_client_token("eic", now=NOW) for s in (store, other) * 4]
            answers = await asyncio.gather(*wanted, return_exceptions=True)
            assert sum(isinstance(answer, str) for answer in answers) == 1
            assert {type(a) for a in answers} == {str, BridgeError}

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["", " ", "a ", "a\nb", "x" * 101])
def test_a_name_that_could_not_be_typed_again_is_refused(open_store: OpenStore, name: str) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            with pytest.raises(BridgeError, match="name"):
                await store.create_client_token(name, now=NOW)

    asyncio.run(scenario())


def test_an_unknown_profile_is_refused(open_store: OpenStore) -> None:
    async def scenario() -> None:
        async with open_store() as store:
            with pytest.raises(BridgeError, match="lenient or strict"):
                await store.create_client_token("eic", profile="lax", now=NOW)

    asyncio.run(scenario())
