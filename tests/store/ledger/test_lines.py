"""The line of a record is read by the record, also by a plan that was made while the table of deliveries was empty."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

import crossdock
from crossdock.govern.tenants import Tenants
from crossdock.store.database import Database
from crossdock.store.queries import load

FLOW = Path(crossdock.__file__).parent / "flow"
MANY = 3000
ROUTE = uuid.UUID(int=7)
FILL = """
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head, due_at)
SELECT gen_random_uuid(), $1, $2, $2, lpad(n::text, 32, '0')::uuid, gen_random_uuid(), 1, false, 1, true,
       now() + interval '1 hour'
FROM generate_series(1, $3::integer) AS n
"""
RECORDS = [uuid.UUID("0" * 30 + "15"), uuid.UUID("0" * 30 + "16")]


def statement(file: str, name: str) -> str:
    """Return a statement of a stage."""
    return load(FLOW / f"{file}.sql")[name]


def reads(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the nodes that read deliveries."""
    if plan.get("Relation Name") == "delivery" and plan["Node Type"] != "ModifyTable":
        yield plan
    for below in plan.get("Plans", ()):
        yield from reads(below)


@pytest.mark.parametrize(
    ("file", "name", "kinds", "given"),
    [
        ("record/ledger", "lock_deliveries", "uuid[]", [RECORDS]),
        ("record/ledger", "wake_planned", "uuid[], uuid[]", [RECORDS, [ROUTE]]),
        ("deliver/queue", "promote", "uuid[], uuid[]", [[ROUTE, ROUTE], RECORDS]),
        ("deliver/replay", "by_version", "uuid[], uuid[], integer[]", [[ROUTE, ROUTE], RECORDS, [1, 1]]),
    ],
)
async def test_a_plan_of_a_young_table_reads_the_lines_it_asks_for(
    database: Database, file: str, name: str, kinds: str, given: list[list[Any]]
) -> None:
    tenant = await Tenants(database).find()
    async with database.owner() as owner:
        await owner.execute("ALTER TABLE delivery SET (autovacuum_enabled = false)")
    async with database.engine() as conn, conn.transaction():
        await conn.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await conn.execute(f"PREPARE young ({kinds}) AS {statement(file, name)}")
        asked = ", ".join("'{" + ",".join(map(str, one)) + "}'" for one in given)
        await conn.execute(f"EXECUTE young ({asked})")
        await conn.execute(FILL, tenant, ROUTE, MANY)
        found = await conn.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE young ({asked})")
        await conn.execute("DEALLOCATE young")
    looks = list(reads(orjson.loads(found)[0]["Plan"]))
    assert looks
    for look in looks:
        passed = look["Actual Rows"] + look.get("Rows Removed by Filter", 0)
        assert passed * look["Actual Loops"] <= 2 * len(RECORDS), look


async def test_a_line_has_one_head(database: Database) -> None:
    tenant = await Tenants(database).find()
    add = """
    INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head)
    VALUES (gen_random_uuid(), $1, $2, $2, $3, gen_random_uuid(), $4, true, 1, $5)
    """
    async with database.engine() as conn:
        await conn.execute(add, tenant, ROUTE, RECORDS[0], 1, True)
        for seq in (2, 2, 3):
            await conn.execute(add, tenant, ROUTE, RECORDS[0], seq, False)
        await conn.execute(add, tenant, uuid.UUID(int=8), RECORDS[0], 2, True)
        with pytest.raises(asyncpg.UniqueViolationError, match="delivery_line"):
            await conn.execute(add, tenant, ROUTE, RECORDS[0], 4, True)
        with pytest.raises(asyncpg.UniqueViolationError, match="delivery_line"):
            await conn.execute("UPDATE delivery SET head = true WHERE seq = 3 AND route_id = $1", ROUTE)
