"""Few connections to the database are enough: whoever holds one never waits for a second.

What a hub does beside each other (a shop's backfill, webhooks, deliveries, proofs) goes through with the smallest pool,
and through a pooler that has fewer connections to the server than the hub's processes would open.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from crossdock.flow.deliver import Ask, Filter
from crossdock.flow.record import Verdict
from crossdock.govern.fallback import Fallbacks
from crossdock.model.observation import Occurrence
from crossdock.model.origin import Origin
from crossdock.settings import Settings
from crossdock.store import loans
from crossdock.store.loans import NestedLoan
from crossdock.wiring import Hub, open_hub
from tests.journey.main.test_shop_to_crm import ORDERS, shop_and_crm
from tests.journey.pool.pooler import PROGRAM, pooled
from tests.support.database import TestServer
from tests.support.hub import add_connection, add_route, add_sink, until, working

SMALLEST = 2


class NobodyWaits:
    """Notes each call to a vendor that is made by a task which holds a connection."""

    def __init__(self) -> None:
        self.calls = 0
        self.held: list[str] = []

    async def reach(self, name: str) -> None:
        if name.startswith("call "):
            self.calls += 1
            if loans.holding():
                self.held.append(name)


async def journey(settings: Settings, *, workers: int = 1) -> None:
    """Read a shop whole, deliver it and prove it, with arrivals of other connections beside it.

    A loop that was ended by a nested loan goes on after it: it is known by what it has said.
    """
    async with contextlib.AsyncExitStack() as stack:
        said = stack.enter_context(capture_logs())
        hub = await stack.enter_async_context(open_hub(settings))
        stage = await stack.enter_async_context(shop_and_crm(hub))
        others = [await stack.enter_async_context(open_hub(settings)) for _ in range(workers)]
        for other in others:
            await stack.enter_async_context(working(other))
        await asyncio.gather(stage.backfill(), *(arrivals(one, f"of {n}") for n, one in enumerate((hub, *others))))
        proof = await stage.prove(repair_rounds=0)
        assert proof.ok, (proof.rows, proof.differences[:10])
        assert proof.rows[0].in_store >= ORDERS
    assert [entry for entry in said if "NestedLoan" in str(entry)] == []
    assert [entry for entry in said if entry["log_level"] in ("error", "critical")] == []


async def arrivals(hub: Hub, name: str = "a", rounds: int = 10, connections: int = 4) -> None:
    """Let something new arrive at several connections at once, whose routes change each time."""
    sources = [await add_connection(hub, "webhook", f"source {n} {name}") for n in range(connections)]
    for number in range(rounds):
        async with hub.database.transaction() as conn:
            await conn.execute(
                "UPDATE connection SET route_epoch = route_epoch + 1 WHERE id = ANY($1)", [s.id for s in sources]
            )
        parcels = [
            hub.journey.parcel(s, occurrence(s.id, number), Origin.API, orjson.dumps({"number": number}))
            for s in sources
        ]
        receipts = await asyncio.gather(*(hub.journey.intake.submit(parcel) for parcel in parcels))
        assert {receipt.verdict for receipt in receipts} == {Verdict.APPLIED}


def occurrence(source: uuid.UUID, number: int) -> Occurrence:
    """Something that happens to a thing of its own."""
    return Occurrence("event", "thing.happened", {}, external_id=f"{source}/{number}")


async def test_the_smallest_pool_is_enough_for_all_that_a_hub_does(settings: Settings) -> None:
    await journey(settings.model_copy(update={"pool_size": SMALLEST}))


async def test_no_connection_is_held_while_a_vendor_is_asked(settings: Settings) -> None:
    probe = NobodyWaits()
    async with open_hub(settings, probe) as hub, shop_and_crm(hub) as stage, working(hub):
        await stage.backfill()
        tenant = await hub.tenants.find()
        since = Filter(since=datetime.now(UTC) - timedelta(days=1))
        made = await hub.replays.ask(tenant, Ask(filter=since, dry_run=True), actor="test")

        async def previewed() -> bool:
            found = await hub.replays.one(tenant, made)
            return bool(found["state"] == "done" and found["preview"]["against"] == ["held"])

        await until(previewed)
        assert (await stage.prove(repair_rounds=1)).ok
        await hub.watch.one("test", stage.source)
    assert probe.calls > 20
    assert probe.held == []


async def test_as_many_flushes_as_connections_read_changed_routes(settings: Settings) -> None:
    """Each flush holds a connection and has to read routes that have just changed."""
    few = settings.model_copy(update={"pool_size": SMALLEST, "ingest_flushers": SMALLEST, "ingest_batch": 1})
    async with open_hub(few) as hub, asyncio.timeout(60):
        await arrivals(hub)


async def test_what_is_read_on_the_way_is_read_over_the_connection_that_is_held(settings: Settings) -> None:
    async with open_hub(settings) as hub, hub.database.transaction() as conn:
        async with hub.database.engine() as again:
            assert await again.fetchval("SELECT pg_backend_pid()") == await conn.fetchval("SELECT pg_backend_pid()")
        assert await asyncio.create_task(_pid(hub)) != await conn.fetchval("SELECT pg_backend_pid()"), "another task"


async def test_asking_for_a_second_connection_is_told(hub: Hub) -> None:
    for holding in (hub.database.engine, hub.database.transaction, partial(hub.database.tenant, uuid.uuid4())):
        async with holding():
            with pytest.warns(NestedLoan):
                async with hub.database.transaction():
                    pass
            with pytest.warns(NestedLoan):
                async with hub.database.tenant(uuid.uuid4()):
                    pass
    async with hub.database.tenant(uuid.uuid4()):
        with pytest.warns(NestedLoan):
            async with hub.database.engine():
                pass
    async with hub.database.transaction():
        pass


async def _pid(hub: Hub) -> int:
    async with hub.database.engine() as conn:
        return int(await conn.fetchval("SELECT pg_backend_pid()"))


async def test_a_second_destination_is_named_with_one_connection_at_a_time(hub: Hub) -> None:
    source = await hub.connections.hub_source(await hub.tenants.find())
    first = await add_sink(hub, "https://first.example/hook", "first")
    second = await add_sink(hub, "https://second.example/hook", "second")
    route = await add_route(hub, source, first, "*", "post")
    for connection in (source, second):
        hub.directory.forget(connection.id)
    named = await Fallbacks(hub.database, hub.directory, hub.connections).name(
        source.tenant_id, route, second, actor="test"
    )
    assert named["fallback"] == "second"


@pytest.mark.skipif(PROGRAM is None, reason="not on this machine: pgbouncer")
async def test_several_hubs_share_five_connections_of_a_transaction_pooler(
    settings: Settings, postgres: TestServer, open_tmp: Path
) -> None:
    folder = open_tmp / f"pooler-{uuid.uuid4().hex[:8]}"
    async with pooled(settings, postgres, folder, 5) as through:
        await journey(through, workers=3)
