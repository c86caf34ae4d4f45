"""The status of many connections is read in a few passes, not once a connection, and no row is asked for its tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from crossdock.govern.rollups.shown import SQL
from crossdock.kit.ids import new_id
from crossdock.wiring import Hub

CONNECTIONS = 400
TABLES = ("connection", "lane", "connection_gauge", "checkpoint", "hook", "arrival_tally", "lane_pace")

EACH = "FROM unnest($1::uuid[]) WITH ORDINALITY AS k(i, n)"
FILLED = (
    f"""INSERT INTO connection (id, tenant_id, connector, name, state, account_uid, config, account)
    SELECT i, $2, 'woocommerce', 'c' || n, 'active', 'u' || n, '{{}}', '{{}}' {EACH}""",
    f"INSERT INTO lane (id, tenant_id) SELECT i, $2 {EACH}",
    f"INSERT INTO connection_gauge (connection_id, tenant_id, depth) SELECT i, $2, 1 {EACH}",
    f"""INSERT INTO checkpoint (connection_id, stream, kind, tenant_id, cursor)
    SELECT i, 's' || s, 'pull', $2, '{{}}' {EACH}, generate_series(1, 10) AS s""",
    f"""INSERT INTO hook (id, tenant_id, connection_id, topic, vendor_id, url, heard_at)
    SELECT gen_random_uuid(), $2, i, 't', s::text, 'https://x.example', now() {EACH}, generate_series(1, 10) AS s""",
    f"""INSERT INTO arrival_tally (connection_id, tenant_id, day, stream, origin, verdict, count)
    SELECT i, $2, (now() AT TIME ZONE 'UTC')::date, 's' || s, 'pull', 'applied', 2
    {EACH}, generate_series(1, 5) AS s""",
    f"""INSERT INTO lane_pace (lane_id, tenant_id, minute, bucket, count)
    SELECT i, $2, date_trunc('minute', now()), b, 3 {EACH}, generate_series(-1, 3) AS b""",
)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


async def fill(hub: Hub) -> Any:
    tenant, ids = await hub.tenants.find(), [new_id() for _ in range(CONNECTIONS)]
    async with hub.database.transaction() as conn:
        for statement in FILLED:
            await conn.execute(statement, ids, tenant)
    async with hub.database.owner() as owner:
        for table in TABLES:
            await owner.execute(f"ANALYZE {table}")
    return tenant


async def test_no_part_is_done_once_a_connection(hub: Hub) -> None:
    tenant = await fill(hub)
    async with hub.database.tenant(tenant) as conn:
        rows = await conn.fetch(SQL["status"], tenant)
        assert len(rows) == CONNECTIONS
        assert {row["arrivals"] for row in rows} == {10}
        assert all(row["read_at"] and row["heard_at"] for row in rows)
        paces = await conn.fetch(SQL["paces"], tenant)
        assert {row["ended"] for row in paces} == {12}, "what is put off is no end"
        for name in ("status", "paces", "live"):
            (told,) = orjson.loads(await conn.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {SQL[name]}", tenant))
            for node in nodes(told["Plan"]):
                assert node["Actual Loops"] <= 4, (name, node["Node Type"], node.get("Relation Name"))
                assert "current_setting" not in node.get("Filter", ""), (name, node)
