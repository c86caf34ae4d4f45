"""A backlog of a million waiting deliveries must not slow a claim.

Run: ``python -m bench.backlog``. Times claim-and-settle of 100 on a lane with little waiting and on one with a million
waiting behind ten thousand heads in retry, in the same run.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import stage
from crossdock.flow.deliver.ports import Limits
from crossdock.kit.ids import new_id
from crossdock.store.queries import load
from crossdock.wiring import Hub, open_hub

QUEUE = load(Path(__file__).parent.parent / "src" / "crossdock" / "flow" / "deliver" / "queue.sql")
ROUNDS = 50
LIMITS = Limits()
WAITS = (LIMITS.standard_patience, LIMITS.bulk_patience, LIMITS.doubt_margin)
FILL = """
INSERT INTO delivery (id, tenant_id, lane_id, route_id, record_id, event_id, seq, occurrence, priority, head, due_at)
SELECT gen_random_uuid(), $1, $2, $3,
       ('00000000-0000-7000-8000-' || lpad(to_hex(n % $5), 12, '0'))::uuid,
       gen_random_uuid(), n, true, 1, n < $5, now() + CASE WHEN n < $6 THEN interval '1 hour' ELSE interval '0' END
FROM generate_series(0, $4 - 1) AS n
"""


async def lane(hub: Hub, tenant: uuid.UUID, rows: int, heads: int, retrying: int) -> uuid.UUID:
    """Make a lane with ``rows`` waiting deliveries, ``heads`` of them heads, ``retrying`` of those not due."""
    made = await stage.add_sink(hub, tenant, f"lane-{rows}", "http://127.0.0.1:9/")
    async with hub.database.engine() as conn:
        await conn.execute(FILL, tenant, made, new_id(), rows, heads, retrying, timeout=600)
    return made


async def claims(hub: Hub, lane_id: uuid.UUID) -> float:
    """Return the median milliseconds of a claim of 100, each rolled back."""
    took = []
    async with hub.database.engine() as conn:
        await conn.execute(
            "UPDATE lane SET owner = 'bench', epoch = 1, until = now() + interval '1 hour' WHERE id = $1", lane_id
        )
        for _ in range(ROUNDS):
            transaction: Any = conn.transaction()
            await transaction.start()
            began = time.perf_counter()
            rows = await conn.fetch(QUEUE["claim"], lane_id, 1, 100, timedelta(seconds=30), 10, *WAITS, False)
            took.append(time.perf_counter() - began)
            await transaction.rollback()
            if len(rows) != 100:
                raise SystemExit(f"claimed {len(rows)} instead of 100")
    return sorted(took)[ROUNDS // 2] * 1000


async def takes(hub: Hub) -> float:
    """Return the median milliseconds of finding a lane that is due, each rolled back."""
    took = []
    async with hub.database.engine() as conn:
        await conn.execute("UPDATE lane SET due_at = now(), owner = NULL, until = NULL")
        for _ in range(ROUNDS):
            transaction: Any = conn.transaction()
            await transaction.start()
            began = time.perf_counter()
            found = await conn.fetchrow(QUEUE["take_lane"], "bench", timedelta(seconds=4), [], [], True)
            took.append(time.perf_counter() - began)
            await transaction.rollback()
            if found is None:
                raise SystemExit("no lane was found")
    return sorted(took)[ROUNDS // 2] * 1000


async def run(home: Path, backlog: int) -> list[dict[str, object]]:
    """Time both lanes."""
    async with open_hub(stage.settings(home)) as hub:
        tenant = await hub.tenants.find()
        small = await lane(hub, tenant, 1_000, 1_000, 0)
        found = await takes(hub)
        large = await lane(hub, tenant, backlog, 20_000, 10_000)
        async with hub.database.owner() as conn:
            await conn.execute("ANALYZE delivery")
        first, second = await claims(hub, small), await claims(hub, large)
        again = await takes(hub)
    return [
        {"waiting": 1_000, "claim of 100, ms": round(first, 2), "ratio": 1.0, "take a lane, ms": round(found, 2)},
        {
            "waiting": backlog,
            "claim of 100, ms": round(second, 2),
            "ratio": round(second / first, 2),
            "take a lane, ms": round(again, 2),
        },
    ]


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Fill and time."""
    with stage.folder() as home:
        return asyncio.run(run(home, max(40_000, int(1_000_000 * scale))))


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
