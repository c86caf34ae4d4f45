"""The listener: whoever is told that it is connected is listened to, whenever it was added."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from crossdock.store import listen, roles
from crossdock.store.database import Database
from crossdock.store.listen import Listener


async def _notify(database: Database, channel: str, payload: str) -> None:
    async with database.engine() as conn:
        await conn.execute("SELECT pg_notify($1, $2)", channel, payload)


async def test_a_channel_added_during_the_first_listens_is_listened_to(database: Database) -> None:
    late: asyncio.Queue[str] = asyncio.Queue()
    states: list[bool] = []

    def answered(_record: Any) -> None:
        """Add a channel once, after the answer to the first LISTEN: the second is under way by then."""
        if not states:
            states.append(ears.connected.is_set())
            ears.on("late", late.put_nowait)

    async def connect() -> Any:
        conn = await database.connect(roles.ENGINE, "ears")
        conn.add_query_logger(answered)
        return conn

    ears = Listener(connect, {"first": lambda _: None, "second": lambda _: None})
    async with ears, asyncio.timeout(60):
        assert await late.get() == ""
        await _notify(database, "late", "news")
        assert await late.get() == "news"
    assert states == [False], "it was added before the connection stood"


async def test_who_joins_a_channel_that_is_being_added_is_told_after_its_listen(database: Database) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    ears = Listener(lambda: database.connect(roles.ENGINE, "ears"))
    async with ears, asyncio.timeout(60):
        await ears.connected.wait()
        ears.on("new", lambda payload: told.put_nowait(f"one:{payload}"))
        ears.on("new", lambda payload: told.put_nowait(f"other:{payload}"))
        assert [await told.get(), await told.get()] == ["one:", "other:"], "the other's came with no LISTEN"
        await _notify(database, "new", "news")
        assert [await told.get(), await told.get()] == ["one:news", "other:news"]


async def test_a_connection_that_does_not_answer_a_listen_is_made_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "_ANSWER_S", 0.5)
    stopped: list[int] = []

    async def connect() -> Any:
        conn = await database.connect(roles.ENGINE, "ears")
        if not stopped:
            stopped.append(conn.get_server_pid())
            os.kill(stopped[0], signal.SIGSTOP)
        return conn

    told: asyncio.Queue[str] = asyncio.Queue()
    try:
        async with Listener(connect, {"first": told.put_nowait}), asyncio.timeout(20):
            assert await told.get() == ""
            await _notify(database, "first", "news")
            assert await told.get() == "news"
    finally:
        os.kill(stopped[0], signal.SIGCONT)
