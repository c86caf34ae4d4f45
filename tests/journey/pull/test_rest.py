"""Streams are read at their own times: all that are due in one run, none too often, a slow sweep after a rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from crossdock.connect.connector import Page
from crossdock.connect.manifest import Stream
from crossdock.flow.pull import Reading, Schedule, Turns
from crossdock.flow.run import Run, RunKind
from crossdock.kit.clock import SystemClock
from crossdock.kit.failpoints import NONE
from crossdock.kit.ids import new_id
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.support.hub import add_shop


class CountingShop:
    """A source without entities that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def page(self, stream: str, cursor: dict[str, Any] | None, *, full: bool = False) -> Page:
        del cursor, full
        self.asked.append(stream)
        return Page((), {}, done=True)


class OneSource:
    """A directory that knows one source."""

    def __init__(self, hub: Hub, source: CountingShop) -> None:
        self._hub, self._source = hub, source

    async def connection(self, connection_id: Any) -> Any:
        return await self._hub.directory.connection(connection_id)

    async def source(self, connection_id: Any) -> Any:
        del connection_id
        return self._source

    def described(self, connection: Connection) -> tuple[Stream, ...]:
        return self._hub.directory.described(connection)

    def streams(self, connection: Connection) -> tuple[str, ...]:
        return self._hub.directory.streams(connection)


async def configure(hub: Hub, shop: Connection, **config: Any) -> None:
    async with hub.database.engine() as conn:
        await conn.execute(
            "UPDATE connection SET config = config || $2::jsonb WHERE id = $1", shop.id, orjson.dumps(config).decode()
        )
    hub.directory.forget(shop.id)


async def running(hub: Hub, shop: Connection, streams: tuple[str, ...] = ()) -> Run:
    """Put a run under way into the database."""
    run = Run(new_id(), shop.tenant_id, shop.id, RunKind.PULL, streams, 1, 0, {})
    async with hub.database.engine() as conn:
        await conn.execute("DELETE FROM run")
        await conn.execute(
            "INSERT INTO run (id, tenant_id, connection_id, kind, streams, state, epoch)"
            " VALUES ($1, $2, $3, 'pull', '{}', 'running', 1)",
            run.id,
            run.tenant_id,
            run.connection_id,
        )
    return run


async def queued(hub: Hub) -> list[list[str]]:
    """Plan, take what was queued, and end it."""
    await hub.schedule()
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT streams FROM run WHERE state = 'waiting'")
        await conn.execute("UPDATE run SET state = 'done'")
    return [list(row["streams"]) for row in rows]


async def due(hub: Hub, *streams: str) -> None:
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE checkpoint SET next_at = now() WHERE stream = ANY($1::text[])", list(streams))


async def waits(hub: Hub, stream: str) -> timedelta:
    async with hub.database.engine() as conn:
        found = await conn.fetchval("SELECT next_at - now() FROM checkpoint WHERE stream = $1", stream)
    assert isinstance(found, timedelta)
    return found


async def test_a_new_connection_reads_all_streams_and_then_each_at_its_own_time(hub: Hub) -> None:
    shop = await add_shop(hub)
    await hub.schedule.ring(shop.id, shop.tenant_id)
    assert await queued(hub) == [list(hub.directory.streams(shop))]
    assert await queued(hub) == []
    await due(hub, "customer", "order")
    assert await queued(hub) == [["order", "customer"]]
    # pull-only mode (this hub has no public address): changes within a minute, sweeps more slowly
    assert timedelta(seconds=50) < await waits(hub, "order") < timedelta(seconds=70)
    assert timedelta(seconds=800) < await waits(hub, "customer") < timedelta(seconds=1000)


async def test_a_stream_has_its_own_switch_and_interval(hub: Hub) -> None:
    shop = await add_shop(hub)
    await configure(hub, shop, streams={"coupon": {"enabled": False}, "order": {"interval_s": 900}})
    await hub.schedule.ring(shop.id, shop.tenant_id)
    assert await queued(hub) == [[name for name in hub.directory.streams(shop) if name != "coupon"]]
    assert timedelta(seconds=800) < await waits(hub, "order") < timedelta(seconds=1000)
    await due(hub, "coupon")
    assert await queued(hub) == []
    await configure(hub, shop, streams={})
    await due(hub, "coupon")
    assert await queued(hub) == [["coupon"]]


async def test_what_a_backfill_reads_whole_is_not_read_whole_beside_it(hub: Hub) -> None:
    shop = await add_shop(hub)
    await hub.schedule.ring(shop.id, shop.tenant_id)
    assert len(await queued(hub)) == 1
    assert await hub.runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL, ("order", "customer"))
    await due(hub, "customer", "order", "tax_rate")
    assert await hub.schedule() == 1
    async with hub.database.engine() as conn:
        assert await conn.fetchval("SELECT streams FROM run WHERE kind = 'pull' AND state = 'waiting'") == [
            "order",
            "tax_rate",
        ], "changes are pulled, and the list that this backfill does not read"
        await conn.execute("UPDATE run SET state = 'done' WHERE kind = 'pull'")
        await conn.execute("UPDATE run SET progress = '{\"customer\": {\"done\": true}}' WHERE kind = 'backfill'")
    assert await waits(hub, "customer") > timedelta(seconds=800)
    await due(hub, "customer")
    assert await hub.schedule() == 1, "the backfill is done with the customers, though not with all"
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE run SET state = 'done' WHERE kind = 'pull'")
        await conn.execute("UPDATE run SET progress = '{}' WHERE kind = 'backfill'")
    await due(hub, "customer")
    assert await hub.schedule() == 0
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE run SET progress_at = now() - interval '1 hour' WHERE kind = 'backfill'")
    await due(hub, "customer")
    assert await hub.schedule() == 1, "a backfill that does not get on holds nothing up"


async def test_while_a_run_is_under_way_the_due_streams_wait_for_the_next(hub: Hub) -> None:
    shop = await add_shop(hub)
    await hub.schedule.ring(shop.id, shop.tenant_id)
    await running(hub, shop)
    assert await hub.schedule() == 0
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE run SET state = 'done'")
    assert await queued(hub) == [list(hub.directory.streams(shop))]


async def test_a_pull_that_took_long_comes_later_and_one_that_is_asked_for_never_rests(hub: Hub) -> None:
    shop = await add_shop(hub)
    source = CountingShop()
    reading = Reading(hub.database, OneSource(hub, source), hub.journey, hub.runs, Turns(SystemClock()), NONE)
    await hub.schedule.ring(shop.id, shop.tenant_id)
    assert len(await queued(hub)) == 1
    await due(hub, "customer")
    for _ in range(2):
        assert (await reading(await running(hub, shop, ("customer",))))["customer"]["done"]
    assert source.asked == ["customer", "customer"]
    assert await waits(hub, "customer") > timedelta(0), "it rests twenty times as long as it took"


async def test_broken_webhooks_make_pulls_frequent(hub: Hub) -> None:
    shop = await add_shop(hub)
    reached = Schedule(hub.database, hub.directory, hub.runs, usual_s=300, without_s=60, reachable=True)
    await hub.schedule.ring(shop.id, shop.tenant_id)
    for working, least in ((True, 250), (False, 50)):
        async with hub.database.engine() as conn:
            await conn.execute("DELETE FROM run")
            await conn.execute("UPDATE connection SET hooks_ok = $1", working)
            await conn.execute("UPDATE checkpoint SET next_at = now()")
        assert await reached() == 1
        assert timedelta(seconds=least) < await waits(hub, "order") < timedelta(seconds=least * 1.5)
