"""Runs over the API: asked for, watched, cancelled, counted; and proofs: kept, explained, signed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from crossdock.cli.demo.doors import Door
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.reconcile import Days
from crossdock.flow.run import PutOff, Run, RunKind
from crossdock.kit.ids import Prefix, show
from crossdock.model.connection import Connection
from crossdock.wiring import Hub
from tests.journey.doors.street import Street, is_problem
from tests.support.hub import add_shop, until, working

OLD_AND_EAST = """
    UPDATE connection SET account = account || '{"gmt_offset": 5, "time_zone": ""}',
                          created_at = now() - interval '2 days' WHERE id = $1
"""


@pytest.fixture
async def key(hub: Hub) -> str:
    """A key that may read and write."""
    return (await hub.keys.add(await hub.tenants.find(), "both", ("read", "write")))[1]


@contextlib.asynccontextmanager
async def town(hub: Hub, orders: int = 12) -> AsyncIterator[tuple[Connection, Any, str]]:
    """A shop and a portal (its URL), both connected."""
    shop = woocommerce.generate(orders, 3)
    portal = hubspot.HubSpotSandbox(hubspot.Settings(per_10s=100_000))
    async with serving(woocommerce.build(shop)) as store, serving(portal) as crm:
        tenant = await hub.tenants.find()
        keys = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        form = {"url": store.url, "plain_http": True, **keys}
        await hub.connections.connect(tenant, "hubspot", {"token": hubspot.TOKEN, "base_url": crm.url}, actor="test")
        made = await hub.connections.connect(tenant, "woocommerce", form, actor="test")
        yield await hub.connections.one(tenant, made.id), shop, crm.url


async def ended(doors: Street, key: str, run_id: str) -> dict[str, Any]:
    async def over() -> Any:
        found = (await doors.get(f"/api/v1/runs/{run_id}", key)).json
        return found if found["ended_at"] else None

    found: dict[str, Any] = await until(over)
    return found


async def test_a_backfill_and_a_proof_from_asking_to_a_signed_report(hub: Hub, doors: Street, key: str) -> None:
    async with town(hub) as (source, shop, _), working(hub):
        con = show(Prefix.CONNECTION, source.id)
        asked = await doors.post(f"/api/v1/connections/{con}/backfill", {}, key)
        assert asked.status == 202
        assert asked.json["state"] in ("waiting", "running")
        done = await ended(doors, key, asked.json["id"])
        assert done["state"] == "done"
        assert done["counters"]["read"] >= 12
        assert done["counters"]["applied"] >= 12
        proving = await doors.post("/api/v1/proofs", {"connection_id": con}, key)
        assert proving.status == 202
        proven = await ended(doors, key, proving.json["id"])
        assert proven["state"] == "done", proven
        listed = (await doors.get(f"/api/v1/proofs?connection_id={con}", key)).json["items"]
        assert [(one["ok"], one["run_id"]) for one in listed] == [(True, proving.json["id"])]
        proof = (await doors.get(f"/api/v1/proofs/{listed[0]['id']}", key)).json
        assert proof["report"]["ok"] is True
        assert {row["entity"] for row in proof["report"]["rows"]} == {"order", "customer", "product"}
        assert proof["report"]["requests"]["woocommerce"] >= 5
        assert proof["report"]["requests"]["hubspot"] >= 3
        csv = await doors.get(f"/api/v1/proofs/{listed[0]['id']}.csv", key)
        assert csv.headers["content-type"].startswith("text/csv")
        assert csv.body.decode().splitlines()[0].startswith("entity,destination,in_store,recorded,delivered")
        genuine = {"report": proof["report"], "signature": proof["signature"]}
        assert (await doors.post("/api/v1/proofs/verify", genuine, key)).json == {"genuine": True}
        forged = orjson.loads(orjson.dumps(genuine))
        forged["report"]["rows"][0]["missing"] += 1
        assert (await doors.post("/api/v1/proofs/verify", forged, key)).json == {"genuine": False}
        for signature in ("", "x.y.z", proof["signature"][:-2], proof["signature"].replace(".", "_")):
            assert (await doors.post("/api/v1/proofs/verify", {**genuine, "signature": signature}, key)).json == {
                "genuine": False
            }
        rates = (await doors.get("/api/v1/runs/stats", key)).json["items"]
        assert {(one["kind"], one["success_rate"]) for one in rates} >= {("backfill", 1.0), ("reconcile", 1.0)}
        del shop


async def test_a_proof_of_days_is_about_the_stores_own_days(hub: Hub) -> None:
    async with town(hub) as (source, shop, _), working(hub):
        await hub.runs.add(source.tenant_id, source.id, RunKind.BACKFILL)
        offset = timedelta(hours=float(source.account["gmt_offset"]))
        days = sorted({(_utc(o["date_created_gmt"]) + offset).date() for o in shop.truth()["orders"]})
        first, last = days[len(days) // 3], days[2 * len(days) // 3]
        wanted = [o for o in shop.truth()["orders"] if first <= (_utc(o["date_created_gmt"]) + offset).date() <= last]
        kept, proof = await hub.reports.take(source.id, None, Days(first, last), repair_rounds=0, tell=lambda _: None)
        assert proof.ok
        assert [row.entity for row in proof.rows] == ["order"]
        assert proof.rows[0].in_store == len(wanted)
        assert 0 < len(wanted) < len(shop.truth()["orders"])
        assert kept.report["days"] == {"first": first.isoformat(), "last": last.isoformat()}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def test_every_exception_is_explained_and_makes_the_run_partial(hub: Hub, doors: Street, key: str) -> None:
    async with town(hub) as (source, _, portal), working(hub):
        con = show(Prefix.CONNECTION, source.id)
        first = await doors.post(f"/api/v1/connections/{con}/backfill", {}, key)
        await ended(doors, key, first.json["id"])

        async def delivered() -> bool:
            async with hub.database.engine() as conn:
                return not await conn.fetchval("SELECT count(*) FROM delivery")

        await until(delivered)
        await _edit_a_deal(portal)
        asked = await doors.post("/api/v1/proofs", {"connection_id": con, "repair": False}, key)
        run = await ended(doors, key, asked.json["id"])
        assert run["state"] == "partial"
        assert run["error_count"] == 1
        assert "deals.amount" in run["errors"][0]["reason"]
        proof_id = (await doors.get("/api/v1/proofs", key)).json["items"][0]["id"]
        (exception,) = (await doors.get(f"/api/v1/proofs/{proof_id}", key)).json["exceptions"]
        assert exception["kind"] == "drifted"
        assert "another value" in exception["cause"]
        repaired = await doors.post("/api/v1/proofs", {"connection_id": con}, key)
        assert (await ended(doors, key, repaired.json["id"]))["state"] == "done"


async def _edit_a_deal(portal_url: str) -> None:
    door = Door(portal_url)
    deals = (await door.get("state?type=deals&history=false"))["objects"]["deals"]
    await door.post("act", act="edit", type="deals", id=deals[0]["id"], properties={"amount": "0.01"})


async def test_a_run_can_be_cancelled_while_it_works_and_its_place_is_kept(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    run_id = await hub.runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL, ("order",))
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def endless(run: Run) -> dict[str, Any]:
        run.progress["order"] = {"read": 300, "total": 1000}
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return {}

    working_ = asyncio.create_task(hub.runs.work_one("me", {RunKind.BACKFILL: endless}))
    await asyncio.wait_for(begun.wait(), 10)
    shown = show(Prefix.RUN, run_id)

    async def progressed() -> Any:
        found = (await doors.get(f"/api/v1/runs/{shown}", key)).json
        return found if found["counters"]["read"] else None

    seen = await until(progressed)
    assert (seen["state"], seen["total"]) == ("running", 1000)
    assert seen["eta_s"] is not None
    assert (await doors.post(f"/api/v1/runs/{shown}/cancel", {}, key)).json["state"] == "cancelled"
    await asyncio.wait_for(stopped.wait(), 10)
    await working_
    is_problem(await doors.post(f"/api/v1/runs/{shown}/cancel", {}, key), 409, "conflict")
    again = (await doors.get("/api/v1/runs?state=cancelled", key)).json["items"]
    assert [one["id"] for one in again] == [shown]


async def test_runs_are_listed_in_pages_by_kind_state_and_time(hub: Hub, doors: Street, key: str) -> None:
    shops = [await add_shop(hub, f"s{n}", f"https://s{n}.example") for n in range(5)]
    for shop in shops:
        for kind in (RunKind.PULL, RunKind.BACKFILL):
            await hub.runs.add(shop.tenant_id, shop.id, kind)
    seen: list[str] = []
    after = ""
    while True:
        page = (await doors.get(f"/api/v1/runs?kind=pull&limit=2{after}", key)).json
        seen += [one["connection"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&before={page['next']}"
    assert sorted(seen) == [f"s{n}" for n in range(5)]
    con = show(Prefix.CONNECTION, shops[0].id)
    assert len((await doors.get(f"/api/v1/runs?connection_id={con}", key)).json["items"]) == 2
    assert (await doors.get("/api/v1/runs?state=done", key)).json["items"] == []
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await doors.get(f"/api/v1/runs?since={later}", key)).json["items"] == []
    is_problem(await doors.get("/api/v1/runs?kind=dance", key), 400, "bad-input", "kind")


async def test_nobody_sees_or_ends_another_tenants_runs(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    run_id = show(Prefix.RUN, await hub.runs.add(shop.tenant_id, shop.id, RunKind.PULL))
    tenant = await hub.tenants.add("stranger")
    stranger = (await hub.keys.add(tenant, "both", ("read", "write")))[1]
    assert (await doors.get("/api/v1/runs", stranger)).json["items"] == []
    is_problem(await doors.get(f"/api/v1/runs/{run_id}", stranger), 404, "not-found")
    is_problem(await doors.post(f"/api/v1/runs/{run_id}/cancel", {}, stranger), 404, "not-found")
    con = show(Prefix.CONNECTION, shop.id)
    is_problem(await doors.post(f"/api/v1/connections/{con}/pull", {}, stranger), 404, "not-found")
    reader = (await hub.keys.add(shop.tenant_id, "reads", ("read",)))[1]
    is_problem(await doors.post(f"/api/v1/connections/{con}/pull", {}, reader), 403, "forbidden")
    assert (await doors.get(f"/api/v1/runs/{run_id}", key)).json["state"] == "waiting"


async def test_a_proof_of_other_days_does_not_hide_behind_one_under_way(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    con = show(Prefix.CONNECTION, shop.id)
    first = await doors.post("/api/v1/proofs", {"connection_id": con, "first": "2026-11-01"}, key)
    assert first.status == 202
    assert first.json["asked"] == {"first": "2026-11-01", "last": None, "repair": 2}
    same = await doors.post("/api/v1/proofs", {"connection_id": con, "first": "2026-11-01"}, key)
    assert same.json["id"] == first.json["id"]
    other = await doors.post("/api/v1/proofs", {"connection_id": con, "first": "2026-10-01"}, key)
    is_problem(other, 409, "conflict")
    wrong = {"connection_id": con, "first": "2026-11-02", "last": "2026-11-01"}
    is_problem(await doors.post("/api/v1/proofs", wrong, key), 400, "bad-input", "first")


async def test_a_cancelled_run_stays_cancelled_whatever_its_worker_does_then(hub: Hub) -> None:
    shop = await add_shop(hub)
    run_id = await hub.runs.add(shop.tenant_id, shop.id, RunKind.BACKFILL)

    async def puts_off(run: Run) -> dict[str, Any]:
        assert await hub.runs.cancel(run.tenant_id, run.id, "test")
        raise PutOff(datetime.now(UTC), "its quiet hours")

    assert await hub.runs.work_one("me", {RunKind.BACKFILL: puts_off})
    found = await hub.runs.one(shop.tenant_id, run_id)
    assert found is not None
    assert found["state"] == "cancelled"
    assert not await hub.runs.work_one("me", {RunKind.BACKFILL: puts_off})


async def test_a_stock_push_is_a_run(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    con = show(Prefix.CONNECTION, shop.id)
    asked = await doors.post(f"/api/v1/connections/{con}/stock-push", {}, key)
    assert asked.status == 202
    assert await hub.runs.work_one("me", hub.works)
    found = (await doors.get(f"/api/v1/runs/{asked.json['id']}", key)).json
    assert (found["state"], found["result"]) == ("done", {"links": 0})


async def test_errors_are_counted_and_the_first_hundred_kept(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    run_id = show(Prefix.RUN, await hub.runs.add(shop.tenant_id, shop.id, RunKind.PULL))

    async def troubled(run: Run) -> dict[str, Any]:
        for number in range(150):
            run.note_error(f"order {number}", "its total is no money; write to ann@example.com")
        return {}

    await hub.runs.work_one("me", {RunKind.PULL: troubled})
    found = (await doors.get(f"/api/v1/runs/{run_id}", key)).json
    assert (found["state"], found["error_count"], len(found["errors"])) == ("partial", 150, 100)
    assert "ann@example.com" not in str(found)


async def test_old_runs_are_forgotten_and_a_proof_a_day_is_planned(hub: Hub) -> None:
    shop = await add_shop(hub)
    run_id = await hub.runs.add(shop.tenant_id, shop.id, RunKind.PULL)
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE run SET state = 'done', ended_at = now() - interval '91 days' WHERE id = $1", run_id)
    await hub.runs.forget(timedelta(days=90))
    assert await hub.runs.one(shop.tenant_id, run_id) is None
    async with hub.database.transaction() as conn:
        hour = await conn.fetchval("SELECT extract(hour FROM now() AT TIME ZONE 'UTC' + interval '5 hours')::int")
        await conn.execute(OLD_AND_EAST, shop.id)
    assert await hub.runs.plan_proofs(hour) == 0, "it is routed nowhere"
    async with hub.database.transaction() as conn:
        await conn.execute("UPDATE connection SET state = 'paused'")
    async with town(hub, 1) as (source, _, _):
        async with hub.database.transaction() as conn:
            await conn.execute(OLD_AND_EAST, source.id)
        assert await hub.runs.plan_proofs((hour + 1) % 24) == 0
        assert await hub.runs.plan_proofs(hour) == 1
        assert await hub.runs.plan_proofs(hour) == 0, "one a day"
        async with hub.database.engine() as conn:
            run = await conn.fetchrow(
                "SELECT asked, due_at >= created_at AS later, due_at FROM run WHERE kind = 'reconcile'"
            )
            ends = await conn.fetchval("SELECT date_trunc('hour', now()) + interval '1 hour'")
        assert orjson.loads(run["asked"]) == {"daily": True}
        assert run["later"]
        assert run["due_at"] <= ends, "within the hour it was asked for"


async def test_a_run_that_a_person_cancelled_says_nothing_about_success(hub: Hub, doors: Street, key: str) -> None:
    shop = await add_shop(hub)
    for state in ("cancelled", "done", "failed"):
        run_id = await hub.runs.add(shop.tenant_id, shop.id, RunKind.PULL)
        if state == "cancelled":
            assert await hub.runs.cancel(shop.tenant_id, run_id, "test")
            rates = (await doors.get("/api/v1/runs/stats", key)).json["items"]
            assert [(one["cancelled"], one["success_rate"]) for one in rates] == [(1, None)]
            continue
        async with hub.database.engine() as conn:
            await conn.execute("UPDATE run SET state = $2, ended_at = now() WHERE id = $1", run_id, state)
    rates = (await doors.get("/api/v1/runs/stats", key)).json["items"]
    assert [(one["ended"], one["cancelled"], one["success_rate"]) for one in rates] == [(3, 1, 0.5)]
