"""A proof of a store that goes on selling, of some of its days, and of one whose filters leave things out."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crossdock.connectors.woocommerce.sandbox import generate
from crossdock.errors import Conflict
from crossdock.flow.reconcile import Asked, Days, Depth
from crossdock.flow.run import PutOff, RunKind
from crossdock.wiring import Hub
from tests.journey.reconcile.stage import Stage, Store, staged
from tests.support.hub import until, working


async def test_no_false_alarm_while_orders_change(stage: Stage) -> None:
    """Orders are edited, made, trashed and deleted while the proof runs; webhooks ring for none of it."""
    (store,) = stage.stores
    over = asyncio.Event()
    changes = 0

    async def sell() -> None:
        nonlocal changes
        while not over.is_set():
            for do in ("silent_line_edit", "place_order", "complete", "edit_address"):
                await stage.post(f"{store.url}/_sandbox/act", {"do": do})
                changes += 1
            await stage.hub.runs.add(await stage.hub.tenants.find(), store.id, RunKind.PULL, ("order",))
            await asyncio.sleep(0.02)

    selling = asyncio.create_task(sell())
    try:
        proof = await store.prove(rounds=0)
    finally:
        over.set()
        await selling
    assert changes > 8
    wrong = [row for row in proof.rows if not row.green]
    assert not wrong, (wrong, proof.differences[:5])
    assert proof.pending == 0
    await stage.rest()
    last = await store.prove(rounds=0)
    assert last.ok, last.differences[:5]
    assert await store.judged() == []


async def test_the_day_the_clocks_go_back_has_25_hours(hub: Hub) -> None:
    """25 October 2026 in Berlin is from 22:00 UTC to 23:00 UTC: whatever the store's clock shows today."""
    shop = generate(2, 5)
    async with staged(hub, shop) as stage, working(hub):
        (store,) = stage.stores
        async with hub.database.transaction() as conn:
            await conn.execute(
                """UPDATE connection SET account = account || '{"time_zone": "Europe/Berlin", "gmt_offset": 1}'
                   WHERE connector = 'woocommerce'"""
            )
        hub.directory.forget(store.id)
        wanted = {
            "2026-10-24T21:59:59": "day before",
            "2026-10-24T22:00:00": "in",
            "2026-10-25T01:30:00": "in",
            "2026-10-25T22:59:59": "in",
            "2026-10-25T23:00:00": "day after",
        }
        made = {at: await _order_of(store, at) for at in wanted}
        await stage.fill()
        day = date(2026, 10, 25)
        days = Days(day, day)
        assert days.span(ZoneInfo("Europe/Berlin")).holds(datetime.fromisoformat("2026-10-25T22:59:59+00:00"))
        for depth in (Depth.LIGHT, Depth.FULL):
            kept, proof = await store.kept(days=days, depth=depth)
            assert proof.ok, proof.differences
            assert [(row.entity, row.in_store, row.recorded) for row in proof.rows] == [("order", 3, 3)]
        assert kept.report["days"] == {"first": "2026-10-25", "last": "2026-10-25"}
        # what happened on another day is not this proof's matter; on this day it is
        for at in ("2026-10-25T23:00:00", "2026-10-25T22:59:59"):
            await store.act("silent_line_edit", id=made[at])
        proof = await store.prove(days=days)
        assert (proof.ok, proof.repairs) == (True, {"changed": 1}), proof.differences


async def _order_of(store: Store, at: str) -> int:
    order = int((await store.act("place_order", status="processing"))["id"])
    row = store.shop.orders.rows[order]
    store.shop.orders.put({**row, "date_created_gmt": at})
    return order


async def test_what_filters_leave_out_is_told_by_its_rule_and_not_missing(hub: Hub) -> None:
    config = {"filters": {"emails": ["*@test.example"], "drafts": True}, "start_date": "2020-01-01"}
    async with staged(hub, generate(6, 5), config=config) as stage, working(hub):
        (store,) = stage.stores
        await stage.fill()
        for _ in range(2):
            await store.act("place_order", status="processing", customer_id=0, billing={"email": "me@test.example"})
        await store.act("place_order", status="checkout-draft")
        kept, proof = await store.kept()
        assert proof.ok, proof.differences
        orders = proof.rows[0]
        assert (orders.missing, orders.in_store) == (0, len(await store.orders()))
        assert proof.skipped_by["order"]["filter"] >= 3
        assert orders.skipped == sum(proof.skipped_by["order"].values())
        assert kept.report["skipped_by"] == proof.skipped_by
        # taken out of the filter they are missing, and brought over
        async with hub.database.transaction() as conn:
            await conn.execute("UPDATE connection SET config = config - 'filters' WHERE connector = 'woocommerce'")
            await conn.execute("DELETE FROM delivery_done WHERE rule = 'filter' AND state = 'skipped'")
        hub.directory.forget(store.id)
        kept, proof = await store.kept()
        assert proof.ok, proof.differences
        assert proof.repairs["delivered"] >= 2
        assert {one["cause"] for one in await store.told(kept) if one["kind"] == "missing"} != set()


async def test_the_daily_proof_waits_for_the_end_of_quiet_hours_and_a_persons_does_not(stage: Stage) -> None:
    (store,) = stage.stores
    async with stage.hub.database.transaction() as conn:
        await conn.execute(
            "UPDATE connection SET config = config || $2::jsonb WHERE id = $1",
            store.id,
            '{"quiet_hours": {"from": "00:00", "to": "00:00", "zone": "UTC"}}',
        )
    stage.hub.directory.forget(store.id)
    with pytest.raises(PutOff, match="quiet hours"):
        await stage.hub.reports.taken(store.id, None, Asked(0, 5, daily=True))
    tenant = await stage.hub.tenants.find()
    run_id = await stage.hub.runs.add(tenant, store.id, RunKind.RECONCILE, (), {"daily": True})

    async def put_off() -> Any:
        found = await stage.hub.runs.one(tenant, run_id)
        assert found is not None
        return found if found["problem"] else None

    waits = await until(put_off)
    assert (waits["state"], "quiet hours" in waits["problem"]) == ("waiting", True)
    # asked for by a person the same run begins at once
    await stage.hub.reports.put_first(tenant, store.id, {"repair": 0})

    async def done() -> Any:
        found = await stage.hub.runs.one(tenant, run_id)
        return found if found and found["ended_at"] else None

    ended = await until(done)
    assert (ended["state"], ended["result"]["ok"]) == ("done", True)


async def test_auto_reads_in_full_once_a_week(stage: Stage) -> None:
    (store,) = stage.stores
    assert (await store.prove(depth=Depth.AUTO)).depth == Depth.FULL, "nothing was read in full yet"
    assert (await store.prove(depth=Depth.AUTO)).depth == Depth.LIGHT
    async with stage.hub.database.transaction() as conn:
        await conn.execute("UPDATE proof SET began_at = began_at - $1::interval", timedelta(days=8))
    assert (await store.prove(depth=Depth.AUTO)).depth == Depth.FULL
    today = Days(date(2026, 1, 1), date(2026, 12, 31))
    assert (await store.prove(depth=Depth.AUTO, days=today)).depth == Depth.FULL


async def test_a_proof_that_would_spend_the_days_budget_is_refused_at_once(stage: Stage) -> None:
    """Without an end and with nothing left for the pulls it would be asked for again every day."""
    (store,) = stage.stores
    async with stage.hub.database.transaction() as conn:
        await conn.execute(
            """UPDATE connection SET config = config || '{"requests_per_day": 2}' WHERE id = $1""", store.id
        )
    stage.hub.directory.forget(store.id)
    before = (await stage.get(f"{store.url}/_sandbox/load"))["requests"]
    with pytest.raises(Conflict, match="its budget is 2 a day"):
        await store.prove()
    assert (await stage.get(f"{store.url}/_sandbox/load"))["requests"] == before
