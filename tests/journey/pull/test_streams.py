"""A whole shop through the hub: every stream, deletions found by sweeps, what is left out, and orders that change
while they are read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce.mapper import observe
from crossdock.connectors.woocommerce.sandbox import (
    DEFAULT_CONSUMER_KEY,
    DEFAULT_CONSUMER_SECRET,
    Settings,
    build,
    customers,
    generate,
    orders,
)
from crossdock.connectors.woocommerce.sandbox.shop import Shop
from crossdock.flow.run import RunKind
from crossdock.model.connection import Connection
from crossdock.model.origin import Origin
from crossdock.wiring import Hub
from tests.support.hub import add_connection, add_route, add_sink, order


@contextlib.asynccontextmanager
async def open_shop(hub: Hub, size: int = 30, **config: Any) -> AsyncIterator[tuple[Shop, Connection]]:
    shop = generate(size, 1)
    async with serving(build(shop, Settings())) as served:
        keys = {"key": DEFAULT_CONSUMER_KEY, "secret": DEFAULT_CONSUMER_SECRET}
        form = {"url": served.url, "plain_http": True, **config}
        yield shop, await add_connection(hub, "woocommerce", "shop", form, keys)


async def run(hub: Hub, at: Connection, kind: RunKind, *streams: str) -> dict[str, Any]:
    """Do one run and return its result."""
    made = await hub.runs.add(at.tenant_id, at.id, kind, streams)
    assert await hub.runs.work_one("test", hub.works)
    async with hub.database.engine() as conn:
        row = await conn.fetchrow("SELECT state, problem, result FROM run WHERE id = $1", made)
    assert row["state"] == "done", row["problem"]
    result: dict[str, Any] = orjson.loads(row["result"])
    return result


async def present(hub: Hub, stream: str) -> dict[str, str]:
    """Return external id -> presence of a stream's records."""
    async with hub.database.engine() as conn:
        rows = await conn.fetch("SELECT external_id, presence FROM record WHERE stream = $1", stream)
    return {row["external_id"]: row["presence"] for row in rows}


async def answer_bells(hub: Hub) -> None:
    while await hub.bells.answer_some():
        pass


async def test_a_backfill_reads_every_stream_but_the_dear_ones(hub: Hub) -> None:
    async with open_shop(hub) as (shop, at):
        result = await run(hub, at, RunKind.BACKFILL)
        assert set(result) == set(hub.directory.streams(at)) - {"note"}
        assert set(await present(hub, "tax_rate")) == {str(i) for i in shop.tax_rates.rows}
        assert set(await present(hub, "shipping_zone")) == {"0", "1", "2"}
        assert set(await present(hub, "payment_gateway")) == {"bacs", "cheque", "cod"}
        assert await present(hub, "note") == {}


async def test_notes_are_read_below_orders_that_changed_and_a_deleted_one_is_found(hub: Hub) -> None:
    async with open_shop(hub) as (shop, at):
        await run(hub, at, RunKind.PULL, "note")
        chosen = max(shop.orders.rows)
        notes = [customers.add_note(shop, chosen, {"note": f"note {n}"}) for n in range(2)]
        orders.update(shop, chosen, {"customer_note": "changed"})
        shop.clock.advance(10)
        await run(hub, at, RunKind.PULL, "note")
        assert {str(note["id"]) for note in notes} <= set(await present(hub, "note"))
        async with hub.database.engine() as conn:
            parents = await conn.fetch(
                "SELECT DISTINCT parent_id FROM record WHERE external_id = $1", str(notes[0]["id"])
            )
        assert [row["parent_id"] for row in parents] == [str(chosen)]
        shop.notes[chosen].remove(notes[0])
        orders.update(shop, chosen, {"customer_note": "changed again"})
        shop.clock.advance(10)
        await run(hub, at, RunKind.PULL, "note")
        await answer_bells(hub)
        found = await present(hub, "note")
        assert (found[str(notes[0]["id"])], found[str(notes[1]["id"])]) == ("deleted", "live")


async def test_a_note_that_moved_nothing_is_found_by_the_slow_walk(hub: Hub) -> None:
    async with open_shop(hub, 50) as (shop, at):
        await run(hub, at, RunKind.PULL, "note")
        quiet = {n: customers.add_note(shop, n, {"note": "silent"})["id"] for n in sorted(shop.orders.rows)[:40:13]}
        assert quiet
        shown = [i for i in quiet if shop.orders.rows[i]["status"] not in ("trash", "checkout-draft")]
        for _ in range(4):
            await run(hub, at, RunKind.PULL, "note")
        assert {str(quiet[i]) for i in shown} <= set(await present(hub, "note"))


@pytest.mark.parametrize("stream", ["tax_rate", "customer"])
async def test_what_a_sweep_does_not_meet_any_more_is_asked_for_and_buried(hub: Hub, stream: str) -> None:
    async with open_shop(hub) as (shop, at):
        table = shop.tax_rates if stream == "tax_rate" else shop.customers
        await run(hub, at, RunKind.BACKFILL, stream)
        before = await present(hub, stream)
        victim = sorted(table.rows)[1]
        table.drop(victim)
        result = await run(hub, at, RunKind.PULL, stream)
        assert result[stream]["rung"] == 1, "the others were met"
        await answer_bells(hub)
        after = await present(hub, stream)
        assert {i for i in before if after[i] == "deleted"} == {str(victim)}


async def test_orders_that_come_and_change_during_the_backfill_are_all_there_after_it(hub: Hub) -> None:
    async with open_shop(hub, 450) as (shop, at):
        stopped = asyncio.Event()

        async def disturb() -> None:
            ids = sorted(shop.orders.rows)
            turn = 0
            while not stopped.is_set():
                turn += 1
                orders.update(shop, ids[turn * 7 % len(ids)], {"customer_note": f"turn {turn}"})
                if turn % 3 == 0:
                    orders.create(shop, {"status": "processing", "line_items": []})
                if turn % 5 == 0:
                    orders.delete(shop, ids.pop(turn * 11 % len(ids)))
                await asyncio.sleep(0.005)

        busy = asyncio.create_task(disturb())
        await run(hub, at, RunKind.BACKFILL, "order")
        stopped.set()
        await busy
        shop.clock.advance(10)
        await run(hub, at, RunKind.PULL, "order")
        await answer_bells(hub)
        await run(hub, at, RunKind.BACKFILL, "order")
        await answer_bells(hub)
        found = await present(hub, "order")
        assert {i for i, presence in found.items() if presence != "deleted"} == {str(i) for i in shop.orders.rows}
        async with hub.database.engine() as conn:
            rows = await conn.fetch(
                "SELECT external_id, modified_at FROM record WHERE stream = 'order' AND presence <> 'deleted'"
            )
        stamps = {row["external_id"]: row["modified_at"].replace(tzinfo=None).isoformat() for row in rows}
        assert stamps == {str(i): row["date_modified_gmt"] for i, row in shop.orders.rows.items()}


async def test_a_start_date_leaves_old_orders_unread_and_skips_them_by_name_when_they_ring(hub: Hub) -> None:
    async with open_shop(hub, 60) as (shop, made):
        created = sorted(row["date_created_gmt"] for row in shop.orders)
        start = created[len(created) // 2]
        async with hub.database.engine() as conn:
            await conn.execute(
                "UPDATE connection SET config = config || $2::jsonb WHERE id = $1",
                made.id,
                orjson.dumps({"start_date": start}).decode(),
            )
        hub.directory.forget(made.id)
        sink = await add_sink(hub, "http://127.0.0.1:9/")
        at = await hub.directory.connection(made.id)
        await add_route(hub, at, sink, "order", "post")
        result = await run(hub, at, RunKind.BACKFILL, "order")
        young = {str(row["id"]) for row in shop.orders if row["date_created_gmt"] >= start}
        assert set(await present(hub, "order")) == young
        assert result["order"]["rung"] == 0
        old = order(1, date_created_gmt="2020-01-01T00:00:00")
        await hub.journey.intake.enqueue(
            hub.journey.parcel(at, observe("order", old), Origin.WEBHOOK, orjson.dumps(old))
        )
        async with hub.database.engine() as conn:
            ended = await conn.fetch(
                "SELECT rule, count(*) AS n FROM delivery_done d JOIN record r ON r.id = d.record_id"
                " WHERE r.external_id = '1' GROUP BY rule"
            )
        assert [tuple(row) for row in ended] == [("historical", 1)]
