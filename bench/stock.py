"""Stock out: ten thousand SKUs into a sandbox shop, and one SKU from its acceptance to the shop's answer.

Run: ``python -m bench.stock``. The shop is a process of its own and counts its requests. A tenth of the SKUs are
variations, ten of a product: WooCommerce takes those by parent only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from bench import stage
from crossdock.cli.demo.ground import free_port
from crossdock.connectors.woocommerce.sandbox import DEFAULT_CONSUMER_KEY, DEFAULT_CONSUMER_SECRET
from crossdock.flow.stock.levels import Cause, Change
from crossdock.flow.stock.links import NewLink, Options
from crossdock.kit.ids import new_id
from crossdock.wiring import Hub, open_hub
from crossdock.worker import Worker

SKUS = 10_000
ONE_BY_ONE = 100
SHOP = """
import asyncio, json, sys
from crossdock.connect.sandbox import serving
from crossdock.connectors.woocommerce.sandbox import build, generate, products
async def main():
    shop, count, made = generate(1, 1), int(sys.argv[1]), []
    stock = {"manage_stock": True, "stock_quantity": 1}
    for number in range(count * 9 // 10):
        made.append((products.create(shop, {"name": "Tea", "sku": f"S-{number}", **stock})["id"], None))
    for number in range(count // 100):
        parent = products.create(shop, {"name": "Mug", "type": "variable"})["id"]
        for option in range(10):
            row = products.create_variation(shop, parent, {"sku": f"V-{number}-{option}", **stock})
            made.append((parent, row["id"]))
    async with serving(build(shop), port=int(sys.argv[2])):
        print(json.dumps(made), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@contextlib.contextmanager
def shop(skus: int) -> Iterator[tuple[int, list[tuple[int, int | None]]]]:
    """Run a sandbox shop; gives its port and (product, variation) of what it sells."""
    port = free_port()
    command = [sys.executable, "-c", SHOP, str(skus), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            made = [tuple(pair) for pair in json.loads(process.stdout.readline())]
            yield port, made
        finally:
            process.kill()


def requests(port: int) -> int:
    """Return how many requests the shop has answered."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sandbox/load", timeout=30) as reply:
        return int(json.load(reply)["requests"])


@contextlib.asynccontextmanager
async def linked(home: Path, port: int, made: list[Any]) -> AsyncIterator[tuple[Hub, uuid.UUID, uuid.UUID]]:
    """Connect the shop, link all it sells, and run a worker."""
    async with open_hub(stage.settings(home)) as hub:
        tenant = await hub.tenants.find()
        form = {"url": f"http://127.0.0.1:{port}", "key": DEFAULT_CONSUMER_KEY, "secret": DEFAULT_CONSUMER_SECRET}
        store = await hub.connections.connect(tenant, "woocommerce", {**form, "plain_http": True}, actor="bench")
        await hub.links.put(
            tenant,
            [
                NewLink(store.id, str(p), str(v) if v else None, f"{p}-{v}", "", Options(direction="out"))
                for p, v in made
            ],
        )
        worker = Worker(hub)
        task = asyncio.create_task(worker.run())
        try:
            yield hub, tenant, store.id
        finally:
            worker.stop()
            await task


async def all_told(hub: Hub) -> None:
    """Wait until nothing is due and nothing is under way."""
    while True:
        async with hub.database.engine() as conn:
            left = await conn.fetchval(
                "SELECT count(*) FROM sku_link WHERE push_at IS NOT NULL OR in_flight IS NOT NULL"
            )
        if not left:
            return
        await asyncio.sleep(0.05)


async def many(hub: Hub, tenant: uuid.UUID, port: int, made: list[Any]) -> tuple[int, float]:
    """Set every level; returns the requests it took and the seconds."""
    changes = [Change(sku=f"{p}-{v}", reference=str(new_id()), cause=Cause.SET, on_hand=7) for p, v in made]
    before, began = requests(port), time.perf_counter()
    for start in range(0, len(changes), 1000):
        await hub.book.apply(tenant, changes[start : start + 1000])
    await all_told(hub)
    return requests(port) - before, time.perf_counter() - began


async def one(hub: Hub, tenant: uuid.UUID, sku: str, on_hand: int) -> float:
    """Set one level; returns the milliseconds from its commit to the commit of the shop's answer."""
    await hub.book.apply(tenant, [Change(sku=sku, reference=str(new_id()), cause=Cause.SET, on_hand=on_hand)])
    while True:
        async with hub.database.engine() as conn:
            took = await conn.fetchval(
                "SELECT extract(epoch FROM d.ended_at - s.changed_at) * 1000 FROM sku_link l"
                " JOIN stock_level s ON s.tenant_id = l.tenant_id AND s.hub_sku = l.hub_sku"
                " JOIN event e ON e.id = l.in_flight"
                " JOIN delivery_done d ON d.record_id = e.record_id AND d.event_id = e.id"
                " WHERE l.hub_sku = $1 AND l.last_pushed = $2",
                sku,
                on_hand,
            )
            done = await conn.fetchval(
                "SELECT extract(epoch FROM l.last_push_at - s.changed_at) * 1000 FROM sku_link l"
                " JOIN stock_level s ON s.tenant_id = l.tenant_id AND s.hub_sku = l.hub_sku"
                " WHERE l.hub_sku = $1 AND l.last_pushed = $2 AND l.in_flight IS NULL",
                sku,
                on_hand,
            )
        for found in (took, done):
            if found is not None and found > 0:
                return float(found)
        await asyncio.sleep(0.002)


async def run(home: Path, scale: float) -> list[dict[str, object]]:
    """Run both parts."""
    skus = max(100, int(SKUS * scale) // 100 * 100)
    with shop(skus) as (port, made):
        async with linked(home, port, made) as (hub, tenant, _):
            calls, took = await many(hub, tenant, port, made)
            parents = len({p for p, v in made if v})
            simple = f"{made[0][0]}-None"
            each = sorted([await one(hub, tenant, simple, 100 + turn) for turn in range(ONE_BY_ONE)])
    allowed = -(-skus // 100) + parents
    p50, p95 = each[len(each) // 2], each[int(len(each) * 0.95) - 1]
    return [
        {"what": f"{skus} SKUs, {parents} parents of variations", "figure": f"{calls} calls, {took:.1f} s"},
        {"what": "allowed: one a hundred, and one a parent", "figure": f"{allowed} calls"},
        {"what": "one SKU, accepted to written (the shop's own time included)", "figure": f"p50 {p50:.0f} ms"},
        {"what": "the same", "figure": f"p95 {p95:.0f} ms"},
    ]


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run on an embedded database of its own."""
    with stage.folder() as home:
        return asyncio.run(run(home, scale))


if __name__ == "__main__":
    for line in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(f"{line['what']}: {line['figure']}")
