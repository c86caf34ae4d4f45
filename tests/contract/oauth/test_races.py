"""Two renew at once, a thousand times: the server, which revokes all when a used token comes again, never sees one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from crossdock.store.database import Database
from crossdock.store.settings import StoreSettings
from tests.contract.oauth.server import ROOT, Server
from tests.contract.oauth.stage import stages
from tests.support.hub import until

RACES = 1000


@pytest_asyncio.fixture
async def second(store_settings: StoreSettings) -> AsyncIterator[Database]:
    """A second door to the same database, as another process has it."""
    async with Database.open(store_settings, migrate_schema=False) as opened:
        yield opened


async def test_two_in_one_process(database: Database, second: Database, server: Server) -> None:
    async with stages([database, second]) as (one, other):
        made = await one.consented(server)
        whose = made.connection_id
        for race in range(1, RACES + 1):
            won = await asyncio.gather(
                one.grants.renew(whose, "sample", race), other.grants.renew(whose, "sample", race)
            )
            assert [held.generation for held in won] == [race + 1, race + 1]
            assert won[0].token == won[1].token
        seen = await server.seen()
        assert (seen["refreshed"], seen["revoked"], seen["refused"]) == (RACES, 0, {})
        assert (await one.connections.check(await one.tenant(), whose)).ok


async def test_two_in_two_processes(
    database: Database, store_settings: StoreSettings, server: Server, tmp_path: Path
) -> None:
    async with stages([database]) as (one,):
        made = await one.consented(server)
        whose = made.connection_id
        other = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.contract.oauth.refresher",
            str(store_settings.database_url),
            str(tmp_path),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert other.stdin is not None
        assert other.stdout is not None
        assert (await asyncio.wait_for(other.stdout.readline(), 60)).split() == [b"ready"]
        for race in range(1, RACES + 1):
            other.stdin.write(f"{whose} {race}\n".encode())
            held, line = await asyncio.gather(one.grants.renew(whose, "sample", race), other.stdout.readline())
            assert (held.generation, line.split()) == (race + 1, [str(race + 1).encode()])
        other.stdin.close()
        assert await asyncio.wait_for(other.wait(), 30) == 0
        seen = await server.seen()
        assert (seen["refreshed"], seen["revoked"], seen["refused"]) == (RACES, 0, {})
        assert (await one.connections.check(await one.tenant(), whose)).ok


async def test_what_one_renews_the_others_hear_of(database: Database, second: Database, server: Server) -> None:
    async with stages([database, second]) as (one, other):
        made = await one.consented(server)
        mine, theirs = (stage.grants.of(made.connection_id, "sample") for stage in (one, other))
        assert await mine.current() == await theirs.current()
        renewed = await one.grants.renew(made.connection_id, "sample", 1)

        async def heard() -> bool:
            return await theirs.current() == renewed.token

        await until(heard)
        # who was refused with the old one takes the new one, and asks nobody
        assert await theirs.renewed("an older token") == renewed.token
        assert (await server.seen())["refreshed"] == 1
