"""Pages of lists and of the feed are read along an index under row-level security, however long the history is."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from crossdock.govern.records.finder import FIRST, SQL
from crossdock.govern.tenants import Tenants
from crossdock.model.wish import STREAMS
from crossdock.store.database import Database

MIDDLE = (datetime(2026, 3, 1, tzinfo=UTC), uuid.UUID(int=7))
STORES = [uuid.UUID(int=n) for n in range(1, 4)]
FILL_RECORDS = """
WITH records AS (
    INSERT INTO record (id, tenant_id, connection_id, stream, external_id, seq, digest, digest_version, presence,
                        status, made_at, seen_to, event_id)
    SELECT gen_random_uuid(), $1, ($2::uuid[])[1 + n % 3], 'order', n::text, 1, ''::bytea, 1, 'live',
           CASE WHEN n % 10 = 0 THEN 'completed' ELSE 'processing' END,
           timestamptz '2026-01-01' + n * interval '1 hour', now(), gen_random_uuid()
    FROM generate_series(1, 3000) AS n
    RETURNING *
)
INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin, verdict, presence,
                   status, digest)
SELECT event_id, tenant_id, connection_id, id, 1, stream, external_id, 'order.created', 'pull', 'applied', presence,
       status, digest
FROM records
"""
FILL_EVENTS = """
INSERT INTO event (id, tenant_id, connection_id, record_id, seq, stream, external_id, type, origin, verdict, presence,
                   status, digest)
SELECT gen_random_uuid(), $1, ($2::uuid[])[1 + n % 3], gen_random_uuid(), 1, 'order', n::text, 'order.created', 'pull',
       'applied', 'live', 'completed', ''::bytea
FROM generate_series(1, 3000) AS n
"""


async def _plan(database: Database, tenant: uuid.UUID, name: str, *given: Any) -> list[dict[str, Any]]:
    """Return the nodes of the plan of a statement with what each has read."""
    async with database.tenant(tenant) as conn:
        if name == "changes":
            await conn.execute(SQL["in_order"])
        found = await conn.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {SQL[name]}", *given)
    nodes: list[dict[str, Any]] = []
    left = [orjson.loads(found)[0]["Plan"]]
    while left:
        node = left.pop()
        nodes.append(node)
        left += node.get("Plans", [])
    return nodes


@pytest.mark.parametrize(
    ("name", "more"),
    [("listed", ()), ("listed_by_status", ("completed",))],
)
async def test_a_page_in_the_middle_of_a_list_reads_no_more_than_the_page(
    database: Database, name: str, more: tuple[Any, ...]
) -> None:
    tenant = await Tenants(database).find()
    async with database.engine() as conn:
        await conn.execute(FILL_RECORDS, tenant, STORES)
    async with database.owner() as conn:
        await conn.execute("ANALYZE record; ANALYZE event")
    nodes = await _plan(database, tenant, name, tenant, "order", STORES, 20, *MIDDLE, FIRST, *more)
    looks = [node for node in nodes if node.get("Relation Name") == "record"]
    assert [node["Index Name"] for node in looks] == [{"listed": "record_newest"}.get(name, "record_by_status")]
    assert looks[0]["Actual Loops"] == len(STORES)
    assert looks[0]["Actual Rows"] == 20
    assert sum(node.get("Rows Removed by Filter", 0) for node in looks) == 0


async def test_a_page_of_the_feed_reads_no_more_than_the_page(database: Database) -> None:
    tenant = await Tenants(database).find()
    async with database.engine() as conn:
        await conn.execute(FILL_EVENTS, tenant, STORES)
    async with database.owner() as conn:
        await conn.execute("ANALYZE event")
    start = (0, "0", uuid.UUID(int=0), uuid.UUID(int=0))
    nodes = await _plan(database, tenant, "changes", tenant, *start, sorted(STREAMS), None, None, 20)
    read = sum(
        node["Actual Rows"] * node["Actual Loops"]
        for node in nodes
        if node.get("Relation Name", "").startswith("event")
    )
    assert 20 <= read <= 40
    assert not [node for node in nodes if node["Node Type"] == "Sort"]
