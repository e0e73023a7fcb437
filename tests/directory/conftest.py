"""One bridge that the tests of the directory share: to open one takes longer than a test."""

import asyncio
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.directory.witness")

from tests.directory.witness import Run, Test, Witness, witness_over  # noqa: E402 - rewritten


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Witness]]:
    """The bridge, and what runs everything that has to do with it."""
    with asyncio.Runner() as runner:
        opened = witness_over(tmp_path_factory.mktemp("shared"))
        yield runner, runner.run(opened.__aenter__())
        runner.run(opened.__aexit__(None, None, None))


@pytest.fixture
def witnessed(shared: tuple[asyncio.Runner, Witness]) -> Run:
    """What runs a test over an account of its own."""
    runner, witness = shared

    def run(test: Test, *, users: int = 12, groups: int = 3) -> None:
        async def whole() -> None:
            await witness.start_anew(users=users, groups=groups)
            await test(witness)

        runner.run(whole())

    return run
