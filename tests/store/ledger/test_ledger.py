"""The ledger on a real database: every arrival ends in exactly one verdict, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from crossdock.errors import KeyReused, NotFound, Overloaded
from crossdock.flow.pull.bells import gone
from crossdock.flow.record import Intake, IntakeLimits, Tally
from crossdock.flow.record.parcel import Parcel
from crossdock.kit.clock import SystemClock
from crossdock.model.connection import Connection
from crossdock.model.observation import Doorbell, Observation, Occurrence, Presence
from crossdock.model.origin import Origin
from crossdock.wiring import Hub
from tests.support.hub import add_connection, add_route, add_shop, add_sink, order

LONG_AGO = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def observed(document: dict[str, Any], presence: Presence = Presence.LIVE) -> Observation:
    return Observation(
        stream="order",
        external_id=str(document["id"]),
        document=document,
        presence=presence,
        status=document["status"],
        modified_at=datetime.fromisoformat(document["date_modified_gmt"]).replace(tzinfo=UTC),
        subjects=(document["billing"]["email"].lower(),),
    )


def webhook(hub: Hub, shop: Connection, document: dict[str, Any], presence: Presence = Presence.LIVE) -> Parcel:
    return hub.journey.parcel(shop, observed(document, presence), Origin.WEBHOOK, b"raw bytes")


async def read(hub: Hub, shop: Connection, seen: Observation, *, fresh: bool = True) -> str:
    """Record what a GET made now shows."""
    async with hub.database.transaction() as conn:
        began = await conn.fetchval("SELECT clock_timestamp()")
        counts = await hub.journey.record(conn, shop, [seen], Origin.PULL, (began, began), fresh=fresh)
    return next(iter(counts))


async def submit(hub: Hub, *parcels: Parcel) -> list[str]:
    return [str((await r).verdict) for r in [hub.journey.intake.enqueue(p) for p in parcels]]


async def fetch(hub: Hub, sql: str, *values: Any) -> list[asyncpg.Record]:
    async with hub.database.engine() as conn:
        return await conn.fetch(sql, *values)


async def test_the_same_fact_twice_is_one_event(hub: Hub) -> None:
    shop = await add_shop(hub)
    assert await submit(hub, webhook(hub, shop, order()), webhook(hub, shop, order())) == ["applied", "unchanged"]
    assert await read(hub, shop, observed(order())) == "unchanged"
    events = await fetch(hub, "SELECT type, seq FROM event")
    assert [(e["type"], e["seq"]) for e in events] == [("order.created", 1)]


async def test_bodies_are_sealed_and_open_only_on_their_own_row(hub: Hub) -> None:
    shop = await add_shop(hub)
    await submit(hub, webhook(hub, shop, order()))
    row = (await fetch(hub, "SELECT id, body FROM event"))[0]
    assert b"raw bytes" not in row["body"]
    assert hub.vault.open_body(row["body"], row["id"].bytes) == b"raw bytes"
    with pytest.raises(Exception, match="does not open"):
        hub.vault.open_body(row["body"], b"another row")


async def test_delete_restore_delete_gives_all_its_events(hub: Hub) -> None:
    shop = await add_shop(hub)
    await submit(hub, webhook(hub, shop, order()))
    trashed = order(status="trash", modified="2026-11-20T10:00:05")
    restored = order(modified="2026-11-20T10:00:09")
    again = order(status="trash", modified="2026-11-20T10:00:12")
    assert await read(hub, shop, observed(trashed, Presence.TRASHED)) == "applied"
    assert await read(hub, shop, observed(restored)) == "applied"
    assert await read(hub, shop, observed(again, Presence.TRASHED)) == "applied"
    assert await read(hub, shop, gone("order", "1", None)) == "applied"
    types = [e["type"] for e in await fetch(hub, "SELECT type FROM event ORDER BY seq")]
    assert types == ["order.created", "order.trashed", "order.restored", "order.trashed", "order.deleted"]


async def test_a_b_a_within_one_second_gives_all_its_events_once_a_get_decides(hub: Hub) -> None:
    shop = await add_shop(hub)
    a, b = order(status="processing"), order(status="on-hold")
    assert await submit(hub, webhook(hub, shop, a)) == ["applied"]
    assert await submit(hub, webhook(hub, shop, b)) == ["contested"]
    assert len(await fetch(hub, "SELECT 1 FROM doorbell")) == 1
    assert await read(hub, shop, observed(b)) == "applied"
    assert await read(hub, shop, observed(a)) == "applied"
    rows = await fetch(hub, "SELECT seq, status FROM event WHERE verdict = 'applied' ORDER BY seq")
    assert [(r["seq"], r["status"]) for r in rows] == [(1, "processing"), (2, "on-hold"), (3, "processing")]
    assert not (await fetch(hub, "SELECT contested FROM record"))[0]["contested"]


async def test_an_older_state_never_overwrites_a_newer_one(hub: Hub) -> None:
    shop = await add_shop(hub)
    new, old = order(status="completed", modified="2026-11-20T10:00:09"), order(modified="2026-11-20T10:00:01")
    assert await submit(hub, webhook(hub, shop, new), webhook(hub, shop, old)) == ["applied", "stale"]
    assert (await fetch(hub, "SELECT status FROM record"))[0]["status"] == "completed"


async def test_a_restored_shop_is_seen_and_believed(hub: Hub) -> None:
    shop = await add_shop(hub)
    await submit(hub, webhook(hub, shop, order(status="completed", modified="2026-11-20T10:00:09")))
    older = observed(order(modified="2026-11-20T10:00:01"))
    assert await read(hub, shop, older, fresh=False) == "stale"
    assert len(await fetch(hub, "SELECT 1 FROM doorbell")) == 1
    assert await read(hub, shop, older) == "rewound"


async def test_after_a_deletion_late_webhooks_do_not_bring_an_order_back(hub: Hub) -> None:
    shop = await add_shop(hub)
    await submit(hub, webhook(hub, shop, order()))
    await read(hub, shop, gone("order", "1", None))
    late = webhook(hub, shop, order(status="completed", modified="2026-11-20T10:00:30"))
    assert await submit(hub, late) == ["contested"]
    assert (await fetch(hub, "SELECT presence FROM record"))[0]["presence"] == "deleted"


async def test_the_end_of_an_unknown_entity_is_no_event(hub: Hub) -> None:
    shop = await add_shop(hub)
    assert await read(hub, shop, gone("coupon", "99", None)) == "unknown"
    assert await fetch(hub, "SELECT 1 FROM event") == []


async def test_many_rings_of_one_entity_are_one_doorbell(hub: Hub) -> None:
    shop = await add_shop(hub)
    bell = hub.journey.parcel(shop, Doorbell("order", "5", reason="order.deleted"), Origin.WEBHOOK, b"")
    assert await submit(hub, bell, bell, bell) == ["rung"] * 3
    assert len(await fetch(hub, "SELECT 1 FROM doorbell")) == 1


async def test_one_delivery_a_route_and_the_newest_state_waits(hub: Hub) -> None:
    shop = await add_shop(hub)
    crm = await add_connection(hub, "hubspot", "crm", destination=True)
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    state = await add_route(hub, shop, crm, "order", "order")
    messages = await add_route(hub, shop, sink, "*", "post")
    for second in range(4):
        await submit(hub, webhook(hub, shop, order(total=str(second), modified=f"2026-11-20T10:00:0{second}")))
    waiting = await fetch(hub, "SELECT route_id, seq, head FROM delivery ORDER BY seq")
    assert [(w["seq"], w["head"]) for w in waiting if w["route_id"] == state] == [(4, True)]
    assert [(w["seq"], w["head"]) for w in waiting if w["route_id"] == messages] == [
        (1, True),
        (2, False),
        (3, False),
        (4, False),
    ]
    done = await fetch(hub, "SELECT seq, state, rule FROM delivery_done ORDER BY seq")
    assert [(d["seq"], d["state"], d["rule"]) for d in done] == [(n, "skipped", "superseded") for n in (1, 2, 3)]


async def test_states_that_arrive_in_one_commit_each_have_an_end(hub: Hub) -> None:
    shop = await add_shop(hub)
    crm = await add_connection(hub, "hubspot", "crm", destination=True)
    await add_route(hub, shop, crm, "order", "order")
    seen = [observed(order(total=str(n), modified=f"2026-11-20T10:00:0{n}")) for n in range(3)]
    async with hub.database.transaction() as conn:
        await hub.journey.record(conn, shop, seen, Origin.PULL, (LONG_AGO, LONG_AGO))
    assert [w["seq"] for w in await fetch(hub, "SELECT seq FROM delivery")] == [3]
    assert [d["rule"] for d in await fetch(hub, "SELECT rule FROM delivery_done")] == ["superseded"] * 2


async def test_drafts_and_history_end_by_their_named_rule(hub: Hub) -> None:
    shop = await add_shop(hub)
    crm = await add_connection(hub, "hubspot", "crm", destination=True)
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    await add_route(hub, shop, crm, "order", "order")
    await add_route(hub, shop, sink, "*", "post")
    async with hub.database.transaction() as conn:
        draft = observed(order(1, status="checkout-draft"), Presence.DRAFT)
        await hub.journey.record(conn, shop, [draft, observed(order(2))], Origin.BACKFILL, (LONG_AGO, LONG_AGO))
    rules = sorted(d["rule"] for d in await fetch(hub, "SELECT rule FROM delivery_done"))
    assert rules == ["filter", "historical", "historical"]
    assert len(await fetch(hub, "SELECT 1 FROM delivery")) == 1


async def test_a_removed_route_takes_no_more(hub: Hub) -> None:
    shop = await add_shop(hub)
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    route = await add_route(hub, shop, sink, "*", "post")
    await submit(hub, webhook(hub, shop, order(1)))
    await hub.connections.remove_route(shop.tenant_id, route, actor="test")
    await submit(hub, webhook(hub, shop, order(2)))
    assert len(await fetch(hub, "SELECT 1 FROM delivery")) == 1
    with pytest.raises(NotFound):
        await hub.connections.remove_route(shop.tenant_id, route, actor="test")


async def test_a_transport_key_is_taken_once_and_refused_with_another_body(hub: Hub) -> None:
    source = await hub.connections.hub_source(await hub.tenants.find())

    def event(value: int) -> Parcel:
        made = Occurrence("assessment", "assessment.completed", {"v": value}, key="k-1")
        return hub.journey.parcel(source, made, Origin.API, b"%d" % value)

    assert await submit(hub, event(1), event(1)) == ["applied", "duplicate"]
    assert await submit(hub, event(1)) == ["duplicate"]
    with pytest.raises(KeyReused):
        await hub.journey.intake.enqueue(event(2))
    assert len(await fetch(hub, "SELECT 1 FROM event")) == 1


async def test_the_same_fact_through_three_doors_and_two_hubs_is_one_event(hub: Hub, settings: Any) -> None:
    from crossdock.wiring import open_hub

    shop = await add_shop(hub)
    many = [order(n) for n in range(1, 101)]

    async def by_webhook(one: Hub) -> None:
        for receipt in [one.journey.intake.enqueue(webhook(one, shop, document)) for document in many]:
            await receipt

    async def by_pull(one: Hub) -> None:
        for start in range(0, 100, 20):
            seen = [observed(document) for document in many[start : start + 20]]
            for _ in range(6):
                try:
                    async with one.database.transaction() as conn:
                        at = await conn.fetchval("SELECT clock_timestamp()")
                        await one.journey.record(conn, shop, seen, Origin.PULL, (at, at))
                    break
                except (one.journey.again, asyncpg.UniqueViolationError):
                    continue

    async with open_hub(settings) as other:
        await asyncio.gather(by_webhook(hub), by_pull(hub), by_webhook(other), by_pull(other), by_webhook(hub))
    rows = await fetch(hub, "SELECT external_id, count(*) AS n FROM event GROUP BY 1")
    assert len(rows) == 100
    assert {row["n"] for row in rows} == {1}


async def test_a_full_queue_refuses_before_it_accepts(hub: Hub) -> None:
    limits = IntakeLimits(rows=1)
    intake = Intake(hub.journey._ledger, hub.database, SystemClock(), limits, hub.hints.ring, Tally())
    shop = await add_shop(hub)
    waiting = intake.enqueue(webhook(hub, shop, order()))
    with pytest.raises(Overloaded) as refused:
        intake.admit(100)
    assert refused.value.retry_after_s > 0
    async with intake:
        assert (await waiting).verdict == "applied"


async def test_a_commit_takes_along_what_is_just_coming_in(hub: Hub) -> None:
    shop = await add_shop(hub)

    async def comes(turn: int) -> None:
        for _ in range(turn):
            await asyncio.sleep(0)
        await hub.journey.intake.submit(webhook(hub, shop, order(turn + 1)))

    await asyncio.gather(*(comes(turn) for turn in range(40)))
    assert await fetch(hub, "SELECT count(*) AS n, count(DISTINCT xid) AS commits FROM event") == [(40, 1)]


async def test_a_row_with_bad_data_does_not_take_the_others_with_it(hub: Hub) -> None:
    shop = await add_shop(hub)
    parcels = [webhook(hub, shop, order(n)) for n in range(1, 20)]
    # PostgreSQL's text holds no NUL
    poisoned = Observation("order", "77\x00", order(77), status="ok", modified_at=LONG_AGO + timedelta(hours=1))
    bad = hub.journey.intake.enqueue(hub.journey.parcel(shop, poisoned, Origin.WEBHOOK, b"x"))
    good = [hub.journey.intake.enqueue(p) for p in parcels]
    with pytest.raises(Exception, match="data the database does not take"):
        await bad
    assert [(await g).verdict for g in good] == ["applied"] * 19


async def test_an_arrival_that_nobody_expected_does_not_take_the_others_with_it(hub: Hub) -> None:
    shop = await add_shop(hub)
    odd = msgspec.structs.replace(webhook(hub, shop, order(77)), arrived=None)
    bad = hub.journey.intake.enqueue(odd)
    good = [hub.journey.intake.enqueue(webhook(hub, shop, order(n))) for n in range(1, 20)]
    with pytest.raises(Overloaded, match="an unexpected AttributeError while recording"):
        await bad
    assert [(await g).verdict for g in good] == ["applied"] * 19


async def test_arrivals_are_counted_by_verdict(hub: Hub) -> None:
    shop = await add_shop(hub)
    await submit(hub, webhook(hub, shop, order()), webhook(hub, shop, order()))
    await hub.journey.tally.flush(hub.database)
    rows = await fetch(hub, "SELECT verdict, count FROM arrival_tally ORDER BY verdict")
    assert [(r["verdict"], r["count"]) for r in rows] == [("applied", 1), ("unchanged", 1)]


async def test_no_tenant_sees_anothers_rows(hub: Hub) -> None:
    shop = await add_shop(hub)
    crm = await add_connection(hub, "hubspot", "crm", destination=True)
    await add_route(hub, shop, crm, "order", "order")
    await submit(hub, webhook(hub, shop, order()))
    other = await hub.tenants.add("other")
    tables = await fetch(
        hub,
        "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relnamespace = 'public'::regnamespace",
    )
    assert len(tables) >= 18
    seen_by_own = 0
    for row in tables:
        async with hub.database.tenant(shop.tenant_id) as conn:
            seen_by_own += await conn.fetchval(f"SELECT count(*) FROM {row['relname']}")
        async with hub.database.tenant(other) as conn:
            where = "" if row["relname"] != "tenant" else f" WHERE tenant_id <> '{other}'"
            assert await conn.fetchval(f"SELECT count(*) FROM {row['relname']}{where}") == 0, row["relname"]
        async with hub.database._app.acquire() as conn:  # no tenant set
            assert await conn.fetchval(f"SELECT count(*) FROM {row['relname']}") == 0, row["relname"]
    assert seen_by_own > 5
