"""Killed in the middle of a renewal, and answers that are lost: recovered, or told by name; never silently gone."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from crossdock.connect.client import CallFailed
from crossdock.govern.oauth.renewal import LEASE, SQL, Renewal
from crossdock.kit.ids import new_id
from crossdock.model.outcome import Refresh, Retry
from crossdock.store.database import Database
from crossdock.store.memory import Ear
from crossdock.store.settings import StoreSettings
from tests.contract.oauth.server import ROOT, Server
from tests.contract.oauth.stage import Stage, stages


async def killed(settings: StoreSettings, home: Path, connection: uuid.UUID, place: str) -> None:
    """Renew generation 1 in another process that is killed at a place."""
    other = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.contract.oauth.refresher",
        str(settings.database_url),
        str(home),
        place,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert other.stdout is not None
    assert (await asyncio.wait_for(other.stdout.readline(), 60)).split() == [b"ready"]
    await asyncio.wait_for(other.communicate(f"{connection} 1\n".encode()), 60)
    assert other.returncode == -signal.SIGKILL


async def lease_over(stage: Stage) -> None:
    """Let the minute pass that the dead process's lease still has."""
    async with stage.database.engine() as conn:
        done = await conn.execute("UPDATE oauth_grant SET lease_until = now() WHERE lease_until > now() AND asks = 1")
        assert done == "UPDATE 1"


async def test_killed_before_the_call_nothing_is_lost(
    database: Database, store_settings: StoreSettings, server: Server, tmp_path: Path
) -> None:
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        await killed(store_settings, tmp_path, made.connection_id, "oauth.renewing")
        assert (await server.seen())["refreshed"] == 0
        await lease_over(stage)
        assert (await stage.grants.renew(made.connection_id, "sample", 1)).generation == 2
        assert (await stage.row("SELECT asks, asked_at FROM oauth_grant"))["asks"] == 0


async def test_while_the_dead_process_holds_the_lease_nobody_asks(
    database: Database, store_settings: StoreSettings, server: Server, tmp_path: Path
) -> None:
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        await killed(store_settings, tmp_path, made.connection_id, "oauth.answered")
        waiting = asyncio.create_task(stage.grants.renew(made.connection_id, "sample", 1))
        for _ in range(5):
            # many readings of the row by the one who waits
            await stage.held(made.connection_id)
            await asyncio.sleep(0.1)
        assert (await server.seen())["refreshed"] == 1
        assert not waiting.done()
        await server.turn(grace_s=60)
        await lease_over(stage)
        assert (await asyncio.wait_for(waiting, 60)).generation == 2


async def test_killed_between_answer_and_commit_within_the_grace_it_recovers(
    database: Database, store_settings: StoreSettings, server: Server, tmp_path: Path
) -> None:
    await server.turn(grace_s=60)
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        await killed(store_settings, tmp_path, made.connection_id, "oauth.answered")
        assert (await server.seen())["refreshed"] == 1
        await lease_over(stage)
        held = await stage.grants.renew(made.connection_id, "sample", 1)
        assert (held.generation, await server.status("/me", held.token)) == (2, 200)
        seen = await server.seen()
        assert (seen["refreshed"], seen["revoked"]) == (2, 0)


async def test_killed_between_answer_and_commit_without_grace_it_is_broken_by_name(
    database: Database, store_settings: StoreSettings, server: Server, tmp_path: Path
) -> None:
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        await killed(store_settings, tmp_path, made.connection_id, "oauth.answered")
        await lease_over(stage)
        with pytest.raises(CallFailed, match=r"the answer to a renewal at .* was lost") as failed:
            await stage.grants.renew(made.connection_id, "sample", 1)
        assert isinstance(failed.value.outcome, Refresh)
        row = await stage.row("SELECT state, problem FROM connection WHERE id = $1", made.connection_id)
        assert row["state"] == "broken"
        assert "reconnect it in one click: crossdock oauth reconnect con_" in row["problem"]
        # one click, and it goes on
        asked = await stage.oauth.reconnect(await stage.tenant(), made.connection_id, actor="test")
        assert (await stage.back(await server.accept(asked.url))).reconnected
        assert (await stage.connections.check(await stage.tenant(), made.connection_id)).ok
        row = await stage.row("SELECT state, problem FROM connection WHERE id = $1", made.connection_id)
        assert (row["state"], row["problem"]) == ("active", None)


async def test_a_lost_answer_is_asked_for_again_at_once(database: Database, server: Server) -> None:
    await server.turn(grace_s=60)
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        await server.turn(drop=1)
        held = await stage.grants.renew(made.connection_id, "sample", 1)
        assert (held.generation, await server.status("/me", held.token)) == (2, 200)
        assert (await server.seen())["refreshed"] == 2


async def test_a_caller_that_gives_up_does_not_tear_the_answer_away(database: Database, server: Server) -> None:
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        caller = asyncio.create_task(stage.grants.renew(made.connection_id, "sample", 1))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await stage.grants.drain()
        assert (await stage.held(made.connection_id)).generation == 2
        seen = await server.seen()
        assert (seen["refreshed"], seen["revoked"]) == (1, 0)


class Faltering:
    """The database, away for a moment when it is told so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = 0

    @property
    def ears(self) -> Ear:
        return self._database.ears

    def transaction(self) -> Any:
        return self._database.transaction()

    def engine(self) -> Any:
        if self.away > 0:
            self.away -= 1
            raise ConnectionResetError("the server closed the connection")
        return self._database.engine()


class AwayAfter:
    """Lets the database go at a named place."""

    def __init__(self) -> None:
        self.store: Faltering | None = None

    async def reach(self, name: str) -> None:
        if name == "oauth.answered" and self.store is not None:
            self.store.away = 3


async def test_a_database_that_is_away_at_the_commit_is_waited_for(database: Database, server: Server) -> None:
    place = AwayAfter()
    async with stages([database], failpoints=place) as (stage,):
        made = await stage.consented(server)
        place.store = stage.grants._store = Faltering(database)
        held = await stage.grants.renew(made.connection_id, "sample", 1)
        assert (held.generation, place.store.away) == (2, 0)
        assert await server.status("/me", held.token) == 200
        seen = await server.seen()
        assert (seen["refreshed"], seen["revoked"]) == (1, 0)


async def test_a_process_that_ends_does_not_wait_for_another_one_s_renewal(database: Database, server: Server) -> None:
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        async with database.engine() as conn:
            await conn.fetchrow(SQL["lease"], made.connection_id, 1, new_id(), LEASE)
        waiting = asyncio.create_task(stage.grants.renew(made.connection_id, "sample", 1))
        await asyncio.sleep(0)
        await asyncio.wait_for(stage.grants.drain(), 30)
        with pytest.raises(CallFailed, match="takes too long"):
            await waiting


async def test_who_was_stopped_for_too_long_does_not_ask(database: Database, server: Server) -> None:
    """It holds a lease that may be over: another may be asking by now, and two must never ask at once."""
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        lease, began = new_id(), time.monotonic() - 40
        async with database.engine() as conn:
            leased = await conn.fetchrow(SQL["lease"], made.connection_id, 1, lease, LEASE)
        late = Renewal(stage.grants, made.connection_id, "sample", 1, lease, leased, began)
        with pytest.raises(CallFailed, match="held up") as failed:
            await late.run()
        assert isinstance(failed.value.outcome, Retry)
        assert (await server.seen())["refreshed"] == 0
        assert (await stage.grants.renew(made.connection_id, "sample", 1)).generation == 2


async def test_a_holder_whose_swap_comes_second_changes_nothing(database: Database, server: Server) -> None:
    await server.turn(grace_s=60)
    async with stages([database]) as (stage,):
        made = await stage.consented(server)
        lease = new_id()
        async with database.engine() as conn:
            leased = await conn.fetchrow(SQL["lease"], made.connection_id, 1, lease, LEASE)
            await conn.execute("UPDATE oauth_grant SET lease_until = now()")
        first = await stage.grants.renew(made.connection_id, "sample", 1)
        await Renewal(stage.grants, made.connection_id, "sample", 1, lease, leased, time.monotonic()).run()
        held = await stage.held(made.connection_id)
        assert (held.generation, held.token) == (2, first.token)
        assert await server.status("/me", held.token) == 200
