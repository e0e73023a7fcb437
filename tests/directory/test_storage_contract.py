"""The SCIM library's own contract for storages, on the directory over the simulated GoTo."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from scim2_models import ScimProvider
from scim2_server.storage import AsyncScimStorage
from scim2_server.testing import AsyncScimStorageContract

from bridge.directory import DirectoryStorage
from bridge.directory.provider import accepting_provider
from tests.conftest import SANDBOX_MAPPING, bridge_over, simulated


class TestDirectory(AsyncScimStorageContract):
    @pytest.fixture
    def provider(self) -> ScimProvider:
        return accepting_provider(SANDBOX_MAPPING)

    @pytest.fixture
    def async_storage(self, provider: ScimProvider, tmp_path: Path) -> Iterator[AsyncScimStorage]:
        with asyncio.Runner() as runner:
            bridge = bridge_over(simulated(users=1, groups=0), tmp_path, empty=True)
            opened = runner.run(bridge.__aenter__())
            yield DirectoryStorage(opened.directory, provider)
            runner.run(bridge.__aexit__(None, None, None))
