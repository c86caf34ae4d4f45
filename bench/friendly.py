"""Friendliness: how long a shop's visitors wait at the checkout (95th percentile) with a backfill beside them.

Run: ``python -m bench.friendly [seconds]`` (150 a shop). The sandbox shop under load is a queue of workers that all
requests share (see its ``crowd``); a second queue sees the very same visitors without us, so the rise is paired.
The hub is told nothing of the shop's load: it finds its share by the latency of its own requests.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp

from bench import stage
from bench.backfill import control, options
from crossdock.cli.demo.children import Child
from crossdock.flow.run import RunKind
from crossdock.wiring import open_hub

SHOPS = ((4, 1.0), (4, 2.0), (4, 3.0), (8, 6.5))
"""Workers of the shop, and mean visitors at its checkout."""
SETTLE_S = 60.0
"""The first seconds, in which the share is found, are counted in a number of their own."""
ORDERS = 20_000


async def run(home: Path, workers: int, visitors: float, seconds: float) -> dict[str, object]:
    """Backfill beside the visitors of one shop."""
    arguments = ["crossdock", "sandbox", "woocommerce", "--orders", str(ORDERS), "--json"]
    shop = Child("shop", arguments, {}, home / "shop.log")
    try:
        told = await shop.ready(300)
        await control(told["url"], "dials", {"list_ceiling_per_s": 2.7, "workers": workers, "visitors": visitors})
        async with open_hub(stage.settings(home)) as hub:
            tenant = await hub.tenants.find()
            made = await hub.connections.connect(tenant, "woocommerce", options(told), actor="bench")
            await forget(told["url"])
            worker = Child("worker", ["crossdock", "worker"], stage.environment(home), home / "worker.log")
            try:
                run_id = await hub.runs.add(tenant, made.id, RunKind.BACKFILL, ("order",))
                await asyncio.sleep(SETTLE_S)
                first = await control(told["url"], "load")
                await forget(told["url"])
                await asyncio.sleep(seconds)
                load = await control(told["url"], "load")
                found = await hub.runs.one(tenant, run_id)
                assert found is not None
            finally:
                worker.end()
    finally:
        shop.end()
    beside, alone = load["checkout_p95_s"], load["checkout_p95_alone_s"]
    return {
        "workers": workers,
        "visitors": visitors,
        "checkouts": load["checkouts"],
        "p95 ms alone": round(1000 * alone),
        "p95 ms beside a backfill": round(1000 * beside),
        "rise %": round(100 * (beside / alone - 1), 1),
        "rise % while settling": round(100 * (first["checkout_p95_s"] / first["checkout_p95_alone_s"] - 1), 1),
        "orders/s read": round(found["counters"]["read"] / (SETTLE_S + seconds), 1),
    }


async def forget(url: str) -> None:
    """Count the visitors anew."""
    async with aiohttp.ClientSession() as session, session.delete(f"{url}/_sandbox/load") as answer:
        answer.raise_for_status()


def main(seconds: float = 150.0) -> list[dict[str, object]]:
    """Run every shop, one after the other."""
    rows = []
    for workers, visitors in SHOPS:
        with stage.folder() as home:
            rows.append(asyncio.run(run(home, workers, visitors, seconds)))
    return rows


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 150.0):
        print(json.dumps(row))
