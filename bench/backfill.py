"""A great backfill under fire: a shop's orders into the HubSpot sandbox while the worker is killed every 30 seconds.

Run: ``python -m bench.backfill [orders]`` (100,000 by default). The shop gives lists as fast as the recorded real one
(2.7 a second), the portal keeps its real limit (190 calls in 10 s). In the same run are measured: the whole
shop read by nobody else, and the whole way through the hub with the kills' pauses. An
independent judge, who reads the two sandboxes alone, counts what is lost, doubled or different.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from bench import stage
from crossdock.cli.demo.children import Child
from crossdock.cli.judge.portal import Judge
from crossdock.flow.run import RunKind
from crossdock.model.connection import Connection
from crossdock.wiring import Hub, open_hub

LISTS_PER_S = 2.7
KILL_EVERY_S = 30.0
WORKERS = 2


class Sides:
    """The two sandboxes in processes of their own."""

    def __init__(self, home: Path, orders: int) -> None:
        said = home / "sandboxes.log"
        self.children = [
            Child("shop", ["crossdock", "sandbox", "woocommerce", "--orders", str(orders), "--json"], {}, said),
            Child("portal", ["crossdock", "sandbox", "hubspot", "--json"], {}, said),
        ]
        self.shop: dict[str, Any] = {}
        self.portal: dict[str, Any] = {}

    async def ready(self) -> None:
        """Wait for both; a shop of 100,000 orders takes a while to make."""
        self.shop, self.portal = [await child.ready(600) for child in self.children]
        for child in self.children:  # they stand for other machines, which the hub's work does not slow down
            with contextlib.suppress(PermissionError):
                os.setpriority(os.PRIO_PROCESS, child.pid, -10)

    def end(self) -> None:
        """End both."""
        for child in self.children:
            child.end()


async def control(url: str, door: str, value: Any = None) -> Any:
    """Ask a sandbox's control door, or turn it."""
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        method = "GET" if value is None else "PUT"
        async with session.request(method, f"{url}/_sandbox/{door}", json=value) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)


async def read_alone(hub: Hub, source: Connection) -> tuple[float, int]:
    """Read the whole shop as the hub does, but keep nothing and disturb nobody; returns seconds and orders."""
    reader = await hub.directory.source(source.id)
    orders, began = 0, time.perf_counter()
    for stream in (one.name for one in hub.directory.described(source) if one.bulk):
        cursor, done = None, False
        while not done:
            page = await reader.page(stream, cursor, full=True)
            cursor, done = page.cursor, page.done
            orders += len(page.items) if stream == "order" else 0
    return time.perf_counter() - began, orders


@contextlib.asynccontextmanager
async def killed_workers(hub: Hub, home: Path, kills: list[float]) -> AsyncIterator[None]:
    """Keep two workers, and every 30 s kill the one that reads; another is started at once, as a supervisor does."""
    environment = stage.environment(home)

    def start() -> Child:
        return Child("worker", ["crossdock", "worker"], environment, home / "workers.log")

    async def rotate() -> None:
        while True:
            await asyncio.sleep(KILL_EVERY_S)
            reader = await _reader(hub)
            at = next((i for i, worker in enumerate(workers) if worker.pid == reader), 0)
            workers[at].kill()
            kills.append(time.perf_counter())
            workers[at] = start()

    workers = [start() for _ in range(WORKERS)]
    rotating = asyncio.create_task(rotate())
    try:
        yield
    finally:
        rotating.cancel()
        await asyncio.gather(rotating, return_exceptions=True)
        for worker in workers:
            worker.end()


async def _reader(hub: Hub) -> int:
    """Return the process that does the backfill; 0 when nobody does."""
    async with hub.database.engine() as conn:
        owner = await conn.fetchval("SELECT owner FROM run WHERE kind = 'backfill' AND state = 'running'")
    return int(owner.partition("/")[0].rpartition(":")[2]) if owner else 0


async def left(hub: Hub) -> tuple[int, int, int]:
    """Return what is under way: runs, deliveries, doorbells."""
    async with hub.database.engine() as conn:
        row = await conn.fetchrow(
            "SELECT (SELECT count(*) FROM run WHERE state IN ('waiting', 'running') AND kind = 'backfill'),"
            " (SELECT count(*) FROM delivery), (SELECT count(*) FROM doorbell)"
        )
        return row[0], row[1], row[2]


async def run(home: Path, orders: int) -> dict[str, object]:
    """Do it once; raises SystemExit when the judge finds anything wrong."""
    sides = Sides(home, orders)
    try:
        await sides.ready()
        shop, portal = sides.shop["url"], sides.portal["url"]
        await control(shop, "dials", {"list_ceiling_per_s": LISTS_PER_S})
        async with open_hub(stage.settings(home)) as hub:
            tenant = await hub.tenants.find()
            await hub.connections.connect(tenant, "hubspot", options(sides.portal), actor="bench")
            made = await hub.connections.connect(tenant, "woocommerce", options(sides.shop), actor="bench")
            source = await hub.connections.one(tenant, made.id)
            alone_s, read = await read_alone(hub, source)
            alone = read / alone_s
            before = await _calls(portal)
            kills: list[float] = []
            began = time.perf_counter()
            read_at = 0.0
            async with killed_workers(hub, home, kills):
                await hub.runs.add(tenant, source.id, RunKind.BACKFILL, ())
                while any(under_way := await left(hub)):
                    if not under_way[0] and not read_at:
                        read_at = time.perf_counter()
                    await asyncio.sleep(0.25)
                seconds = time.perf_counter() - began
            calls = await _calls(portal) - before
        rows = Judge(
            await control(shop, "state"), await control(portal, "state?history=false"), source.account_uid, made.name
        ).rows()
    finally:
        sides.end()
    wrong = [text for row in rows for text in row.wrong]
    if wrong or not all(row.green for row in rows):
        raise SystemExit(f"the judge found {len(wrong)} things wrong: {wrong[:5]}")
    bound = min(alone, calls / seconds * 100)
    return {
        "orders": orders,
        "kills": len(kills),
        "seconds": round(seconds, 1),
        "read by s": round((read_at or began + seconds) - began, 1),
        "orders/s": round(orders / seconds, 1),
        "shop alone s": round(alone_s, 1),
        "shop alone orders/s": round(alone, 1),
        "CRM calls": calls,
        "CRM calls/s x 100": round(calls / seconds * 100),
        "ratio": round(orders / seconds / bound, 3),
        "lost": sum(row.missing for row in rows),
        "doubled": sum(row.duplicates for row in rows),
    }


async def _calls(portal: str) -> int:
    counts = (await control(portal, "state?type=orders&history=false"))["requests"]
    return sum(sum(by_status.values()) for by_status in counts.values())


def options(told: dict[str, Any]) -> dict[str, str]:
    """Return how to connect to a sandbox that said it is ready."""
    return {name.replace("-", "_"): value for name, value in told["connect"].items()}


def main(orders: int = 100_000) -> list[dict[str, object]]:
    """Run it."""
    with stage.folder() as home:
        os.environ.update({"CROSSDOCK_LOG_LEVEL": "warning"})
        return [asyncio.run(run(home, orders))]


if __name__ == "__main__":
    for row in main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
        print(json.dumps(row))
