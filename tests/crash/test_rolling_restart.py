"""Two processes that serve and two that work on one PostgreSQL, restarted one after the other under load.

Nothing acknowledged is lost, nothing arrives twice, each thing keeps its order, and every probe is answered. A probe is
a read of the API through the balancer: /readyz is the balancer's, and says no while a process that ends still answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

from crossdock.cli.judge.messages import Said, judge
from crossdock.connect.sandbox import serving
from crossdock.connectors.webhook import sandbox as receiver
from crossdock.settings import Settings
from crossdock.wiring import Hub, open_hub
from tests.crash.balancer import Balancer, balanced
from tests.support.hub import add_route, add_sink, until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
THINGS = 4


class Fleet:
    """The processes; each can be ended by SIGTERM and started again in its place."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url is not None
        self._env = {
            **os.environ,
            "CROSSDOCK_DATABASE_URL": settings.database_url.get_secret_value(),
            "CROSSDOCK_MASTER_KEY_FILE": str(settings.master_key_file),
            "CROSSDOCK_EGRESS_ALLOW": "127.0.0.1/32",
            "CROSSDOCK_PRODUCTION": "false",
            "CROSSDOCK_LEASE_S": "2",
            "CROSSDOCK_DRAIN_S": "1",
        }
        self.members: list[tuple[list[str], asyncio.subprocess.Process]] = []

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        """Start a member and wait until it says that it is ready."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "crossdock", *command, "--json"), env=self._env, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert orjson.loads(await process.stdout.readline())["ready"] is True
        return process

    async def add(self, *command: str) -> None:
        """Take in a new member."""
        self.members.append((list(command), await self.start(*command)))

    async def restart(self, place: int) -> int | None:
        """End a member by SIGTERM and start its successor; returns how it ended."""
        command, process = self.members[place]
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(40):
            ended = await process.wait()
        self.members[place] = (command, await self.start(*command))
        return ended

    async def end(self) -> None:
        """End all."""
        for _, process in self.members:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class Load:
    """Events about some things, each after the answer to the one before, and probes beside them."""

    def __init__(self, balancer: Balancer, key: str) -> None:
        self._balancer = balancer
        self._key = key
        self._over = asyncio.Event()
        self.said: list[Said] = []
        self.refused: list[Any] = []
        self.probes: list[Any] = []

    async def run(self) -> None:
        """Work until :meth:`rest`."""
        one_each = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=one_each, timeout=aiohttp.ClientTimeout(total=20)) as http:
            await asyncio.gather(self._probe(http), *(self._tell(http, f"thing-{n}") for n in range(THINGS)))

    def rest(self) -> None:
        """Stop."""
        self._over.set()

    async def _tell(self, http: aiohttp.ClientSession, thing: str) -> None:
        number = 0
        while not self._over.is_set():
            name = f"{thing}/{number}"
            body = {
                "type": "load.happened",
                "id": name,
                "external_id": thing,
                "data": {"thing": thing, "number": number},
            }
            try:
                async with http.post(
                    f"{self._balancer.url}/api/v1/events",
                    data=orjson.dumps(body),
                    headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
                ) as reply:
                    told = orjson.loads(await reply.read())
                    if reply.status in (200, 201):
                        self.said.append(Said(told["id"], thing, number))
                        number += 1
                    else:
                        self.refused.append(reply.status)
            except (aiohttp.ClientError, TimeoutError, OSError) as cut:
                self.refused.append(type(cut).__name__)
            await asyncio.sleep(0.02)

    async def _probe(self, http: aiohttp.ClientSession) -> None:
        while not self._over.is_set():
            try:
                async with http.get(
                    f"{self._balancer.url}/api/v1/orders?limit=1", headers={"Authorization": f"Bearer {self._key}"}
                ) as reply:
                    self.probes.append(reply.status)
            except (aiohttp.ClientError, TimeoutError, OSError) as cut:
                self.probes.append(type(cut).__name__)
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def fleet(settings: Settings, ports: list[int]) -> AsyncIterator[Fleet]:
    """Two that serve and two that work."""
    made = Fleet(settings)
    try:
        await asyncio.gather(
            *(made.add("serve", "--no-worker", "--port", str(port)) for port in ports), made.add("worker")
        )
        await made.add("worker")
        yield made
    finally:
        await made.end()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"lease_s": 2.0})


async def test_nothing_is_lost_doubled_or_unanswered(settings: Settings) -> None:
    async with (
        open_hub(settings) as hub,
        serving(receiver.app(SECRET)) as sink,
        aiohttp.ClientSession() as http,
    ):
        tenant = await hub.tenants.find()
        key = (await hub.keys.add(tenant, "load", ("events:write", "read")))[1]
        source = await hub.connections.hub_source(tenant)
        await add_route(hub, source, await add_sink(hub, f"{sink.url}/hook"), "*", "post")
        ports = free_ports(2)
        async with fleet(settings, ports) as processes, balanced(ports) as balancer:
            load = await _under_load(balancer, key, processes)
            await until(lambda: _rested(hub))
        async with http.get(f"{sink.url}/_sandbox/state") as reply:
            state = orjson.loads(await reply.read())
    assert load.refused == [], "a caller noticed the restart"
    assert load.said
    assert set(load.probes) == {200}, f"of {len(load.probes)} probes: {[p for p in load.probes if p != 200]}"
    assert judge(load.said, state) == []
    assert len(state["by_id"]) == len(load.said)
    assert max(state["by_id"].values()) == 1, "an event arrived twice"


async def _under_load(balancer: Balancer, key: str, processes: Fleet) -> Load:
    async def both() -> bool:
        return len(balancer.ready) == 2

    await until(both)
    load = Load(balancer, key)
    working = asyncio.create_task(load.run())
    try:
        for place in range(len(processes.members)):
            assert await processes.restart(place) == 0
            await until(both)
    finally:
        load.rest()
        await working
    print(f"{len(load.said)} events, {len(load.probes)} probes during four restarts")
    return load


async def _rested(hub: Hub) -> bool:
    async with hub.database.engine() as conn:
        return not await conn.fetchval("SELECT count(*) FROM delivery")
