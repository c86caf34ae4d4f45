"""What a site reads goes by indexes: a small site in a busy hub costs a bounded look, and no history is read whole."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from crossdock.api.integrations.wordpress.activity import _WINDOWS, LAST
from crossdock.api.integrations.wordpress.story import KINDS, SQL
from crossdock.kit.ids import new_id
from crossdock.store.partitions import name_of
from crossdock.wiring import Hub
from tests.journey.deliver.test_history import explained, read_of
from tests.support.hub import add_route, add_shop, add_sink, order, signed

ROWS = 30_000
EVENTS = """
INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin, verdict, presence,
                   status, digest, era, xid)
SELECT k.id, $2, CASE WHEN k.n % 500 = 0 THEN $3::uuid ELSE $4::uuid END, CASE WHEN k.n % 500 = 0 THEN $5::uuid
       ELSE gen_random_uuid() END, k.n + 10, 'order', '1', 'order.updated', 'webhook', 'applied', 'live', '', '\\x00',
       e.era, e.xid
FROM unnest($1::uuid[]) WITH ORDINALITY AS k(id, n), (SELECT era, xid FROM event LIMIT 1) AS e
"""
DONE = """
INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, attempts, created_at)
SELECT k.id, $2, $3, CASE WHEN k.n % 100 = 0 THEN $4::uuid ELSE $5::uuid END, gen_random_uuid(), gen_random_uuid(), k.n,
       CASE WHEN k.n % 500 = 0 THEN 'dead' ELSE 'delivered' END, 1, now()
FROM unnest($1::uuid[]) WITH ORDINALITY AS k(id, n)
"""


async def filled(hub: Hub) -> dict[str, Any]:
    """Fill a day with a busy store's history and a little of a small site's; return whose is what."""
    site, busy = await add_shop(hub, "site"), await add_shop(hub, "busy", "https://busy.example")
    sink = await add_sink(hub, "http://127.0.0.1:9/")
    mine = await add_route(hub, site, sink, "*", "post")
    theirs = await add_route(hub, busy, sink, "*", "post")
    await hub.journey.webhook(site, *signed(order(1)))
    tenant, now = site.tenant_id, datetime.now(UTC)
    events, ended = (sorted(new_id(now) for _ in range(ROWS)) for _ in range(2))
    async with hub.database.engine() as conn:
        record = await conn.fetchval("SELECT id FROM record")
        await conn.execute(EVENTS, events, tenant, site.id, busy.id, record)
        await conn.execute(DONE, ended, tenant, sink.id, mine, theirs)
    async with hub.database.owner() as owner:
        await owner.execute("ANALYZE event")
        await owner.execute("ANALYZE delivery_done")
    return {"site": site, "tenant": tenant, "record": record, "route": mine, "events": events}


async def test_no_page_of_a_small_site_reads_a_busy_hubs_history(hub: Hub) -> None:
    known = await filled(hub)
    tenant, site, record = known["tenant"], known["site"].id, known["record"]
    own = [event for n, event in enumerate(known["events"], 1) if n % 500 == 0][-50:]
    day = datetime.now(UTC).date()
    subject = hub.vault.subject("nobody@example.com")
    asked: list[tuple[str, list[Any], int]] = [
        (SQL["window"], [tenant, site, LAST, list(KINDS), 50, _WINDOWS[0], None], _WINDOWS[0]),
        (SQL["of_records"], [tenant, [record], site, LAST, 50], 200),
        (SQL["by_entity"], [tenant, site, "order", "1"], 50),
        (SQL["by_words"], [tenant, site, list(KINDS), "1", subject], 50),
        (SQL["live"], [tenant, [known["route"]], LAST, 50, ["waiting"]], 50),
        (SQL["ended"], [tenant, [known["route"]], LAST, 50, "delivered"], 100),
        (SQL["ended"], [tenant, [known["route"]], LAST, 50, "dead"], 100),
        (SQL["show"], [tenant, site, own], 100),
        (SQL["deliveries"], [tenant, site, [record], own], 100),
        (SQL["attempts"], [tenant, [uuid.uuid4()]], 50),
    ]
    async with hub.database.engine() as conn:
        for sql, values, most in asked:
            plan = await explained(conn, sql, values)
            for table in ("event", "delivery_done"):
                partition = name_of(table, day)
                assert f"Seq Scan on {partition}" not in plan, plan
                assert read_of(plan, partition) <= most, plan
        first = await conn.fetchrow(SQL["window"], *asked[0][1])
        assert len(first["ids"]) == _WINDOWS[0] // 500
        assert first["looked"] == _WINDOWS[0]
        assert first["low"] < min(first["ids"])
