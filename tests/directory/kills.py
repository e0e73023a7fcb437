"""A verb that is killed with SIGKILL at its n-th step, in a process of its own.

Every task of that process is counted, the database's too. The step at which it dies is either where
a task goes on (GoTo has answered and nothing is stored) or where it stops (a request has just been
written). Nothing is cleaned up: no ``finally`` runs, and no connection is closed.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx

from bridge.directory import Directory
from bridge.goto import AccessTokens, GoToClient, Grant, Throttle
from bridge.sandbox import CLIENT_ID, CLIENT_SECRET, PERSONAL_ACCESS_TOKEN
from bridge.store import Sealer, Store
from tests.conftest import SANDBOX_MAPPING

When = Literal["goes on", "stops"]
SUSPENDING = replace(SANDBOX_MAPPING, rules=replace(SANDBOX_MAPPING.rules, on_delete="suspend"))
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Verb:
    """What is done to which resource, as the directory's storage of SCIM JSON wants it.

    ``suspending`` says that whoever is deleted is suspended and hidden.
    """

    name: Literal["replace", "create", "delete", "create group", "replace group"]
    key: str = ""
    wanted: Any = None
    suspending: bool = False


@asynccontextmanager
async def directory_at(
    url: str, folder: Path, *, suspending: bool = False
) -> AsyncIterator[Directory]:
    """A directory on the database in ``folder``, in front of the simulated GoTo at ``url``."""
    store = await Store.open(f"sqlite:///{folder / 'bridge.db'}", sealer=Sealer([b"k" * 32]))
    async with httpx.AsyncClient(base_url=url) as http:
        goto = _client(http, url)
        administrator = (await goto.connect()).key

        async def connected() -> str:
            return administrator

        mapping = SUSPENDING if suspending else SANDBOX_MAPPING
        directory = Directory(goto, store, mapping, connect=connected, max_age=60)
        try:
            yield directory
        finally:
            await directory.close()
            await store.close()


def _client(http: httpx.AsyncClient, url: str) -> GoToClient:
    async def keep(_: Grant) -> None:
        return None

    tokens = AccessTokens(
        http,
        auth_url=url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        grant=Grant(kind="pat", secret=PERSONAL_ACCESS_TOKEN, obtained_at=datetime.now(UTC)),
        store=keep,
    )
    return GoToClient(http, grant=tokens, throttle=Throttle(0))


async def carried_out(directory: Directory, verb: Verb) -> None:
    """Do what the verb says."""
    if verb.name == "replace":
        await directory.replace("User", verb.key, lambda _: verb.wanted)
    elif verb.name == "create":
        await directory.create("User", verb.wanted)
    elif verb.name == "replace group":
        await directory.replace("Group", verb.key, lambda _: verb.wanted)
    elif verb.name == "create group":
        await directory.create("Group", verb.wanted)
    else:
        await directory.delete("User", verb.key)


def killed(url: str, folder: Path, verb: Verb, *, at: int, when: When) -> bool:
    """Whether the verb died at that step; False where it came to its end before."""
    process = PROCESSES.Process(target=_main, args=(url, folder, verb, at, when))
    process.start()
    process.join(60)
    code = process.exitcode
    process.close()
    assert code in (0, -signal.SIGKILL), f"the process ended with {code}"
    return code != 0


def _main(url: str, folder: Path, verb: Verb, at: int, when: When) -> None:
    asyncio.run(_until_killed(url, folder, verb, _Steps(at, when)))


async def _until_killed(url: str, folder: Path, verb: Verb, steps: "_Steps") -> None:
    async with directory_at(url, folder, suspending=verb.suspending) as directory:
        await directory.open()
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda loop, coro, **options: _task(loop, coro, steps, options))
        await asyncio.create_task(carried_out(directory, verb))
        # What comes after the verb is no step of it.
        os._exit(0)


def _task(loop: Any, coro: Any, steps: "_Steps", options: Any) -> "asyncio.Task[Any]":
    return asyncio.Task(_Counted(coro, steps), loop=loop, **options)


@dataclass
class _Steps:
    at: int
    when: When
    taken: int = 0

    def step(self, when: When) -> None:
        if when == self.when:
            self.taken += 1
            if self.taken > self.at:
                os.kill(os.getpid(), signal.SIGKILL)


class _Counted(Coroutine[Any, Any, Any]):
    def __init__(self, coro: Coroutine[Any, Any, Any], steps: _Steps) -> None:
        self._coro = coro
        self._steps = steps

    def send(self, value: Any) -> Any:
        self._steps.step("goes on")
        awaited = self._coro.send(value)
        self._steps.step("stops")
        return awaited

    def throw(self, *error: Any) -> Any:
        return self._coro.throw(*error)

    def close(self) -> None:
        self._coro.close()

    def __await__(self) -> Any:
        return self._coro.__await__()
