"""To HubSpot: how many orders a second reach a sandbox portal whose rate limit is out of the way.

Run: ``python -m bench.portal``. Each order is a contact, products, a deal, lines and associations; the proof is taken.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import msgspec

from bench import stage
from crossdock.connect import catalogue
from crossdock.connect.sandbox import serving
from crossdock.connectors.hubspot import sandbox as hubspot
from crossdock.connectors.woocommerce import sandbox as woocommerce
from crossdock.flow.run import RunKind
from crossdock.wiring import open_hub
from crossdock.worker import Worker

ORDERS = (500, 5_000)


async def run(home: Path, orders: int) -> dict[str, object]:
    """Backfill and deliver ``orders`` orders; raises SystemExit when the proof is not green."""
    shop = woocommerce.generate(orders, 1)
    portal = hubspot.HubSpotSandbox(hubspot.Settings(per_10s=1_000_000))
    async with (
        serving(woocommerce.build(shop)) as store,
        serving(portal) as crm,
        open_hub(stage.settings(home)) as hub,
    ):
        limits = msgspec.structs.replace(catalogue.get("hubspot").manifest.limits, requests=1_000_000)
        made = hub.transport.budgets.of
        hub.transport.budgets.of = lambda connection, _limits: made(connection, limits)  # type: ignore[method-assign]
        tenant = await hub.tenants.find()
        form = {"key": woocommerce.DEFAULT_CONSUMER_KEY, "secret": woocommerce.DEFAULT_CONSUMER_SECRET}
        source = await hub.connections.connect(
            tenant, "woocommerce", {"url": store.url, "plain_http": True, **form}, actor="bench"
        )
        await hub.connections.connect(tenant, "hubspot", {"token": hubspot.TOKEN, "base_url": crm.url}, actor="bench")
        worker = Worker(hub)
        task = asyncio.create_task(worker.run())
        began = time.perf_counter()
        await hub.runs.add(tenant, source.id, RunKind.BACKFILL, ())
        while True:
            await asyncio.sleep(0.05)
            async with hub.database.engine() as conn:
                left = await conn.fetchval(
                    "SELECT (SELECT count(*) FROM run WHERE state IN ('waiting', 'running'))"
                    " + (SELECT count(*) FROM delivery)"
                )
            if left == 0:
                break
        seconds = time.perf_counter() - began
        proof = await hub.prover.prove(source.id, repair_rounds=0)
        proven = time.perf_counter() - began - seconds
        worker.stop()
        await task
    if not proof.ok:
        raise SystemExit(f"the proof is not green: {proof.rows}")
    return {
        "orders": orders,
        "seconds": round(seconds, 1),
        "orders/s": round(orders / seconds),
        "proof s": round(proven, 1),
    }


def main(scale: float = 1.0) -> list[dict[str, object]]:
    """Run a small and a ten times larger shop: the time must grow no faster than the orders."""
    rows = []
    for orders in ORDERS:
        with stage.folder() as home:
            rows.append(asyncio.run(run(home, int(orders * scale))))
    return rows


if __name__ == "__main__":
    for row in main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(json.dumps(row))
