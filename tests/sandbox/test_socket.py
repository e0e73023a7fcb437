"""The simulator over a real socket: what ASGI alone cannot show."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from bridge.sandbox import SimulatorSettings, simulated_goto


@asynccontextmanager
async def served(http: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a simulator behind uvicorn on a free port."""
    app = simulated_goto(settings=SimulatorSettings(rate_limit=0))
    server = uvicorn.Server(uvicorn.Config(app, http=http, log_config=None, lifespan="off"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve([listening]))
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=base_url, timeout=10) as client:
            while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
                await asyncio.sleep(0.01)
            token = (await client.post("/_sim/token")).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client
        server.should_exit = True
        await task


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_a_dropped_call_gets_no_answer_at_all(http: str, caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> None:
        async with served(http) as client:
            me = (await client.get("/admin/rest/v1/me")).json()
            url = f"/admin/rest/v1/accounts/{me['accountKey']}/users/{me['key']}"
            rule = {"match": {"method": "PUT"}, "drop": True, "after": True, "times": 1}
            await client.put("/_sim/faults", json={"rules": [{**rule, "match": {"path": url}}]})
            with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending"):
                await client.put(url, json={"lastName": "Applied"})
            assert (await client.get(url)).json()["lastName"] == "Applied"
            entry = (await client.get("/_sim/journal")).json()[-2]
            assert (entry["method"], entry["status"]) == ("PUT", None)

    asyncio.run(check())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
