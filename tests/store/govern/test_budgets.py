"""The budgets of accounts in the database: processes share them, tenants do not."""

from __future__ import annotations

import asyncio
import uuid

from crossdock.connect.allowance import LIVE, Ask, Caps, Learned, Window
from crossdock.connect.limits import Limits
from crossdock.govern.budgets import SharedBoard
from crossdock.model.connection import Connection, ConnectionState
from crossdock.store.database import Database

TENANT, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
CAPS = Caps((Window(100, 3600.0),))


async def test_processes_that_ask_at_once_get_the_window_once(database: Database) -> None:
    boards = [SharedBoard(database) for _ in range(4)]
    caps = Caps((Window(10_000, 3600.0),))

    async def ask(n: int) -> int:
        grant = await boards[n % 4].ask(TENANT, "hubspot:1", Ask(f"p{n}", want=1, urgency=LIVE), caps)
        return grant.calls

    assert sum(await asyncio.gather(*(ask(n) for n in range(40)))) == 40
    limits = Limits(requests=10_000, per_s=3600.0, enforced=True)
    connection = Connection(uuid.UUID(int=9), TENANT, "hubspot", "x", ConnectionState.ACTIVE, "1", {}, {})
    (used,) = (await boards[0].used(TENANT, [(connection, limits)])).values()
    assert (used.window_used, used.used_today, used.window_calls) == (40, 40, 10_000)
    assert await boards[0].used(OTHER, [(connection, limits)]) == {}


async def test_a_full_window_is_full_for_everybody_and_for_one_tenant_alone(database: Database) -> None:
    board = SharedBoard(database)
    got = 0
    for n in range(200):
        grant = await board.ask(TENANT, "a", Ask("one", want=50, urgency=LIVE, used=1 if n else 0), CAPS)
        got += grant.calls
        if not grant.calls:
            break
    assert got == 99, "a hundredth is kept back"
    assert (await board.ask(TENANT, "a", Ask("two", want=1, urgency=LIVE), CAPS)).calls == 0
    assert (await board.ask(OTHER, "a", Ask("two", want=1, urgency=LIVE), CAPS)).calls == 1
    assert (await board.ask(TENANT, "b", Ask("two", want=1, urgency=LIVE), CAPS)).calls == 1


async def test_a_stop_that_one_process_heard_holds_the_others(database: Database) -> None:
    first, second = SharedBoard(database), SharedBoard(database)
    await first.ask(TENANT, "a", Ask("one", learned=Learned(stop_s=30.0)), CAPS)
    held = await second.ask(TENANT, "a", Ask("two", want=1, urgency=LIVE), CAPS)
    assert (held.calls, held.stopped) == (0, True)
    assert 25 < held.wait_s <= 30


async def test_accounts_that_nobody_calls_are_forgotten(database: Database) -> None:
    board = SharedBoard(database)
    await board.ask(TENANT, "a", Ask("one", want=1), CAPS)
    await board.forget()
    async with database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM vendor_budget") == 1
        await conn.execute("UPDATE vendor_budget SET changed_at = now() - interval '8 days'")
    await board.forget()
    async with database.engine() as conn:
        assert await conn.fetchval("SELECT count(*) FROM vendor_budget") == 0
