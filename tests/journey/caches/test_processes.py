"""Four processes on one database: what one of them changes, all know, also after their ears were cut off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from crossdock.govern.directory import HOOK
from crossdock.model.connection import Connection, ConnectionState
from crossdock.settings import Settings
from crossdock.wiring import Hub
from tests.support.database import TestServer
from tests.support.hub import add_shop

PROCESSES = 4
DEAFENED = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'crossdock/ears' AND datname = %s
"""


class Crowd:
    """The processes, all asked the same at the same time."""

    def __init__(self, children: list[asyncio.subprocess.Process], shop: Connection) -> None:
        self._children = children
        self._shop = shop

    async def knows(self, **wanted: Any) -> float:
        """Wait until every process knows it; returns the wall time at which the last one did."""
        line = json.dumps({"connection": str(self._shop.id), "until": wanted}).encode() + b"\n"
        answers = await asyncio.gather(*(self._ask(child, line) for child in self._children))
        return max(answers)

    async def _ask(self, child: asyncio.subprocess.Process, line: bytes) -> float:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(line)
        async with asyncio.timeout(30):
            said = await child.stdout.readline()
        return float(json.loads(said)["at"])


def plain(settings: Settings) -> str:
    """Return settings as another process reads them."""
    shown = settings.model_dump(mode="json")
    for name in ("database_url", "listen_url"):
        value = getattr(settings, name)
        shown[name] = value.get_secret_value() if value else None
    return json.dumps(shown)


@contextlib.asynccontextmanager
async def crowd(settings: Settings, shop: Connection) -> AsyncIterator[Crowd]:
    """Start the processes and wait until each knows the shop."""
    children = []
    try:
        for _ in range(PROCESSES):
            children += [
                await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.journey.caches.child", plain(settings)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    cwd=Path(__file__).parents[3],
                )
            ]
        made = Crowd(children, shop)
        await made.knows(state="active", heard=True)
        yield made
    finally:
        for child in children:
            assert child.stdin is not None
            child.stdin.close()
        for child in children:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), 10)
            if child.returncode is None:
                child.kill()
                await child.wait()


@pytest_asyncio.fixture
async def shop(hub: Hub) -> Connection:
    return await add_shop(hub)


async def test_a_pause_a_secret_and_a_name_act_in_every_process(
    hub: Hub, shop: Connection, settings: Settings, postgres: TestServer, database_url: str
) -> None:
    async with crowd(settings, shop) as processes:
        late = []
        for state in (ConnectionState.PAUSED, ConnectionState.ACTIVE, ConnectionState.PAUSED):
            await hub.connections.set_state(shop.tenant_id, shop.id, state, actor="test")
            committed = time.time()
            # heard: it is said from memory that lasts an hour, so that only the notice can have changed it
            late.append(await processes.knows(state=state, heard=True) - committed)
        async with hub.database.transaction() as conn:
            await hub.connections.put_secret(conn, shop, f"{HOOK}1", "another secret")
        await processes.knows(secret="another secret", heard=True)
        async with hub.database.engine() as conn:
            # no code of ours: whoever changes a row is heard
            await conn.execute("UPDATE connection SET name = 'renamed' WHERE id = $1", shop.id)
        await processes.knows(name="renamed", heard=True)
        print("known by all after (s):", [round(each, 3) for each in late])

        database = database_url.rpartition("/")[2].partition("?")[0]
        assert len(postgres.admin(DEAFENED, database)) == PROCESSES
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE connection SET name = 'while nobody heard' WHERE id = $1", shop.id)
        await processes.knows(name="while nobody heard", heard=True)
