"""What a large history costs the present: claim, ingest and end to end with none and with five million rows of it.

Run: ``python -m bench.history_cost [scale]``. Two databases, one of them filled before (a third each of records, events
and ended deliveries, as the ledger writes them: see :mod:`bench.history`) and vacuumed. They are measured in turns, so
that what else the machine does meets both; each figure is the best of its rounds. Every webhook is a new order and has
to arrive once. The full size takes
about a quarter of an hour, most of it the filling. The goal: no figure worse by more than 10 %.
"""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from bench import backlog, history, load, stage, through
from bench.ingest import WARM
from crossdock.wiring import open_hub

ROWS = 5_000_000
EVENTS = 15_000
"""As many as :mod:`bench.ingest` sends at this level, and as it does after a warm-up: a server that has just started
has nothing of a large index in memory, and writes each of its pages whole the first time."""
ROUNDS = 3
GOAL = 1.1
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


def measured(home: Path, shops: list[uuid.UUID], port: int, total: int, number: int) -> dict[str, float]:
    """Make one round of all figures."""
    warm = min(WARM, total)
    each = warm + 2 * total
    orders = stage.orders(each, shops, first=FIRST + number * each)
    made = [load.post(path, body, headers) for path, body, headers in orders]
    made, before = made[warm:], made[:warm]
    found = {"claim": asyncio.run(_claim(home))}
    with stage.serving(home, "--no-worker") as (hub, _pid):
        load.run(hub, before, 32)
        taken = load.run(hub, made[:total], 32)
        found |= {"ingest": taken["rate"], "p99": taken["p99_ms"]}
        with stage.working(home):
            through.arrived(port, warm + total)
            passed = through.passed(hub, made[total:], port, already=warm + total)
    if passed["distinct"] != each or passed["requests"] != each:
        raise SystemExit(f"{each} were sent, the sink has {passed}")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/forget", timeout=10):
        pass
    return {**found, "through": passed["rate"]}


async def _fill(home: Path, shops: list[uuid.UUID], rows: int) -> None:
    async with open_hub(stage.settings(home)) as hub:
        await history.fill(hub, shops, rows // 3)
        async with hub.database.owner() as conn:
            for table in ("record", "event", "delivery_done"):
                await conn.execute(f"VACUUM (ANALYZE) {table}", timeout=1800)
            await conn.execute("SELECT pg_stat_force_next_flush()")


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Fill one, measure both in turns."""
    rows, total = max(3_000, int(ROWS * scale)), max(1_000, int(EVENTS * min(1.0, scale * 5)))
    with stage.folder() as bare, stage.folder() as full, through.sink() as port:
        url = f"http://127.0.0.1:{port}/hook"
        shops = {home: stage.prepare(home, url, routes=1) for home in (bare, full)}
        asyncio.run(_fill(full, shops[full], rows))
        rounds: dict[Path, list[dict[str, float]]] = {bare: [], full: []}
        for number in range(ROUNDS):
            for home in (bare, full) if number % 2 == 0 else (full, bare):
                rounds[home].append(measured(home, shops[home], port, total, number))
    return [
        _row(figure, rows, key, rounds[bare], rounds[full], least=least)
        for figure, key, least in (
            ("claim of 100, ms", "claim", True),
            ("ingest, webhooks/s at c=32", "ingest", False),
            ("ingest, p99 ms", "p99", True),
            ("end to end, events/s", "through", False),
        )
    ]


def _row(figure: str, rows: int, key: str, bare: list[Any], full: list[Any], *, least: bool) -> dict[str, object]:
    best = min if least else max
    without, beside = best(each[key] for each in bare), best(each[key] for each in full)
    worse = beside / without if least else without / beside
    shown = {"none": round(without, 2), f"{rows:,} rows": round(beside, 2)}
    verdict = "met" if worse <= GOAL else "not met"
    return {"figure": figure, **shown, "times worse": round(worse, 2), f"goal: at most {GOAL}": verdict}


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
