"""The REST API over a large history: lists, one order, the feed of changes, at a million orders.

Run: ``python -m bench.rest`` (an argument of 0.1 takes 100,000). One ``serve`` process without a worker; eight clients.
The same requests are timed at a tenth of the history first: a list must cost the same however long the history is.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import urllib.parse
from pathlib import Path
from typing import Any

from bench import history, load, stage
from crossdock.kit.ids import Prefix, show
from crossdock.wiring import Hub, open_hub

ORDERS = 1_000_000
CLIENTS = 8
ROUNDS = 800
FIRST = 10_000_000


def get(path: str, key: str) -> bytes:
    """Render one GET."""
    return f"GET /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


async def _grow(home: Path, shops: list[Any], first: int, count: int, days: int) -> tuple[list[str], list[str], str]:
    """Add orders; returns ids of orders, times and an API key."""
    async with open_hub(stage.settings(home)) as hub:
        await history.fill(hub, shops, count, first=first, days=days)
        async with hub.database.owner() as conn:
            await conn.execute("ANALYZE record; ANALYZE event; ANALYZE delivery_done")
        ids, times = await _places(hub, share=min(100.0, 200_000 / (first - FIRST + count)))
        _, key = await hub.keys.add(await hub.tenants.find(), f"bench-{first}", ["read"])
        return ids, times, key


async def _places(hub: Hub, share: float) -> tuple[list[str], list[str]]:
    async with hub.database.engine() as conn:
        rows = await conn.fetch(f"SELECT id, made_at FROM record TABLESAMPLE BERNOULLI ({share}) LIMIT 2000")
    return [show(Prefix.ORDER, row["id"]) for row in rows], [row["made_at"].isoformat() for row in rows]


def _kinds(ids: list[str], times: list[str], orders: int) -> dict[str, list[str]]:
    pick = random.Random(7)
    at = [urllib.parse.quote(time) for time in times]
    return {
        "list, newest 50": ["/orders"] * ROUNDS,
        "list, from a place in the middle": [f"/orders?before={pick.choice(ids)}" for _ in range(ROUNDS)],
        "list by status": [f"/orders?status=completed&until={pick.choice(at)}" for _ in range(ROUNDS)],
        "list by e-mail": [f"/orders?email=buyer-{pick.randrange(orders // 3)}@example.com" for _ in range(ROUNDS)],
        "by number": [f"/orders?number={FIRST + pick.randrange(orders)}" for _ in range(ROUNDS)],
        "one order": [f"/orders/{pick.choice(ids)}" for _ in range(ROUNDS)],
        "changes, 100 from the beginning": ["/changes?limit=100"] * ROUNDS,
    }


def measure(
    home: Path, asked: tuple[list[str], list[str], str], orders: int, clients: int = CLIENTS
) -> dict[str, dict[str, float]]:
    """Time each kind of request."""
    ids, times, key = asked
    with stage.serving(home, "--no-worker") as (port, _pid):
        load.run(port, [get("/orders", key)] * 50, CLIENTS)
        kinds = _kinds(ids, times, orders)
        return {kind: load.run(port, [get(p, key) for p in paths], clients) for kind, paths in kinds.items()}


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Fill, measure, fill, measure."""
    orders = max(10_000, int(ORDERS * scale))
    tenth = orders // 10
    with stage.folder() as home:
        shops = stage.prepare(home, "http://127.0.0.1:9/none", routes=1)
        small = measure(home, asyncio.run(_grow(home, shops, FIRST, tenth, 365)), tenth)
        grown = asyncio.run(_grow(home, shops, FIRST + tenth, orders - tenth, 3650))
        large = measure(home, grown, orders)
        alone = measure(home, grown, orders, clients=1)
    return [
        {
            "request": kind,
            f"p95 ms at {tenth:,}": round(small[kind]["p95_ms"], 1),
            f"p95 ms at {orders:,}": round(now["p95_ms"], 1),
            "ratio": round(now["p95_ms"] / small[kind]["p95_ms"], 2),
            "/s": round(now["rate"]),
            "p95 ms, one client": round(alone[kind]["p95_ms"], 1),
        }
        for kind, now in large.items()
    ]


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
