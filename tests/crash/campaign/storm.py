"""Blows without a schedule: processes, database and network under load, each drawn from the seed's dice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from pathlib import Path

from tests.crash.campaign.mire import Mood
from tests.crash.campaign.world import World
from tests.support.database import TestServer

BLOWS = {
    "kill a process": 8,
    "stop a process": 4,
    "end a process": 3,
    "cut the database's sessions": 6,
    "kill the database": 3,
    "stop the database": 2,
    "muddy a way": 10,
    "429 and 5xx": 4,
    "webhooks doubled, late, lost": 3,
    "slow callers": 2,
}
ROLES = ("api", "worker1", "worker2")
_STILL_S = 1.2
_MUDDY_S = 1.0
_SLOW = (
    b"",
    b"POST /webhooks/woocommerce/con_1 HTTP/1.1\r\nhost: x\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n{",
)


class Storm:
    """Deals blows to a world until told to rest."""

    def __init__(self, world: World, server: TestServer, database: str, seed: int, pause_s: float) -> None:
        self._world = world
        self._server = server
        self._database = database
        self._dice = random.Random(f"{seed}:storm")
        self._pause_s = pause_s
        self.blows: Counter[str] = Counter()
        self._callers: list[asyncio.StreamWriter] = []

    async def run(self) -> None:
        """Deal blows until cancelled; what is stopped or down then comes back at once."""
        doing = {name: getattr(self, "_" + name.split()[0] + "_" + name.split()[-1]) for name in BLOWS}
        try:
            while True:
                (name,) = self._dice.choices(list(BLOWS), list(BLOWS.values()))
                self.blows[name] += 1
                await doing[name]()
                await asyncio.sleep(self._pause_s * self._dice.uniform(0.3, 1.7))
        finally:
            for caller in self._callers:
                caller.close()
            await asyncio.shield(self._database_up())

    def _signal(self, number: int) -> None:
        if pids := self._world.family.pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._dice.choice(pids), number)

    async def _kill_process(self) -> None:
        self._signal(signal.SIGKILL)

    async def _stop_process(self) -> None:
        self._signal(signal.SIGSTOP)

    async def _end_process(self) -> None:
        self._signal(signal.SIGTERM)

    async def _cut_sessions(self) -> None:
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        with contextlib.suppress(Exception):
            await asyncio.to_thread(self._server.admin, sql, self._database)

    async def _kill_database(self) -> None:
        """SIGKILL the postmaster; its children follow; then it is started again and recovers."""
        if pid := self._postmaster():
            os.kill(pid, signal.SIGKILL)
            await self._database_up()

    async def _stop_database(self) -> None:
        pid = self._postmaster()
        if pid is None:
            return
        pids = [pid, *_children(pid)]
        for one in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)
        try:
            await asyncio.sleep(_STILL_S)
        finally:
            for one in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGCONT)

    async def _muddy_way(self) -> None:
        way = self._dice.choice(list(self._world.mires.values()))
        way.mood = self._dice.choice([mood for mood in Mood if mood is not Mood.CLEAR])
        await asyncio.sleep(_MUDDY_S)
        way.mood = Mood.CLEAR

    async def _429_5xx(self) -> None:
        who = self._dice.choice(("shop", "portal", "sink"))
        await self._world.control(who, "PUT", "dials", {"error_share": 0.3, "throttle_share": 0.2})
        await asyncio.sleep(_MUDDY_S)
        await self._world.control(who, "PUT", "dials", {"error_share": 0, "throttle_share": 0})

    async def _webhooks_lost(self) -> None:
        bad = {"drop_share": 0.2, "out_of_order_share": 0.3, "duplicate_share": 0.3}
        await self._world.control("shop", "PUT", "dials", bad)

    async def _slow_callers(self) -> None:
        """Open connections that say little and never end."""
        for said in _SLOW * 3:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._world.family.port)
                writer.write(said)
                self._callers.append(writer)

    def _postmaster(self) -> int | None:
        return self._server.embedded.postmaster_pid if self._server.embedded else None

    async def _database_up(self) -> None:
        if self._server.embedded is not None:
            await asyncio.to_thread(self._server.embedded.ensure)


def _children(parent: int) -> list[int]:
    told = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in told.split()]
