"""What a large history costs the present: claim, ingest and end to end with none and with five million rows of it.

Run: ``python -m bench.history_cost [scale]``. One database: measured, filled (a third each of records, events and ended
deliveries, as the ledger writes them: see :mod:`bench.history`), vacuumed, measured again by the same load. Each figure
is the best of three rounds on both sides; a ratio of 1.1 or less is within ten percent.
"""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
import uuid
from pathlib import Path

from bench import backlog, history, load, stage, through
from crossdock.wiring import open_hub

ROWS = 5_000_000
EVENTS = 10_000
ROUNDS = 3
WAITING = 2_000
FIRST = 50_000_000


async def _claim(home: Path) -> float:
    """Return the median milliseconds of a claim of 100; what was put there for it is taken away again."""
    async with open_hub(stage.settings(home)) as hub:
        tenant = await hub.tenants.find()
        lane = await stage.add_sink(hub, tenant, f"claims-{uuid.uuid4().hex[:8]}", "http://127.0.0.1:9/")
        async with hub.database.engine() as conn:
            await conn.execute(backlog.FILL, tenant, lane, uuid.uuid4(), WAITING, WAITING, 0)
        took = min([await backlog.claims(hub, lane) for _ in range(ROUNDS)])
        async with hub.database.transaction() as conn:
            await conn.execute("DELETE FROM delivery WHERE lane_id = $1", lane)
            await conn.execute("UPDATE connection SET state = 'paused' WHERE id = $1", lane)
            await conn.execute("UPDATE lane SET owner = NULL, until = NULL, due_at = NULL WHERE id = $1", lane)
    return took


def measured(home: Path, shops: list[uuid.UUID], port: int, total: int, first: int) -> dict[str, float]:
    """Measure all figures; every webhook is a new order and has to arrive once."""
    found = {"claim": asyncio.run(_claim(home)), "ingest": 0.0, "through": 0.0, "p99": 1e9}
    with stage.serving(home, "--no-worker") as (hub, _pid):
        for number in range(2 * ROUNDS):
            made = [load.post(p, b, h) for p, b, h in stage.orders(total, shops, first=first + number * total)]
            if number < ROUNDS:
                taken = load.run(hub, made, 32)
                found["ingest"] = max(found["ingest"], taken["rate"])
                found["p99"] = min(found["p99"], taken["p99_ms"])
                with stage.working(home):
                    through.arrived(port, total)
            else:
                with stage.working(home):
                    passed = through.passed(hub, made, port)
                if passed["distinct"] != total or passed["requests"] != total:
                    raise SystemExit(f"{total} were sent, the sink has {passed}")
                found["through"] = max(found["through"], passed["rate"])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/forget", timeout=10):
                pass
    return found


async def _fill(home: Path, shops: list[uuid.UUID], rows: int) -> None:
    async with open_hub(stage.settings(home)) as hub:
        await history.fill(hub, shops, rows // 3)
        async with hub.database.owner() as conn:
            for table in ("record", "event", "delivery_done"):
                await conn.execute(f"VACUUM (ANALYZE) {table}", timeout=1800)
            await conn.execute("SELECT pg_stat_force_next_flush()")


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Measure, fill, measure."""
    rows, total = max(3_000, int(ROWS * scale)), max(1_000, int(EVENTS * min(1.0, scale * 5)))
    with stage.folder() as home, through.sink() as port:
        shops = stage.prepare(home, f"http://127.0.0.1:{port}/hook", routes=1)
        without = measured(home, shops, port, total, FIRST)
        asyncio.run(_fill(home, shops, rows))
        beside = measured(home, shops, port, total, 2 * FIRST)
    return [
        _row("claim of 100, ms", rows, without["claim"], beside["claim"], more=True),
        _row("ingest, webhooks/s at c=32", rows, without["ingest"], beside["ingest"]),
        _row("ingest, p99 ms", rows, without["p99"], beside["p99"], more=True),
        _row("end to end, events/s", rows, without["through"], beside["through"]),
    ]


def _row(figure: str, rows: int, without: float, beside: float, *, more: bool = False) -> dict[str, object]:
    ratio = beside / without if more else without / beside
    shown = {"none": round(without, 2), f"{rows:,} rows": round(beside, 2)}
    return {"figure": figure, **shown, "times worse": round(ratio, 2), "within 10 %": ratio <= 1.1}


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
