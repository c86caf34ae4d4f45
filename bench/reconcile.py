"""Proofs of a store in which nothing has changed: requests, seconds and peak memory, beside plain reads of both sides.

Run: ``python -m bench.reconcile [orders]`` (100,000 by default; a thousand are proven first, for their memory). The
shop gives lists as fast as the recorded real one (2.7 a second), the portal keeps its real limit (190 calls in 10 s);
neither the proofs nor the plain reads wait for the shop's ease, which on a busy machine would be all that is measured.
Each proof is taken in a process of its own, and its peak memory is that process's. The peers of the same run: the
shop's ids alone, page by page, and the portal's deals and lines by our key, a hundred a call.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossdock.connect.counting import counting

from bench import stage
from bench.backfill import LISTS_PER_S, Sides, _control, _options, left
from crossdock.cli.demo.children import Child
from crossdock.connectors.hubspot.destination import HubSpotDestination
from crossdock.connectors.woocommerce.client import WooCommerceClient
from crossdock.flow.deliver.planner import Planner
from crossdock.flow.journey import Expectations
from crossdock.flow.map.versions import Versions
from crossdock.flow.reconcile import Depth, Prover
from crossdock.model.connection import Connection
from crossdock.model.origin import Origin
from crossdock.wiring import Hub, open_hub

SMALL = 1000
HUNDRED = 100


async def fill(home: Path, sides: Sides) -> tuple[uuid.UUID, uuid.UUID]:
    """Connect both sides and bring everything over, as fast as it goes."""
    async with open_hub(stage.settings(home)) as hub:
        tenant = await hub.tenants.find()
        crm = await hub.connections.connect(tenant, "hubspot", _options(sides.portal), actor="bench")
        made = await hub.connections.connect(tenant, "woocommerce", _options(sides.shop), actor="bench")
        async with hub.database.transaction() as conn:
            await conn.execute("DELETE FROM checkpoint")  # nobody pulls beside the proof
        worker = Child("worker", ["crossdock", "worker"], stage.environment(home), home / "worker.log")
        try:
            await record_all(hub, made.id)
            while any(await left(hub)):  # noqa: ASYNC110 - what is waited for happens in other processes
                await asyncio.sleep(0.5)
        finally:
            worker.end()
        return made.id, crm.id


async def record_all(hub: Hub, source_id: uuid.UUID) -> None:
    """Record all a shop has, as a backfill does, but without sparing it."""
    connection, source = await hub.directory.connection(source_id), await hub.directory.source(source_id)
    for stream in (one.name for one in hub.directory.described(connection) if one.bulk):
        cursor, done = None, False
        while not done:
            began = datetime.now(UTC)
            page = await source.page(stream, cursor, full=True)
            interval = (began, datetime.now(UTC))
            async with hub.database.transaction() as conn:
                await hub.journey.record(conn, connection, page.items, Origin.BACKFILL, interval)
            hub.journey.recorded()
            cursor, done = page.cursor, page.done


class Free:
    """Turns that nobody waits for: the plain reads beside are not held back by the shop's ease either."""

    def __init__(self, kind: str) -> None:
        self.kind, self.items = kind, 0

    def begin(self) -> None:
        """Nothing is measured."""


class FreeManners:
    """A store that is asked as quickly as it answers, without a budget."""

    @contextlib.asynccontextmanager
    async def turn(self, connection: Connection, kind: str, *, bulk: bool) -> AsyncIterator[Free]:
        """Begin at once."""
        del connection, bulk
        yield Free(kind)

    def per_day(self, connection: Connection) -> int | None:
        """No budget."""
        del connection
        return None

    def left_out(self, connection: Connection) -> frozenset[str]:
        """Everything is read."""
        del connection
        return frozenset()


def prover_of(hub: Hub) -> Prover:
    """Put a prover together that waits for nobody."""
    planner = Planner(hub.directory, Versions(hub.database), hub.vault)
    expectations = Expectations(planner, hub.directory)
    return Prover(hub.database, hub.directory, hub.journey, expectations, hub.replay, FreeManners(), hub.vault)


async def prove(home: Path, source_id: uuid.UUID, depth: Depth) -> dict[str, Any]:
    """Take one proof, and say what it took. Nobody delivers: there is nothing to repair."""
    async with open_hub(stage.settings(home)) as hub:
        began = time.perf_counter()
        proof = await prover_of(hub).prove(source_id, repair_rounds=0, patience_s=10, depth=depth)
        seconds = time.perf_counter() - began
    orders = next(row for row in proof.rows if row.entity == "order")
    return {
        "ok": proof.ok,
        "in_store": orders.in_store,
        "repairs": proof.repairs,
        "seconds": seconds,
        "shop": proof.costs.store,
        "crm": sum(proof.costs.destinations.values()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def proven(home: Path, source_id: uuid.UUID, depth: Depth) -> dict[str, Any]:
    """Take one proof in a process of its own. Raises SystemExit when it is not green."""
    asked = [sys.executable, "-m", "bench.reconcile", "--prove", str(home), str(source_id), depth]
    done = subprocess.run(asked, env=stage.environment(home), stdout=subprocess.PIPE, check=True, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not told["ok"] or told["repairs"]:
        raise SystemExit(f"a store in which nothing changed is not proven: {told}")
    return told


async def peers(hub: Hub, source_id: uuid.UUID, crm_id: uuid.UUID) -> dict[str, tuple[float, int]]:
    """Read plainly what no proof can do without: the shop's ids, and the portal's records by our key."""
    source, found = await hub.directory.source(source_id), {}
    assert isinstance(source, WooCommerceClient)
    with counting() as calls:
        began, page, rows = time.perf_counter(), 1, HUNDRED
        while rows == HUNDRED:
            asked = {"per_page": str(HUNDRED), "page": str(page), "_fields": "id", "orderby": "id", "order": "asc"}
            reply = await source.vendor().request("GET", "/wc/v3/orders", params=asked)
            rows, page = len(reply.json()), page + 1
    found["shop"] = (time.perf_counter() - began, sum(calls.values()))
    destination = await hub.directory.destination(crm_id)
    assert isinstance(destination, HubSpotDestination)
    with counting() as calls:
        began = time.perf_counter()
        for name in ("deals", "line_items"):
            async with hub.database.engine() as conn:
                links = await conn.fetch("SELECT key FROM link WHERE connection_id = $1 AND object = $2", crm_id, name)
            keys = [row["key"] for row in links]
            for start in range(0, len(keys), HUNDRED):
                await destination.sought(name, "crossdock_key", keys[start : start + HUNDRED])
    found["crm"] = (time.perf_counter() - began, sum(calls.values()))
    return found


async def run(orders: int) -> list[dict[str, object]]:
    """Do it once for a number of orders; returns a row for each depth."""
    with stage.folder() as home:
        sides = Sides(home, orders)
        try:
            await sides.ready()
            source_id, crm_id = await fill(home, sides)
            await _control(sides.shop["url"], "dials", {"list_ceiling_per_s": LISTS_PER_S})
            took = {
                depth: await asyncio.to_thread(proven, home, source_id, depth) for depth in (Depth.LIGHT, Depth.FULL)
            }
            async with open_hub(stage.settings(home)) as hub:
                plain = await peers(hub, source_id, crm_id)
        finally:
            sides.end()
    plain_s = plain["shop"][0] + plain["crm"][0]
    return [
        {
            "orders": orders,
            "reading": str(depth),
            "in store": told["in_store"],
            "seconds": round(told["seconds"], 1),
            "orders/s": round(told["in_store"] / told["seconds"]),
            "shop requests": told["shop"],
            "CRM requests": told["crm"],
            "peak MB": round(told["peak_mb"], 1),
            "plain ids s (requests)": f"{plain['shop'][0]:.1f} ({plain['shop'][1]})",
            "plain CRM s (requests)": f"{plain['crm'][0]:.1f} ({plain['crm'][1]})",
            "times the plain reads": round(told["seconds"] / plain_s, 2),
        }
        for depth, told in took.items()
    ]


def main(orders: int = 100_000) -> list[dict[str, object]]:
    """Run it, after a thousand orders for the comparison of memory."""
    os.environ.update({"CROSSDOCK_LOG_LEVEL": "warning"})
    return [row for count in (SMALL, orders) for row in asyncio.run(run(count))]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--prove"]:
        home, source_id, depth = sys.argv[2:5]
        print(json.dumps(asyncio.run(prove(Path(home), uuid.UUID(source_id), Depth(depth)))))
    else:
        for row in main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
            print(json.dumps(row), flush=True)
