"""Lists of deliveries go by indexes: no page, group or replay reads a history from end to end."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from crossdock.flow.deliver import Filter
from crossdock.flow.deliver import letters as letters_room
from crossdock.flow.deliver import replay as replay_room
from crossdock.kit.ids import floor_of, new_id
from crossdock.store.partitions import name_of
from crossdock.wiring import Hub
from tests.support.hub import add_route, add_shop, add_sink, order, signed

ROWS = 30_000
LOW, HIGH = uuid.UUID(int=0), uuid.UUID(int=(1 << 128) - 1)
FILL = """
INSERT INTO delivery_done (id, tenant_id, lane_id, route_id, record_id, event_id, seq, state, rule, attempts,
                           created_at, cause_id, replayed)
SELECT k.id, $2, $3, $4, CASE WHEN k.n % 10 = 0 THEN $5 ELSE gen_random_uuid() END, gen_random_uuid(), k.n,
       CASE WHEN k.n % 500 = 0 THEN 'dead' WHEN k.n % 100 = 1 THEN 'skipped' ELSE 'delivered' END,
       CASE WHEN k.n % 100 = 1 THEN 'superseded' END, 1, now(),
       CASE WHEN k.n % 500 = 0 THEN $6::uuid END, k.n % 1000 = 0
FROM unnest($1::uuid[]) WITH ORDINALITY AS k(id, n)
"""


async def explained(conn: Any, sql: str, values: Sequence[Any]) -> str:
    rows = await conn.fetch("EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) " + sql, *values)
    return "\n".join(row[0] for row in rows)


def read_of(plan: str, partition: str) -> int:
    """Return how many rows a plan reads of a partition."""
    pattern = rf"(?:Scan|Scan Backward)[^\n]* on {partition}[^\n]*\(actual rows=([\d.]+) loops=(\d+)\)"
    return int(sum(float(rows) * int(loops) for rows, loops in re.findall(pattern, plan)))


async def test_no_list_reads_the_history_from_end_to_end(hub: Hub) -> None:
    shop, sink = await add_shop(hub), await add_sink(hub, "http://127.0.0.1:9/")
    route = await add_route(hub, shop, sink, "*", "post")
    await hub.journey.webhook(shop, *signed(order(1)))
    tenant, cause, now = shop.tenant_id, uuid.uuid4(), datetime.now(UTC)
    ids = [new_id(now) for _ in range(ROWS)]
    partition = name_of("delivery_done", now.date())
    async with hub.database.engine() as conn:
        record = await conn.fetchval("SELECT id FROM record")
        event = await conn.fetchval("SELECT id FROM event")
        await conn.execute(FILL, sorted(ids), tenant, sink.id, route, record, cause)
        await conn.execute(
            "INSERT INTO dead_cause (tenant_id, id, connector, code, field, rule, reason, seen)"
            " VALUES ($1, $2, 'webhook', '400', '', '', 'no', 60)",
            tenant,
            cause,
        )
    async with hub.database.owner() as owner:
        await owner.execute("ANALYZE delivery_done")
    some = sorted(ids)[:100]
    lists, again = letters_room.SQL, replay_room.SQL
    done = ["delivered", "skipped", "dead"]
    asked: list[tuple[str, list[Any]]] = [
        (lists["find_done"], [tenant, [route], done, HIGH, LOW, None, 50, None, 0]),
        (lists["find_done"], [tenant, [route], ["skipped"], sorted(ids)[20_000], LOW, None, 50, None, 0]),
        (lists["find_done_of_tenant"], [tenant, done, sorted(ids)[ROWS // 2], LOW, 50]),
        (lists["find_of_record"], [tenant, uuid.uuid4(), None, done, None, HIGH, LOW, 50]),
        (lists["find_dead"], [tenant, [cause], None, LOW, LOW, HIGH, None, 50]),
        (lists["count_dead"], [tenant, [cause], None, LOW, HIGH, None]),
        (lists["groups"], [tenant, None, None, LOW, HIGH, None, 100]),
        (lists["show"], [tenant, some, some[0], some[-1]]),
        (again["range"], [tenant, [route], done, sorted(ids)[1000], floor_of(now), HIGH, 100]),
        (again["lock_done"], [tenant, some]),
        (again["mark_replayed"], [some]),
        (again["of_events"], [tenant, [event], LOW, 100]),
    ]
    async with hub.database.engine() as conn:
        first = await explained(conn, *asked[0])
        assert read_of(first, partition) >= 50, first
        for sql, values in asked:
            plan = await explained(conn, sql, values)
            assert f"Seq Scan on {partition}" not in plan, plan
            # the record's own history is long on purpose: a tenth of all
            assert read_of(plan, partition) <= ROWS // 10, plan
    page = await hub.letters.page(tenant, Filter(state="dead"), 20)
    assert [one["state"] for one in page] == ["dead"] * 20
    groups = await hub.letters.groups(tenant, Filter())
    assert [group["standing"] for group in groups] == [ROWS // 1000]
